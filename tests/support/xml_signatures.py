"""XML signatures of any shape, made without the code that is tested: for algorithms, transforms and tricks that we never write.

Canonical forms of what is referred to are given by the test, octet for octet; SignedInfo is canonicalised by lxml alone.
"""

import base64
import dataclasses
from collections.abc import Sequence

from lxml import etree

from agent import algorithms
from agent.algorithms import DigestAlgorithm, Family, SignatureAlgorithm
from agent.formats import ecdsa
from tests.support.chains import Party

DS = "http://www.w3.org/2000/09/xmldsig#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = f"{DS}enveloped-signature"
HERE = "<here/>"


@dataclasses.dataclass(frozen=True)
class Ref:
    """A reference: the octets that it is signed over, and how it says so. `transforms` are URIs, or whole elements."""

    octets: bytes
    uri: str | None = ""
    transforms: Sequence[str] = (ENVELOPED, C14N)
    digest: DigestAlgorithm = algorithms.SHA256
    digest_uri: str | None = None
    more: str = ""

    def text(self) -> str:
        steps = "".join(
            step if step.startswith("<") else f'<ds:Transform Algorithm="{step}"/>'
            for step in self.transforms
        )
        uri = "" if self.uri is None else f' URI="{self.uri}"'
        value = base64.b64encode(self.digest(self.octets)).decode()
        return (
            f"<ds:Reference{uri}>{f'<ds:Transforms>{steps}</ds:Transforms>' if steps else ''}"
            f'<ds:DigestMethod Algorithm="{self.digest_uri or self.digest.xml_uri}"/>'
            f"<ds:DigestValue>{value}</ds:DigestValue>{self.more}</ds:Reference>"
        )


def made(
    person: Party,
    document: str,
    *references: Ref,
    canonicalization: str = EXCLUSIVE,
    canonicalization_inside: str = "",
    algorithm: SignatureAlgorithm | None = None,
    algorithm_uri: str | None = None,
    algorithm_inside: str = "",
    key_info: str | None = None,
    after: str = "",
    attributes: str = "",
) -> bytes:
    """The document, which holds `<here/>` once, with a signature in that place."""
    algorithm = algorithm or person.algorithm
    info = (
        "<ds:SignedInfo>"
        f'<ds:CanonicalizationMethod Algorithm="{canonicalization}">{canonicalization_inside}</ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{algorithm_uri or algorithm.xml_uri}">{algorithm_inside}</ds:SignatureMethod>'
        f"{''.join(reference.text() for reference in references)}</ds:SignedInfo>"
    )
    key = key_of(person) if key_info is None else key_info

    def whole(value: bytes) -> str:
        text = base64.b64encode(value).decode()
        signature = (
            f'<ds:Signature xmlns:ds="{DS}"{attributes}>{info}<ds:SignatureValue>{text}</ds:SignatureValue>'
            f"{key}{after}</ds:Signature>"
        )
        assert document.count(HERE) == 1
        return document.replace(HERE, signature)

    draft = etree.fromstring(whole(b"").encode(), etree.XMLParser(resolve_entities=False))
    (signed_info,) = [
        element
        for element in draft.iter(f"{{{DS}}}SignedInfo")
        if not element.getparent().findtext(f"{{{DS}}}SignatureValue")
    ]
    exclusive = canonicalization.startswith(EXCLUSIVE)
    octets = etree.tostring(
        signed_info, method="c14n", exclusive=exclusive, with_comments="WithComments" in canonicalization
    )
    value = person.key.sign(algorithm, algorithm.digest(octets))
    if algorithm.family is Family.ECDSA:
        value = ecdsa.to_pair(value, person.key.type.coordinate_octets)
    return whole(value).encode()


def key_of(person: Party) -> str:
    text = base64.b64encode(person.certificate.der).decode()
    return (
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{text}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    )
