"""A last line that points beside the table, and when that is no reason to refuse a file."""

import contextlib

import pytest

from agent.errors import BadInput
from agent.formats.pdf import document, mending, pades
from tests.support import chains, pdf_files, pdfs
from tests.support.pdfs import AT

GOOD = pdf_files.pdf_2()


@pytest.mark.parametrize("by", [-32, -20, -7, -2, 1, 4, 7, 32])
def test_a_table_nearby_is_found(by: int) -> None:
    octets = pdf_files.startxref_off(by, GOOD)
    mended = mending.mended(octets)
    assert mended.startswith(octets)
    assert mended[len(octets) :] == GOOD[GOOD.rindex(b"startxref") :]
    document.open_file(mended)


@pytest.mark.parametrize("kind", [kind for kind in pdf_files.KINDS if not kind.startswith("startxref")])
def test_files_that_point_right_are_left_alone(kind: str) -> None:
    octets = pdf_files.KINDS[kind]()
    assert mending.mended(octets) is octets


def test_white_space_before_the_table_is_no_error() -> None:
    octets = pdf_files.startxref_off(-1, GOOD)
    assert mending.mended(octets) is octets
    document.open_file(octets)


SECOND_TEXT = b"4 0 obj\n%b\nendobj\n" % pdfs.text("Act 18")


@pytest.mark.parametrize(
    "octets",
    [
        pdf_files.startxref_off(-200, GOOD),
        pdf_files.startxref_off(3, GOOD.replace(b"xref\n0 6", SECOND_TEXT + b"xref\n0 6")),
        pdf_files.startxref_off(3, pdfs.update(GOOD, {4: pdfs.text("Act 18")})),
        pdf_files.startxref_off(3, pdf_files.object_streams()),
        pdf_files.startxref_off(3, pdf_files.linearized()),
        pdf_files.startxref_off(3, GOOD.replace(b"/Type1", b"/Type#31")),
        pdf_files.startxref_off(3, GOOD.replace(b"00000 n", b"00001 n", 1)),
        pdf_files.startxref_off(2, GOOD.replace(b"\n", b"\r\n")),
    ],
    ids=[
        "far-away", "object-twice", "two-revisions", "stream", "linearized", "escapes", "other-generation", "line-ends-changed",
    ],
)  # fmt: skip
def test_where_collecting_readers_could_find_something_else_nothing_is_mended(octets: bytes) -> None:
    assert mending.mended(octets) is octets
    with pytest.raises(BadInput, match="print the document to PDF again"):
        document.open_to_sign(octets)


def test_a_mended_file_is_signed_strictly_readable_and_begins_with_the_original() -> None:
    octets = pdf_files.startxref_off(5)
    with pytest.raises(BadInput):
        pades.verify(octets)
    signed = pades.sign(chains.person(), octets, at=AT)
    assert signed.startswith(octets)
    assert [evidence.signature for evidence in pades.verify(signed)] == ["valid"]


def test_every_cut_of_a_file_ends_well() -> None:
    octets = pdf_files.startxref_off(5)
    for size in range(len(octets)):
        with contextlib.suppress(BadInput), document.reading("the end"):
            mending.mended(octets[:size])
