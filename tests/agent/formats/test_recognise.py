"""What a file looks like: every format in all its clothes, the look-alikes, and anything at all."""

import base64
import functools
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.formats import asn1, cms, cms_build
from agent.formats.recognise import recognise
from tests.support import chains

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
DSIG = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
ENVELOPE = f'<e:Envelope xmlns:e="urn:e"><e:Header><wsse:Security xmlns:wsse="{WSSE}">{DSIG}</wsse:Security></e:Header></e:Envelope>'
JWS = b"eyJhbGciOiJFUzI1NiJ9.cGF5bG9hZA.c2ln"
TST_INFO_OID = bytes.fromhex("060b2a864886f70d0109100104")


@functools.cache
def message(content: bytes = b"a document") -> bytes:
    return cms.sign(chains.person(), content, at=AT, detached=False)


def token() -> bytes:
    """The frame of a timestamp token: SignedData over a TSTInfo."""
    whole = message()
    data = asn1.element(asn1.OBJECT_IDENTIFIER, bytes.fromhex("2a864886f70d010701"))
    assert whole.count(data)
    inner = asn1.element(
        asn1.SEQUENCE,
        asn1.integer(3),
        asn1.set_of([chains.person().algorithm.digest.identifier_der]),
        asn1.element(
            asn1.SEQUENCE, TST_INFO_OID, asn1.element(0xA0, asn1.element(asn1.OCTET_STRING, b"\x30\x00"))
        ),
        asn1.set_of([]),
    )
    signed_data = asn1.element(asn1.OBJECT_IDENTIFIER, bytes.fromhex("2a864886f70d010702"))
    return asn1.element(asn1.SEQUENCE, signed_data, asn1.element(0xA0, inner))


def archive(*files: tuple[str, bytes], compressed: bool = False, comment: bytes = b"") -> bytes:
    octets = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(octets, "w", method) as made:
        for name, content in files:
            made.writestr(zipfile.ZipInfo(name, (2026, 5, 8, 0, 0, 0)), content)
        made.comment = comment
    return octets.getvalue()


@pytest.mark.parametrize(
    "content", [b"a document", b"%PDF-1.7", TST_INFO_OID, b"<a/>", b"PK\x03\x04", b"x" * 100_000]
)
def test_a_cms_is_one_whatever_it_holds_and_wears(content: bytes) -> None:
    der = message(content)
    assert recognise(der) == "cms"
    assert recognise(base64.b64encode(der)) == "cms"
    assert recognise(base64.encodebytes(der).replace(b"\n", b"\r\n")) == "cms"
    assert recognise(cms.to_pem(der).encode()) == "cms"
    assert recognise(b"\xef\xbb\xbf\r\n" + base64.b64encode(der)) == "cms"


def test_a_timestamp_token_is_told_from_a_signature_over_one() -> None:
    for form in (token(), base64.b64encode(token()), cms.to_pem(token()).encode()):
        assert recognise(form) == "timestamp"
    attached = cms_build.signed_data(digest_algorithms=[], content=token(), certificates=[], signers=[])
    assert recognise(attached) == "cms"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"<a>{DSIG}</a>", "xml"),
        (f'\ufeff\n<?xml version="1.0"?><a>{DSIG}</a>', "xml"),
        (ENVELOPE, "wsse"),
        (ENVELOPE.replace("wsse:Security", "Security").replace("xmlns:wsse", "xmlns"), "wsse"),
        (f'<a xmlns:w="{WSSE}">{DSIG}</a>', "xml"),
        (f"<Security>{DSIG}</Security>", "xml"),
        ("<a>%PDF-</a>", "unknown"),
        ("<html></html>", "unknown"),
    ],
)
def test_xml_is_told_by_its_namespaces_in_utf_8_and_utf_16(text: str, expected: str) -> None:
    assert recognise(text.encode()) == expected
    assert recognise(text.removeprefix("\ufeff").encode("utf-16")) == expected


