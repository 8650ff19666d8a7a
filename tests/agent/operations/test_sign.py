"""Signing, with a person and keys in memory."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from agent import algorithms
from agent.errors import (
    BadInput,
    InvalidSignature,
    KeyUnsuitable,
    PolicyForbids,
    StorageFailed,
    TimestampFailed,
    UnsupportedOperation,
    UserCancelled,
    WindowFailed,
)
from agent.fetch import Question
from agent.formats import cms
from agent.operations import named_file, sign, verify
from agent.operations.approval import Approval
from agent.origin_rules import OriginRule
from agent.rules import KeptInFolders, Rules
from agent.trust import anchors
from agent.user.base import PageLeft
from protocol import preview, prompts
from protocol.messages import KeyFilter, LargeDocument, SignatureFormat, SignRequest
from tests.support import (
    authority,
    chains,
    making,
    pdfs,
    people,
    simulated_authorities,
    timestamps,
    verdicts,
)
from tests.support.memory_store import MemoryKey, MemoryStore
from tests.support.people import approves, opens
from tests.support.signers import BrokenSigner
from tests.support.simulated_authorities import TSP

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
    assert (prompt.action, prompt.purpose, prompt.placement, prompt.language) == (
        "sign",
        "sign",
        "beside",
        "kk",
    )
    assert [document.name for document in prompt.documents] == ["act.pdf"]


@pytest.mark.parametrize(
    ("changes", "placement"),
    [
        ({}, "around"),
        ({"detached": True}, "beside"),
        ({"format": "jws"}, "around"),
        ({"format": "raw"}, "bare"),
        ({"format": "pdf"}, "inside"),
        ({"format": "xml"}, "inside"),
        ({"format": "wsse"}, "inside"),
        ({"format": "asic"}, "around"),
    ],
)
def test_the_person_sees_where_the_signature_will_be(
    changes: dict[str, Any], placement: str, tmp_path: Path
) -> None:
    asked = approval(tmp_path)
    sign.sign(request(making.DOCUMENTS[changes.get("format", "cms")], **changes), asked)
    prompt = people.person_of(asked).first_prompt()
    assert (prompt.placement, prompt.timestamps) == (placement, False)


def test_the_person_sees_that_an_authority_will_be_asked(tmp_path: Path) -> None:
    asked = stamping(tmp_path, simulated_authorities.new())
    sign.sign(request(b"deed", timestamps=True), asked)
    assert people.person_of(asked).first_prompt().timestamps


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


@pytest.mark.parametrize("signature_format", making.DOCUMENTS)
def test_a_signature_that_does_not_verify_never_leaves(
    signature_format: SignatureFormat, tmp_path: Path
) -> None:
    class BrokenKey(MemoryKey):
        def signer(self) -> Any:
            return BrokenSigner(self.party)

    store = MemoryStore({"/keys/a.p12": [BrokenKey(chains.person())]})
    asked = people.approval(tmp_path, store, opens(), approves())
    with pytest.raises(InvalidSignature):
        sign.sign(request(making.DOCUMENTS[signature_format], format=signature_format), asked)
    assert events(asked) == ["asked", "decided", "failed"]


# --- formats ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signature_format", making.DOCUMENTS)
def test_the_signature_has_the_format_that_was_asked_for(
    signature_format: SignatureFormat, tmp_path: Path
) -> None:
    document = making.DOCUMENTS[signature_format]
    signed = sign.sign(request(document, format=signature_format), approval(tmp_path))
    assert (signed.format, signed.certificate_der, signed.lacking) == (signature_format, b"", ())
    if signature_format != "raw":
        found = verify.verify(signed.signatures[0], at=chains.NOW, trust=verdicts.OFFLINE)
        assert (found.format, [each.signature for each in found.signers]) == (signature_format, ["valid"])


def test_the_certificate_comes_with_a_bare_signature_where_it_is_asked_for(tmp_path: Path) -> None:
    signed = sign.sign(request(b"deed", format="raw", with_certificate=True), approval(tmp_path))
    assert signed.certificate_der == chains.person("p256").certificate.der


@pytest.mark.parametrize("signature_format", ["xml", "wsse", "pdf"])
def test_a_document_that_can_not_be_signed_is_refused_before_anybody_is_asked_or_anything_noted(
    signature_format: SignatureFormat, tmp_path: Path
) -> None:
    asked = approval(tmp_path)
    with pytest.raises(BadInput):
        sign.sign(request(making.DOCUMENTS[signature_format], b"junk", format=signature_format), asked)
    assert people.person_of(asked).asked == []
    assert not asked.journal.path.exists()


ENCRYPTED = pdfs.build(
    [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages >>"], trailer=b" /Encrypt 2 0 R"
)


@pytest.mark.parametrize(("signature_format", "bad"), [("xml", b"<act><sum></act>"), ("pdf", ENCRYPTED)])
def test_of_many_documents_the_one_that_can_not_be_signed_is_named_by_its_number(
    signature_format: SignatureFormat, bad: bytes, tmp_path: Path
) -> None:
    asked = approval(tmp_path)
    documents = [making.DOCUMENTS[signature_format]] * 300
    documents[150] = bad
    with pytest.raises((BadInput, UnsupportedOperation)) as raised:
        sign.sign(request(*documents, format=signature_format), asked)
    assert raised.value.document == 150
    assert people.person_of(asked).asked == []


def test_what_goes_wrong_after_the_yes_names_its_document_and_nothing_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sign.making.make_checked

    def stumbles(document: bytes, *more: Any) -> Any:
        if document == b"150":
            raise InvalidSignature("the signature that was made does not verify")
        return real(document, *more)

    monkeypatch.setattr(sign.making, "make_checked", stumbles)
    documents = [str(number).encode() for number in range(300)]
    asked = approval(tmp_path, opens(), approves(left_out=(0, 1)))
    with pytest.raises(InvalidSignature) as raised:
        sign.sign(request(*documents, may_leave_out=True), asked)
    assert raised.value.document == 150
    assert events(asked) == ["asked", "decided", "failed"]


def test_what_is_about_no_document_names_none(tmp_path: Path) -> None:
    with pytest.raises(UserCancelled) as raised:
        sign.sign(request(b"one", b"two"), approval(tmp_path, people.raises(UserCancelled())))
    assert raised.value.document is None


def test_the_name_in_a_container_is_that_of_the_document(tmp_path: Path) -> None:
    wanted = request(b"one", b"two", format="asic", names=("a.txt", "b.txt"))
    signed = sign.sign(wanted, approval(tmp_path))
    assert [name in octets for name, octets in zip((b"a.txt", b"b.txt"), signed.signatures, strict=True)]


# --- timestamps ---------------------------------------------------------------------------------------------------


def stamping(tmp_path: Path, fetch: Any, *, family: str = "gost2015", **more: Any) -> Approval:
    """An approval that asks for timestamps by `fetch`, and believes the test authority."""
    test_anchors = anchors.from_certificates(authority.issuing())
    return approval(
        tmp_path, family=family, fetch=fetch, timestamp_url=TSP, test_anchors=test_anchors, **more
    )


@pytest.mark.parametrize("family", [*FAMILIES, "gost2004", "p256"])
def test_a_timestamp_is_made_and_read_back(family: str, tmp_path: Path) -> None:
    authorities = simulated_authorities.new()
    asked = stamping(tmp_path, authorities, family=family)
    signed = sign.sign(request(b"one", b"two", timestamps=True), asked)
    for octets in signed.signatures:
        (evidence,) = cms.verify(cms.read(octets))
        (timestamp,) = timestamps.of(evidence)
        assert timestamp.is_over(evidence.stamped)
        assert timestamp.moment == authority.NOW
    assert (authorities.count("timestamp"), signed.lacking) == (2, ())
    assert events(asked) == ["asked", "decided", "signed"]


@pytest.mark.parametrize(
    "fault", ["http-500", "slow:20", "garbage", "wrong-nonce", "expired", "bad-signature"]
)
def test_without_a_timestamp_no_signature_leaves(fault: str, tmp_path: Path) -> None:
    authorities = simulated_authorities.new()
    authorities.switch("tsp", fault)
    asked = stamping(tmp_path, authorities)
    with pytest.raises(TimestampFailed):
        sign.sign(request(b"deed", timestamps=True), asked)
    assert events(asked) == ["asked", "decided", "failed"]


@pytest.mark.parametrize("may_lack", [False, True], ids=["a must", "a wish"])
def test_an_authority_that_is_away_ends_a_batch_or_leaves_it_without_timestamps(
    may_lack: bool, tmp_path: Path
) -> None:
    authorities = simulated_authorities.new()

    def goes_away(question: Question) -> bytes:
        if authorities.count("timestamp") == 2:
            authorities.switch("tsp", "http-500")
        return authorities(question)

    asked = stamping(tmp_path, goes_away)
    wanted = request(*[b"act"] * 5, timestamps=True, may_lack_timestamps=may_lack)
    if may_lack:
        signed = sign.sign(wanted, asked)
        assert (len(signed.signatures), signed.lacking) == (5, (2, 3, 4))
    else:
        with pytest.raises(TimestampFailed) as raised:
            sign.sign(wanted, asked)
        assert raised.value.document == 2
        assert events(asked) == ["asked", "decided", "failed"]


def test_offline_no_signature_with_a_timestamp_is_made(tmp_path: Path) -> None:
    with pytest.raises(TimestampFailed, match="offline"):
        sign.sign(request(b"deed", timestamps=True), stamping(tmp_path, None))


def test_who_may_lack_timestamps_keeps_what_has_none_and_is_told_which(tmp_path: Path) -> None:
    authorities = simulated_authorities.new()
    numbers = iter(range(3))

    def fails_once(question: Question) -> bytes:
        authorities.switch("tsp", "http-500" if next(numbers) == 1 else "none")
        return authorities(question)

    wanted = request(b"one", b"two", b"three", timestamps=True, may_lack_timestamps=True)
    signed = sign.sign(wanted, stamping(tmp_path, fails_once))
    assert signed.lacking == (1,)
    found = [cms.verify(cms.read(octets))[0] for octets in signed.signatures]
    assert [(one.signature, one.has_timestamp) for one in found] == [
        ("valid", True), ("valid", False), ("valid", True),
    ]  # fmt: skip


def test_a_page_that_leaves_gets_no_more_timestamps(tmp_path: Path) -> None:
    authorities = simulated_authorities.new()
    left: list[Approval] = []

    def leave_after(question: Question) -> bytes:
        people.person_of(left[0]).leave()
        return authorities(question)

    left.append(stamping(tmp_path, leave_after))
    with pytest.raises(PageLeft):
        sign.sign(request(b"one", b"two", timestamps=True), left[0])
    assert authorities.count("timestamp") == 1
    assert events(left[0]) == ["asked", "decided", "left"]


# --- documents that are not at hand -------------------------------------------------------------------------------


def large(document: bytes, *wanted: algorithms.DigestAlgorithm) -> LargeDocument:
    hashed = wanted or (algorithms.SHA256, algorithms.STREEBOG_512, algorithms.GOST_94)
    return LargeDocument(len(document), tuple((each.oid, each(document)) for each in hashed))


@pytest.mark.parametrize("family", ["p256", "gost2015", "gost2004"])
def test_a_large_document_is_signed_by_the_digest_that_the_key_needs(family: str, tmp_path: Path) -> None:
    asked = approval(tmp_path, family=family)
    wanted = request(large=(large(b"deed"), large(b"act")), names=("deed.zip", "act.zip"))
    first, second = sign.sign(wanted, asked).signatures
    assert cms.verify(cms.read(first), b"deed")[0].signature == "valid"
    assert cms.verify(cms.read(second), b"act")[0].signature == "valid"
    shown = people.person_of(asked).first_prompt().documents
    assert [(each.name, each.size, each.digest, each.is_digest) for each in shown] == [
        ("deed.zip", 4, algorithms.SHA256(b"deed").hex(), False),
        ("act.zip", 3, algorithms.SHA256(b"act").hex(), False),
    ]


def test_a_large_document_joins_the_signature_that_is_there(tmp_path: Path) -> None:
    before = cms.sign(chains.person("rsa"), b"deed", at=chains.NOW, detached=True)
    wanted = request(large=(large(b"deed"),), existing=(before,), cosigns=True)
    (joined,) = sign.sign(wanted, approval(tmp_path)).signatures
    assert [each.signature for each in cms.verify(cms.read(joined), b"deed")] == ["valid", "valid"]


def test_a_large_document_that_was_hashed_in_another_way_is_not_signed(tmp_path: Path) -> None:
    wanted = request(large=(large(b"deed", algorithms.SHA256),))
    with pytest.raises(UnsupportedOperation, match="was not hashed by"):
        sign.sign(wanted, approval(tmp_path, family="gost2015"))


@pytest.mark.parametrize(
    ("changes", "placement"),
    [
        ({"detached": True}, "beside"),
        ({"detached": False}, "around"),
        ({"detached": True, "format": "raw"}, "bare"),
        ({"detached": False, "format": "xml"}, "inside"),
        ({"detached": False, "format": "asic"}, "around"),
    ],
)
def test_the_person_is_told_where_the_signature_will_be(
    tmp_path: Path, changes: dict[str, Any], placement: str
) -> None:
    asked = approval(tmp_path)
    sign.sign(request(b"<deed/>", **changes), asked)
    prompt = people.person_of(asked).first_prompt()
    assert (prompt.placement, prompt.timestamps) == (placement, False)


def test_the_person_is_told_of_the_timestamp_before_anybody_is_asked_for_it(tmp_path: Path) -> None:
    asked = approval(tmp_path)  # there is no server to ask
    with pytest.raises(TimestampFailed):
        sign.sign(request(b"deed", timestamps=True), asked)
    assert people.person_of(asked).first_prompt().timestamps


def test_an_authority_that_keeps_silent_is_not_waited_for_each_time(tmp_path: Path) -> None:
    authorities = simulated_authorities.new()
    authorities.switch("tsp", "http-500")
    documents = [bytes([number]) for number in range(6)]
    wanted = request(*documents, timestamps=True, may_lack_timestamps=True)
    signed = sign.sign(wanted, stamping(tmp_path, authorities))
    assert signed.lacking == (0, 1, 2, 3, 4, 5)
    assert authorities.count("timestamp") == 3
    assert all(cms.verify(cms.read(octets))[0].signature == "valid" for octets in signed.signatures)


def test_a_file_that_the_page_names_is_read_shown_and_signed(tmp_path: Path) -> None:
    act = tmp_path.resolve() / "act.pdf"
    act.write_bytes(b"deed")
    asked = approval(tmp_path, people.allows, opens(), approves())
    (signature,) = sign.sign(request(file=str(act)), asked).signatures
    assert cms.read(signature).content == b"deed"
    assert cms.verify(cms.read(signature))[0].signature == "valid"
    _, prompt, _ = people.person_of(asked).asked
    assert isinstance(prompt, prompts.OpenKey)
    (document,) = prompt.documents
    assert (document.name, document.path, document.size) == ("act.pdf", str(act), 4)
    assert events(asked) == ["asked", "decided", "asked", "decided", "signed"]


def test_a_large_file_gets_a_detached_signature_over_its_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named_file, "MOST_HELD_BYTES", 3)
    act = tmp_path.resolve() / "act.pdf"
    act.write_bytes(b"deed")
    asked = approval(tmp_path, people.allows, opens(), approves())
    (signature,) = sign.sign(request(file=str(act), detached=True, cosigns=True), asked).signatures
    assert cms.verify(cms.read(signature), b"deed")[0].signature == "valid"
    _, prompt, _ = people.person_of(asked).asked
    assert isinstance(prompt, prompts.OpenKey)
    assert (prompt.documents[0].path, prompt.documents[0].size) == (str(act), 4)


def test_a_digest_of_any_length_is_signed_where_the_site_wants_it_and_warned_of(tmp_path: Path) -> None:
    asked = approval(tmp_path)
    wanted = request(b"MTEK", detached=True, are_digests=True, is_any_digest=True)
    (signature,) = sign.sign(wanted, asked).signatures
    message = cms.read(signature)
    assert [signer.message_digest for signer in message.signers] == [b"MTEK"]
    assert "other-digest-length" in people.person_of(asked).last_choice().keys[0].reasons
    fitting = approval(tmp_path)
    digest = chains.person().algorithm.digest(b"deed")
    sign.sign(dataclasses.replace(wanted, documents=(digest,)), fitting)
    assert "other-digest-length" not in people.person_of(fitting).last_choice().keys[0].reasons


@pytest.mark.parametrize("is_trusted", [False, True])
def test_a_key_that_identifies_signs_a_bare_digest_only_for_sites_that_are_trusted_with_it(
    is_trusted: bool, tmp_path: Path
) -> None:
    person = chains.issue("ТЕСТОВ ТЕСТ", by=chains.root(), extended=[chains.CLIENT_AUTH])
    store = MemoryStore({"/keys/a.p12": [MemoryKey(person)]})
    asked = people.approval(tmp_path, store, opens(), approves(even_if_unsuitable=True))
    wanted = request(
        bytes(32),
        detached=True,
        are_digests=True,
        format="raw",
        trusts_bare_digests=is_trusted,
        keys=KeyFilter(authorities=()),
    )
    if is_trusted:
        assert sign.sign(wanted, asked).signatures
        return
    with pytest.raises(KeyUnsuitable):
        sign.sign(wanted, asked)
    assert "signed" not in events(asked)


# --- looking into documents, and leaving some out -----------------------------------------------------------------


def journal(asked: Approval) -> list[dict[str, Any]]:
    return [json.loads(line) for line in asked.journal.path.read_text("utf-8").splitlines()]


def sha256(octets: bytes) -> str:
    return algorithms.SHA256(octets).hex()


def test_the_person_looks_into_the_very_octets_that_are_signed(tmp_path: Path) -> None:
    asked = approval(tmp_path)
    documents = (b"deed", b"act")
    sign.sign(request(*documents, names=("deed.txt", "act.txt")), asked)
    person = people.person_of(asked)
    assert person.laid_open == [(b"deed", "deed.txt"), (b"act", "act.txt")]
    assert [content for content, _ in person.laid_open] == list(documents)


def test_the_person_looks_into_what_a_further_signature_is_about(tmp_path: Path) -> None:
    first = cms.sign(chains.person("rsa"), b"deed", at=chains.NOW, detached=False)
    asked = approval(tmp_path)
    sign.sign(request(first, cosigns=True, detached=True), asked)
    assert people.person_of(asked).laid_open == [(b"deed", "")]


def test_nobody_can_look_into_a_digest(tmp_path: Path) -> None:
    digest = chains.person().algorithm.digest(b"deed")
    asked = approval(tmp_path)
    sign.sign(request(digest, detached=True, are_digests=True), asked)
    assert people.person_of(asked).laid_open == [(preview.Overview("digest", digest=digest.hex()), "")]


def test_the_person_looks_into_a_large_document_only_where_it_is_held(tmp_path: Path) -> None:
    held = dataclasses.replace(large(b"deed"), octets=b"deed")
    asked = approval(tmp_path)
    sign.sign(request(large=(held, large(b"act"))), asked)
    too_large = preview.Overview("unknown", size=3, digest=sha256(b"act"), why="too-large")
    assert [content for content, _ in people.person_of(asked).laid_open] == [b"deed", too_large]


def test_the_name_of_a_file_goes_with_it_and_its_place_does_not(tmp_path: Path) -> None:
    act = tmp_path.resolve() / "act.pdf"
    act.write_bytes(b"deed")
    asked = approval(tmp_path, people.allows, opens(), approves())
    sign.sign(request(file=str(act)), asked)
    assert people.person_of(asked).laid_open == [(b"deed", "act.pdf")]


def test_what_the_person_left_out_is_not_signed_and_the_receipt_does_not_name_it(tmp_path: Path) -> None:
    asked = approval(tmp_path, opens(), approves(left_out=(2, 0)))
    documents = (b"one", b"two", b"three", b"four")
    signed = sign.sign(request(*documents, may_leave_out=True), asked)
    assert [cms.read(signature).content for signature in signed.signatures] == [b"two", b"four"]
    assert signed.left_out == (0, 2)
    assert [each is None for each in signed.by_document()] == [True, False, True, False]
    first, decided, receipt = journal(asked)
    assert (first["count"], decided["count"], receipt["count"]) == (4, 4, 2)
    assert decided["left_out"] == [sha256(b"one"), sha256(b"three")]
    assert receipt["digests"] == [sha256(b"two"), sha256(b"four")]
    assert "left_out" not in receipt
    assert people.person_of(asked).told == [prompts.Progress(done, 2) for done in range(3)]


def test_names_and_signatures_that_are_there_stay_with_their_documents(tmp_path: Path) -> None:
    before = [cms.sign(chains.person("rsa"), each, at=chains.NOW, detached=True) for each in (b"one", b"two")]
    wanted = request(
        large=(large(b"one"), large(b"two")), existing=tuple(before), cosigns=True, may_leave_out=True
    )
    asked = approval(tmp_path, opens(), approves(left_out=(0,)))
    (joined,) = sign.sign(wanted, asked).signatures
    assert [each.signature for each in cms.verify(cms.read(joined), b"two")] == ["valid", "valid"]
    named = request(b"one", b"two", format="asic", names=("a.txt", "b.txt"), may_leave_out=True)
    (container,) = sign.sign(
        named, approval(tmp_path / "second", opens(), approves(left_out=(0,)))
    ).signatures
    assert b"b.txt" in container
    assert b"a.txt" not in container


def test_what_lacks_a_timestamp_is_named_by_the_number_of_its_document(tmp_path: Path) -> None:
    authorities = simulated_authorities.new()
    authorities.switch("tsp", "http-500")
    store = MemoryStore({"/keys/a.p12": [MemoryKey(chains.person("gost2015"))]})
    asked = people.approval(
        tmp_path, store, opens(), approves(left_out=(0,)), fetch=authorities, timestamp_url=TSP
    )
    wanted = request(b"one", b"two", timestamps=True, may_lack_timestamps=True, may_leave_out=True)
    signed = sign.sign(wanted, asked)
    assert (signed.left_out, signed.lacking) == ((0,), (1,))


@pytest.mark.parametrize(
    ("count", "may_leave_out", "offered"), [(2, True, True), (2, False, False), (1, True, False)]
)
def test_leaving_out_is_offered_where_the_caller_can_do_with_a_part_and_there_is_one(
    count: int, may_leave_out: bool, offered: bool, tmp_path: Path
) -> None:
    asked = approval(tmp_path)
    sign.sign(request(*[b"x"] * count, may_leave_out=may_leave_out), asked)
    assert people.person_of(asked).first_prompt().may_leave_out is offered


@pytest.mark.parametrize(
    ("may_leave_out", "left_out"),
    [(False, (0,)), (True, (0, 1)), (True, (2,)), (True, (-1,)), (True, (0, 0))],
    ids=["where it may not", "all of them", "one that is not there", "before the first", "one twice"],
)
def test_a_window_that_leaves_out_what_it_may_not_gets_nothing_signed(
    may_leave_out: bool, left_out: tuple[int, ...], tmp_path: Path
) -> None:
    key = MemoryKey(chains.person("p256"))
    store = MemoryStore({"/keys/a.p12": [key]})
    asked = people.approval(tmp_path, store, opens(), approves(left_out=left_out))
    with pytest.raises(WindowFailed):
        sign.sign(request(b"one", b"two", may_leave_out=may_leave_out), asked)
    assert events(asked) == ["asked", "failed"]
    assert key.is_wiped


def test_a_person_who_closes_the_window_in_the_middle_of_a_batch_has_signed_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = approval(tmp_path)
    person = people.person_of(asked)

    def closed_after_one() -> None:
        if prompts.Progress(1, 3) in person.told:
            raise UserCancelled

    monkeypatch.setattr(person, "still_there", closed_after_one)
    with pytest.raises(UserCancelled):
        sign.sign(request(b"one", b"two", b"three"), asked)
    assert person.told == [prompts.Progress(0, 3), prompts.Progress(1, 3)]
    assert events(asked) == ["asked", "decided", "decided"]


# --- what a policy forbids ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "changes", "setting"),
    [
        (Rules(formats=("pdf",)), {}, "formats"),
        (Rules(max_documents=1), {}, "max_documents"),
        (Rules(forbid_hash_only=True), {"are_digests": True, "detached": True}, "forbid_hash_only"),
        (Rules(require_preview=True), {"are_digests": True, "detached": True}, "require_preview"),
    ],
)
def test_what_the_policy_forbids_is_refused_before_anybody_is_asked(
    tmp_path: Path, rules: Rules, changes: dict[str, Any], setting: str
) -> None:
    asked = approval(tmp_path, rules=rules)
    digest = chains.person().algorithm.digest(b"deed")
    with pytest.raises(PolicyForbids, match=setting):
        sign.sign(request(digest, digest, **changes), asked)
    assert people.person_of(asked).asked == []


def test_a_document_that_is_not_at_hand_can_not_be_looked_at_and_so_not_be_signed(tmp_path: Path) -> None:
    large = LargeDocument(4, ((algorithms.SHA256.oid, hashlib.sha256(b"deed").digest()),))
    asked = approval(tmp_path, rules=Rules(require_preview=True))
    with pytest.raises(PolicyForbids, match="require_preview") as caught:
        sign.sign(request(large=(large,), detached=True), asked)
    assert caught.value.document == 0
    command = approval(tmp_path, rules=Rules(require_preview=True), kind="command")
    assert sign.sign(request(large=(large,), detached=True), command).signatures  # they named the file


def test_a_yes_to_what_was_not_looked_at_is_none(tmp_path: Path) -> None:
    rules = Rules(require_preview=True)
    asked = approval(tmp_path, rules=rules)
    people.person_of(asked).looked_at = frozenset({0, 2})
    with pytest.raises(PolicyForbids) as caught:
        sign.sign(request(b"one", b"two", b"three"), asked)
    assert caught.value.document == 1
    assert people.person_of(asked).first_prompt().must_be_seen
    assert "signed" not in events(asked)


def test_what_was_looked_at_is_signed_and_what_was_left_out_need_not_be(tmp_path: Path) -> None:
    asked = approval(tmp_path, opens(), approves(left_out=(1,)), rules=Rules(require_preview=True))
    people.person_of(asked).looked_at = frozenset({0, 2})
    signed = sign.sign(request(b"one", b"two", b"three", may_leave_out=True), asked)
    assert (len(signed.signatures), signed.left_out) == (2, (1,))


def test_without_such_a_policy_nobody_has_to_look(tmp_path: Path) -> None:
    asked = approval(tmp_path)
    sign.sign(request(b"one"), asked)
    assert not people.person_of(asked).first_prompt().must_be_seen


def test_a_site_that_the_administrator_named_is_not_introduced_as_new(tmp_path: Path) -> None:
    named = approval(tmp_path, rules=Rules(known=(OriginRule.parse("https://kds.example.kz"),)))
    sign.sign(request(b"one"), named)
    assert not people.person_of(named).first_prompt().caller.is_new
    other = approval(tmp_path, rules=Rules(known=(OriginRule.parse("https://other.kz"),)))
    sign.sign(request(b"one"), other)
    assert people.person_of(other).first_prompt().caller.is_new


def test_a_key_that_lies_elsewhere_is_refused_in_the_window_and_another_one_is_asked_for(
    tmp_path: Path,
) -> None:
    store = MemoryStore(
        {"/keys/a.p12": [MemoryKey(chains.person("p256"))], "/b.p12": [MemoryKey(chains.person("p256"))]}
    )
    rules = Rules(key_folders=(Path("/keys"),))
    kept = KeptInFolders(store, rules, lambda _: True)
    asked = people.approval(
        tmp_path, store, opens("/b.p12"), opens(), approves(), rules=rules, key_stores=kept
    )
    assert sign.sign(request(b"one"), asked).signatures
    second = people.person_of(asked).asked[1]
    assert isinstance(second, prompts.OpenKey)
    assert second.problem is not None
    assert second.problem.code == "key-folder"
