"""Opening PDF files, and refusing those that can't be signed."""

import contextlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import BadInput, UnsupportedOperation
from agent.formats.pdf import document, pades
from tests.support import chains, pdf_files, pdfs

CATALOG = b"<< /Type /Catalog /Pages 2 0 R %b >>"


def with_catalog(more: bytes, **others: bytes) -> bytes:
    return pdfs.update(pdfs.page(), {1: CATALOG % more, **{int(k[1:]): v for k, v in others.items()}})


def checked(octets: bytes) -> None:
    document.check_signable(document.open_file(octets))


def test_an_ordinary_file_is_opened_with_all_its_revisions() -> None:
    assert document.open_file(pdfs.update(pdfs.page(), {4: pdfs.text("other")})).total_revisions == 2
    checked(pdfs.page())


@pytest.mark.parametrize(
    "octets",
    [b"", b"%PDF-", b"%PDF-1.7\n", b"PK\x03\x04", b"junk" + pdfs.page(), pdfs.page()[:-40], pdfs.page().replace(b"/Pages", b"/Pagez")],
)  # fmt: skip
def test_what_is_no_pdf_or_cut_short_is_bad_input(octets: bytes) -> None:
    with pytest.raises(BadInput, match=r"^PDF: "):
        document.open_file(octets)


def test_a_file_beyond_the_limit_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pades, "MAX_SIZE_BYTES", 100)
    with pytest.raises(BadInput, match="100 at most"):
        document.open_file(pdfs.page())


def test_an_encrypted_file_is_not_supported() -> None:
    with pytest.raises(UnsupportedOperation, match="encrypted"):
        document.open_file(
            pdfs.build([CATALOG % b"", b"<< /Type /Pages /Kids [] /Count 0 >>"], trailer=b" /Encrypt 2 0 R")
        )


def test_hybrid_cross_references_are_read_where_they_say_the_same_to_all_readers() -> None:
    reader = document.open_file(pdf_files.office())
    assert reader.total_revisions == 2
    assert reader.root["/StructTreeRoot"]["/K"][0]["/S"] == "/P"
    entries = {4: pdf_files.office_entry(1, 17, 0)}
    with pytest.raises(UnsupportedOperation, match="different documents"):
        document.open_file(pdf_files.office(beside=entries))


