"""Making XML signatures."""

import pytest

from agent.errors import BadInput, InvalidSignature
from agent.formats.xml import verify
from agent.operations.making import xml as maker
from protocol.messages import XmlOptions
from tests.support import authority, making
from tests.support.making import XML, findings
from tests.support.signers import BrokenSigner

SIGNER = authority.signer("gost2015-individual")
BY_ID = XmlOptions("lines", "//*[@Id='one']", "//*[@Id='two']")


def test_the_whole_document_is_signed() -> None:
    made = making.make(making.request("xml")).octets
    (evidence,) = verify.verify(made)
    assert (evidence.signature, evidence.covers) == ("valid", "")


def test_the_layout_is_that_of_the_caller() -> None:
    lines = making.make(making.request("xml", xml=XmlOptions("lines"))).octets
    compact = making.make(making.request("xml", xml=XmlOptions("compact"))).octets
    assert b"<ds:SignedInfo>\n" in lines.replace(b"\r", b"")
    assert b"<ds:SignedInfo><" in compact
    assert findings(verify.verify(lines)) == findings(verify.verify(compact)) == ["valid"]


def test_one_element_is_signed_and_its_signature_lies_where_it_was_asked_for() -> None:
    made = making.make(making.request("xml", xml=BY_ID)).octets
    (evidence,) = verify.verify(made)
    assert (evidence.signature, evidence.covers) == ("valid", "#one")
    assert made.index(b"<ds:Signature") > made.index("екі".encode())
    changed_elsewhere = made.replace("екі".encode(), "үш".encode())
    assert findings(verify.verify(changed_elsewhere)) == ["valid"]
    assert findings(verify.verify(made.replace("бір".encode(), "үш".encode()))) == ["invalid"]


def test_a_second_signature_stands_beside_the_first() -> None:
    first = making.make(making.request("xml"), making.workshop(SIGNER)).octets
    both = making.make(making.request("xml"), document=first).octets
    assert [each.signature for each in verify.verify(both)] == ["valid", "valid"]


def test_an_older_signature_of_the_same_key_does_not_vouch_for_a_broken_one() -> None:
    first = making.make(making.request("xml"), making.workshop(SIGNER)).octets
    with pytest.raises(InvalidSignature):
        making.make(making.request("xml"), making.workshop(BrokenSigner(SIGNER)), first)


def test_a_broken_signature_of_one_element_does_not_leave() -> None:
    for name in making.SIGNERS:
        broken = BrokenSigner(authority.signer(name))
        with pytest.raises(InvalidSignature):
            making.make(making.request("xml", xml=BY_ID), making.workshop(broken))


@pytest.mark.parametrize(
    "document", [b"", b"<a>", b"<a></b>", b"text", b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", b"<a/><b/>"]
)
def test_what_is_no_xml_is_seen_before_anybody_is_asked(document: bytes) -> None:
    with pytest.raises(BadInput, match="SAXParseException"):
        maker.examine(document, making.request("xml"))


@pytest.mark.parametrize(
    ("element", "parent"),
    [
        ("//none", "//*[@Id='two']"),
        ("//акт", "//*[@Id='two']"),
        ("//*[@Id='one']", "//*[@Id='one']"),
        ("][", "/*"),
    ],
)
def test_xpaths_that_lead_nowhere_are_seen_before_anybody_is_asked(element: str, parent: str) -> None:
    with pytest.raises(BadInput):
        maker.examine(XML, making.request("xml", xml=XmlOptions("lines", element, parent)))


def test_what_the_person_sees_described_is_what_the_page_sent() -> None:
    assert maker.examine(XML, making.request("xml")) == XML


def test_characters_are_not_read_by_the_encoding_that_they_declare() -> None:
    text = '<?xml version="1.0" encoding="windows-1251"?><a>құжат</a>'
    as_text = making.request("xml", xml=XmlOptions("lines", is_text=True))
    made = making.make(as_text, document=text.encode()).octets
    assert "<a>құжат<ds:".encode() in made
    assert findings(verify.verify(made)) == ["valid"]
    octets = '<?xml version="1.0" encoding="windows-1251"?><a>акт</a>'.encode("cp1251")
    made = making.make(making.request("xml"), document=octets).octets
    assert "<a>акт<ds:".encode() in made
