"""What a signature adds to a file, and what it leaves alone."""

import re

import pypdfium2
import pytest
from pyhanko.sign import fields

from agent.errors import BadInput, TimestampFailed, UnsupportedOperation
from agent.formats.pdf import pades, signing
from agent.formats.pdf.place import Stamp
from agent.signer import Signer
from tests.support import authority, chains, pdf_files, pdfs
from tests.support.pdfs import AT


def sign(document: bytes, signer: Signer | None = None, **options) -> bytes:
    return pades.sign(signer or chains.person("p256"), document, at=AT, **options)


def findings(document: bytes) -> list[str]:
    return [evidence.signature for evidence in pades.verify(document)]


def added(document: bytes, signed: bytes) -> bytes:
    assert signed.startswith(document)
    return signed[len(document) :]


# --- what is added ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", authority.NAMES)
def test_the_file_begins_with_the_original_and_verifies(name: str) -> None:
    document = pdfs.page()
    signed = pades.sign(authority.signer(name), document, at=AT)
    (evidence,) = pades.verify(signed)
    assert signed.startswith(document)
    assert (evidence.signature, evidence.certificate) == ("valid", authority.certificate(name))


def test_the_signature_dictionary_is_that_of_pades_baseline() -> None:
    """ETSI EN 319 142-1 §6.3: SubFilter, /M and no /Cert; no /Reason, for nobody gave one."""
    section = added(pdfs.page(), sign(pdfs.page()))
    found = dict(re.findall(rb"^/(\w+) ([^\n]*)$", section[section.index(b"/Type /Sig") :], re.MULTILINE))
    assert (found[b"Filter"], found[b"SubFilter"]) == (b"/Adobe.PPKLite", b"/ETSI.CAdES.detached")
    assert found[b"M"].replace(rb"\072", b":") == b"(D:20260508123456Z)"
    assert {b"Cert", b"Reason", b"Name"}.isdisjoint(found)


def test_only_the_catalog_the_form_the_page_and_the_new_objects_are_written() -> None:
    section = added(pdfs.page(), sign(pdfs.page()))
    assert re.findall(rb"(\d+) 0 obj", section) == [b"1", b"3", b"7", b"8", b"9"]


def test_what_the_file_says_of_itself_stays_as_it_is() -> None:
    document = pdfs.build(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>",
            b"<< /Title (Act) /Producer (Somebody) /ModDate (D:20200101000000Z) >>",
        ],
        trailer=b" /Info 4 0 R",
    )
    assert b"4 0 obj" not in added(document, sign(document))


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\r", b"\n\n"])
def test_a_file_may_end_with_any_line_end_or_none(end: bytes) -> None:
    document = pdfs.page().rstrip(b"\n") + end
    signed = sign(document)
    assert signed.startswith(document)
    assert findings(signed) == ["valid"]


def test_cross_reference_streams_are_answered_with_one() -> None:
    document = _with_cross_reference_stream()
    section = added(document, sign(document))
    assert b"/Type /XRef" in section
    assert b"\nxref\n" not in section
    assert findings(sign(sign(document))) == ["valid", "valid"]


def _with_cross_reference_stream() -> bytes:
    octets = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    offsets = []
    for number, content in enumerate(
        (
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>",
        ),
        1,
    ):
        offsets.append(len(octets))
        octets += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    at = len(octets)
    table = (
        bytes(4) + b"\xff" + b"".join(b"\x01" + each.to_bytes(3, "big") + b"\x00" for each in (*offsets, at))
    )
    return octets + (
        b"4 0 obj\n<< /Type /XRef /Size 5 /Root 1 0 R /W [1 3 1] /Length %d >>\nstream\n%b\nendstream\nendobj\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(table), table, at)
    )


@pytest.mark.parametrize("kind", pdf_files.KINDS)
def test_files_of_all_kinds_of_programs_are_signed_by_two(kind: str) -> None:
    document = pdf_files.KINDS[kind]()
    pades.check(document, Stamp(pdfs.drawing()))
    signed = sign(document, stamp=Stamp(pdfs.drawing()))
    both = sign(signed, chains.person("rsa"), stamp=Stamp(pdfs.drawing()))
    assert (signed.startswith(document), both.startswith(signed)) == (True, True)
    assert (findings(signed), findings(both)) == (["valid"], ["valid", "valid"])
    assert words(both).strip() == "Act 17"
    assert difference(pixels(document), pixels(both, annotations=False)) is None


# --- several signatures -------------------------------------------------------------------------------------------


