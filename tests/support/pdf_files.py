"""Small PDF files, each made the way a kind of program makes them. All show the words "Act 17" on one page."""

import re
import zlib
from collections.abc import Callable, Mapping, Sequence

from tests.support import pdfs

PAGE: dict[int, bytes] = {
    1: b"<</Type/Catalog/Pages 2 0 R>>",
    2: b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
    3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
    4: pdfs.text("Act 17"),
    5: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
}
_FREE = b"%010d 65535 f"


def body(head: bytes, objects: Mapping[int, bytes], line_end: bytes = b"\n") -> tuple[bytes, dict[int, int]]:
    """Head and objects, and where each object begins."""
    octets, offsets = head, {}
    for number, content in objects.items():
        offsets[number] = len(octets)
        octets += b"%d 0 obj%b%b%bendobj%b" % (number, line_end, content, line_end, line_end)
    return octets, offsets


def table(entries: Sequence[bytes], trailer: bytes, line_end: bytes = b"\n", first: int = 0) -> bytes:
    """A cross-reference table of one part. Entries have 18 octets, as `0000000017 00000 n`."""
    end_of_entry = line_end if len(line_end) == 2 else b" " + line_end
    lines = b"".join(entry + end_of_entry for entry in entries)
    return b"xref%b%d %d%b%btrailer%b<<%b>>%b" % (
        line_end, first, len(entries), line_end, lines, line_end, trailer, line_end,
    )  # fmt: skip


def end(at: int, line_end: bytes = b"\n") -> bytes:
    return b"startxref%b%d%b%%%%EOF" % (line_end, at, line_end)


def used(offset: int) -> bytes:
    return b"%010d 00000 n" % offset


def _ordinary(
    head: bytes = b"%PDF-1.7\n", line_end: bytes = b"\n", objects: Mapping[int, bytes] = PAGE
) -> bytes:
    octets, offsets = body(head, objects, line_end)
    size = max(objects) + 1
    entries = [used(offsets[number]) if number in offsets else _FREE % 0 for number in range(size)]
    references = table(entries, b"/Size %d/Root 1 0 R" % size, line_end)
    return octets + references + end(len(octets), line_end) + line_end


# --- Microsoft Office ---------------------------------------------------------------------------------------------


def office(
    *, beside: Mapping[int, bytes] | None = None, top: Mapping[int, bytes] | None = None, more: bytes = b""
) -> bytes:
    """Hybrid cross-references as Word's "Save as PDF" writes them: the structure of the text lies in an object stream that only the
    stream beside an empty, second table leads to; in the first table those objects are free.

    `beside` puts other entries into that stream, `top` puts entries into the table that is empty, and `more` goes into the dictionary of
    the stream. Objects: 6 Info, 7 and 8 the structure, 9 where they lie, 10 the stream.
    """
    line = b"\r\n"
    tree, element = b"<</Type/StructTreeRoot/K[8 0 R]>>", b"<</Type/StructElem/S/P/P 7 0 R/Pg 3 0 R/K 0>>"
    where = b"7 0 8 %d " % len(tree)
    packed = zlib.compress(where + tree + element)
    objects = PAGE | {
        1: b"<</Type/Catalog/Pages 2 0 R/Lang(ru) /StructTreeRoot 7 0 R/MarkInfo<</Marked true>>>>",
        6: b"<</Title(Act) /Producer(\xfe\xff\0W\0o\0r\0d) >>",
        9: b"<</Type/ObjStm/N 2/First %d/Filter/FlateDecode/Length %d>>\r\nstream\r\n%b\r\nendstream"
        % (len(where), len(packed), packed),
    }
    octets, offsets = body(b"%PDF-1.7\r\n%\xb5\xb5\xb5\xb5\r\n", objects, line)
    hidden = {7: office_entry(2, 9, 0), 8: office_entry(2, 9, 1)}
    entries = {0: office_entry(0, 7, 65535)}
    entries |= {number: office_entry(1, offset, 0) for number, offset in offsets.items()}
    entries |= hidden | (beside or {})
    listed = zlib.compress(b"".join(entries[number] for number in range(10)))
    names = b"/Root 1 0 R/Info 6 0 R/ID[<3218D6E4B10F3E49><3218D6E4B10F3E49>] "
    stream_at = len(octets)
    octets += (
        b"10 0 obj\r\n<</Type/XRef/Size 10/W[ 1 4 2] %b%b/Filter/FlateDecode/Length %d>>\r\nstream\r\n%b\r\nendstream\r\nendobj\r\n"
        % (names, more, len(listed), listed)
    )
    offsets[10] = stream_at
    free = {0: _FREE % 7, 7: _FREE % 8, 8: _FREE % 0}
    main_at = len(octets)
    main = [free[number] if number in free else used(offsets[number]) for number in range(11)]
    octets += table(main, b"/Size 11%b" % names, line) + end(main_at, line) + line
    top_at = len(octets)
    trailer = b"/Size 11%b/Prev %d/XRefStm %d" % (names, main_at, stream_at)
    parts = b"".join(b"%d 1\r\n%b\r\n" % entry for entry in (top or {}).items()) or b"0 0\r\n"
    octets += b"xref\r\n%btrailer\r\n<<%b>>\r\n" % (parts, trailer)
    return octets + end(top_at, line)


