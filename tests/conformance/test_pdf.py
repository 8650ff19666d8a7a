"""PDF signatures before judges that share no code with us: pyHanko's validator, poppler's pdfsig and pdfinfo, pdfium.

None of them knows the country's GOST. There they have to read the file and show the signature; the mathematics is ours to check.
"""

import io
import shutil
import subprocess
from pathlib import Path

import pypdfium2
import pytest
from asn1crypto import x509
from PIL import ImageChops
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from agent import algorithms
from agent.drawing import stamp
from agent.formats import tsp
from agent.formats.pdf import pades
from agent.formats.pdf.place import Stamp
from tests.support import authority, pdf_files, pdfs, timestamps

PDFSIG, PDFINFO, CERTUTIL, CHROMIUM = (
    shutil.which(tool) for tool in ("pdfsig", "pdfinfo", "certutil", "chromium")
)
needs_poppler = pytest.mark.skipif(
    PDFSIG is None or PDFINFO is None, reason="needs tool: pdfsig, pdfinfo (poppler-utils)"
)
needs_nss = pytest.mark.skipif(CERTUTIL is None, reason="needs tool: certutil (libnss3-tools)")

KNOWN, GOST = (
    ("rsa-sign-individual", "p256-individual", "p384-individual"),
    ("gost2015-head", "gost2004-individual"),
)
AT = timestamps.AT


def sign(
    name: str, document: bytes | None = None, *, stamped: bool = False, timestamped: bool = False
) -> bytes:
    document = document or pdfs.page()
    signer = authority.signer(name)
    profile = tsp.profile_for(signer.algorithm)
    drawn = stamp.draw(
        signer.certificate,
        stamp.words("kk"),
        at=AT,
        algorithm=algorithms.SHA256,
        digest=algorithms.SHA256(document),
    )
    return pades.sign(
        signer,
        document,
        at=AT,
        stamp=Stamp(drawn) if stamped else None,
        timestamp=(lambda signature: timestamps.token(signature, profile)) if timestamped else None,
    )


# --- pyHanko ------------------------------------------------------------------------------------------------------


def statuses(document: bytes, *, strict: bool = True):
    """What pyHanko finds. Strict, it takes neither hybrid cross-references nor a generation of 65536 anywhere."""
    roots = [x509.Certificate.load(each.der) for each in authority.roots()]
    others = [x509.Certificate.load(each.der) for each in authority.issuing()]
    context = ValidationContext(
        trust_roots=roots, other_certs=others, allow_fetching=False, moment=AT, best_signature_time=AT
    )
    return [
        validate_pdf_signature(each, signer_validation_context=context, ts_validation_context=context)
        for each in PdfFileReader(io.BytesIO(document), strict=strict).embedded_regular_signatures
    ]


@pytest.mark.parametrize("stamped", [False, True])
@pytest.mark.parametrize("name", KNOWN)
def test_pyhanko_finds_our_signatures_intact_valid_and_trusted(name: str, stamped: bool) -> None:
    (status,) = statuses(sign(name, stamped=stamped))
    assert (status.intact, status.valid, status.trusted, status.docmdp_ok) == (True, True, True, True)
    assert status.coverage.name == "ENTIRE_FILE"
    assert status.bottom_line
    assert status.signer_reported_dt == AT


def test_pyhanko_finds_our_timestamps_valid_and_trusted() -> None:
    (status,) = statuses(sign("rsa-sign-individual", timestamped=True))
    assert status.bottom_line
    assert status.timestamp_validity is not None
    assert (
        status.timestamp_validity.intact,
        status.timestamp_validity.valid,
        status.timestamp_validity.trusted,
    ) == (True, True, True)
    assert status.timestamp_validity.timestamp == AT


def test_pyhanko_finds_several_signatures_all_good_and_the_later_ones_no_harm() -> None:
    document = pdfs.page()
    for name in KNOWN:
        document = sign(name, document, stamped=True)
    assert [(status.bottom_line, status.docmdp_ok) for status in statuses(document)] == [(True, True)] * 3


def test_pyhanko_finds_a_changed_file_not_intact() -> None:
    (status,) = statuses(sign("rsa-sign-individual").replace(b"Act 17", b"Act 18"))
    assert not status.intact
    assert not status.bottom_line


@pytest.mark.parametrize("name", GOST)
def test_pyhanko_reads_gost_signatures_and_what_they_cover(name: str) -> None:
    (embedded,) = PdfFileReader(io.BytesIO(sign(name, stamped=True))).embedded_regular_signatures
    assert embedded.evaluate_signature_coverage().name == "ENTIRE_FILE"
    assert embedded.signer_cert.dump() == authority.certificate(name).der
    assert embedded.self_reported_timestamp == AT


