"""What a signature refers to, and whether it is still what was signed.

References are to the same document: to all of it, or to the one element that bears an identifier. Transforms are those that a
signature needs: enveloped-signature, then one canonicalisation. Nothing else is ever run: XSLT, XPath and base64 make it
impossible to say what was signed.

An identifier is an attribute of that name, in any spelling of upper and lower case and in any namespace (Id, ID, id, wsu:Id, xml:id):
without a DTD nothing else says which attributes are identifiers, and programs differ in what they take for one. So an identifier
that stands at two elements, in any of these forms, is refused.
"""

import dataclasses
import hmac
from collections.abc import Iterable, Sequence

from lxml import etree

from agent.errors import UnsupportedKey, UnsupportedOperation
from agent.formats.xml import canonical, identifiers
from agent.formats.xml.canonical import Allowance, Method
from agent.formats.xml.signature import Algorithm, Reference, Signature


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """What a reference means: the whole document, elements by identifier (one, if all is well), or neither."""

    reference: Reference
    is_whole: bool
    elements: tuple[etree._Element, ...]

    @property
    def element(self) -> etree._Element | None:
        return self.elements[0] if len(self.elements) == 1 else None


class Identifiers:
    """All identifiers of a document, read once. `attribute` is one more name of attributes that hold them, if somebody said so."""

    def __init__(self, tree: etree._ElementTree, attribute: str = "") -> None:
        self._elements: dict[str, list[etree._Element]] = {}
        found = tree.xpath(
            "//*[@*[translate(local-name(), 'ID', 'id') = 'id' or local-name() = $name]]", name=attribute
        )
        assert isinstance(found, list)
        for element in found:
            assert isinstance(element, etree._Element)
            for value in _identifiers_of(element, attribute):
                self._elements.setdefault(value, []).append(element)

    def elements(self, identifier: str) -> tuple[etree._Element, ...]:
        """All elements that bear it; one, if all is well."""
        return tuple(self._elements.get(identifier, ()))


def _identifiers_of(element: etree._Element, attribute: str) -> set[str]:
    attributes = ((etree.QName(name).localname, value) for name, value in element.attrib.items())
    return {str(value) for name, value in attributes if name.lower() == "id" or name == attribute}


def resolve(identified: Identifiers, signature: Signature) -> tuple[Target, ...]:
    """The target of each reference, by the identifiers of a document from which nothing was removed yet."""
    return tuple(_target(identified, reference) for reference in signature.references)


def _target(identified: Identifiers, reference: Reference) -> Target:
    elements = identified.elements(str(reference.uri)[1:]) if _is_identifier(reference.uri) else ()
    return Target(reference, reference.uri == "", elements)


def _is_identifier(uri: str | None) -> bool:
    return uri is not None and len(uri) > 1 and uri[0] == "#" and "(" not in uri


def is_enveloped(reference: Reference) -> bool:
    """Whether the signature itself is left out of what it signs."""
    return any(step.uri == identifiers.ENVELOPED for step in reference.transforms)


def reasons(
    tree: etree._ElementTree, signature: Signature, target: Target, allowance: Allowance
) -> Iterable[str]:
    """Why this reference does not hold; nothing where it does. An enveloped signature must have been taken out before."""
    reference = target.reference
    if not target.is_whole and not _is_identifier(reference.uri):
        yield "unsupported-reference"
        return
    if len(target.elements) > 1:
        yield "duplicate-id"
        return
    if target.element is not None and _is_hidden(signature, target.element):
        yield "signature-wrapping"
    method = _method(reference.transforms)
    if method is None:
        yield "unsupported-transform"
        return
    if identifiers.is_weak(reference.digest.uri):
        yield "weak-digest"
    yield from _digest_reasons(tree, target, method, allowance)


def _digest_reasons(
    tree: etree._ElementTree, target: Target, method: "_Method", allowance: Allowance
) -> Iterable[str]:
    what = tree if target.is_whole else target.element
    if what is None:
        yield "digest-mismatch"  # what was signed is no longer there
        return
    reference = target.reference
    if reference.digest.has_parameters:
        yield "unsupported-algorithm"
        return
    try:
        algorithm = identifiers.digest_algorithm(reference.digest.uri)
        digest = canonical.digest(
            what, method.method, algorithm, prefixes=method.prefixes, allowance=allowance
        )
    except UnsupportedKey:
        yield "unsupported-algorithm"
    except UnsupportedOperation:
        yield "unsupported-transform"
    else:
        if not hmac.compare_digest(digest, reference.digest_value):
            yield "digest-mismatch"


@dataclasses.dataclass(frozen=True, slots=True)
class _Method:
    method: Method
    prefixes: tuple[str, ...]


def _method(transforms: Sequence[Algorithm]) -> _Method | None:
    """How the transforms canonicalise; None where they do anything else. By default it is Canonical XML 1.0 (§4.4.3.2)."""
    steps = list(transforms)
    if steps and steps[0].uri == identifiers.ENVELOPED and steps.pop(0).has_parameters:
        return None
    if not steps:
        return _Method(canonical.C14N, ())
    return canonicalization(steps[0]) if len(steps) == 1 else None


def canonicalization(algorithm: Algorithm) -> _Method | None:
    """The method of that name, with its prefixes; None where it is not known, or can't be done."""
    method = canonical.METHODS.get(algorithm.uri)
    if method is None or algorithm.has_parameters or (algorithm.prefixes and not method.is_exclusive):
        return None
    if "#default" in algorithm.prefixes:  # lxml drops it silently
        return None
    return _Method(method, algorithm.prefixes)


def _is_hidden(signature: Signature, element: etree._Element) -> bool:
    """Whether an element is signed in a place where nobody looks for a part of the document: inside some signature.

    The classical wrapping: what was signed moves into ds:Object, and something else stands where it was. Parts of signatures
    themselves are signed there rightly (ds:KeyInfo, ds:Object, XAdES properties), and a document that is nothing but a signature holds
    its content inside (enveloping, XML-DSig 1.1 §2).
    """
    outer = next(element.iterancestors(identifiers.ds("Signature")), None)
    if outer is None or etree.QName(element).namespace == identifiers.DS:
        return False
    if str(etree.QName(element).namespace).startswith(identifiers.ETSI):
        return False
    return outer is not signature.element or outer.getparent() is not None
