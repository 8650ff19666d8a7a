"""The cross-references of a PDF, walked through before the library believes them.

A cross-reference stream of a hundred octets can list two thousand million objects: its entries may be zero octets wide, and compressed
ones cost nothing. The library would go through them all. So the chain of tables is walked here first, with the library's own
readers of dictionaries, and the claims are added up. On the way, what readers are known to read differently is refused: a table that
lists an object twice (some take the first entry, some the last), and pointers to a second table beside the first that only
some would follow.
"""

import io
import types
from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.reader import process_data_at_eof
from pyhanko.pdf_utils.xref import parse_xref_table, read_object_header

from agent.errors import BadInput, UnsupportedOperation

MAX_TABLES = 1000
MAX_ENTRIES = 8_388_607  # ISO 32000-1 annex C, which counts objects
_HANDLER = types.SimpleNamespace(strict=True)  # all that the library's readers of dictionaries ask of a file
_FEW = 65_536  # entries that any file may have; beyond, each must take an octet of it at least: no object is shorter
_LINE = 20  # octets of an entry in a table
# The head of the list of free objects has generation 65,535 (ISO 32000-2 §7.5.4). MuPDF and Pillow write one more.
_ONE_TOO_MANY, _MOST = 65_536, b"65535"


def check(stream: io.BytesIO) -> None:
    """Behind the fence. Looks over `stream`, and mends there the generation of object 0 where it is one too many: nobody reads it,
    but the library minds. The file itself is not this stream.

    Raises: BadInput where the tables claim more entries than the file has octets, or one of them lists an object twice;
    UnsupportedOperation for a second table that readers would disagree about.
    """
    size = stream.seek(-1, io.SEEK_END)
    most = min(max(_FEW, size), MAX_ENTRIES)
    waiting, seen, entries = [process_data_at_eof(stream)], set(), 0
    while waiting:
        position = waiting.pop()
        if position in seen:
            continue  # a loop, of which the library complains
        seen.add(position)
        count, trailer = _section(stream, position)
        entries += count
        if entries > most or len(seen) > MAX_TABLES:
            raise BadInput("PDF: the file claims more objects than it can hold")
        if "/XRefStm" in trailer:
            entries += _table_beside(stream, trailer)
        if isinstance(previous := trailer.get("/Prev"), generic.NumberObject):
            waiting.append(int(previous))


def _section(stream: io.BytesIO, position: int) -> tuple[int, Any]:
    """How many entries a table or cross-reference stream has, and its trailer."""
    stream.seek(position)
    misc.skip_over_whitespace(stream)
    if stream.read(4) != b"xref":
        return _stream_section(stream, position)
    numbers = list(_numbers(stream))
    if len(set(numbers)) != len(numbers):
        raise BadInput("PDF: a cross-reference table lists an object twice")
    trailer = generic.DictionaryObject.read_from_stream(stream, generic.TrailerReference(_HANDLER))
    return len(numbers), trailer


def _numbers(stream: io.BytesIO) -> Iterator[int]:
    """The numbers of the objects that a table lists."""
    for entry in parse_xref_table(stream, strict=True):
        if entry.idnum == 0 and entry.generation == _ONE_TOO_MANY and entry.location is None:
            end = stream.tell()
            stream.seek(end - _LINE)
            line = stream.read(_LINE)
            stream.seek(end - _LINE)
            stream.write(line.replace(b"%d" % _ONE_TOO_MANY, _MOST))
            stream.seek(end)
        yield entry.idnum


def _stream_section(stream: io.BytesIO, position: int) -> tuple[int, Any]:
    stream.seek(position)
    number, generation = read_object_header(stream, strict=True)
    table = generic.StreamObject.read_from_stream(stream, generic.Reference(number, generation, _HANDLER))
    sizes = list(table.get("/Index") or (0, table["/Size"]))[1::2]
    if any(int(each) < 0 for each in (*sizes, *table["/W"])):
        raise BadInput("PDF: a cross-reference stream has negative sizes")
    if "/XRefStm" in table:
        raise BadInput("PDF: a cross-reference stream points to another one beside it")
    return sum(sizes), table


def _table_beside(stream: io.BytesIO, trailer: Any) -> int:
    """How many entries the stream beside a table has (hybrid cross-references, ISO 32000-2 §7.5.8.4).

    Some readers go on from there as from any table, so it must not lead elsewhere than the table does.
    """
    position = trailer.raw_get("/XRefStm")
    if not isinstance(position, generic.NumberObject):
        raise BadInput("PDF: a pointer to cross-references is not a number")
    count, table = _stream_section(stream, int(position))
    leads_elsewhere = any(
        key in table and (key not in trailer or table.raw_get(key) != trailer.raw_get(key))
        for key in ("/Root", "/Encrypt")
    )
    if leads_elsewhere or "/Prev" in table:
        raise UnsupportedOperation(
            "PDF: readers of different age would see different documents in this file; print it to PDF again"
        )
    return count
