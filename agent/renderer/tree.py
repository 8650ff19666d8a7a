"""Trees: what XML and JSON have in common when they are shown as rows, each as deep as it lies.

A document of 50 MB has millions of rows, so none is kept. One pass counts them and notes, every few hundred rows, where in the document it
was; rows that are asked for are read again from there. That pass takes seconds, so it is made in pieces: what is counted can be read while the
rest still waits, and nothing is said of the whole before the whole is read.

A row that is long goes on in rows without a label; a very long text ends with a row that says so ("cut"). What looks
like a document inside of a text, XML or base64, can be entered.
"""

import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

from agent.renderer.facts import Found
from protocol import preview
from protocol.preview import Row, Signer

FIRST_S = 0.5  # that are spent on a document before the first of it is shown
MAX_DEPTH = 256
MAX_TEXT_SHOWN = 16 * preview.MAX_TEXT  # of one text
MAX_LABEL = preview.MAX_FACT
MAX_ROWS = 4_000_000  # more takes too long to count
STEP_ROWS = 256  # from one place that is remembered to the next


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


class Marked(Protocol):
    """A place in a document, before a row, that is remembered."""

    @property
    def row(self) -> int: ...


M = TypeVar("M", bound=Marked)


def mark_before(marks: Sequence[M], row: int) -> M:
    """The last place from where this row can be reached. The first one is that of row 0."""
    return marks[max(0, bisect_right(marks, row, key=lambda mark: mark.row) - 1)]


def in_rows(row: Row, text: str, left_out: int = 0) -> Iterator[Row]:
    """A row with this text, as many as it takes; `left_out` letters of it are not here."""
    left_out += max(0, len(text) - MAX_TEXT_SHOWN)
    text = text[:MAX_TEXT_SHOWN]
    yield Row(row.label, text[: preview.MAX_TEXT], row.depth, row.kind, row.is_entry)
    for at in range(preview.MAX_TEXT, len(text), preview.MAX_TEXT):
        yield Row("", text[at : at + preview.MAX_TEXT], row.depth)
    if left_out:
        yield Row("", "", row.depth, "cut")


def rows_for(length: int, left_out: int = 0) -> int:
    """How many `in_rows` gives for a text of this length."""
    pieces = max(1, -(-min(length, MAX_TEXT_SHOWN) // preview.MAX_TEXT))
    return pieces + (left_out > 0 or length > MAX_TEXT_SHOWN)


class Clock:
    """Says when time is up. Time is that of this process's clock on the wall: it is a person who waits."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    @property
    def is_up(self) -> bool:
        return time.monotonic() >= self._until
