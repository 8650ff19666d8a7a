"""XML and JSON as rows: elements, attributes and comments, each as deep as it lies.

An XML document of 50 MB has millions of rows, so none is kept. One pass counts them and notes, every few hundred rows, at which octet the
parser was and which elements were open; rows that are asked for are read again from there. The parser is expat: it loads nothing, and a document type,
which could declare entities, ends it. What is not well-formed, has a document type or lies too deep is no tree, and is shown as text.

A row that is long goes on in rows without a label; a very long text ends with a row that says so ("cut"). What looks
like a document inside of a text, XML or base64, can be entered.
"""

import base64
import binascii
import codecs
import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias
from xml.parsers import expat

from agent.renderer.base import CannotShow, Drawing, Entry
from agent.renderer.facts import Found
from agent.renderer.text import HIDDEN, MAX_HIDDEN, hidden_in
from protocol import preview
from protocol.preview import Flag, Overview, Row, Signer

MAX_DEPTH = 256
MAX_TEXT_SHOWN = 16 * preview.MAX_TEXT  # of one text
MAX_ENTERED = 64 * 1024 * 1024  # letters of a text that is entered
MAX_LABEL = preview.MAX_FACT
MAX_JSON_BYTES = 4 * 1024 * 1024
MAX_JSON_ROWS = 200_000
_STEP_ROWS = 256
_MOST_PLACES = 10_000  # that are remembered
MAX_ROWS = 4_000_000  # of XML; more takes too long to count
MAX_NAMES = 500_000  # elements with names that hardly any other has
MAX_TOKEN = 1024 * 1024  # octets of a tag or a comment: expat looks at one again with each piece that comes
_CHUNK = 256 * 1024
_CHUNK_TO_READ = 64 * 1024

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


class NotATree(Exception):
    """These octets are no XML or JSON that is shown as a tree. They may be text."""


@dataclass(frozen=True, slots=True)
class Place:
    """How an element is shown. Inside of it, names mean what they mean in `context`.

    `is_list`: it only holds others, and has no row unless there is more to it. `is_counted`: a heading with its place among its like.
    """

    label: str
    context: str = ""
    is_heading: bool = False
    is_list: bool = False
    is_counted: bool = False


Attributes: TypeAlias = Sequence[str]
"""Name, value, name, value and so on."""


class Naming(Protocol):
    """What elements are called."""

    @property
    def form(self) -> str: ...

    @property
    def is_by_name(self) -> bool:
        """Whether attributes make no difference to `place`."""
        ...

    def place(self, context: str, name: str, attributes: Attributes) -> Place:
        """The place of an element in one with this context; of the root in ""."""
        ...

    def attribute(self, name: str) -> str:
        """What an attribute is called; empty for one that is not shown."""
        ...


class Visitor(Protocol):
    """Told of elements as they come; of attributes as of elements in theirs."""

    def start(self, name: str, attributes: Attributes) -> None: ...

    def leaf(self, value: str) -> None:
        """The text of the element that was started last, which has no elements; before its end."""
        ...

    def end(self) -> None: ...

    @property
    def found(self) -> Found: ...

    @property
    def signers(self) -> tuple[Signer, ...]: ...


class Plain:
    """Everything under its own name."""

    form = ""
    is_by_name = True

    def place(self, context: str, name: str, attributes: Attributes) -> Place:  # noqa: ARG002  # one answer for all
        return Place(name)

    def attribute(self, name: str) -> str:
        return name


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
    parser.StartDoctypeDeclHandler = _refuse
    try:
        for at in range(0, len(octets), _CHUNK_TO_READ):
            parser.Parse(octets[at : at + _CHUNK_TO_READ], False)
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


def _refuse(*_declared: object) -> None:
    raise NotATree


# --- the walk ---------------------------------------------------------------------------------------------------------

# What is around an element: what is around that, its name, its context, the depth of what is in it.
_Frame: TypeAlias = tuple["_Frame | None", str, str, int]


