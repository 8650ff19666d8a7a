"""A new last line for files whose last line points beside the cross-reference table, by some octets.

Home-made writers miscount there, and all readers find the table nevertheless: some look nearby, others give up on the tables and collect
the objects themselves. Both must come to the same document, or a person would sign another one than was shown. So only a file
of one table is mended, that lists exactly the objects which a reader finds by collecting.
"""

import io
import re

from pyhanko.pdf_utils.reader import process_data_at_eof
from pyhanko.pdf_utils.xref import XRefType, parse_xref_table

_NEARBY = 32  # octets before and after
_GOOD = re.compile(rb"[\x00\t\n\x0c\r ]*xref")
_TABLE = re.compile(rb"(?<!start)xref(?=[\t ]*[\n\r])")
_OBJECT = re.compile(rb"(?<!\d)(\d{1,10})[\x00\t\n\x0c\r ]+(\d{1,5})[\x00\t\n\x0c\r ]+obj")
# Objects within objects are collected too, but only by some. A name may be written with escapes (#53), so those count as well.
_HIDING = re.compile(rb"ObjStm|/XRef|/Prev|/[^\x00\t\n\x0c\r ()<>\[\]{}/%]*#")


def mended(document: bytes) -> bytes:
    """The document, with a further startxref at the end if the last one is wrong and the right one beyond doubt; else as it is.

    Behind the fence.
    """
    stream = io.BytesIO(document)
    stream.seek(-1, io.SEEK_END)
    declared = process_data_at_eof(stream)
    if _GOOD.match(document, declared):
        return document
    start, stop = max(0, declared - _NEARBY), declared + _NEARBY + len(b"xref\n")
    nearby = [at.start() for at in _TABLE.finditer(document, start, stop)]
    if len(nearby) != 1 or document.count(b"trailer") != 1 or _HIDING.search(document):
        return document
    stream.seek(nearby[0] + len(b"xref"))
    listed = [
        (entry.idnum, entry.generation, entry.location)
        for entry in parse_xref_table(stream, strict=True)
        if entry.xref_type is XRefType.STANDARD
    ]
    if sorted(listed) != sorted((int(at[1]), int(at[2]), at.start()) for at in _OBJECT.finditer(document)):
        return document
    line_end = b"" if document.endswith((b"\n", b"\r")) else b"\n"
    return document + line_end + b"startxref\n%d\n%%%%EOF\n" % nearby[0]
