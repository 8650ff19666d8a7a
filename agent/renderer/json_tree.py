"""JSON as rows: members of objects by their names, those of arrays by their numbers. agent.renderer.tree says how a large document is read."""

import dataclasses
import hashlib

from agent.renderer import tree
from agent.renderer.base import CannotShow, Drawing, Entry
from agent.renderer.json_walk import Mark, Walk
from agent.renderer.packed import unpacked
from agent.renderer.text import MAX_SHOWN_BYTES, hidden_in
from agent.renderer.tree import Clock, NotATree, Visitor
from protocol import preview
from protocol.preview import Overview, Row


class JsonView:
    """A JSON document as a tree (agent.renderer.base.GrowingView).

    Raises NotATree: when opened, or from `grow` where the rest shows that it is none. One that is longer than texts are read is none.
    """

    def __init__(self, octets: bytes, text: str, visitor: Visitor, seconds: float) -> None:
        if len(octets) > MAX_SHOWN_BYTES:
            raise NotATree
        self._text = text
        self._visitor = visitor
        self._walk = Walk(text, Mark(0, 0), visitor)
        self._marks = self._walk.marks
        self.overview = Overview(
            "tree",
            format="JSON",
            size=len(octets),
            digest=hashlib.sha256(octets).hexdigest(),
            is_growing=True,
        )
        self.grow(seconds)

    def grow(self, seconds: float) -> None:
        """Counts more rows, for about so long. Raises NotATree."""
        if not self.overview.is_growing:
            return
        if not self._walk.go_on(Clock(seconds)):
            self.overview = dataclasses.replace(self.overview, rows=self._walk.rows)
            return
        found = self._visitor.found
        self.overview = dataclasses.replace(
            self.overview,
            rows=self._walk.rows,
            facts=found.facts,
            parties=found.parties,
            flags=hidden_in(self._text),
            is_growing=False,
        )

    def read(self, start: int, count: int) -> tuple[Row, ...]:
        """At most MAX_ROWS rows from `start` on."""
        if start < 0 or count < 1:
            raise CannotShow("broken")
        stop = min(start + min(count, preview.MAX_ROWS), self.overview.rows)
        return self._walk_to(start).read(start, stop) if start < stop else ()

    def enter(self, row: int) -> Entry:
        """The document in a text."""
        (found,) = self.read(row, 1) or (None,)
        if found is None or not found.is_entry:
            raise CannotShow("broken")
        text = self._walk_to(row).text_of(row)
        if text is None:
            raise CannotShow("broken")
        return Entry(found.label, unpacked(text))

    def draw(self, page: int, width: int) -> Drawing:  # noqa: ARG002  # it has no pages
        raise CannotShow("broken")

    def _walk_to(self, row: int) -> Walk:
        return Walk(self._text, tree.mark_before(self._marks, row))