def test_several_sign_one_after_the_other_and_all_remain_valid() -> None:
    document = pdfs.page()
    for name in ("rsa-sign-individual", "gost2015-head", "gost2004-individual", "p384-individual"):
        document = pades.sign(authority.signer(name), document, at=AT)
    found = pades.verify(document)
    assert [evidence.signature for evidence in found] == ["valid"] * 4
    assert [evidence.title for evidence in found] == ["Signature1", "Signature2", "Signature3", "Signature4"]
    assert [(evidence.revision, evidence.revisions) for evidence in found] == [(n, 5) for n in (2, 3, 4, 5)]
    assert [bool(evidence.covers) for evidence in found] == [True, True, True, False]


def test_a_field_that_waits_for_somebody_else_is_left_to_them() -> None:
    document = pdfs.update(
        pdfs.page(),
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [8 0 R 9 0 R] >> >>",
            8: b"<< /FT /Sig /T (Signature1) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /F 4 >>",
            9: b"<< /FT /Tx /T (Signature2) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /F 4 >>",
        },
    )
    signed = sign(document)
    assert [evidence.title for evidence in pades.verify(signed)] == ["Signature3"]
    assert b"8 0 obj" not in added(document, signed)


def test_the_signature_of_another_program_remains_valid() -> None:
    document = pdfs.signed_by_pyhanko(chains.person("rsa"), pdfs.page())
    assert findings(sign(document)) == ["valid", "valid"]


def test_a_lock_on_all_fields_is_respected() -> None:
    lock = fields.FieldMDPSpec(fields.FieldMDPAction.ALL)
    document = pdfs.signed_by_pyhanko(chains.person("rsa"), pdfs.page(), lock=lock)
    with pytest.raises(UnsupportedOperation, match="earlier signature"):
        pades.check(document)
    with pytest.raises(UnsupportedOperation, match="earlier signature"):
        sign(document)


def test_after_an_authors_signature_for_forms_only_invisible_ones_can_be_added() -> None:
    document = pdfs.signed_by_pyhanko(chains.person("rsa"), pdfs.page(), certify=fields.MDPPerm.FILL_FORMS)
    signed = sign(document)
    assert findings(signed) == ["valid", "valid"]
    assert [evidence.permission for evidence in pades.verify(signed)] == [2, None]
    with pytest.raises(UnsupportedOperation, match="earlier signature"):
        pades.check(document, Stamp(pdfs.drawing()))


def test_a_signature_that_was_broken_before_is_no_obstacle() -> None:
    broken = pdfs.update(sign(pdfs.page()), {4: pdfs.text("Act 18")})
    assert findings(sign(broken)) == ["invalid", "valid"]


# --- room for the signature ---------------------------------------------------------------------------------------


def token(size: int) -> bytes:
    return (
        b"\x30\x82"
        + (size - 4).to_bytes(2, "big")
        + b"\x04\x82"
        + (size - 8).to_bytes(2, "big")
        + bytes(size - 8)
    )


def test_a_hole_that_is_too_small_is_made_anew_and_the_timestamp_asked_for_again() -> None:
    asked: list[bytes] = []

    def timestamp(signature: bytes) -> bytes:
        asked.append(signature)
        return token(20_000)

    signed = sign(pdfs.page(), timestamp=timestamp)
    (evidence,) = pades.verify(signed)
    assert len(asked) == len(set(asked)) == 2
    assert (evidence.signature, evidence.timestamps, evidence.stamped) == (
        "valid",
        (token(20_000),),
        asked[1],
    )


def test_the_room_can_be_given() -> None:
    signed = sign(pdfs.page(), reserve=9000)
    start, end = pdfs.hole(signed)
    assert end - start == 2 * 9000 + 2
    assert findings(sign(pdfs.page(), reserve=1)) == ["valid"]


def test_a_timestamp_that_grows_each_time_is_given_up_on() -> None:
    sizes = iter(range(10_000, 60_000, 5_000))
    with pytest.raises(UnsupportedOperation, match="larger each time"):
        sign(pdfs.page(), timestamp=lambda _: token(next(sizes)))


def test_a_timestamp_that_fails_is_told_as_it_is() -> None:
    def timestamp(_: bytes) -> bytes:
        raise TimestampFailed("no answer")

    with pytest.raises(TimestampFailed, match="no answer"):
        sign(pdfs.page(), timestamp=timestamp)


# --- stamps -------------------------------------------------------------------------------------------------------