# --- poppler ------------------------------------------------------------------------------------------------------


def run(tool: str | None, *arguments: str | Path) -> str:
    done = subprocess.run(
        [str(tool), *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout


@pytest.fixture
def trusting_database(tmp_path: Path) -> Path:
    """An NSS database that trusts the test roots of RSA and ECDSA for signing, and knows the issuing authorities."""
    folder = tmp_path / "nss"
    folder.mkdir()
    run(CERTUTIL, "-N", "-d", f"sql:{folder}", "--empty-password")
    for path, trust in (
        *((each, "C,C,C") for each in authority.root_paths()),
        *((each, ",,") for each in authority.issuing_paths()),
    ):
        run(CERTUTIL, "-A", "-d", f"sql:{folder}", "-n", path.stem, "-t", trust, "-a", "-i", path)
    return folder


@needs_poppler
@pytest.mark.parametrize("stamped", [False, True])
@pytest.mark.parametrize("name", KNOWN)
def test_pdfsig_finds_our_signatures_valid(tmp_path: Path, name: str, stamped: bool) -> None:
    (tmp_path / "signed.pdf").write_bytes(sign(name, stamped=stamped))
    told = run(PDFSIG, "-no-ocsp", tmp_path / "signed.pdf")
    assert "Signature Validation: Signature is Valid." in told
    assert "Total document signed" in told
    assert "Signature Type: ETSI.CAdES.detached" in told
    assert "Signature Field Name: Signature1" in told


@needs_poppler
@needs_nss
def test_pdfsig_trusts_the_signer_where_the_root_is_trusted(tmp_path: Path, trusting_database: Path) -> None:
    (tmp_path / "signed.pdf").write_bytes(sign("rsa-sign-individual"))
    told = run(PDFSIG, "-no-ocsp", "-nssdir", trusting_database, tmp_path / "signed.pdf")
    assert "Signature Validation: Signature is Valid." in told
    assert "Certificate Validation: Certificate is Trusted." in told


@needs_poppler
def test_pdfsig_finds_several_signatures_valid_and_a_changed_file_not(tmp_path: Path) -> None:
    both = sign("p256-individual", sign("rsa-sign-individual"))
    (tmp_path / "both.pdf").write_bytes(both)
    assert run(PDFSIG, "-no-ocsp", tmp_path / "both.pdf").count("Signature is Valid.") == 2
    (tmp_path / "changed.pdf").write_bytes(both.replace(b"Act 17", b"Act 18"))
    assert run(PDFSIG, "-no-ocsp", tmp_path / "changed.pdf").count("Digest Mismatch") == 2


@needs_poppler
@pytest.mark.parametrize("name", [*KNOWN, *GOST])
def test_poppler_reads_every_file_and_shows_whose_signature_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "signed.pdf").write_bytes(sign(name, stamped=True))
    assert "Form:            AcroForm" in run(PDFINFO, tmp_path / "signed.pdf")
    told = run(PDFSIG, "-no-ocsp", tmp_path / "signed.pdf")
    assert authority.certificate(name).common_name in told
    assert "Total document signed" in told


# --- documents of other programs ---------------------------------------------------------------------------------


def signed_by_two(document: bytes) -> bytes:
    return sign("p256-individual", sign("rsa-sign-individual", document, stamped=True), stamped=True)


@pytest.mark.parametrize("kind", pdf_files.KINDS)
def test_pyhanko_finds_signatures_in_files_of_all_kinds_good(kind: str) -> None:
    is_strict = kind not in ("office", "one_generation_too_many", "reference_to_nothing")
    found = statuses(signed_by_two(pdf_files.KINDS[kind]()), strict=is_strict)
    assert [(status.bottom_line, status.docmdp_ok) for status in found] == [(True, True)] * 2


@needs_poppler
@pytest.mark.parametrize("kind", pdf_files.KINDS)
def test_pdfsig_finds_signatures_in_files_of_all_kinds_valid(tmp_path: Path, kind: str) -> None:
    (tmp_path / "signed.pdf").write_bytes(signed_by_two(pdf_files.KINDS[kind]()))
    told = run(PDFSIG, "-no-ocsp", tmp_path / "signed.pdf")
    assert told.count("Signature Validation: Signature is Valid.") == 2
    assert told.count("Total document signed") == 1


def good_for_all(tmp_path: Path, document: bytes) -> bool:
    """Whether two signatures on it are good for us, pyHanko and pdfsig."""
    signed = signed_by_two(document)
    (tmp_path / "signed.pdf").write_bytes(signed)
    told = run(PDFSIG, "-no-ocsp", tmp_path / "signed.pdf")
    return (
        [evidence.signature for evidence in pades.verify(signed)] == ["valid", "valid"]
        and [status.bottom_line for status in statuses(signed)] == [True, True]
        and told.count("Signature Validation: Signature is Valid.") == 2
    )


def printed_by_chromium(folder: Path) -> Path:
    """A page of a site printed to PDF: tagged text in several scripts, a table, links, and a form."""
    source = "<h1>Акт № 17</h1><p>Жұмыс қабылданды. <a href='https://example.kz'>Портал</a></p><table><tr><td>1</td></tr></table>"
    (folder / "act.html").write_text(
        f"<html lang=ru><meta charset=utf-8>{source}<input value=1>", encoding="utf-8"
    )
    run(
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}",
        f"--print-to-pdf={folder / 'act.pdf'}", (folder / "act.html").as_uri(),
    )  # fmt: skip
    return folder / "act.pdf"


