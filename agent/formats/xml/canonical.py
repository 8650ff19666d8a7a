"""Canonical XML: the octets that get hashed.

Canonical XML 1.0 (W3C, 15 March 2001) with its two variants, exclusive (18 July 2002) and 1.1 (2 May 2008). libxml2 does the writing,
through lxml; here is what it leaves to its caller: a part of a document takes along the xml: attributes of what stands around it
(1.0 §2.4), and the output is limited, because exclusive canonicalisation writes a declaration at each element that uses it, so
that a small document can have a canonical form without end.
"""

import dataclasses
from collections.abc import Callable
from typing import IO, cast

from lxml import etree

from agent.algorithms import DigestAlgorithm
from agent.errors import BadInput, UnsupportedOperation
from agent.formats.xml import identifiers, parse

MAX_OCTETS = 1024 * 1024 * 1024
"""Of all canonical forms that one document is asked for together."""

_XML = f"{{{identifiers.XML}}}"
_INHERITED_IN_11 = (f"{_XML}lang", f"{_XML}space")


@dataclasses.dataclass(frozen=True, slots=True)
class Method:
    """A way to canonicalise. `keeps_comments` says whether comments stay where it is given any."""

    uri: str
    is_exclusive: bool = False
    is_version_11: bool = False
    keeps_comments: bool = False


C14N = Method(identifiers.C14N)
C14N_WITH_COMMENTS = Method(identifiers.C14N_WITH_COMMENTS, keeps_comments=True)
EXCLUSIVE = Method(identifiers.EXCLUSIVE_C14N, is_exclusive=True)
METHODS = {
    method.uri: method
    for method in (
        C14N,
        C14N_WITH_COMMENTS,
        Method(identifiers.C14N_11, is_version_11=True),
        Method(f"{identifiers.C14N_11}#WithComments", is_version_11=True, keeps_comments=True),
        EXCLUSIVE,
        Method(f"{identifiers.EXCLUSIVE_C14N}WithComments", is_exclusive=True, keeps_comments=True),
    )
}


class Allowance:
    """How many octets of canonical form may still be written."""

    def __init__(self, octets: int = MAX_OCTETS) -> None:
        self._left = octets

    def spend(self, octets: int) -> None:
        """Raises: BadInput."""
        self._left -= octets
        if self._left < 0:
            raise BadInput("XML: the canonical form is too large")


class _Output:
    """What lxml writes to."""

    def __init__(self, take: Callable[[bytes], object], allowance: Allowance) -> None:
        self._take = take
        self._allowance = allowance

    def write(self, octets: bytes) -> None:
        self._allowance.spend(len(octets))
        self._take(octets)


def digest(
    what: etree._Element | etree._ElementTree,
    method: Method,
    algorithm: DigestAlgorithm,
    *,
    prefixes: tuple[str, ...] = (),
    allowance: Allowance | None = None,
) -> bytes:
    """The digest of a document or an element as a reference within the same document means it: without comments, whatever
    the method says, for the reference has dropped them before (XML-DSig 1.1 §4.4.3.3).

    Raises: BadInput, UnsupportedOperation.
    """
    hashed = algorithm.new()
    bare = dataclasses.replace(method, keeps_comments=False)
    _write(what, bare, prefixes, _Output(hashed.update, allowance or Allowance()))
    return hashed.digest()


def octets(
    element: etree._Element,
    method: Method,
    *,
    prefixes: tuple[str, ...] = (),
    allowance: Allowance | None = None,
) -> bytes:
    """The canonical form of an element in its place. `prefixes` is the PrefixList of an exclusive method.

    Raises: BadInput, UnsupportedOperation.
    """
    collected = bytearray()
    _write(element, method, prefixes, _Output(collected.extend, allowance or Allowance()))
    return bytes(collected)


def _write(
    what: etree._Element | etree._ElementTree, method: Method, prefixes: tuple[str, ...], output: _Output
) -> None:
    tree = what if isinstance(what, etree._ElementTree) else _alone(what, method).getroottree()
    try:
        tree.write_c14n(  # type: ignore[call-arg]  # the stubs do not know "exclusive"
            cast("IO[bytes]", output),
            exclusive=method.is_exclusive,
            with_comments=method.keeps_comments,
            inclusive_ns_prefixes=prefixes,
        )
    except etree.C14NError as error:
        raise BadInput("XML: no canonical form, as of a namespace that is a relative address") from error


def _alone(element: etree._Element, method: Method) -> etree._Element:
    """The element by itself, with the xml: attributes that an inclusive method takes along from what stands around it."""
    copy = parse.alone(element)
    if method.is_exclusive:
        return copy
    for ancestor in element.iterancestors():
        for name, value in ancestor.attrib.items():
            if name == f"{_XML}base" and method.is_version_11:
                # It would have to be joined with all those around it (1.1 §2.4), which nobody asks for.
                raise UnsupportedOperation("Canonical XML 1.1 under xml:base is not supported")
            is_inherited = name in _INHERITED_IN_11 if method.is_version_11 else str(name).startswith(_XML)
            if is_inherited and name not in copy.attrib:
                copy.set(name, value)
    return copy