def office_entry(kind: int, second: int, third: int) -> bytes:
    """An entry of a cross-reference stream with /W [1 4 2]: 0 free, 1 at an offset, 2 in an object stream."""
    return bytes((kind,)) + second.to_bytes(4, "big") + third.to_bytes(2, "big")


def hybrid_update(document: bytes, objects: Mapping[int, bytes], freed: Sequence[int] = ()) -> bytes:
    """The document with a revision that only readers which know hybrid cross-references see."""
    previous = int(re.findall(rb"startxref\s+(\d+)", document)[-1])
    size = max([*(int(each) for each in re.findall(rb"/Size (\d+)", document)), *(n + 1 for n in objects)])
    octets, offsets = body(document.rstrip() + b"\n", objects)
    entries = {number: office_entry(1, offset, 0) for number, offset in offsets.items()}
    entries |= dict.fromkeys(freed, office_entry(0, 0, 1))
    index = b" ".join(b"%d 1" % number for number in sorted(entries))
    listed = b"".join(entries[number] for number in sorted(entries))
    stream_at = len(octets)
    octets += b"%d 0 obj\n<</Type/XRef/Size %d/W[1 4 2]/Index[%b]/Length %d>>\nstream\n%b\nendstream\nendobj\n" % (
        size, size + 1, index, len(listed), listed,
    )  # fmt: skip
    root = re.findall(rb"/Root \d+ 0 R", document)[-1]
    trailer = b"/Size %d%b/Prev %d/XRefStm %d" % (size + 1, root, previous, stream_at)
    return octets + b"xref\n0 0\ntrailer\n<<%b>>\n" % trailer + end(len(octets)) + b"\n"


# --- other programs -----------------------------------------------------------------------------------------------


def linearized() -> bytes:
    """For the fast web: the table of the first page stands in front, and leads to that of the rest, which stands at the end."""
    head = b"%PDF-1.4\n"
    first = {number: PAGE[number] for number in (1, 3, 4, 5)}
    rest = {2: PAGE[2]}
    hint = b"6 0 obj\n<</Linearized 1/L %010d/H[0 0]/O 3/E %010d/N 1/T %010d>>\nendobj\n"
    names = b"/Size 7/Root 1 0 R"
    table_at = len(head + hint % (0, 0, 0))

    def front(offsets: Mapping[int, int], prev: int) -> bytes:
        parts = [b"1 1\n%b \n" % used(offsets[1])]
        parts.append(b"3 4\n" + b"".join(used(offsets[number]) + b" \n" for number in (3, 4, 5, 6)))
        return b"xref\n%btrailer\n<<%b/Prev %010d>>\nstartxref\n0\n%%%%EOF\n" % (b"".join(parts), names, prev)

    start = table_at + len(front(dict.fromkeys((1, 3, 4, 5, 6), 0), 0))
    pages, offsets = body(bytes(start), first)
    whole, more = body(pages, rest)
    main_at = len(whole)
    last = b"xref\n0 1\n%b \n2 1\n%b \ntrailer\n<</Size 3/Root 1 0 R>>\n" % (_FREE % 0, used(more[2]))
    last += end(table_at) + b"\n"
    beginning = head + hint % (main_at + len(last), main_at, main_at)
    return beginning + front(offsets | {6: len(head)}, main_at) + whole[start:] + last


