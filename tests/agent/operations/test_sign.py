"""Signing, with a person and keys in memory."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from agent.errors import BadInput, InvalidSignature, StorageFailed, UserCancelled
from agent.formats import cms
from agent.operations import sign
from agent.operations.approval import Approval
from agent.user.base import PageLeft
from protocol.messages import KeyFilter, SignRequest
from tests.support import chains, people
from tests.support.chains import Party
from tests.support.memory_store import MemoryKey, MemoryStore
from tests.support.people import approves, opens

FAMILIES = ["gost2015", "rsa"]


def request(*documents: bytes, **changes: Any) -> SignRequest:
    usual = SignRequest(documents=documents, detached=False, keys=KeyFilter(purpose="sign"))
    return dataclasses.replace(usual, **changes)


def approval(tmp_path: Path, *steps: people.Step, family: str = "p256", **more: Any) -> Approval:
    store = MemoryStore({"/keys/a.p12": [MemoryKey(chains.person(family))]})
    return people.approval(tmp_path, store, *(steps or (opens(), approves())), **more)


def events(asked: Approval) -> list[str]:
    return [json.loads(line)["event"] for line in asked.journal.path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("family", FAMILIES)
def test_documents_are_signed_in_order_under_one_approval(family: str, tmp_path: Path) -> None:
    asked = approval(tmp_path, family=family)
    signed = sign.sign(request(b"one", b"two", "үш".encode()), asked)
    messages = [cms.read(signature) for signature in signed.signatures]
    assert [message.content for message in messages] == [b"one", b"two", "үш".encode()]
    assert all(evidence.signature == "valid" for message in messages for evidence in cms.verify(message))
    assert len(people.person_of(asked).asked) == 2
    assert events(asked) == ["asked", "decided", "signed"]
    assert asked.journal.verify_chain() == 3


def test_a_detached_signature_leaves_the_document_out(tmp_path: Path) -> None:
    (signature,) = sign.sign(request(b"deed", detached=True), approval(tmp_path)).signatures
    message = cms.read(signature)
    assert message.content is None
    assert cms.verify(message, b"deed")[0].signature == "valid"
    assert cms.verify(message, b"other")[0].signature == "invalid"


def test_a_digest_is_signed_as_it_is(tmp_path: Path) -> None:
    digest = chains.person().algorithm.digest(b"deed")
    asked = approval(tmp_path)
    (signature,) = sign.sign(request(digest, detached=True, are_digests=True), asked).signatures
    assert cms.verify(cms.read(signature), b"deed")[0].signature == "valid"
    assert people.person_of(asked).first_prompt().documents[0].is_digest


def test_a_digest_of_another_length_than_the_keys_is_refused(tmp_path: Path) -> None:
    asked = approval(tmp_path)
    with pytest.raises(BadInput):
        sign.sign(request(b"MTEK", detached=True, are_digests=True), asked)
    assert events(asked) == ["asked", "decided", "failed"]


def test_a_signature_that_is_sent_for_joining_gets_one_more_signer(tmp_path: Path) -> None:
    first = cms.sign(chains.person("rsa"), b"deed", at=chains.NOW, detached=False)
    asked = approval(tmp_path)
    (joined,) = sign.sign(request(first, cosigns=True, detached=True), asked).signatures
    message = cms.read(joined)
    assert message.content == b"deed"
    assert [evidence.signature for evidence in cms.verify(message)] == ["valid", "valid"]
    assert people.person_of(asked).first_prompt().documents[0].size == 4  # what is signed, not what was sent


def test_a_signature_is_signed_as_a_document_unless_joining_is_asked_for(tmp_path: Path) -> None:
    first = cms.sign(chains.person("rsa"), b"deed", at=chains.NOW, detached=False)
    (signature,) = sign.sign(request(first), approval(tmp_path)).signatures
    assert cms.read(signature).content == first


@pytest.mark.parametrize("is_whole", [True, False])
def test_what_can_not_be_joined_is_signed_as_the_octets_it_is(is_whole: bool, tmp_path: Path) -> None:
    detached = cms.sign(chains.person("rsa"), b"deed", at=chains.NOW, detached=True)
    document = detached if is_whole else detached[:-10]
    (signature,) = sign.sign(request(document, cosigns=True), approval(tmp_path)).signatures
    assert cms.read(signature).content == document


def test_the_person_sees_what_is_signed(tmp_path: Path) -> None:
    asked = approval(tmp_path)
    sign.sign(request(b"deed", detached=True, names=("act.pdf",), storages=("PKCS12",), language="kk"), asked)
    prompt = people.person_of(asked).first_prompt()
    assert (prompt.action, prompt.purpose, prompt.detached, prompt.language) == ("sign", "sign", True, "kk")
    assert [document.name for document in prompt.documents] == ["act.pdf"]


def test_the_key_is_wiped_at_the_end(tmp_path: Path) -> None:
    key = MemoryKey(chains.person())
    sign.sign(
        request(b"deed"), people.approval(tmp_path, MemoryStore({"/keys/a.p12": [key]}), opens(), approves())
    )
    assert key.is_wiped


def test_a_cancelled_request_signs_nothing_and_is_noted(tmp_path: Path) -> None:
    asked = approval(tmp_path, opens(), people.raises(UserCancelled()))
    with pytest.raises(UserCancelled):
        sign.sign(request(b"deed"), asked)
    assert events(asked) == ["asked", "decided"]


def test_a_page_that_leaves_gets_no_signature_and_no_receipt(tmp_path: Path) -> None:
    asked = approval(tmp_path)
    person = people.person_of(asked)
    approve = person.steps[1]

    def approve_too_late(prompt: Any) -> Any:
        person.leave()
        return approve(prompt)

    person.steps[1] = approve_too_late
    with pytest.raises(PageLeft):
        sign.sign(request(b"deed"), asked)
    assert events(asked) == ["asked", "decided", "left"]


def test_nothing_is_asked_if_it_can_not_be_noted(tmp_path: Path) -> None:
    asked = approval(tmp_path)
    asked.journal.path.mkdir()
    with pytest.raises(StorageFailed):
        sign.sign(request(b"deed"), asked)
    assert people.person_of(asked).asked == []


def test_no_signature_leaves_without_a_receipt(tmp_path: Path) -> None:
    asked = approval(tmp_path)
    person = people.person_of(asked)
    approve = person.steps[1]

    def approve_and_fill_the_disk(prompt: Any) -> Any:
        asked.journal.path.unlink()
        asked.journal.path.mkdir()
        return approve(prompt)

    person.steps[1] = approve_and_fill_the_disk
    with pytest.raises(StorageFailed):
        sign.sign(request(b"deed"), asked)


def test_a_filter_that_makes_no_sense_is_refused_before_anybody_is_asked(tmp_path: Path) -> None:
    asked = approval(tmp_path)
    with pytest.raises(BadInput):
        sign.sign(request(b"deed", keys=KeyFilter(authorities=("junk",))), asked)
    assert people.person_of(asked).asked == []


class Liar:
    """A signer whose signatures are another's."""

    def __init__(self, party: Party) -> None:
        self.certificate = party.certificate
        self.algorithm = party.algorithm

    def sign_digest(self, digest: bytes) -> bytes:
        other = chains.issue("Other", by=chains.root(), key_of=chains.new_key("p256"))
        return other.sign_digest(digest)


def test_a_signature_that_does_not_verify_never_leaves(tmp_path: Path) -> None:
    class LyingKey(MemoryKey):
        def signer(self) -> Any:
            return Liar(self.party)

    store = MemoryStore({"/keys/a.p12": [LyingKey(chains.person())]})
    asked = people.approval(tmp_path, store, opens(), approves())
    with pytest.raises(InvalidSignature):
        sign.sign(request(b"deed"), asked)
    assert events(asked) == ["asked", "decided", "failed"]