def test_archives_are_told_by_the_names_in_them() -> None:
    asic = ("mimetype", b"application/vnd.etsi.asic-e+zip")
    manifest = ("META-INF/ASiCManifest.xml", b"<a/>")
    national = ("META-INF/NCAManifest.xml", b"<a/>")
    document = ("құжат.txt", b"META-INF/NCAManifest.xml META-INF/ASiCManifest.xml")
    assert recognise(archive(asic, document, manifest)) == "asic"
    assert recognise(archive(document, manifest, compressed=True, comment=b"a comment")) == "asic"
    assert recognise(archive(document, national, compressed=True)) == "signed-zip"
    assert recognise(archive(document)) == "unknown"
    assert recognise(archive(("inner.zip", archive(document, national)))) == "unknown"
    assert recognise(archive(asic, document)[:-30]) == "asic"
    assert recognise(archive(document, national)[:-30]) == "unknown"


def test_a_pdf_may_have_something_before_its_header() -> None:
    assert recognise(b"%PDF-1.7\n%\xe2\xe3") == "pdf"
    assert recognise(b"\x00" * 1000 + b"%PDF-1.7") == "pdf"
    assert recognise(b"\x00" * 1020 + b"%PDF-1.7") == "unknown"


@pytest.mark.parametrize(
    "token_text",
    [
        JWS,
        JWS + b"\n",
        b"eyJhbGciOiJFUzI1NiJ9..c2ln",
        base64.urlsafe_b64encode(b'{ "alg" : "RS256"}').rstrip(b"=") + b".e30.c2ln",
        base64.urlsafe_b64encode(b'\n{"alg":"RS256"}').rstrip(b"=") + b".e30.c2ln",
        b'{"payload":"cGF5bG9hZA","signatures":[]}',
        b' {"protected" : "eyJ9", "signature": "c2ln"}',
    ],
)
def test_a_token_is_told_by_its_header(token_text: bytes) -> None:
    assert recognise(token_text) == "jws"


@pytest.mark.parametrize(
    "text",
    [b"", b"www.example.kz", b"a.b.c", b"10.20.30", b"{}", b'{"alg":"none"}', JWS + b".c2ln", b"{" + JWS, b"plain text", b"\xff\xfe", b"PK\x03\x04", b"-----BEGIN CMS-----\n"],
)  # fmt: skip
def test_anything_else_is_unknown(text: bytes) -> None:
    assert recognise(text) == "unknown"


@pytest.mark.parametrize(
    ("folder", "expected"),
    [("cms", {"cms"}), ("xml", {"xml"}), ("zip", {"signed-zip"}), ("p12", {"unknown"})],
)
def test_published_files_are_recognised(vectors: Path, folder: str, expected: set[str]) -> None:
    assert {recognise(file.read_bytes()) for file in (vectors / folder).iterdir()} == expected


def test_a_published_token_is_recognised(vectors: Path) -> None:
    assert recognise((vectors / "tsp/ncanode_tsp_token.der").read_bytes()) == "timestamp"


_BEGINNINGS = (
    b"", b"PK\x03\x04", b"0\x80", b"0\x82", b"-----BEGIN CMS-----\n", b"MII", b"<", b"\xff\xfe", b"{", b"eyJ", JWS,
    message()[:40], token(), archive(("mimetype", b"application/vnd.etsi.asic-e+zip")),
)  # fmt: skip


@given(st.sampled_from(_BEGINNINGS), st.binary(max_size=200), st.sampled_from(_BEGINNINGS))
@example(b"eyJ", b".", b".")
@example(b"-----BEGIN CMS-----\n", b"MIAGCSqGSIb3DQEHAqCA-", b"")
def test_it_raises_nothing_whatever_it_is_given(before: bytes, middle: bytes, after: bytes) -> None:
    data = before + middle + after
    for length in (len(data), len(data) // 2):
        recognise(data[:length])