@pytest.mark.parametrize("junk", [b"\n", b"\xef\xbb\xbf", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_what_precedes_the_beginning_is_bad_input(junk: bytes) -> None:
    """Readers look for %PDF- in the first 1024 octets, and differ on whether positions count from there."""
    with pytest.raises(BadInput, match="does not begin with %PDF-; print the document to PDF again"):
        document.open_file(junk + pdfs.page())


def test_a_person_is_told_what_to_do_about_a_file_that_can_not_be_read() -> None:
    with pytest.raises(BadInput, match=r"cannot be read \(\w+\); print the document to PDF again"):
        document.open_file(pdfs.page()[:-40])


def test_what_is_nowhere_defined_is_null() -> None:
    reader = document.open_file(pdfs.page(more=b"/Thumb 6 0 R"))
    assert document.entry(reader.root["/Pages"]["/Kids"][0], "/Thumb") is None
    assert "/Thumb" in reader.root["/Pages"]["/Kids"][0]


# --- files that are to be signed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", pdf_files.KINDS)
def test_files_of_all_kinds_of_programs_can_be_signed(kind: str) -> None:
    octets = pdf_files.KINDS[kind]()
    reader = document.open_to_sign(octets)
    assert document.page_of(reader, 1)[1].seen_size[0] == pytest.approx(595, abs=1)
    assert (
        reader.stream.getvalue()
        .replace(b"65535 f", b"65536 f")
        .startswith(octets.replace(b"65535 f", b"65536 f"))
    )


def test_an_object_that_can_not_be_read_is_found_before_the_first_signature() -> None:
    octets = pdf_files.KINDS["pdf_2"]().replace(b"/Helvetica>>\nendobj", b"/Helvetica>>\nendojb")
    document.page_of(document.open_file(octets), 1)
    with pytest.raises(BadInput, match="the document cannot be read"):
        document.open_to_sign(octets)


def test_references_to_objects_that_the_signature_would_become_are_bad_input() -> None:
    with pytest.raises(BadInput, match="would become"):
        document.open_to_sign(pdfs.page(more=b"/Annots [6 0 R]"))


@pytest.mark.parametrize("more", [b"/AcroForm << /Fields [] /XFA [] >>", b"/NeedsRendering true"])
def test_a_dynamic_form_is_not_supported(more: bytes) -> None:
    with pytest.raises(UnsupportedOperation, match="dynamic form"):
        checked(with_catalog(more))


def test_a_file_whose_author_allowed_no_changes_is_not_supported() -> None:
    certified = pdfs.signed_by_pyhanko(
        chains.person("rsa"), pdfs.page(), certify=document.fields.MDPPerm.NO_CHANGES
    )
    with pytest.raises(UnsupportedOperation, match="no further changes"):
        checked(certified)


def test_a_file_whose_author_allowed_signatures_is() -> None:
    checked(
        pdfs.signed_by_pyhanko(chains.person("rsa"), pdfs.page(), certify=document.fields.MDPPerm.FILL_FORMS)
    )


def test_a_form_that_is_none_is_bad_input() -> None:
    with pytest.raises(BadInput):
        checked(with_catalog(b"/AcroForm [1 2]"))


def test_fields_that_contain_themselves_are_bad_input() -> None:
    octets = with_catalog(b"/AcroForm << /Fields [9 0 R] >>", _9=b"<< /T (a) /Kids [9 0 R] >>")
    with pytest.raises(BadInput, match="form"):
        document.signature_fields(document.open_file(octets))


def test_more_signatures_than_anybody_makes_are_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_SIGNATURES", 1)
    field = b"<< /FT /Sig /T (%b) /V << /Type /Sig >> >>"
    octets = with_catalog(b"/AcroForm << /Fields [8 0 R 9 0 R] >>", _8=field % b"a", _9=field % b"b")
    with pytest.raises(BadInput, match="more than 1 signatures"):
        document.signature_fields(document.open_file(octets))


# --- pages --------------------------------------------------------------------------------------------------------


def geometry(octets: bytes, number: int = 1) -> tuple[document.Page, tuple[document.Rectangle, ...]]:
    return document.page_of(document.open_file(octets), number)[1:]


def test_the_visible_part_is_what_both_boxes_have_in_common() -> None:
    page, _ = geometry(pdfs.page(more=b"/CropBox [590 -10 10 800] /Rotate -90", size="-5 -5 600 700"))
    assert page == document.Page((10.0, -5.0, 590.0, 700.0), 270)


def test_boxes_and_rotation_are_inherited() -> None:
    octets = pdfs.build([
        CATALOG % b"",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 300 400] /Rotate 450 >>",
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 /Parent 2 0 R /CropBox [0 0 300 200] >>",
        b"<< /Type /Page /Parent 3 0 R >>",
    ])  # fmt: skip
    assert geometry(octets)[0] == document.Page((0.0, 0.0, 300.0, 200.0), 90)


def test_places_of_fields_are_taken_and_those_of_links_are_not() -> None:
    annotations = (
        b"/Annots [<< /Type /Annot /Subtype /Widget /Rect [30 20 10 10] >>"
        b" << /Type /Annot /Subtype /Link /Rect [0 0 9 9] >>]"
    )
    assert geometry(pdfs.page(more=annotations))[1] == ((10.0, 10.0, 30.0, 20.0),)


@pytest.mark.parametrize("number", [0, 2, -2, 10**20])
def test_a_page_that_is_not_there_is_bad_input(number: int) -> None:
    with pytest.raises(BadInput, match="no page"):
        geometry(pdfs.page(), number)


@pytest.mark.parametrize(
    ("more", "size"),
    [
        (b"/Rotate 45", "0 0 595 842"),
        (b"", "0 0 0 842"),
        (b"", "0 0 595"),
        (b"", "0 0 1e9 842"),
        (b"", "/A /B /C /D"),
        (b"/CropBox [600 0 700 800]", "0 0 595 842"),
        (b"/Annots [<< /Subtype /Widget >>]", "0 0 595 842"),
    ],
)
def test_a_page_without_a_sensible_size_is_bad_input(more: bytes, size: str) -> None:
    with pytest.raises(BadInput):
        geometry(pdfs.page(more=more, size=size))


def test_a_page_tree_that_goes_round_is_bad_input() -> None:
    octets = pdfs.build([
        CATALOG % b"",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 /Parent 2 0 R >>",
        b"<< /Type /Page /Parent 2 0 R >>",
    ])  # fmt: skip
    with pytest.raises(BadInput):
        geometry(octets)


# --- hostile octets -----------------------------------------------------------------------------------------------


def everything(octets: bytes) -> None:
    """All reading that this module does."""
    with contextlib.suppress(BadInput, UnsupportedOperation):
        reader = document.open_file(octets)
        document.check_signable(reader)
        document.signature_fields(reader)
        document.page_of(reader, 1)


def test_every_cut_of_a_file_ends_well() -> None:
    octets = with_catalog(b"/AcroForm << /Fields [9 0 R] >>", _9=b"<< /FT /Sig /T (a) >>")
    for size in range(len(octets)):
        everything(octets[:size])


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_octets_replaced_anywhere_end_well(data: st.DataObject) -> None:
    octets = bytearray(with_catalog(b"/AcroForm << /Fields [9 0 R] >>", _9=b"<< /FT /Sig /T (a) >>"))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(octets) - 1))
        octets[at : at + 1] = data.draw(
            st.one_of(st.binary(max_size=3), st.sampled_from([b"<<", b"[", b" 9 0 R", b"(", b"null", b"-1"]))
        )
    everything(bytes(octets))


def test_deep_nesting_is_bad_input() -> None:
    with pytest.raises(BadInput):
        document.open_file(with_catalog(b"/X " + b"[" * 5000 + b"]" * 5000))


def test_fields_that_lead_to_each_other_in_more_ways_than_there_is_time_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(document, "MAX_LOOKUPS", 10_000)
    fan = {number: b"<< /T (a) /Kids [%b] >>" % (b"%d 0 R " % (number + 1) * 20) for number in range(8, 14)}
    catalog = CATALOG % b"/AcroForm << /Fields [8 0 R] >>"
    octets = pdfs.update(pdfs.page(), {1: catalog, **fan, 14: b"<< /T (z) /FT /Tx >>"})
    with pytest.raises(BadInput, match="too many ways"):
        document.signature_fields(document.open_file(octets))


def test_a_stream_that_is_being_written_is_read_where_it_is() -> None:
    assert document.open_stream(io.BytesIO(pdfs.page())).total_revisions == 1
