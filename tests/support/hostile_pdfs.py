"""PDF files made to harm: to run a program, to be followed somewhere, to take all memory and time, to be read in two ways."""

import zlib
from collections.abc import Callable, Mapping

from tests.support import pdfs

_CATALOG = b"<< /Type /Catalog /Pages 2 0 R %b >>"
_PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"


def of_page(
    page: bytes, *more: bytes, catalog: bytes = b"", size: bytes = b"0 0 595 842", trailer: bytes = b""
) -> bytes:
    """A file of one page with these entries; further objects are numbered from 4."""
    return pdfs.build(
        [
            _CATALOG % catalog,
            _PAGES,
            b"<< /Type /Page /Parent 2 0 R /MediaBox [%b] %b >>" % (size, page),
            *more,
        ],
        trailer=trailer,
    )


def packed(dictionary: bytes, content: bytes) -> bytes:
    octets = zlib.compress(content, 9)
    return b"<< %b /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream" % (
        dictionary,
        len(octets),
        octets,
    )


def many_pages(count: int) -> bytes:
    """So many pages with a line on each."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%b] /Count %d /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> >>"
        % (kids, count),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n in range(count):
        objects.append(b"<< /Type /Page /Parent 2 0 R /Contents %d 0 R >>" % (5 + 2 * n))
        objects.append(pdfs.text(f"Page {n + 1}"))
    return pdfs.build(objects)


def huge_page() -> bytes:
    return of_page(
        b"/Contents 4 0 R", pdfs.stream(b"1 0 0 rg 0 0 9e8 9e8 re f"), size=b"0 0 1000000000 1000000000"
    )


def thin_page() -> bytes:
    return of_page(b"", size=b"0 0 1 14400")


def no_size() -> bytes:
    return of_page(b"", size=b"0 0 0 0")


def pages_that_are_their_own_kids() -> bytes:
    return pdfs.build([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [2 0 R 2 0 R 2 0 R] /Count 1000000000 /Parent 2 0 R >>",
    ])  # fmt: skip


def a_billion_pages() -> bytes:
    return pdfs.build([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 2000000000 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>",
    ])  # fmt: skip


def deep_page_tree(depth: int = 20_000) -> bytes:
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    for n in range(depth):
        objects.append(b"<< /Type /Pages /Kids [%d 0 R] /Count 1 /Parent %d 0 R >>" % (n + 3, n + 1))
    objects.append(b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 99 99] >>" % (depth + 1))
    return pdfs.build(objects)


def deep_arrays(depth: int = 200_000) -> bytes:
    return of_page(b"/Contents 4 0 R /Deep 5 0 R", pdfs.stream(b"0 0 9 9 re f"), b"[" * depth + b"]" * depth)


def form_in_itself() -> bytes:
    """A drawing that draws itself twice."""
    form = b"/Fm Do /Fm Do 0 0 9 9 re f"
    return of_page(
        b"/Contents 4 0 R /Resources << /XObject << /Fm 5 0 R >> >>",
        pdfs.stream(b"/Fm Do"),
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 99 99] /Resources << /XObject << /Fm 5 0 R >> >> /Length %d >>\nstream\n%b\nendstream"
        % (len(form), form),
    )


def forms_in_forms(depth: int = 24, times: int = 8) -> bytes:
    """Each drawing draws the next one so many times: 8 to the 24th in all."""
    content = b"/Fm Do " * times
    forms = [
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 99 99] /Resources << /XObject << /Fm %d 0 R >> >> /Length %d >>\nstream\n%b\nendstream"
        % (n + 6, len(content), content)
        for n in range(depth)
    ]
    last = (
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 99 99] /Length 14 >>\nstream\n0 0 99 99 re f\nendstream"
    )
    return of_page(
        b"/Contents 4 0 R /Resources << /XObject << /Fm 5 0 R >> >>", pdfs.stream(b"/Fm Do"), *forms, last
    )


def huge_picture() -> bytes:
    """10 gigapixels that are packed into a few kilobytes."""
    return of_page(
        b"/Contents 4 0 R /Resources << /XObject << /Im 5 0 R >> >>",
        pdfs.stream(b"500 0 0 500 0 0 cm /Im Do"),
        packed(
            b"/Type /XObject /Subtype /Image /Width 100000 /Height 100000 /ColorSpace /DeviceGray /BitsPerComponent 8",
            bytes(8_000_000),
        ),
    )


def inflating_content(times: int = 40_000_000) -> bytes:
    """A page whose drawing has 40 million numbers."""
    return of_page(b"/Contents 4 0 R", packed(b"", b"0 " * times))


def endless_drawing(times: int = 3_000_000) -> bytes:
    """A page that fills itself millions of times."""
    return of_page(b"/Contents 4 0 R", packed(b"", b"0 0 595 842 re f\n" * times))


def fine_pattern() -> bytes:
    """A page that is tiled with a pattern of a millionth of a point."""
    pattern = b"0 0 1 1 re f"
    return of_page(
        b"/Contents 4 0 R /Resources << /Pattern << /P 5 0 R >> >>",
        pdfs.stream(b"/Pattern cs /P scn 0 0 595 842 re f"),
        b"<< /Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] /XStep 0.000001 /YStep 0.000001 /Resources << >> /Length %d >>\nstream\n%b\nendstream"
        % (len(pattern), pattern),
    )


def cross_references_in_a_circle() -> bytes:
    octets = pdfs.tiny()
    at = octets.rindex(b"startxref")
    offset = int(octets[at:].split()[1])
    return (
        octets.replace(b"trailer\n<<", b"trailer\n<< /Prev %d" % offset)
        if b"trailer\n<<" in octets
        else octets
    )


def object_streams_in_a_circle() -> bytes:
    content = b"4 0 5 10 << /A 5 0 R >> << /B 4 0 R >>"
    return of_page(b"/Contents 4 0 R", packed(b"/Type /ObjStm /N 2 /First 8 /Extends 4 0 R", content))


SLOW_OR_LARGE: Mapping[str, Callable[[], bytes]] = {
    "huge page": huge_page,
    "thin page": thin_page,
    "no size": no_size,
    "pages that are their own kids": pages_that_are_their_own_kids,
    "a billion pages": a_billion_pages,
    "deep page tree": deep_page_tree,
    "deep arrays": deep_arrays,
    "form in itself": form_in_itself,
    "forms in forms": forms_in_forms,
    "huge picture": huge_picture,
    "inflating content": inflating_content,
    "endless drawing": endless_drawing,
    "fine pattern": fine_pattern,
    "cross-references in a circle": cross_references_in_a_circle,
    "object streams in a circle": object_streams_in_a_circle,
}
