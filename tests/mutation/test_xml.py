"""Every bit of what an XML signature signs, and of the signature.

Octets of the file are flipped, so one sweep takes in everything: a bit of a name or of a "<" makes another document or none (BadInput).
What the sweep goes over is the document around the signature, ds:SignedInfo and ds:SignatureValue with their tags.

Not signed, so not swept: the XML declaration (only a reader's hint: a changed encoding either changes the text or nothing), the tags
of ds:Signature, ds:KeyInfo and their white space. A certificate that changes there is noticed by its issuer's signature (trust).
"""

import pytest

from agent.errors import BadInput
from agent.formats.xml import sign, verify
from agent.formats.xml.layout import LayoutName
from tests.support import chains
from tests.support.sweeps import flips

DOCUMENT = '<r a="1" Id="x"><b Id="y" xmlns:n="urn:n">q<n:c/>&#13;&lt;</b> <d/></r>'
DECLARATION_END = b"?>"


def holds(document: bytes) -> bool:
    try:
        return all(one.signature == "valid" and one.covers in {"", "#y"} for one in verify.verify(document))
    except BadInput:
        return False


def sweep(document: bytes, parts: list[bytes]) -> list[int]:
    """Bits that may change without being noticed."""
    assert holds(document)
    unnoticed = []
    for part in parts:
        assert document.count(part) == 1
        before, after = document.split(part)
        unnoticed += [bit for bit, changed in flips(part) if holds(before + changed + after)]
    return unnoticed


def signature_parts(document: bytes) -> list[bytes]:
    """SignedInfo and the value, each with its tags."""
    start, end = document.index(b"<ds:SignedInfo>"), document.index(b"<ds:KeyInfo>")
    return [document[start:end].rstrip(b"\n")]


def document_parts(document: bytes) -> list[bytes]:
    """What stands before and after the signature."""
    start = document.index(DECLARATION_END) + len(DECLARATION_END)
    signature, end = (
        document.index(b"<ds:Signature "),
        document.index(b"</ds:Signature>") + len(b"</ds:Signature>"),
    )
    return [document[start:signature], document[end:]]


@pytest.mark.slow
@pytest.mark.parametrize(("family", "layout"), [("p256", "compact"), ("rsa", "crlf"), ("gost2015", "lines")])
def test_no_bit_of_a_signed_document_may_change(family: str, layout: LayoutName) -> None:
    document = sign.sign(chains.person(family), DOCUMENT, layout=layout)
    assert sweep(document, [*document_parts(document), *signature_parts(document)]) == []


@pytest.mark.slow
def test_no_bit_of_a_signed_element_may_change() -> None:
    """The element, and what of its surroundings is a part of it; the rest of the document is nobody's business."""
    document = sign.sign(
        chains.person("p256"), DOCUMENT, layout="compact", element_xpath="//b", parent_xpath="/r"
    )
    element = document[document.index(b"<b ") : document.index(b"</b>") + len(b"</b>")]
    assert sweep(document, [element, *signature_parts(document)]) == []


@pytest.mark.slow
def test_no_bit_of_an_earlier_signature_may_change() -> None:
    """A later signature covers all of an earlier one, key and tags and all. Of the base64 of the certificate, the ends are swept:
    the rest is more of the same, and the later signature's digest knows nothing of certificates."""
    once = sign.sign(chains.person("p256"), DOCUMENT, layout="compact")
    twice = sign.sign(chains.person("p384"), once, layout="compact")
    start, end = once.index(b"<ds:Signature "), once.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    opening, closing = once.index(b"<ds:X509Certificate>") + 60, once.index(b"</ds:X509Certificate>") - 40
    assert sweep(twice, [once[start:opening], once[closing:end]]) == []
