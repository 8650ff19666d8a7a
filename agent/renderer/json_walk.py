"""A walk through a JSON document: counts its rows and remembers places, or makes the rows that are asked for.

No value is made of the document as a whole, which would take many times its size. The grammar is that of RFC 8259, to the letter; what is not in it is
no tree, and is shown as text. Numbers stand as they are written, and no member of an object is lost to another of its name.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed lacks it

from agent.renderer import tree
from agent.renderer.packed import SHORTEST, looks_packed
from agent.renderer.tree import MAX_DEPTH, MAX_LABEL, Clock, NotATree, Visitor
from protocol.preview import MAX_TEXT, Row

_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")
_TOKEN = re.compile(
    r'[ \t\r\n]*(?:([{}\[\],:"])|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)|(\Z))'
)
_OPENING = {"{": "}", "[": "]"}
_BETWEEN_LOOKS = 2048  # members from one look at the clock to the next


class _Enough(Exception):
    """All that was asked for is there."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A member begins at this character, before this row, inside of what `ends` ends; `counts` are of the members before it, in each."""

    row: int
    at: int
    ends: str = ""
    counts: tuple[int, ...] = ()


class Walk:
    """One walk through a document or a part of it. `rows` counts the rows gone by."""

    def __init__(self, text: str, begins: Mark, visitor: Visitor | None = None) -> None:
        self.rows = begins.row
        self.marks = [begins]
        self._text = text
        self._visitor = visitor
        self._at = begins.at
        self._ends = list(begins.ends)
        self._counts = list(begins.counts)
        self._is_first = not begins.ends  # no member came yet
        self._is_over = False
        self._emit: Callable[[Row], None] | None = None
        self._wanted: range = range(0)
        self._entered = -1  # the row whose whole text is wanted
        self._entered_text: str | None = None

    def go_on(self, clock: Clock) -> bool:
        """Some members further, and on until time is up. Whether the end is reached. Raises NotATree."""
        if not self._ends and not self._is_over:
            self._begin()
        while not self._is_over:
            for _ in range(_BETWEEN_LOOKS):
                self._member()
                if self._is_over:
                    return True
            if clock.is_up:
                return False
        return True

    def read(self, start: int, stop: int) -> tuple[Row, ...]:
        """Rows from `start` on, before `stop`."""
        gathered: list[Row] = []
        self._emit = gathered.append
        self._wanted = range(start, stop)
        self._go()
        return tuple(gathered)

    def text_of(self, row: int) -> str | None:
        """The whole text in this row; None where none is there."""
        self._entered = row
        self._emit = lambda _row: None
        self._wanted = range(row, row + 1)
        self._go()
        return self._entered_text

    def _go(self) -> None:
        try:
            if not self._ends:
                self._begin()
            while not self._is_over:
                self._member()
        except _Enough:
            return

    def _begin(self) -> None:
        """The document is an object or an array."""
        sign = self._sign()
        if sign not in _OPENING:
            raise NotATree
        self._open(sign)

    def _open(self, sign: str) -> None:
        if len(self._ends) >= MAX_DEPTH:
            raise NotATree
        self._ends.append(_OPENING[sign])
        self._counts.append(0)
        self._is_first = True

    def _sign(self) -> str:
        """The next sign, word or number; a quotation mark where a string begins, nothing at the end."""
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise NotATree
        self._at = found.end()
        return found[1] or found[2] or ""

    def _string(self) -> str:
        """The string whose quotation mark was read."""
        text: str
        try:
            text, self._at = scanstring(self._text, self._at, True)  # controls are refused
        except JSONDecodeError as error:
            raise NotATree from error
        # Half of a pair is no letter: JSON lets it stand, UTF-8 does not.
        return text if text.isascii() else _HALF_OF_A_PAIR.sub("\N{REPLACEMENT CHARACTER}", text)

    def _member(self) -> None:
        """Reads a member of what is open, and all ends that follow it; or the end of what has none."""
        end = self._ends[-1]
        if self._emit is None and self.rows - self.marks[-1].row >= tree.STEP_ROWS and not self._is_first:
            if self.rows > tree.MAX_ROWS:
                raise NotATree
            self.marks.append(Mark(self.rows, self._at, "".join(self._ends), tuple(self._counts)))
        sign = self._sign()
        if self._is_first and sign == end:
            self._close()
            return
        self._is_first = False
        if end == "}":
            if sign != '"':
                raise NotATree
            name = self._string()
            if self._sign() != ":":
                raise NotATree
            sign = self._sign()
        else:
            self._counts[-1] += 1
            name = str(self._counts[-1])
        if self._visitor is not None:
            self._visitor.start(name, ())
        if sign in _OPENING:
            if self._emit is None:
                self.rows += 1
            else:
                self._row(Row(name[:MAX_LABEL], "", len(self._ends) - 1, "element"))
            self._open(sign)
            return
        if sign == '"':
            self._leaf(name, self._string())
        elif sign and sign not in ",:]}":
            self._leaf(name, sign)
        else:
            raise NotATree
        if self._visitor is not None:
            self._visitor.end()
        self._behind()

    def _close(self) -> None:
        self._ends.pop()
        self._counts.pop()
        if self._ends:
            if self._visitor is not None:
                self._visitor.end()
            self._behind()
        elif self._sign():
            raise NotATree
        else:
            self._is_over = True

    def _behind(self) -> None:
        """What follows a value: a comma, or the end of what it is in."""
        sign = self._sign()
        self._is_first = False
        if sign == self._ends[-1]:
            self._close()
        elif sign != ",":
            raise NotATree

    def _leaf(self, name: str, text: str) -> None:
        is_entry = len(text) >= SHORTEST and looks_packed(text.strip())
        if self.rows == self._entered:
            self._entered_text = text
            raise _Enough
        if self._visitor is not None and text and not is_entry:
            self._visitor.leaf(text)
        if self._emit is None:
            self.rows += 1 if len(text) <= MAX_TEXT else tree.rows_for(len(text))
            return
        row = Row(name[:MAX_LABEL], "", len(self._ends) - 1, "element", is_entry)
        for each in tree.in_rows(row, text):
            self._row(each)

    def _row(self, row: Row) -> None:
        number = self.rows
        self.rows = number + 1
        if self._emit is not None:
            if number >= self._wanted.start:
                self._emit(row)
            if number >= self._wanted.stop - 1:
                raise _Enough