def object_streams() -> bytes:
    """PDF 1.5: all but streams lies in a compressed stream, and the cross-references are one too."""
    inner = {number: PAGE[number] for number in (1, 2, 3, 5)}
    where, packed = b"", b""
    for number, content in inner.items():
        where += b"%d %d " % (number, len(packed))
        packed += content + b" "
    compressed = zlib.compress(where + packed)
    holder = b"<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream" % (
        len(inner), len(where), len(compressed), compressed,
    )  # fmt: skip
    octets, offsets = body(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n", {4: PAGE[4], 6: holder})
    table_at = len(octets)
    entries = {0: office_entry(0, 0, 65535), 7: office_entry(1, table_at, 0)}
    entries |= {number: office_entry(1, offset, 0) for number, offset in offsets.items()}
    entries |= {number: office_entry(2, 6, index) for index, number in enumerate(inner)}
    listed = zlib.compress(b"".join(entries[number] for number in range(8)))
    octets += b"7 0 obj\n<</Type/XRef/Size 8/W[1 4 2]/Root 1 0 R/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream\nendobj\n" % (
        len(listed), listed,
    )  # fmt: skip
    return octets + end(table_at) + b"\n"


def carriage_returns() -> bytes:
    """Lines that end as on old Macintoshes. Behind `stream` only a line feed will do."""
    return _ordinary(b"%PDF-1.4\r%\xe2\xe3\xcf\xd3\r", b"\r")


def pdf_2() -> bytes:
    return _ordinary(b"%PDF-2.0\n%\xe2\xe3\xcf\xd3\n")


def spaces_at_the_end() -> bytes:
    """What mailers and web forms add."""
    return _ordinary() + b"  \r\n\n \n"


def zeros_at_the_end() -> bytes:
    """What is left of a buffer that was longer."""
    return _ordinary() + bytes(500)


def one_generation_too_many() -> bytes:
    """MuPDF and Pillow give the head of the list of free objects generation 65536."""
    return _ordinary().replace(b"65535 f", b"65536 f")


def short_lines() -> bytes:
    """Entries of 19 octets, where 20 are asked for: the space before the line end is missing."""
    octets = _ordinary()
    return octets.replace(b" n \n", b" n\n").replace(b" f \n", b" f\n")


def reference_to_nothing() -> bytes:
    """An object was taken out, and a reference to it was forgotten."""
    page = PAGE[3].replace(b"/Parent", b"/Annots[6 0 R]/Thumb 7 0 R/Parent")
    octets = _ordinary(objects=PAGE | {3: page, 8: b"<</Producer(none)>>"})
    assert octets.count(b"65535 f") == 3
    return octets


def scanned() -> bytes:
    """A page that is nothing but a picture, of one object more than needed."""
    pixels = zlib.compress(b"\xff\x80\xff" * 100)
    picture = b"<</Type/XObject/Subtype/Image/Width 10/Height 10/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/FlateDecode"
    return _ordinary(
        objects=PAGE
        | {
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595.32 841.92]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>/Font<</F1 6 0 R>>>>>>",
            4: pdfs.stream(b"q 595 0 0 842 0 0 cm /I Do Q BT /F1 24 Tf 72 700 Td (Act 17) Tj ET"),
            5: picture + b"/Length %d>>\nstream\n%b\nendstream" % (len(pixels), pixels),
            6: PAGE[5],
        }
    )


def startxref_off(by: int, document: bytes | None = None) -> bytes:
    """The last line points so many octets beside the table."""
    octets = document or _ordinary()
    last = list(re.finditer(rb"startxref\s+(\d+)", octets))[-1]
    return octets[: last.start(1)] + b"%d" % (int(last[1]) + by) + octets[last.end(1) :]


KINDS: Mapping[str, Callable[[], bytes]] = {
    made.__name__: made
    for made in (
        office, linearized, object_streams, carriage_returns, pdf_2, spaces_at_the_end, zeros_at_the_end,
        one_generation_too_many, short_lines, reference_to_nothing, scanned,
    )
} | {"startxref_off": lambda: startxref_off(3), "startxref_before": lambda: startxref_off(-7)}  # fmt: skip
"""Files that can be signed, by the name of their kind."""