def pixels(document: bytes, page: int = 0, *, annotations: bool = True):
    opened = pypdfium2.PdfDocument(document)
    opened.init_forms()
    image = opened[page].render(may_draw_forms=annotations, draw_annots=annotations).to_pil().convert("RGB")
    opened.close()
    return image


def words(document: bytes, page: int = 0) -> str:
    opened = pypdfium2.PdfDocument(document)
    text = opened[page].get_textpage().get_text_range()
    opened.close()
    return text


def difference(one, other):
    """The rectangle in which two images differ: left, top, right, bottom; None where they are the same."""
    from PIL import ImageChops

    return ImageChops.difference(one, other).getbbox()


@pytest.mark.parametrize("stamped", [False, True])
def test_the_page_itself_is_unchanged_to_the_pixel_and_the_letter(stamped: bool) -> None:
    document = pdfs.page()
    signed = sign(document, stamp=Stamp(pdfs.drawing()) if stamped else None)
    assert difference(pixels(document), pixels(signed, annotations=False)) is None
    assert words(document) == words(signed)


def test_an_invisible_signature_shows_nothing() -> None:
    assert difference(pixels(pdfs.page()), pixels(sign(pdfs.page()))) is None


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("box", ["0 0 595 842", "-100 50 495 892"])
def test_a_stamp_appears_in_the_lower_left_corner_upright_and_nowhere_else(rotation: int, box: str) -> None:
    document = pdfs.page(more=b"/Rotate %d" % rotation, size=box)
    signed = sign(document, stamp=Stamp(pdfs.drawing()))
    image = pixels(signed)
    left, top, right, bottom = difference(pixels(document), image)
    assert (left, bottom, right - left, bottom - top) == pytest.approx(
        (24, image.height - 24, 264, 92), abs=5
    )
    # Upright: the word stands in the left half of the stamp.
    inside = image.crop((left + 4, top + 4, right - 4, bottom - 4))
    dark = [at % inside.width for at, pixel in enumerate(inside.convert("L").tobytes()) if pixel < 128]
    assert max(dark) < inside.width / 2


def test_stamps_of_several_signatures_stand_beside_each_other() -> None:
    document = pdfs.page()
    for _ in range(3):
        document = sign(document, stamp=Stamp(pdfs.drawing()))
    assert findings(document) == ["valid"] * 3
    rectangles = re.findall(rb"/Rect \[([^\]]*)\]", document)
    assert [[float(each) for each in rectangle.split()][:2] for rectangle in rectangles] == [
        [24, 24],
        [296, 24],
        [24, 124],
    ]


def test_a_stamp_goes_to_the_page_it_is_wanted_on() -> None:
    document = _two_pages()
    for page, shown in ((1, 0), (2, 1), (-1, 1), (-2, 0)):
        signed = sign(document, stamp=Stamp(pdfs.drawing(), page))
        assert difference(pixels(document, shown), pixels(signed, shown)) is not None
        assert difference(pixels(document, 1 - shown), pixels(signed, 1 - shown)) is None


def _two_pages() -> bytes:
    return pdfs.build([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 /MediaBox [0 0 400 400] >>",
        b"<< /Type /Page /Parent 2 0 R >>",
        b"<< /Type /Page /Parent 2 0 R >>",
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("stamp", "error"),
    [
        (Stamp(pdfs.drawing(), 2), BadInput),
        (Stamp(b"no drawing"), BadInput),
        (Stamp(pdfs.drawing(2000, 100)), UnsupportedOperation),
        (Stamp(bytes(signing.MAX_DRAWING_BYTES + 1)), BadInput),
    ],
)
def test_a_stamp_that_cannot_be_drawn_is_found_out_beforehand(stamp: Stamp, error: type[Exception]) -> None:
    with pytest.raises(error):
        pades.check(pdfs.page(), stamp)
    with pytest.raises(error):
        sign(pdfs.page(), stamp=stamp)


def test_a_page_full_of_stamps_is_found_out_beforehand() -> None:
    document = pdfs.page(size="0 0 320 200")
    document = sign(document, stamp=Stamp(pdfs.drawing()))
    with pytest.raises(UnsupportedOperation, match="no room"):
        pades.check(document, Stamp(pdfs.drawing()))
    pades.check(document)


def test_a_large_file_is_signed_in_seconds() -> None:
    document = pdfs.page(more=b"/Thumb 6 0 R")
    document = pdfs.update(document, {6: pdfs.stream(bytes(64 << 20))})
    assert findings(sign(document)) == ["valid"]
