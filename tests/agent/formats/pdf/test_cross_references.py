"""How many objects a file may claim to have."""

import io
import zlib

import pytest

from agent.errors import BadInput, UnsupportedOperation
from agent.formats.pdf import cross_references, document
from tests.support import pdf_files, pdfs


def with_stream(widths: bytes, more: bytes, content: bytes = b"abcdef") -> bytes:
    """A file that is nothing but a cross-reference stream."""
    head = b"%PDF-1.7\n"
    dictionary = b"<< /Type /XRef /Root 1 0 R /W [%b] %b /Length %d >>" % (widths, more, len(content))
    return head + b"4 0 obj\n%b\nstream\n%b\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
        dictionary, content, len(head),
    )  # fmt: skip


@pytest.mark.parametrize("octets", [pdfs.page(), pdfs.tiny(), pdfs.update(pdfs.page(), {9: b"null"})])
def test_an_ordinary_file_claims_what_it_has(octets: bytes) -> None:
    cross_references.check(io.BytesIO(octets))


@pytest.mark.parametrize(
    "octets",
    [
        with_stream(b"0 0 0", b"/Size 2147483647"),
        with_stream(b"0 0 0", b"/Size 5 /Index [0 2147483647]"),
        with_stream(b"0 0 0", b"/Size 5 /Index [0 2147483647 2147483647 -2147483640]"),
        with_stream(b"-1 0 0", b"/Size 5 /Index [0 4]"),
        with_stream(
            b"1 3 1", b"/Size 5 /Index [0 40000000] /Filter /FlateDecode", zlib.compress(bytes(1 << 20))
        ),
    ],
)
def test_a_claim_beyond_the_size_of_the_file_is_refused_at_once(octets: bytes) -> None:
    with pytest.raises(BadInput, match=r"more objects than it can hold|negative"):
        document.open_file(octets)


def test_claims_of_all_the_tables_are_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_references, "_FEW", 8)
    monkeypatch.setattr(cross_references, "MAX_ENTRIES", 8)
    cross_references.check(io.BytesIO(pdfs.page()))
    with pytest.raises(BadInput):
        cross_references.check(io.BytesIO(pdfs.update(pdfs.page(), {6: b"1", 7: b"2", 8: b"3"})))


def test_a_table_that_lists_an_object_twice_is_refused() -> None:
    """pdf.js takes the first of two entries, the library the last."""
    octets = pdfs.page()
    assert b"4 1\n" in octets
    entry = b"4 1\n0000000017 00000 n \n"
    with pytest.raises(BadInput, match="an object twice"):
        document.open_file(octets.replace(b"4 1\n", entry + b"4 1\n"))


def test_the_generation_of_the_first_free_object_is_mended_for_the_library_only() -> None:
    octets = pdf_files.one_generation_too_many()
    stream = io.BytesIO(octets)
    cross_references.check(stream)
    assert b"65536" in octets
    assert stream.getvalue() == octets.replace(b"65536 f", b"65535 f")
    reader = document.open_file(octets)
    assert reader.root["/Pages"]["/Count"] == 1


@pytest.mark.parametrize(
    ("before", "after"), [(b"65535 f", b"65537 f"), (b"00000 n", b"65536 n"), (b"65535 f", b"99999 f")]
)
def test_other_generations_that_can_not_be_are_not(before: bytes, after: bytes) -> None:
    octets = pdf_files.pdf_2()
    with pytest.raises(BadInput, match="PdfStrictReadError"):
        document.open_file(octets.replace(before, after, 1))


@pytest.mark.parametrize("value", [b"(12)", b"12.0", b"1 0 R", b"/X"])
def test_a_pointer_to_a_stream_beside_a_table_is_a_number(value: bytes) -> None:
    octets = pdfs.page().replace(b"/Root 1 0 R", b"/Root 1 0 R /XRefStm " + value)
    with pytest.raises(BadInput, match="not a number"):
        document.open_file(octets)


def test_a_stream_beside_a_stream_is_refused() -> None:
    with pytest.raises(BadInput, match="beside it"):
        document.open_file(with_stream(b"1 3 2", b"/Size 1 /XRefStm 9"))


@pytest.mark.parametrize("more", [b"/Prev 17", b"/Encrypt 4 0 R", b"/Root 2 0 R"])
def test_a_stream_beside_a_table_that_leads_elsewhere_is_refused(more: bytes) -> None:
    octets = pdf_files.office(more=more)
    if b"/Root" in more:
        octets = pdf_files.office().replace(b"/Root 1 0 R", more, 1)
    with pytest.raises(UnsupportedOperation, match="different documents"):
        document.open_file(octets)


def test_entries_of_a_stream_beside_a_table_count_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_references, "_FEW", 20)
    monkeypatch.setattr(cross_references, "MAX_ENTRIES", 20)
    with pytest.raises(BadInput, match="more objects"):
        cross_references.check(io.BytesIO(pdf_files.office()))  # 11 and 10


def test_tables_that_point_at_each_other_are_left_to_the_library() -> None:
    octets = pdfs.page()
    at = octets.rindex(b"xref\n", 0, octets.rindex(b"startxref"))
    looping = octets.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % at)
    cross_references.check(io.BytesIO(looping))
    with pytest.raises(BadInput, match="PdfReadError"):
        document.open_file(looping)
