"""A place in the text of a document where a signature goes.

A signature's layout is signed, so it is put in as text and never built out of nodes. The document around it is written as a DOM
writes it: in UTF-8, in double quotes, empty elements short, character references only where they are needed.
"""

import dataclasses

from lxml import etree

from agent import algorithms
from agent.formats.xml import parse

DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>'


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """What stands before and after; `path` leads from the root to what is put here, by positions among children."""

    before: str
    after: str
    path: tuple[int, ...]

    def within(self, start: str, end: str) -> "Place":
        """The place inside an element that is put here, of which these are the tags."""
        return Place(self.before + start, end + self.after, (*self.path, 0))

    def filled(self, text: str) -> bytes:
        """The document in UTF-8 with this text in place; the declaration is followed by the root at once."""
        return f"{DECLARATION}{self.before}{text}{self.after}".encode()

    def element(self, text: str) -> etree._Element:
        """The element in place, parsed from the document that `filled` gives.

        Raises: BadInput where the document has become too large.
        """
        node = parse.read(self.filled(text)).getroot()
        for position in self.path:
            node = node[position]
        return node


def within(parent: etree._Element, *, at_start: bool = False) -> Place:
    """The place after everything in an element, or before its first child. The document is left as it was."""
    tree = parent.getroottree()
    name = _unused_name(text_of(tree))
    mark = etree.ProcessingInstruction(name, "here")
    parent.insert(0 if at_start else len(parent), mark)
    before, after = text_of(tree).split(f"<?{name} here?>")
    path = _path(mark)
    parent.remove(mark)
    return Place(before, after, path)


def with_attributes(element: etree._Element, text: str) -> bytes:
    """The document in UTF-8 with attributes or declarations, as text, added to an element's start tag."""
    tree = element.getroottree()
    name = _unused_name(text_of(tree))
    element.set(name, "")
    before, after = text_of(tree).split(f' {name}=""')
    del element.attrib[name]
    return f"{DECLARATION}{before}{text}{after}".encode()


def text_of(tree: etree._ElementTree) -> str:
    """The document without a declaration and without white space outside the root."""
    return etree.tostring(tree, encoding="unicode")


def _unused_name(text: str) -> str:
    """A name that does not stand in the text, because no text holds its own digest; trying names one after the other could take hours."""
    return f"mark-{algorithms.SHA256(text.encode()).hex()}"


def _path(node: etree._Element) -> tuple[int, ...]:
    steps: list[int] = []
    parent = node.getparent()
    while parent is not None:
        steps.append(parent.index(node))
        node, parent = parent, parent.getparent()
    return tuple(reversed(steps))