class _Enough(Exception):
    """All rows that were asked for are there."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """The parser was at this octet, before this row, inside of these elements; `counts` are of the counted ones among each."""

    row: int
    at: int
    frame: _Frame | None
    counts: tuple[int, ...]


class _Walk:
    """One walk through a document or a part of it. `rows` counts the rows gone by."""

    def __init__(self, document: Root, naming: Naming, begins: _Mark, visitor: Visitor | None = None) -> None:
        self.rows = begins.row
        self.marks = [begins]
        self.flags: list[Flag] = []
        self._naming = naming
        self._places: dict[tuple[str, str], Place] = {}
        self._forgotten = 0
        self._visitor = visitor
        self._frame = begins.frame
        self._counts = list(begins.counts)
        self._emit: Callable[[Row], None] | None = None
        self._wanted: range = range(0)
        self._entered = -1  # the row whose whole text is wanted
        self._entered_text: str | None = None
        self._pending: tuple[Place, Attributes, int, int] | None = None
        self._text: list[str] = []
        self._text_length = 0
        self._text_limit = MAX_TEXT_SHOWN
        self._begins = begins.at
        self._document = document
        self._parser = expat.ParserCreate(document.encoding)
        self._parser.buffer_text = True
        self._parser.buffer_size = 64 * 1024
        self._parser.ordered_attributes = True
        self._open_again(begins.frame)
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.CommentHandler = self._comment
        self._parser.ProcessingInstructionHandler = self._instruction
        self._parser.StartDoctypeDeclHandler = _refuse

    def all(self) -> None:
        """To the end. Raises NotATree."""
        self._go()
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise NotATree from error

    def read(self, start: int, stop: int) -> tuple[Row, ...]:
        """Rows from `start` on, before `stop`."""
        gathered: list[Row] = []
        self._emit = gathered.append
        self._wanted = range(start, stop)
        with contextlib.suppress(_Enough):
            self._go()
        return tuple(gathered)

    def text_of(self, row: int) -> str | None:
        """The whole text of the element in this row; None where the row is none of an element."""
        self._entered = row
        self._wanted = range(row, row + 1)
        self._emit = lambda _row: None
        with contextlib.suppress(_Enough):
            self._go()
        return self._entered_text

    def _go(self) -> None:
        octets = memoryview(self._document.octets)
        try:
            size = _CHUNK if self._emit is None else _CHUNK_TO_READ
            for at in range(self._begins, len(octets), size):
                self._parser.Parse(octets[at : at + size], False)
                if at - self._begins - self._parser.CurrentByteIndex > MAX_TOKEN:
                    raise NotATree
        except (expat.ExpatError, ValueError) as error:
            raise NotATree from error

    def _open_again(self, frame: _Frame | None) -> None:
        """Lets the parser come to where it was: names are enough, for it knows nothing of namespaces."""
        names = []
        while frame is not None:
            names.append(frame[1])
            frame = frame[0]
        opening = "".join(f"<{name}>" for name in reversed(names))
        self._parser.Parse(opening.encode(_codec(self._document.encoding)), False)

    def _start(self, name: str, attributes: list[str]) -> None:
        if self._pending is not None or self._text:
            self._flush(is_leaf=False)
        counts = self._counts
        if len(counts) >= MAX_DEPTH:
            raise NotATree
        frame = self._frame
        if self._emit is None and self.rows - self.marks[-1].row >= _STEP_ROWS:
            if self.rows > MAX_ROWS:
                raise NotATree
            self.marks.append(_Mark(self.rows, self._parser.CurrentByteIndex, frame, tuple(counts)))
        context, level = (frame[2], frame[3]) if frame else ("", 0)
        place = self._places.get((context, name))
        if place is None:
            place = self._naming.place(context, name, attributes)
            if self._naming.is_by_name:
                self._remember(context, name, place)
        number = 0
        if place.is_counted and counts:
            counts[-1] += 1
            number = counts[-1]
        if self._visitor is not None:
            self._visitor.start(name, attributes)
            if attributes and name.endswith("include") and "XInclude" in "".join(attributes):
                self._flag(Flag("external-reference", "XInclude"))
        self._pending = (place, attributes, level, number)
        self._frame = (frame, name, place.context, level if place.is_list else level + 1)
        counts.append(0)
        if self.rows == self._entered and not place.is_list:
            self._text_limit = MAX_ENTERED

    def _end(self, _name: str) -> None:
        if self._pending is not None or self._text:
            self._flush(is_leaf=self._pending is not None)
        assert self._frame is not None
        self._frame = self._frame[0]
        self._counts.pop()
        if self._visitor is not None:
            self._visitor.end()

    def _characters(self, text: str) -> None:
        if self._text_length < self._text_limit:
            self._text.append(text[: self._text_limit - self._text_length])
        self._text_length += len(text)

    def _comment(self, text: str) -> None:
        self._flush(is_leaf=False)
        self._long(Row("", "", self._level(), "comment"), text)

    def _instruction(self, target: str, text: str) -> None:
        self._flush(is_leaf=False)
        if target == "xml-stylesheet":
            self._flag(Flag("external-reference", "xml-stylesheet"))
        self._long(Row(f"?{target}"[:MAX_LABEL], "", self._level(), "comment"), text)

    def _remember(self, context: str, name: str, place: Place) -> None:
        if len(self._places) < _MOST_PLACES:
            self._places[context, name] = place
            return
        self._forgotten += 1
        if self._forgotten > MAX_NAMES:
            raise NotATree

    def _level(self) -> int:
        return self._frame[3] if self._frame else 0

    def _flag(self, flag: Flag) -> None:
        if flag not in self.flags and len(self.flags) < preview.MAX_LIST:
            self.flags.append(flag)

    def _flush(self, *, is_leaf: bool) -> None:
        """Rows for what came before: the element that was started last, or text between elements."""
        text = (self._text[0] if len(self._text) == 1 else "".join(self._text)).strip() if self._text else ""
        length, self._text_length = self._text_length, 0
        self._text.clear()
        pending, self._pending = self._pending, None
        if pending is None:
            if text:
                self._long(Row("", "", self._level()), text, max(0, length - MAX_TEXT_SHOWN))
            return
        place, attributes, depth, number = pending
        if self._text_limit != MAX_TEXT_SHOWN:
            self._entered_text = text
            self._text_limit = MAX_TEXT_SHOWN
            raise _Enough
        if is_leaf and text and self._visitor is not None:
            self._visitor.leaf(text)
        shown = self._shown(attributes) if attributes else ()
        if place.is_list and not text and not shown:
            return
        if self._emit is None and not shown and length <= preview.MAX_TEXT:  # as most are, and only counted
            self.rows += 1
            return
        row = Row(
            place.label[:MAX_LABEL],
            str(number) if number and not text else "",
            depth,
            "heading" if place.is_heading else "element",
            is_entry=length >= _SHORTEST_ENTRY and looks_packed(text, is_cut=length > MAX_TEXT_SHOWN),
        )
        if text:
            self._long(row, text, max(0, length - MAX_TEXT_SHOWN))
        else:
            self._row(row)
        for label, value in shown:
            self._long(Row(label[:MAX_LABEL], "", depth + 1, "attribute"), value)

    def _shown(self, attributes: Attributes) -> Sequence[tuple[str, str]]:
        labelled = (
            (self._naming.attribute(attributes[at]), attributes[at + 1])
            for at in range(0, len(attributes), 2)
        )
        return [(label, value) for label, value in labelled if label]

    def _long(self, row: Row, text: str, left_out: int = 0) -> None:
        """A row with this text, as many as it takes."""
        if self._emit is None:  # only counted
            self.rows += max(1, -(-min(len(text), MAX_TEXT_SHOWN) // preview.MAX_TEXT))
            self.rows += left_out > 0 or len(text) > MAX_TEXT_SHOWN
            return
        left_out += max(0, len(text) - MAX_TEXT_SHOWN)
        text = text[:MAX_TEXT_SHOWN]
        first = text[: preview.MAX_TEXT]
        self._row(Row(row.label, first, row.depth, row.kind, row.is_entry))
        for at in range(preview.MAX_TEXT, len(text), preview.MAX_TEXT):
            self._row(Row("", text[at : at + preview.MAX_TEXT], row.depth))
        if left_out:
            self._row(Row("", "", row.depth, "cut"))

    def _row(self, row: Row) -> None:
        number = self.rows
        self.rows = number + 1
        if self._emit is not None:
            if number >= self._wanted.stop:
                raise _Enough
            if number >= self._wanted.start:
                self._emit(row)


def _codec(encoding: str) -> str:
    return codecs.lookup(encoding).name


# --- documents in a text ----------------------------------------------------------------------------------------------

_SHORTEST_ENTRY = 64
_PACKED = re.compile(
    r"(?:JVBERi0|UEsDB|iVBORw0KGgo|/9j/|PD94bWwg|77u/PD94|R0lGOD|SUkq|TU0A|MI(?:A|I[A-Za-z0-9+/])[A-Za-z0-9+/]{2,6}BgkqhkiG9w0BBwI)"
)
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,300}\?>")


def looks_packed(text: str, *, is_cut: bool = False) -> bool:
    """Whether this begins as a document does, or as one in base64."""
    return _PACKED.match(text) is not None or (text.startswith("<") and (is_cut or text.endswith(">")))


def unpacked(text: str) -> bytes:
    """The octets of a document in a text. Raises CannotShow."""
    text = text.strip()
    if text.startswith("<"):
        # It was decoded with the rest: what it says of its encoding is no longer so.
        return _DECLARATION.sub("", text).encode("utf-8", "replace")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise CannotShow("broken") from None


# --- XML --------------------------------------------------------------------------------------------------------------


class XmlView:
    """An XML document as a tree, or as a form where `naming` knows it (agent.renderer.base.View). Raises NotATree when opened."""

    def __init__(self, octets: bytes, document: Root, naming: Naming, visitor: Visitor) -> None:
        self._document = document
        self._naming = naming
        walk = _Walk(document, naming, _Mark(0, 0, None, ()), visitor)
        walk.all()
        self._marks = walk.marks
        found = visitor.found
        self.overview = Overview(
            "form" if naming.form else "tree",
            format="XML",
            form=naming.form,
            size=len(octets),
            digest=hashlib.sha256(octets).hexdigest(),
            rows=walk.rows,
            facts=found.facts,
            parties=found.parties,
            signers=visitor.signers,
            flags=(*walk.flags, *_hidden_in_xml(document)),
        )

    def read(self, start: int, count: int) -> tuple[Row, ...]:
        """At most MAX_ROWS rows from `start` on."""
        if start < 0 or count < 1:
            raise CannotShow("broken")
        stop = min(start + min(count, preview.MAX_ROWS), self.overview.rows)
        return self._walk_to(start).read(start, stop) if start < stop else ()

    def enter(self, row: int) -> Entry:
        """The document in an element's text."""
        (found,) = self.read(row, 1) or (None,)
        if found is None or not found.is_entry:
            raise CannotShow("broken")
        text = self._walk_to(row).text_of(row)
        if text is None:
            raise CannotShow("broken")
        if len(text) >= MAX_ENTERED:
            raise CannotShow("too-large")
        return Entry(found.label, unpacked(text))

    def draw(self, page: int, width: int) -> Drawing:  # noqa: ARG002  # it has no pages
        raise CannotShow("broken")

    def _walk_to(self, row: int) -> _Walk:
        low, high = 0, len(self._marks)
        while high - low > 1:
            middle = (low + high) // 2
            if self._marks[middle].row <= row:
                low = middle
            else:
                high = middle
        return _Walk(self._document, self._naming, self._marks[low])


