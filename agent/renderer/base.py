"""What every reader of a kind of document gives: a View."""

from dataclasses import dataclass
from typing import Protocol

from protocol.preview import Overview, Row, Why


class CannotShow(Exception):
    """The document, or this part of it, can't be shown."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Drawing:
    """Pixels: rows from the top, red, green, blue, an octet each, no padding."""

    width: int
    height: int
    pixels: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """What lies in an archive, or attached to a document."""

    name: str
    octets: bytes


class View(Protocol):
    """An opened document. `draw`, `read` and `enter` raise CannotShow, also for what the kind of document does not have."""

    @property
    def overview(self) -> Overview: ...

    def draw(self, page: int, width: int) -> Drawing:
        """A page, counted from 0, scaled to a width in pixels within protocol.preview's limits."""
        ...

    def read(self, start: int, count: int) -> tuple[Row, ...]:
        """At most MAX_ROWS rows from `start` on; fewer at the end."""
        ...

    def enter(self, row: int) -> Entry:
        """What lies at a row that is an entry."""
        ...


class GrowingView(View, Protocol):
    """One that does not know all of a large document at once: its overview says `is_growing` until it does."""

    def grow(self, seconds: float) -> None:
        """Looks further into the document, for about so long. The overview then says more."""
        ...
