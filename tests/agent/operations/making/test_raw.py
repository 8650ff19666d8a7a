"""Making bare signatures."""

import pytest

from agent.errors import BadInput, InvalidSignature
from agent.formats import cms_build, login, raw
from agent.operations.making import base
from tests.support import authority, making
from tests.support.signers import BrokenSigner

DOCUMENT = making.DOCUMENTS["raw"]
SIZES = {"gost2015-individual": 128, "gost2004-head": 64, "rsa-sign-head": 256}


@pytest.mark.parametrize("name", making.SIGNERS)
def test_the_octets_of_a_signature_over_a_document(name: str) -> None:
    signer = authority.signer(name)
    made = making.make(making.request("raw"), making.workshop(signer)).octets
    assert raw.verify(made, DOCUMENT, signer.certificate).signature == "valid"
    assert raw.verify(made, DOCUMENT + b".", signer.certificate).signature == "invalid"
    assert len(made) == SIZES.get(name, len(made))


@pytest.mark.parametrize("name", making.SIGNERS)
def test_the_octets_of_a_signature_over_a_digest(name: str) -> None:
    signer = authority.signer(name)
    digest = signer.algorithm.digest(DOCUMENT)
    made = making.make(making.request("raw", are_digests=True), making.workshop(signer), digest).octets
    assert raw.verify(made, DOCUMENT, signer.certificate).signature == "valid"


def test_a_digest_of_another_length_is_bad_input() -> None:
    with pytest.raises(BadInput, match="3 octets, 32 expected"):
        making.make(making.request("raw", are_digests=True), document=b"MTE")


def test_a_broken_signature_over_a_digest_does_not_leave() -> None:
    signer = BrokenSigner(authority.signer("gost2015-individual"))
    digest = signer.algorithm.digest(DOCUMENT)
    with pytest.raises(InvalidSignature):
        making.make(making.request("raw", are_digests=True), making.workshop(signer), digest)


def test_what_could_be_made_into_a_login_is_refused_before_anybody_is_asked() -> None:
    statement = login.Statement("https://bank.kz", "A" * 43, authority.NOW).octets
    digest = authority.signer("gost2015-individual").algorithm.digest(statement)
    attributes = cms_build.signed_attributes(digest, authority.NOW, content_type=login.CONTENT_TYPE)
    for document in (statement, attributes):
        with pytest.raises(BadInput, match="inside of a login"):
            base.maker_of("raw").examine(document, making.request("raw"))
