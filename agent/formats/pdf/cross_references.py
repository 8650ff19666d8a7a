"""How many objects a PDF claims to have, counted before the library believes it.

A cross-reference stream of a hundred octets can list two thousand million objects: its entries may be zero octets wide, and compressed
ones cost nothing. The library would go through them all. So the chain of tables is walked here first, with the library's own
readers of dictionaries, and only the claims are added up.
"""

import io
import types
from typing import Any

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.reader import process_data_at_eof
from pyhanko.pdf_utils.xref import parse_xref_table, read_object_header

from agent.errors import BadInput

MAX_TABLES = 1000
MAX_ENTRIES = 8_388_607  # ISO 32000-1 annex C, which counts objects
_HANDLER = types.SimpleNamespace(strict=True)  # all that the library's readers of dictionaries ask of a file
_FEW = 65_536  # entries that any file may have; beyond, each must take an octet of it at least: no object is shorter


def check(stream: io.BytesIO) -> None:
    """Behind the fence. Raises: BadInput where the tables claim more entries than the file has octets."""
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
        following = (trailer.get(key) for key in ("/Prev", "/XRefStm"))
        waiting.extend(int(each) for each in following if isinstance(each, generic.NumberObject))


def _section(stream: io.BytesIO, position: int) -> tuple[int, Any]:
    """How many entries a table or cross-reference stream has, and its trailer."""
    stream.seek(position)
    misc.skip_over_whitespace(stream)
    if stream.read(4) == b"xref":
        count = sum(1 for _ in parse_xref_table(stream, strict=True))
        return count, generic.DictionaryObject.read_from_stream(stream, generic.TrailerReference(_HANDLER))
    stream.seek(position)
    number, generation = read_object_header(stream, strict=True)
    table = generic.StreamObject.read_from_stream(stream, generic.Reference(number, generation, _HANDLER))
    sizes = list(table.get("/Index") or (0, table["/Size"]))[1::2]
    if any(int(each) < 0 for each in (*sizes, *table["/W"])):
        raise BadInput("PDF: a cross-reference stream has negative sizes")
    return sum(sizes), table
