"""Making XML signatures as NCALayer makes them: over the whole document, or over one element by its Id."""

import dataclasses
import re

from lxml import etree

from agent.algorithms import Family
from agent.errors import BadInput
from agent.formats import ecdsa
from agent.formats.xml import canonical, identifiers, parse, place, references, xpath
from agent.formats.xml import layout as layouts
from agent.formats.xml.canonical import Method
from agent.formats.xml.layout import Layout, LayoutName
from agent.formats.xml.place import Place
from agent.signer import Signer

# What NCALayer says to pages, in its own words.
_NO_ID = "Указанный для подписи элемент не содержит атрибут 'Id'"
_SAME_ELEMENT = "элемент подписи не может быть родительским элементом подписи"
_ID = re.compile(r"[\w.:-]+")


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """What is signed, the URI that means it, and the methods for it and for SignedInfo."""

    what: etree._Element | etree._ElementTree
    uri: str
    transforms: tuple[str, ...]
    method: Method
    signed_info_method: Method


def check(
    document: bytes | str, *, element_xpath: str = "", parent_xpath: str = "", id_attribute: str = "Id"
) -> None:
    """Finds what `sign` would refuse, before anybody is asked for a key.

    Raises: BadInput.
    """
    _plan(parse.read(document), element_xpath, parent_xpath, id_attribute)


def sign(
    signer: Signer,
    document: bytes | str,
    *,
    layout: LayoutName,
    element_xpath: str = "",
    parent_xpath: str = "",
    id_attribute: str = "Id",
) -> bytes:
    """The document in UTF-8 with one more ds:Signature. Text is a document already decoded, as pages send it.

    With both XPaths, one element is signed, the first that the first of them yields, by its attribute `id_attribute` (empty: Id,
    written in any case); the signature goes to the end of the element of the second. Otherwise the whole document is signed, earlier signatures and all, and the signature
    is the last child of the root. Comments are never signed.

    Raises: BadInput; its detail is the wording that pages know where NCALayer has one.
    """
    reference, parent = _plan(parse.read(document), element_xpath, parent_xpath, id_attribute)
    chosen = layouts.LAYOUTS[layout]
    key = layouts.x509_data(chosen, signer.certificate.der)
    return put_signature(signer, place.within(parent), reference, chosen, key)


def put_signature(signer: Signer, where: Place, reference: Reference, layout: Layout, key: str) -> bytes:
    """The document with a signature in its place; `key` is what ds:KeyInfo is to hold.

    Raises: BadInput.
    """
    algorithm = signer.algorithm
    assert algorithm.xml_uri, f"{algorithm.name} has no name in XML"
    assert algorithm.digest.xml_uri, f"{algorithm.digest.name} has no name in XML"
    info = layouts.signed_info(
        layout,
        layouts.SignedInfo(
            canonicalization=reference.signed_info_method.uri,
            signature=algorithm.xml_uri,
            reference=reference.uri,
            transforms=reference.transforms,
            digest=algorithm.digest.xml_uri,
            digest_value=canonical.digest(reference.what, reference.method, algorithm.digest),
        ),
    )
    # Canonicalised in its place: namespaces declared around it are a part of an inclusive canonical form.
    draft = where.element(layouts.signature(layout, info=info, value=b"", key=key))
    (signed_info,) = draft.iterchildren(identifiers.ds("SignedInfo"))
    octets = canonical.octets(signed_info, reference.signed_info_method)
    value = signer.sign_digest(algorithm.digest(octets))
    if algorithm.family is Family.ECDSA:
        value = ecdsa.to_pair(value, signer.certificate.public_key.key_type.coordinate_octets)
    return where.filled(layouts.signature(layout, info=info, value=value, key=key))


def _plan(
    tree: etree._ElementTree, element_xpath: str, parent_xpath: str, id_attribute: str
) -> tuple[Reference, etree._Element]:
    """What is signed, and the element that gets the signature.

    Raises: BadInput.
    """
    if not (element_xpath and parent_xpath):
        return _whole(tree), tree.getroot()
    element = xpath.select(tree, element_xpath)
    identifier = element.get(id_attribute or _spelling_of_id(element))
    if identifier is None:
        raise BadInput(_NO_ID)
    parent = xpath.select(tree, parent_xpath)
    if element is parent or element in parent.iterancestors():
        # Inside the element that it signs, a signature would change what it signs.
        raise BadInput(_SAME_ELEMENT)
    return by_id(tree, element, identifier, id_attribute=id_attribute), parent


def _spelling_of_id(element: etree._Element) -> str:
    """The name of its attribute Id, written in any case."""
    return next((str(name) for name in element.attrib if str(name).lower() == "id"), "Id")


def _whole(tree: etree._ElementTree) -> Reference:
    transforms = (identifiers.ENVELOPED, identifiers.C14N_WITH_COMMENTS)
    return Reference(tree, "", transforms, canonical.C14N_WITH_COMMENTS, canonical.C14N)


def by_id(
    tree: etree._ElementTree,
    element: etree._Element,
    identifier: str,
    method: Method = canonical.C14N_WITH_COMMENTS,
    id_attribute: str = "",
) -> Reference:
    """A reference to an element by its Id, canonicalised by the method; SignedInfo is by the exclusive one. `id_attribute` is an
    attribute that holds identifiers, beside those that are called Id.

    Raises: BadInput where the Id does not lead to this element alone.
    """
    if not _ID.fullmatch(identifier):
        raise BadInput("XML: an Id with characters that a reference can't hold")
    if references.Identifiers(tree, id_attribute).elements(identifier) != (element,):
        raise BadInput("XML: the Id of the element to be signed stands at another one too")
    return Reference(element, f"#{identifier}", (method.uri,), method, canonical.EXCLUSIVE)
