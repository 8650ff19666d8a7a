"""Small PDF files made by hand, and updates of them that no decent program would write."""

import io
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from asn1crypto import keys, x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore
from reportlab.pdfgen.canvas import Canvas

from tests.support.chains import Party

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
_BINARY = b"%\xe2\xe3\xcf\xd3\n"


def build(objects: Sequence[bytes], *, version: str = "1.7", trailer: bytes = b"") -> bytes:
    """A file of one revision. Objects are numbered from 1; the first is the catalog."""
    octets = f"%PDF-{version}\n".encode() + _BINARY
    return octets + _section(
        len(octets), dict(enumerate(objects, 1)), len(objects) + 1, b"/Root 1 0 R" + trailer
    )


def stream(content: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content)


def text(words: str) -> bytes:
    """A content stream that shows a line of text in Helvetica."""
    return stream(f"BT /F1 24 Tf 72 700 Td ({words}) Tj ET".encode())


def page(words: str = "Act 17", *, more: bytes = b"", size: str = "0 0 595 842") -> bytes:
    """A file of one page: 1 catalog, 2 pages, 3 page, 4 content, 5 font."""
    return build([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [%b] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> %b >>" % (size.encode(), more),
        text(words),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ])  # fmt: skip


def tiny() -> bytes:
    """As small as a file gets."""
    return build([
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
    ])  # fmt: skip


def drawing(width: float = 264, height: float = 92) -> bytes:
    """Something of that size to stamp with: a frame and a word."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(width, height), invariant=1)
    canvas.rect(1, 1, width - 2, height - 2)
    canvas.drawString(10, height / 2, "signed")
    canvas.save()
    return buffer.getvalue()


def update(
    document: bytes,
    objects: Mapping[int, bytes],
    *,
    offsets: Mapping[int, int] | None = None,
    freed: Sequence[int] = (),
) -> bytes:
    """The document with a revision that writes these objects, points others of the same number elsewhere, and frees some."""
    previous = int(re.findall(rb"startxref\s+(\d+)", document)[-1])
    sizes = [int(size) for size in re.findall(rb"/Size (\d+)", document)]
    size = max([*sizes, *(number + 1 for number in objects)])
    root = re.findall(rb"/Root \d+ 0 R", document)[-1]
    return document + _section(
        len(document), objects, size, b"%b /Prev %d" % (root, previous), offsets=offsets, freed=freed
    )


def _section(
    start: int,
    objects: Mapping[int, bytes],
    size: int,
    trailer: bytes,
    *,
    offsets: Mapping[int, int] | None = None,
    freed: Sequence[int] = (),
) -> bytes:
    octets = b""
    entries = {number: b"%010d 00000 n \n" % offset for number, offset in (offsets or {}).items()}
    for number, content in objects.items():
        entries[number] = b"%010d 00000 n \n" % (start + len(octets))
        octets += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    entries |= dict.fromkeys(freed, b"0000000000 00001 f \n")
    if b"/Prev" not in trailer or freed:
        entries[0] = b"0000000000 65535 f \n"
    table = b"".join(b"%d 1\n%b" % (number, entry) for number, entry in sorted(entries.items()))
    at = start + len(octets)
    return octets + b"xref\n%btrailer\n<< /Size %d %b >>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        size,
        trailer,
        at,
    )


def hole(document: bytes, number: int = -1) -> tuple[int, int]:
    """Where the /Contents string of a signature begins and ends, < and > included; the last one unless told otherwise."""
    found = list(re.finditer(rb"/Contents (<[0-9A-Fa-f]*>)", document))[number]
    return found.start(1), found.end(1)


def object_at(document: bytes, number: int) -> bytes:
    """The newest content of an object."""
    return re.findall(rb"(?<!\d)%d 0 obj\n(.*?)\nendobj" % number, document, re.DOTALL)[-1]


def number_of(document: bytes, mark: bytes) -> int:
    """The number of the newest object that holds these octets."""
    head = document[: document.rindex(mark)]
    return int(re.findall(rb"(\d+) 0 obj\n", head)[-1])


def signed_by_pyhanko(
    party: Party,
    document: bytes,
    *,
    field: str = "Other1",
    pades: bool = True,
    certify: fields.MDPPerm | None = None,
    lock: fields.FieldMDPSpec | None = None,
) -> bytes:
    """The document with a signature that is entirely another program's."""
    private = party.key.private.private_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signer = signers.SimpleSigner(
        signing_cert=x509.Certificate.load(party.certificate.der),
        signing_key=keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore(),
    )
    subfilter = fields.SigSeedSubFilter.PADES if pades else fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED
    metadata = signers.PdfSignatureMetadata(
        field_name=field,
        subfilter=subfilter,
        certify=certify is not None,
        docmdp_permissions=certify or fields.MDPPerm.FILL_FORMS,
        md_algorithm="sha256",
    )
    spec = None if lock is None else fields.SigFieldSpec(field, field_mdp_spec=lock)
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    return signers.PdfSigner(metadata, signer, new_field_spec=spec).sign_pdf(writer).getvalue()
