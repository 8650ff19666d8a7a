"""Making CMS: around, beside, over a digest, added to what is there."""

import dataclasses

import pytest

from agent.errors import BadInput, InvalidSignature
from agent.formats import cades, cms, cms_build
from agent.operations.making import cms as maker
from agent.signer import Signer
from tests.support import authority, making, simulated_authorities, timestamps
from tests.support.authority import NOW
from tests.support.making import findings
from tests.support.signers import BrokenSigner

DOCUMENT = making.DOCUMENTS["cms"]
FIRST, SECOND = authority.signer("rsa-sign-head"), authority.signer("gost2015-individual")


def signed(signer: Signer = FIRST, *, detached: bool = False) -> bytes:
    return cms.sign(signer, DOCUMENT, at=NOW, detached=detached)


@pytest.mark.parametrize("detached", [False, True])
def test_the_document_is_inside_unless_detached(detached: bool) -> None:
    made = making.make(making.request("cms", detached=detached))
    message = cms.read(made.octets)
    assert message.content == (None if detached else DOCUMENT)
    assert findings(cms.verify(message, DOCUMENT)) == ["valid"]


@pytest.mark.parametrize("name", making.SIGNERS)
def test_a_digest_stands_for_a_document(name: str) -> None:
    signer = authority.signer(name)
    wanted = making.request("cms", are_digests=True, detached=True)
    made = making.make(wanted, making.workshop(signer), signer.algorithm.digest(DOCUMENT))
    assert findings(cms.verify(cms.read(made.octets), DOCUMENT)) == ["valid"]
    assert cms.read(made.octets).content is None


def test_a_digest_of_another_length_is_bad_input() -> None:
    with pytest.raises(BadInput, match="3 octets, 32 expected"):
        making.make(making.request("cms", are_digests=True, detached=True), document=b"MTE")


def test_one_more_signer_joins_and_the_document_is_what_he_signs() -> None:
    wanted = making.request("cms", cosigns=True)
    assert maker.examine(signed(), wanted) == DOCUMENT
    made = making.make(wanted, making.workshop(SECOND), signed())
    message = cms.read(made.octets)
    assert message.content == DOCUMENT
    assert findings(cms.verify(message)) == ["valid", "valid"]


@pytest.mark.parametrize("document", [DOCUMENT, signed(detached=True), signed()[:-9], b"\x30", b""])
def test_what_nobody_can_join_is_signed_as_the_octets_it_is(document: bytes) -> None:
    wanted = making.request("cms", cosigns=True)
    assert maker.examine(document, wanted) == document
    assert cms.read(making.make(wanted, making.workshop(SECOND), document).octets).content == document


def test_a_signature_that_is_to_be_signed_and_not_joined_is_a_document_like_others() -> None:
    assert maker.examine(signed(), making.request("cms")) == signed()


def test_one_more_signer_joins_a_detached_signature_by_the_digest_of_its_document() -> None:
    digest = SECOND.algorithm.digest(DOCUMENT)
    tools = making.workshop(SECOND, existing=signed(detached=True))
    made = making.make(making.request("cms", are_digests=True, detached=True), tools, digest)
    message = cms.read(made.octets)
    assert message.is_detached
    assert findings(cms.verify(message, DOCUMENT)) == ["valid", "valid"]
    assert findings(cms.verify(message, b"another")) == ["invalid", "invalid"]


@pytest.mark.parametrize("detached", [False, True])
def test_a_signature_of_another_document_is_not_taken_for_this_one(detached: bool) -> None:
    made = cms.sign(FIRST, b"another", at=NOW, detached=detached)
    wanted = making.request("cms", detached=detached)
    assert findings(maker.read_back(made, DOCUMENT, wanted, FIRST)) == ["invalid"]
    joined = dataclasses.replace(wanted, cosigns=True)
    assert findings(maker.read_back(made, signed(), joined, FIRST)) == ["invalid"]


# --- timestamps ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", making.SIGNERS)
def test_each_kind_of_key_is_stamped_in_its_own_way(name: str) -> None:
    signer, authorities = authority.signer(name), simulated_authorities.new()
    made = making.make(making.request("cms", timestamps=True), making.workshop(signer, authorities))
    (evidence,) = cms.verify(cms.read(made.octets))
    (timestamp,) = timestamps.of(evidence)
    assert timestamp.is_over(evidence.stamped)
    assert timestamp.policy == cades.profile_of(cms.read(made.octets).signers[0]).policy


@pytest.mark.parametrize("is_detached", [False, True])
def test_who_joins_with_a_timestamp_stamps_nobody_else(is_detached: bool) -> None:
    authorities = simulated_authorities.new()
    tools = making.workshop(SECOND, authorities)
    if is_detached:
        tools = dataclasses.replace(tools, existing=signed(detached=True))
        wanted = making.request("cms", timestamps=True, are_digests=True, detached=True)
        made = making.make(wanted, tools, SECOND.algorithm.digest(DOCUMENT))
    else:
        made = making.make(making.request("cms", timestamps=True, cosigns=True), tools, signed())
    assert authorities.count("timestamp") == 1
    found = {each.certificate: each.has_timestamp for each in cms.verify(cms.read(made.octets), DOCUMENT)}
    assert found == {FIRST.certificate: False, SECOND.certificate: True}


def test_timestamps_that_are_there_stay() -> None:
    before = timestamps.stamped(signed())
    made = making.make(making.request("cms", cosigns=True), making.workshop(SECOND), before)
    assert cms.read(before).signers[0].encoded in made.octets
    assert sorted(each.has_timestamp for each in cms.verify(cms.read(made.octets))) == [False, True]


def test_who_joins_twice_stamps_the_signature_that_is_new() -> None:
    authorities = simulated_authorities.new()
    wanted = making.request("cms", timestamps=True, cosigns=True)
    made = making.make(wanted, making.workshop(SECOND, authorities), signed(SECOND))
    assert authorities.count("timestamp") == 1
    assert sorted(each.has_timestamp for each in cms.verify(cms.read(made.octets))) == [False, True]


# --- older signatures ---------------------------------------------------------------------------------------------


def test_an_older_signature_of_the_same_key_does_not_vouch_for_a_broken_one() -> None:
    with pytest.raises(InvalidSignature):
        making.make(
            making.request("cms", cosigns=True), making.workshop(BrokenSigner(SECOND)), signed(SECOND)
        )


def test_nor_does_its_timestamp_for_one_that_lacks_it() -> None:
    authorities = simulated_authorities.new()
    with pytest.raises(InvalidSignature):
        making.make(
            making.request("cms", cosigns=True, timestamps=True),
            making.workshop(BrokenSigner(SECOND), authorities),
            timestamps.stamped(signed(SECOND)),
        )


def test_an_older_broken_signature_stands_in_nobodys_way() -> None:
    message = cms.read(cms.sign(BrokenSigner(SECOND), DOCUMENT, at=NOW, detached=False))
    before = cms_build.signed_data(
        digest_algorithms=[each.der for each in message.digest_algorithms],
        content=DOCUMENT,
        certificates=message.certificates_der,
        signers=[message.signers[0].encoded],
    )
    made = making.make(making.request("cms", cosigns=True), making.workshop(SECOND), before)
    assert sorted(findings(cms.verify(cms.read(made.octets)))) == ["invalid", "valid"]
