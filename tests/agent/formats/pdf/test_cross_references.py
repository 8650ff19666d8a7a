"""How many objects a file may claim to have."""

import io
import zlib

import pytest

from agent.errors import BadInput
from agent.formats.pdf import cross_references, document
from tests.support import pdfs


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


def test_tables_that_point_at_each_other_are_left_to_the_library() -> None:
    octets = pdfs.page()
    at = octets.rindex(b"xref\n", 0, octets.rindex(b"startxref"))
    looping = octets.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % at)
    cross_references.check(io.BytesIO(looping))
    with pytest.raises(BadInput, match="PdfReadError"):
        document.open_file(looping)
