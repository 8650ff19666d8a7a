"""XML as rows: elements, attributes and comments. agent.renderer.tree says how a large document is read."""

import dataclasses
import hashlib
import re

from agent.renderer import tree
from agent.renderer.base import CannotShow, Drawing, Entry
from agent.renderer.packed import unpacked
from agent.renderer.text import HIDDEN, MAX_HIDDEN
from agent.renderer.tree import Clock, Naming, Visitor
from agent.renderer.xml_root import Root
from agent.renderer.xml_walk import MAX_ENTERED, Mark, Walk
from protocol import preview
from protocol.preview import Flag, Overview, Row


class XmlView:
    """An XML document as a tree, or as a form where `naming` knows it (agent.renderer.base.GrowingView).

    Raises NotATree: when opened, or from `grow` where the rest shows that it is none.
    """

    def __init__(
        self, octets: bytes, document: Root, naming: Naming, visitor: Visitor, seconds: float
    ) -> None:
        self._document = document
        self._naming = naming
        self._visitor = visitor
        self._walk = Walk(document, naming, Mark(0, 0, None, ()), visitor)
        self._marks = self._walk.marks
        self.overview = Overview(
            "form" if naming.form else "tree",
            format="XML",
            form=naming.form,
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
            self.overview = dataclasses.replace(
                self.overview, rows=self._walk.rows, flags=tuple(self._walk.flags)
            )
            return
        found = self._visitor.found
        self.overview = dataclasses.replace(
            self.overview,
            rows=self._walk.rows,
            facts=found.facts,
            parties=found.parties,
            signers=self._visitor.signers,
            flags=(*self._walk.flags, *_hidden_in_xml(self._document)),
            is_growing=False,
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

    def _walk_to(self, row: int) -> Walk:
        return Walk(self._document, self._naming, tree.mark_before(self._marks, row))


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