_HIDDEN_UTF_8 = re.compile(
    rb"\xd8\x9c|\xe1\xa0\x8e|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xa4\xa6-\xaf]|\xef\xbb\xbf|\xf3\xa0[\x80\x81][\x80-\xbf]"
)
_REFERENCE = re.compile(rb"&#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,8}));")


def _hidden_in_xml(document: Root) -> tuple[Flag, ...]:
    """As `hidden_in`, without decoding the whole."""
    places = []
    if document.encoding == "UTF-8":
        places = [
            found.start()
            for found, _ in zip(_HIDDEN_UTF_8.finditer(document.octets), range(MAX_HIDDEN), strict=False)
        ]
    for found in _REFERENCE.finditer(document.octets):
        number = int(found[1], 16) if found[1] else int(found[2])
        if number <= 0x10FFFF and HIDDEN.match(chr(number)):
            places.append(found.start())
            if len(places) >= 2 * MAX_HIDDEN:
                break
    lines: list[int] = []
    line, at = 1, 0
    for place in sorted(places)[:MAX_HIDDEN]:
        line += document.octets.count(b"\n", at, place)
        at = place
        if not lines or lines[-1] != line:
            lines.append(line)
    return tuple(Flag("hidden-text", f"line {number}") for number in lines)


# --- JSON -------------------------------------------------------------------------------------------------------------


