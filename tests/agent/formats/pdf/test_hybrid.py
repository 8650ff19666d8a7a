"""Two lists of objects beside each other, and whether all readers make the same of them."""

import contextlib

import pytest

from agent.errors import BadInput, UnsupportedOperation
from agent.formats.pdf import document, hybrid
from tests.support import pdf_files, pdfs
from tests.support.pdf_files import office_entry

OFFSETS = pdf_files.body(b"%PDF-1.7\r\n%\xb5\xb5\xb5\xb5\r\n", pdf_files.PAGE, b"\r\n")[1]


def test_office_writes_them_in_a_way_that_leaves_no_choice() -> None:
    references = document.open_file(pdf_files.office()).xrefs
    assert [hybrid.is_at(references, revision) for revision in (0, 1)] == [False, True]


def test_files_without_them_have_none() -> None:
    references = document.open_file(pdfs.update(pdfs.page(), {4: pdfs.text("Act 18")})).xrefs
    assert [hybrid.is_at(references, revision) for revision in (0, 1)] == [False, False]


@pytest.mark.parametrize(
    ("number", "entry"),
    [
        (4, office_entry(1, OFFSETS[5], 0)),
        (4, office_entry(2, 9, 0)),
        (4, office_entry(0, 0, 1)),
        (6, office_entry(0, 0, 65535)),
    ],
    ids=["another-place", "in-a-stream", "freed", "freed-for-ever"],
)
def test_an_object_that_the_stream_lists_otherwise_than_an_earlier_table(number: int, entry: bytes) -> None:
    with pytest.raises(UnsupportedOperation, match="print it to PDF again"):
        document.open_file(pdf_files.office(beside={number: entry}))


@pytest.mark.parametrize("entry", [b"0000000000 65535 f", b"0000000000 00001 f", b"0000000017 00000 n"])
def test_an_object_that_the_stream_lists_otherwise_than_the_table_beside_it(entry: bytes) -> None:
    """The form of the standard, in which hidden objects are free in the very table: pdf.js takes them for free there."""
    with pytest.raises(UnsupportedOperation, match="print it to PDF again"):
        document.open_file(pdf_files.office(top={7: entry}))


def test_the_same_entry_in_both_is_no_contradiction() -> None:
    office = pdf_files.office()
    at = office.index(b"1 0 obj")
    reader = document.open_file(pdf_files.office(top={1: pdf_files.used(at)}))
    assert reader.root["/Lang"] == "ru"


def test_the_end_is_that_of_what_ends_last() -> None:
    office = pdf_files.office()
    references = document.open_file(office).xrefs
    assert hybrid.end_of(references, 1) == references.get_xref_container_info(1).end_location
    at = len(office) + 2
    listed = office.rindex(b"10 0 obj")
    copy = office[listed : office.index(b"endobj", listed)] + b"endobj\r\n"
    moved = office.replace(b"/XRefStm %d" % listed, b"/XRefStm %d" % at).ljust(at)
    moved += copy + office[office.rindex(b"startxref") :]
    assert at < hybrid.end_of(document.open_file(moved).xrefs, 1) < len(moved)


@pytest.mark.slow
def test_every_changed_octet_of_the_cross_references_ends_well() -> None:
    office = pdf_files.office()
    for at in range(office.rindex(b"10 0 obj"), len(office)):
        for other in (b"\x00", b"0", b"9", b" ", b""):
            with contextlib.suppress(BadInput, UnsupportedOperation):
                document.open_to_sign(office[:at] + other + office[at + 1 :])