@needs_poppler
@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs tool: chromium")
def test_what_chromium_and_cairo_print_is_signed_by_two(tmp_path: Path) -> None:
    printed = printed_by_chromium(tmp_path)
    run("pdftocairo", "-pdf", printed, tmp_path / "cairo.pdf")
    for path in (printed, tmp_path / "cairo.pdf"):
        assert good_for_all(tmp_path, path.read_bytes())


@needs_poppler
def test_what_reportlab_draws_is_signed_by_two(tmp_path: Path) -> None:
    assert good_for_all(tmp_path, pdfs.drawing(595, 842))


# --- unchanged but for the signature ------------------------------------------------------------------------------


def pixels(document: bytes):
    opened = pypdfium2.PdfDocument(document)
    opened.init_forms()
    return opened[0].render(scale=2, may_draw_forms=True).to_pil().convert("RGB")


@pytest.mark.parametrize("name", [*KNOWN, *GOST])
def test_a_signed_file_is_the_original_with_a_stamp_and_nothing_else(name: str) -> None:
    document = pdfs.page()
    signed = sign(name, document, stamped=True)
    assert signed.startswith(document)
    before, after = pixels(document), pixels(signed)
    box = ImageChops.difference(before, after).getbbox()
    assert box is not None
    width, height = stamp.SIZE
    assert box[0] >= 2 * 24
    assert box[1] >= 2 * (842 - 24 - height)
    assert box[2] <= 2 * (24 + width)
    assert box[3] <= 2 * (842 - 24)
    assert pypdfium2.PdfDocument(signed)[0].get_textpage().get_text_range() == "Act 17"
    assert [evidence.signature for evidence in pades.verify(signed)] == ["valid"]


def test_an_invisible_signature_changes_no_pixel() -> None:
    assert ImageChops.difference(pixels(pdfs.page()), pixels(sign("gost2015-head"))).getbbox() is None


# --- the other way round ------------------------------------------------------------------------------------------


@needs_poppler
@needs_nss
def test_we_take_what_pdfsig_signs_with_its_indefinite_lengths(
    tmp_path: Path, trusting_database: Path
) -> None:
    name = "rsa-sign-individual-modern"
    widget = b"<< /FT /Sig /T (Chief) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /F 132 /P 3 0 R >>"
    catalog = b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [8 0 R] /SigFlags 3 >> >>"
    document = pdfs.update(pdfs.page(more=b"/Annots [8 0 R]"), {1: catalog, 8: widget})
    (tmp_path / "document.pdf").write_bytes(document)
    run("pk12util", "-i", authority.path(name), "-d", f"sql:{trusting_database}", "-W", authority.PASSWORD)
    keys = run(CERTUTIL, "-L", "-d", f"sql:{trusting_database}")
    nick = next(line.partition("  ")[0] for line in keys.splitlines() if line.rstrip().endswith("u,u,u"))
    asked = ("-nssdir", trusting_database, "-sign", "Chief", "-nick", nick)
    run(PDFSIG, *asked, tmp_path / "document.pdf", tmp_path / "signed.pdf")
    signed = (tmp_path / "signed.pdf").read_bytes()
    (evidence,) = pades.verify(signed)
    assert (evidence.signature, evidence.reasons, evidence.title) == ("valid", (), "Chief")
    assert evidence.certificate == authority.certificate(name)
    assert [each.signature for each in pades.verify(sign("gost2015-head", signed))] == ["valid", "valid"]