class JsonView:
    """A JSON document as a tree (agent.renderer.base.View). Raises NotATree when opened."""

    def __init__(self, octets: bytes, text: str, visitor: Visitor) -> None:
        if len(octets) > MAX_JSON_BYTES:
            raise NotATree
        try:
            # Numbers as they are written; no member of an object is lost to another of its name.
            value = json.loads(
                text, object_pairs_hook=_Object, parse_int=str, parse_float=str, parse_constant=_refuse
            )
        except (ValueError, RecursionError) as error:
            raise NotATree from error
        if not isinstance(value, _Object | list):
            raise NotATree
        self._rows: list[Row] = []
        self._packed: dict[int, str] = {}
        self._build(value, visitor)
        found = visitor.found
        self.overview = Overview(
            "tree",
            format="JSON",
            size=len(octets),
            digest=hashlib.sha256(octets).hexdigest(),
            rows=len(self._rows),
            facts=found.facts,
            parties=found.parties,
            flags=hidden_in(text),
        )

    def read(self, start: int, count: int) -> tuple[Row, ...]:
        """At most MAX_ROWS rows from `start` on."""
        if start < 0 or count < 1:
            raise CannotShow("broken")
        return tuple(self._rows[start : start + min(count, preview.MAX_ROWS)])

    def enter(self, row: int) -> Entry:
        """The document in a text."""
        if row not in self._packed:
            raise CannotShow("broken")
        return Entry(self._rows[row].label, unpacked(self._packed[row]))

    def draw(self, page: int, width: int) -> Drawing:  # noqa: ARG002  # it has no pages
        raise CannotShow("broken")

    def _build(self, value: Any, visitor: Visitor) -> None:
        """Rows of all that is in a value. Raises NotATree where it is too deep or too much."""
        levels = [iter(_members(value))]
        while levels:
            member = next(levels[-1], None)
            if member is None:
                levels.pop()
                if levels:
                    visitor.end()
                continue
            name, inside = member
            depth = len(levels) - 1
            visitor.start(name, ())
            if isinstance(inside, _Object | list):
                if len(levels) >= MAX_DEPTH:
                    raise NotATree
                self._rows.append(Row(name[:MAX_LABEL], "", depth, "element"))
                levels.append(iter(_members(inside)))
            else:
                self._leaf(name, inside, depth, visitor)
                visitor.end()
            if len(self._rows) > MAX_JSON_ROWS:
                raise NotATree

    def _leaf(self, name: str, value: Any, depth: int, visitor: Visitor) -> None:
        shown = value if isinstance(value, str) else json.dumps(value)
        is_entry = len(shown) >= _SHORTEST_ENTRY and looks_packed(shown.strip())
        if is_entry:
            self._packed[len(self._rows)] = shown
        elif shown:
            visitor.leaf(shown)
        whole, left_out = shown[:MAX_TEXT_SHOWN], len(shown) - MAX_TEXT_SHOWN
        self._rows.append(Row(name[:MAX_LABEL], whole[: preview.MAX_TEXT], depth, "element", is_entry))
        for at in range(preview.MAX_TEXT, len(whole), preview.MAX_TEXT):
            self._rows.append(Row("", whole[at : at + preview.MAX_TEXT], depth))
        if left_out > 0:
            self._rows.append(Row("", "", depth, "cut"))


class _Object:
    """A JSON object: its members in the order in which they stand."""

    def __init__(self, members: list[tuple[str, Any]]) -> None:
        self.members = members


def _members(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, _Object):
        return value.members
    return ((str(number), each) for number, each in enumerate(value, 1))
