"""A walk through an XML document: counts its rows and remembers places, or makes the rows that are asked for.

The parser is expat: it loads nothing, and a document type, which could declare entities, ends it. What is not well-formed, has a document type or lies
too deep is no tree, and is shown as text.
"""

import codecs
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from xml.parsers import expat

from agent.renderer import tree
from agent.renderer.packed import SHORTEST, looks_packed
from agent.renderer.tree import (
    MAX_DEPTH,
    MAX_LABEL,
    MAX_TEXT_SHOWN,
    Attributes,
    Clock,
    Naming,
    NotATree,
    Place,
    Visitor,
)
from agent.renderer.xml_root import MAX_TOKEN, PIECE, Root, refuse
from protocol import preview
from protocol.preview import Flag, Row

MAX_ENTERED = 64 * 1024 * 1024  # letters of a text that is entered
MAX_NAMES = 500_000  # elements with names that hardly any other has
_MOST_PLACES = 10_000  # that are remembered
_LARGE_PIECE = 4 * PIECE

# What is around an element: what is around that, its name, its context, the depth of what is in it.
_Frame: TypeAlias = tuple["_Frame | None", str, str, int]


class _Enough(Exception):
    """All rows that were asked for are there."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The parser was at this octet, before this row, inside of these elements; `counts` are of the counted ones among each."""

    row: int
    at: int
    frame: _Frame | None
    counts: tuple[int, ...]


class Walk:
    """One walk through a document or a part of it. `rows` counts the rows gone by."""

    def __init__(self, document: Root, naming: Naming, begins: Mark, visitor: Visitor | None = None) -> None:
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
        self._begins = self._at = begins.at
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
        self._parser.StartDoctypeDeclHandler = refuse

    def go_on(self, clock: Clock) -> bool:
        """A piece further, and on until time is up. Whether the end is reached. Raises NotATree."""
        octets = self._document.octets
        while self._at < len(octets):
            self._feed(octets[self._at : self._at + _LARGE_PIECE])
            if clock.is_up and self._at < len(octets):
                return False
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise NotATree from error
        return True

    def read(self, start: int, stop: int) -> tuple[Row, ...]:
        """Rows from `start` on, before `stop`."""
        gathered: list[Row] = []
        self._emit = gathered.append
        self._wanted = range(start, stop)
        self._go()
        return tuple(gathered)

    def text_of(self, row: int) -> str | None:
        """The whole text of the element in this row; None where the row is none of an element."""
        self._entered = row
        self._wanted = range(row, row + 1)
        self._emit = lambda _row: None
        self._go()
        return self._entered_text

    def _go(self) -> None:
        """To the end, unless enough is read before."""
        octets = self._document.octets
        with contextlib.suppress(_Enough):
            while self._at < len(octets):
                self._feed(octets[self._at : self._at + PIECE])

    def _feed(self, piece: bytes) -> None:
        """Raises NotATree, _Enough."""
        try:
            self._parser.Parse(piece, False)
        except (expat.ExpatError, ValueError) as error:
            raise NotATree from error
        if self._at - self._begins - self._parser.CurrentByteIndex > MAX_TOKEN:
            raise NotATree
        self._at += len(piece)

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
        if self._emit is None and self.rows - self.marks[-1].row >= tree.STEP_ROWS:
            if self.rows > tree.MAX_ROWS:
                raise NotATree
            self.marks.append(Mark(self.rows, self._parser.CurrentByteIndex, frame, tuple(counts)))
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
            is_entry=length >= SHORTEST and looks_packed(text, is_cut=length > MAX_TEXT_SHOWN),
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
        if self._emit is None:  # only counted
            self.rows += tree.rows_for(len(text), left_out)
            return
        for each in tree.in_rows(row, text, left_out):
            self._row(each)

    def _row(self, row: Row) -> None:
        number = self.rows
        self.rows = number + 1
        if self._emit is not None:
            if number >= self._wanted.start:
                self._emit(row)
            # At once: what follows may be damaged, or is not looked at yet.
            if number >= self._wanted.stop - 1:
                raise _Enough


def _codec(encoding: str) -> str:
    return codecs.lookup(encoding).name
