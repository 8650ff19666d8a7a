"""Making WS-Security signatures."""

import re

import pytest

from agent.errors import BadInput, InvalidSignature
from agent.formats import wsse
from agent.operations.making import wsse as maker
from tests.support import authority, making
from tests.support.making import SOAP
from tests.support.signers import BrokenSigner

SIGNER = authority.signer("gost2015-individual")
_ID = re.compile(rb'Id="(id-[0-9a-f-]{36})"')


def test_the_body_is_signed_under_an_identifier_of_its_own_each_time() -> None:
    first, second = (making.make(making.request("wsse")).octets for _ in range(2))
    (evidence,) = wsse.verify(first)
    assert evidence.signature == "valid"
    assert evidence.covers.startswith("Body")
    assert _ID.findall(first) != _ID.findall(second)
    assert _ID.findall(first)


def test_a_second_signature_is_told_from_the_first_of_the_same_key() -> None:
    first = making.make(making.request("wsse"), making.workshop(SIGNER)).octets
    both = making.make(making.request("wsse"), making.workshop(SIGNER), first).octets
    assert [each.signature for each in wsse.verify(both)] == ["valid", "valid"]
    with pytest.raises(InvalidSignature):
        making.make(making.request("wsse"), making.workshop(BrokenSigner(SIGNER)), first)


@pytest.mark.parametrize(
    "document", [b"", b"<a/>", SOAP[:-3], SOAP.replace(b"soap:Body", b"soap:Head"), b"%PDF-1.7"]
)
def test_what_is_no_soap_message_is_seen_before_anybody_is_asked(document: bytes) -> None:
    with pytest.raises(BadInput):
        maker.examine(document, making.request("wsse"))
