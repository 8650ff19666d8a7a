"""Choosing an element by an XPath expression that a page sends.

Expressions are evaluated for real, by libxml2, but only those whose cost can be told beforehand: an axis or a predicate that
goes over the whole document for each element of it makes evaluation quadratic, two of them cubic, and a page could keep
the agent busy for hours.
"""

import re
from collections.abc import Iterator

from lxml import etree

from agent.errors import BadInput

MAX_CHARACTERS = 512
MAX_NODES = 10_000_000
"""Elements to the power of the walks in an expression."""

_TOKEN = re.compile(r"'[^']*'|\"[^\"]*\"|//|\.\.|::|\w[\w.-]*|\S")
_WALKING_AXES = frozenset({
    "ancestor", "ancestor-or-self", "descendant", "descendant-or-self", "following", "following-sibling", "parent",
    "preceding", "preceding-sibling",
})  # fmt: skip
_FREE_FUNCTIONS = frozenset({
    "and", "or", "div", "mod", "boolean", "comment", "count", "false", "id", "last", "local-name", "name",
    "namespace-uri", "node", "not", "number", "position", "text", "true",
})  # fmt: skip
# They read all the text below an element, which is a walk; what can make texts longer than the document is not there at all.
_READING_FUNCTIONS = frozenset({"contains", "normalize-space", "starts-with", "string", "string-length"})


def select(tree: etree._ElementTree, expression: str) -> etree._Element:
    """The first element that the expression yields, as javax.xml.xpath takes a node. Prefixes are those of the root; a path that
    begins with a name begins at the document.

    Raises: BadInput where it yields no element, is not XPath 1.0, or costs too much.
    """
    root = tree.getroot()
    if len(expression) > MAX_CHARACTERS:
        raise BadInput(f"XPath: more than {MAX_CHARACTERS} characters")
    tokens = _TOKEN.findall(expression)
    elements = root.xpath("count(//*)")
    assert isinstance(elements, float)
    if elements ** sum(_walks(tokens)) > MAX_NODES:
        raise BadInput("XPath: the expression costs too much in so large a document")
    namespaces = {prefix: uri for prefix, uri in root.nsmap.items() if prefix}
    try:
        # To lxml the root is where a path begins, to Java the document above it.
        text = f"/{expression}" if _is_relative(tokens) else expression
        compiled = etree.XPath(text, namespaces=namespaces, regexp=False, smart_strings=False)
        found = compiled(tree)
    except (etree.XPathError, ValueError) as error:  # ValueError: characters that XML can't hold
        raise BadInput("XPath: not an expression of XPath 1.0") from error
    if not isinstance(found, list) or not found:
        raise BadInput("XPath: no element was found")
    if not isinstance(found[0], etree._Element) or not isinstance(found[0].tag, str):
        raise BadInput("XPath: what was found is not an element")
    return found[0]


def _is_relative(tokens: list[str]) -> bool:
    return bool(tokens) and tokens[0] not in {"/", "//", "("} and tokens[1:2] != ["("]


def _walks(tokens: list[str]) -> Iterator[int]:
    """A number for each token that may go over the whole document again.

    Raises: BadInput for a function that is not allowed.
    """
    inside = 0
    for token, following in zip(tokens, [*tokens[1:], ""], strict=False):
        inside += {"[": 1, "]": -1}.get(token, 0)
        is_walk = (
            token in {"//", "..", "|"}
            or (token in _WALKING_AXES and following == "::")
            or (inside > 0 and token in {"/", "."})
            or (following == "(" and token in _READING_FUNCTIONS)
        )
        is_name = token[0].isalnum() or token[0] == "_"
        if following == "(" and is_name and token not in _FREE_FUNCTIONS | _READING_FUNCTIONS:
            raise BadInput("XPath: only functions that choose elements are allowed")
        yield int(is_walk)
