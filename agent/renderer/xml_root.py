"""The first element of an XML document, and how the document is encoded: what tells which reader it needs, without reading the rest.

The parser is expat: it loads nothing, and a document type, which could declare entities, ends it.
"""

import codecs
import re
from dataclasses import dataclass
from xml.parsers import expat

from agent.renderer.tree import NotATree

MAX_TOKEN = 1024 * 1024  # octets of a tag or a comment: expat looks at one again with each piece that comes
PIECE = 64 * 1024  # octets that the parser gets at once, where little is wanted
_HEAD_BYTES = 1024
_DECLARED = re.compile(
    r"<\?xml[^>]{0,200}?[ \t\r\n]encoding[ \t\r\n]{0,20}=[ \t\r\n]{0,20}[\"']([A-Za-z0-9._-]{1,40})[\"']"
)
_BEGINS = re.compile(r"[ \t\r\n]*<[?!\w]")
# Those that expat reads itself, and those with one octet a letter that keep ASCII, which Python tells it of.
_ENCODINGS = {
    "utf-8": "UTF-8", "ascii": "US-ASCII", "iso8859-1": "ISO-8859-1", "cp1251": "windows-1251", "cp1252": "windows-1252",
    "koi8-r": "KOI8-R", "koi8-u": "KOI8-U", "cp866": "cp866", "iso8859-5": "ISO-8859-5", "kz1048": "kz1048",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Root:
    """The first element: its name without and with its prefix, its namespace, and how the document is encoded."""

    name: str
    qualified: str
    namespace: str
    encoding: str
    octets: bytes  # of the document, UTF-16 turned into UTF-8


def root_of(octets: bytes) -> Root:
    """Looks at the first element. Raises NotATree."""
    octets, encoding = _prepared(octets)
    found: list[tuple[str, list[str]]] = []
    parser = expat.ParserCreate(encoding)
    parser.ordered_attributes = True

    def start(name: str, attributes: list[str]) -> None:
        if not found:
            found.append((name, attributes))

    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse
    try:
        for at in range(0, len(octets), PIECE):
            parser.Parse(octets[at : at + PIECE], False)
            if found or at > MAX_TOKEN:
                break
    except (expat.ExpatError, ValueError, LookupError) as error:
        if not found:
            raise NotATree from error
    if not found:
        raise NotATree
    qualified, attributes = found[0]
    prefix, _, name = qualified.rpartition(":")
    declared = dict(zip(attributes[::2], attributes[1::2], strict=True))
    namespace = declared.get(f"xmlns:{prefix}" if prefix else "xmlns", "")
    return Root(name, qualified, namespace, encoding, octets)


def _prepared(octets: bytes) -> tuple[bytes, str]:
    """Octets that the parser can read, and their encoding. Raises NotATree where it is none of those known here."""
    octets = octets.removeprefix(codecs.BOM_UTF8)
    for mark, codec in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if octets.startswith(mark):
            return _as_utf_8(octets[2:], codec), "UTF-8"
    for start, codec in ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be")):
        if octets.startswith(start):
            return _as_utf_8(octets, codec), "UTF-8"
    head = octets[:_HEAD_BYTES].decode("latin-1")
    if _BEGINS.match(head) is None:
        raise NotATree
    declared = _DECLARED.match(head.lstrip())
    try:
        known = codecs.lookup(declared[1] if declared else "utf-8").name
    except LookupError as error:
        raise NotATree from error
    if known not in _ENCODINGS:
        raise NotATree
    return octets, _ENCODINGS[known]


def _as_utf_8(octets: bytes, codec: str) -> bytes:
    try:
        text = octets.decode(codec)
    except UnicodeDecodeError as error:
        raise NotATree from error
    if _BEGINS.match(text[:_HEAD_BYTES]) is None:
        raise NotATree
    return text.encode("utf-8", "replace")


def refuse(*_declared: object) -> None:
    """A handler for what no tree may have. Raises NotATree."""
    raise NotATree
