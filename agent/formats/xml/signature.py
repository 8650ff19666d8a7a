"""Reading ds:Signature elements (XML-DSig 1.1 §4): what stands in them, taken apart strictly and left where it is.

Reading proves nothing. A signature that is damaged is BadInput, as any damaged document; what is merely unknown (an algorithm, a
transform, a reference to elsewhere) is read, and judged in verify.py.
"""

import base64
import dataclasses

from lxml import etree

from agent.errors import BadInput
from agent.formats.xml import identifiers, parse
from agent.formats.xml.identifiers import ds

MAX_SIGNATURES = 100
MAX_REFERENCES = 20
MAX_TRANSFORMS = 5
MAX_URI_CHARACTERS = 1024

_WHITE_SPACE = " \t\r\n"
_NO_WHITE_SPACE = str.maketrans("", "", _WHITE_SPACE)
_PREFIXES = f"{{{identifiers.EXCLUSIVE_C14N}}}InclusiveNamespaces"


@dataclasses.dataclass(frozen=True, slots=True)
class Algorithm:
    """An algorithm by its URI; `has_parameters` is for others than the PrefixList of exclusive canonicalisation."""

    uri: str
    prefixes: tuple[str, ...] = ()
    has_parameters: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """A ds:Reference; `uri` is None where it has none."""

    uri: str | None
    transforms: tuple[Algorithm, ...]
    digest: Algorithm
    digest_value: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Signature:
    """A ds:Signature, taken apart. `name` is its Id, empty if it has none."""

    element: etree._Element
    name: str
    signed_info: etree._Element
    canonicalization: Algorithm
    algorithm: Algorithm
    references: tuple[Reference, ...]
    value: bytes
    key_info: etree._Element | None
    objects: tuple[etree._Element, ...]


def find(tree: etree._ElementTree) -> list[etree._Element]:
    """Signatures in the order of the document; those within another one belong to it, and are not looked at.

    Raises: BadInput where there are too many.
    """
    found = [
        element
        for element in tree.iter(ds("Signature"))
        if next(element.iterancestors(ds("Signature")), None) is None
    ]
    if len(found) > MAX_SIGNATURES:
        raise BadInput(f"XML: more than {MAX_SIGNATURES} signatures")
    return found


def read(element: etree._Element) -> Signature:
    """Takes apart one ds:Signature.

    Raises: BadInput.
    """
    fields = _Fields(element)
    signed_info = fields.next("SignedInfo")
    value = base64_of(fields.next("SignatureValue"))
    key_info = fields.optional("KeyInfo")
    objects = fields.rest("Object")
    if any(not isinstance(node.tag, str) for node in signed_info.iter()):
        raise BadInput("XML: a comment inside what is signed of a signature")
    inside = _Fields(signed_info)
    canonicalization = _algorithm(inside.next("CanonicalizationMethod"))
    algorithm = _algorithm(inside.next("SignatureMethod"))
    references = tuple(_reference(child) for child in inside.rest("Reference"))
    if not 1 <= len(references) <= MAX_REFERENCES:
        raise BadInput(f"XML: a signature has {len(references)} references, 1 to {MAX_REFERENCES} expected")
    return Signature(
        element=element,
        name=str(element.get("Id", "")),
        signed_info=signed_info,
        canonicalization=canonicalization,
        algorithm=algorithm,
        references=references,
        value=value,
        key_info=key_info,
        objects=tuple(objects),
    )


def base64_of(element: etree._Element) -> bytes:
    """The octets that an element holds in base64, which has one spelling here: no bit of it is without a meaning.

    Raises: BadInput.
    """
    if len(element):
        raise BadInput(f"XML: ds:{etree.QName(element).localname} holds more than text")
    text = str(element.text or "").translate(_NO_WHITE_SPACE)
    try:
        octets = base64.b64decode(text, validate=True)
    except ValueError as error:  # also for characters outside ASCII
        raise BadInput(f"XML: ds:{etree.QName(element).localname} is not base64") from error
    if base64.b64encode(octets).decode() != text:
        raise BadInput(f"XML: ds:{etree.QName(element).localname} has bits that mean nothing")
    return octets


def children(element: etree._Element) -> list[etree._Element]:
    """Elements in an element that may hold nothing else but white space, comments and processing instructions.

    Raises: BadInput.
    """
    texts = [element.text, *(child.tail for child in element)]
    if any(str(text or "").strip(_WHITE_SPACE) for text in texts):
        raise BadInput(f"XML: text in {etree.QName(element).localname}, where elements are expected")
    return parse.elements_of(element)


class _Fields:
    """Children of a signature's element, taken in order."""

    def __init__(self, element: etree._Element) -> None:
        self._name = etree.QName(element).localname
        self._waiting = children(element)[::-1]

    def optional(self, name: str) -> etree._Element | None:
        return self._waiting.pop() if self._waiting and self._waiting[-1].tag == ds(name) else None

    def next(self, name: str) -> etree._Element:
        found = self.optional(name)
        if found is None:
            raise BadInput(f"XML: ds:{name} is missing in ds:{self._name}")
        return found

    def rest(self, name: str) -> list[etree._Element]:
        """All the others, which must be of this kind."""
        rest, self._waiting = self._waiting[::-1], []
        if any(element.tag != ds(name) for element in rest):
            raise BadInput(f"XML: ds:{self._name} holds something else than ds:{name} at its end")
        return rest


def _reference(element: etree._Element) -> Reference:
    fields = _Fields(element)
    transforms = fields.optional("Transforms")
    steps = [] if transforms is None else _Fields(transforms).rest("Transform")
    if len(steps) > MAX_TRANSFORMS:
        raise BadInput(f"XML: more than {MAX_TRANSFORMS} transforms")
    digest, value = _algorithm(fields.next("DigestMethod")), base64_of(fields.next("DigestValue"))
    fields.rest("")
    uri = None if element.get("URI") is None else _uri(element, "URI")
    return Reference(uri, tuple(_algorithm(step) for step in steps), digest, value)


def _algorithm(element: etree._Element) -> Algorithm:
    prefixes: list[str] = []
    has_parameters = bool(str(element.text or "").strip(_WHITE_SPACE))
    for child in element:
        if child.tag == _PREFIXES and len(element) == 1 and not len(child):
            prefixes = str(child.get("PrefixList", "")).split()
        else:
            has_parameters = True
    return Algorithm(_uri(element, "Algorithm"), tuple(prefixes), has_parameters)


def _uri(element: etree._Element, name: str) -> str:
    value = str(element.get(name, ""))
    if len(value) > MAX_URI_CHARACTERS:
        raise BadInput(f"XML: an address of more than {MAX_URI_CHARACTERS} characters")
    return value
