"""Making tokens."""

import pytest

from agent.errors import InvalidSignature
from agent.formats import jws
from tests.support import authority, making
from tests.support.making import findings
from tests.support.signers import BrokenSigner

DOCUMENT = making.DOCUMENTS["jws"]


@pytest.mark.parametrize("name", making.SIGNERS)
def test_a_token_holds_what_was_signed_and_the_certificate(name: str) -> None:
    signer = authority.signer(name)
    token = jws.read(made := making.make(making.request("jws"), making.workshop(signer)).octets)
    assert token.payload == DOCUMENT
    assert token.signatures[0].certificates == (signer.certificate,)
    assert findings(jws.verify(made)) == ["valid"]


def test_a_detached_token_is_good_beside_its_document_only() -> None:
    made = making.make(making.request("jws", detached=True)).octets
    assert jws.read(made).payload is None
    assert findings(jws.verify(made, DOCUMENT)) == ["valid"]
    assert findings(jws.verify(made, b"{}")) == ["invalid"]


@pytest.mark.parametrize("name", making.SIGNERS)
def test_a_broken_detached_token_does_not_leave(name: str) -> None:
    broken = BrokenSigner(authority.signer(name))
    with pytest.raises(InvalidSignature):
        making.make(making.request("jws", detached=True), making.workshop(broken))
