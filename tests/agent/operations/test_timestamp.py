"""Adding timestamps to what is signed: nobody is asked, nothing else changes, and the journal knows of it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from agent.errors import BadInput, StorageFailed, TimestampFailed
from agent.formats import cms
from agent.operations import timestamp
from agent.operations.approval import Approval
from agent.trust import anchors
from agent.user.base import PageLeft
from protocol.messages import Signed, TimestampRequest
from tests.support import authority, chains, people, simulated_authorities, timestamps, verdicts
from tests.support.authority import NOW
from tests.support.memory_store import MemoryStore
from tests.support.simulated_authorities import TSP, SimulatedAuthorities

DOCUMENT = b"an act of work done"


def message(*families: str, detached: bool = False) -> bytes:
    first, *others = families or ("gost2015",)
    made = cms.sign(chains.person(first), DOCUMENT, at=NOW, detached=detached)
    for family in others:
        made = cms.cosign(chains.person(family), made, at=NOW, content=DOCUMENT)
    return made


def approval(tmp_path: Path, authorities: SimulatedAuthorities, **changes: Any) -> Approval:
    usual = {"fetch": authorities, "timestamp_url": TSP}
    test_anchors = anchors.from_certificates(authority.issuing())
    return people.approval(tmp_path, MemoryStore({}), test_anchors=test_anchors, **{**usual, **changes})


def events(asked: Approval) -> list[dict[str, Any]]:
    return [json.loads(line) for line in asked.journal.path.read_text("utf-8").splitlines()]


def stamped(made: bytes, authorities: SimulatedAuthorities) -> bytes:
    return timestamp.stamped(made, verdicts.timestamp_authority(authorities))


def unsigned(made: bytes) -> list[list[str]]:
    """The unsigned attributes of each signer."""
    return [[each.oid for each in signer.unsigned_attributes] for signer in cms.read(made).signers]


# --- the operation ------------------------------------------------------------------------------------------------


def test_each_signer_gets_one_and_nobody_is_asked_anything(tmp_path: Path) -> None:
    asked, before = approval(tmp_path, simulated_authorities.new()), message("gost2015", "gost2004", "p256")
    (after,) = timestamp.apply(TimestampRequest(before), asked).signatures
    found = cms.verify(cms.read(after))
    assert [evidence.signature for evidence in found] == ["valid"] * 3
    for evidence in found:
        (one,) = timestamps.of(evidence)
        assert one.moment == NOW
        assert one.is_over(evidence.stamped)
    assert people.person_of(asked).asked == []


def test_it_stands_in_the_journal(tmp_path: Path) -> None:
    asked, before = approval(tmp_path, simulated_authorities.new()), message()
    timestamp.apply(TimestampRequest(before), asked)
    first, last = events(asked)
    assert [first["event"], last["event"]] == ["asked", "timestamped"]
    assert (first["action"], first["origin"]) == ("timestamp", "https://kds.example.kz")
    assert asked.journal.verify_chain() == 2


def test_what_is_no_signature_leaves_no_trace(tmp_path: Path) -> None:
    asked = approval(tmp_path, simulated_authorities.new())
    for junk in (b"", b"junk", b"\x30\x03\x02\x01\x00", message()[:-7]):
        with pytest.raises(BadInput):
            timestamp.apply(TimestampRequest(junk), asked)
    assert not asked.journal.path.exists()


def test_without_a_timestamp_nothing_comes_back_and_the_failure_is_noted(tmp_path: Path) -> None:
    authorities = simulated_authorities.new()
    authorities.switch("tsp", "http-500")
    asked = approval(tmp_path, authorities)
    with pytest.raises(TimestampFailed):
        timestamp.apply(TimestampRequest(message()), asked)
    assert [event["event"] for event in events(asked)] == ["asked", "failed"]
    assert events(asked)[-1]["code"] == "timestamp-failed"


def test_a_page_that_leaves_ends_it_between_two_timestamps(tmp_path: Path) -> None:
    authorities = simulated_authorities.new()
    asked = approval(tmp_path, authorities)

    def leave_after(question: Any) -> bytes:
        people.person_of(asked).leave()
        return authorities(question)

    asked = approval(tmp_path, authorities, fetch=leave_after)
    with pytest.raises(PageLeft):
        timestamp.apply(TimestampRequest(message("gost2015", "gost2004")), asked)
    assert authorities.count("timestamp") == 1
    assert [event["event"] for event in events(asked)] == ["asked", "left"]


def test_what_can_not_be_noted_is_not_done(tmp_path: Path) -> None:
    authorities = simulated_authorities.new()
    asked = approval(tmp_path, authorities)
    asked.journal.path.mkdir()
    with pytest.raises(StorageFailed):
        timestamp.apply(TimestampRequest(message()), asked)
    assert authorities.asked == []


def test_the_answer_is_a_cms(tmp_path: Path) -> None:
    found = timestamp.apply(TimestampRequest(message()), approval(tmp_path, simulated_authorities.new()))
    assert found == Signed(found.signatures, format="cms")


# --- the message --------------------------------------------------------------------------------------------------


def test_only_who_has_none_gets_one() -> None:
    first = timestamps.stamped(message("gost2015", detached=True))
    both = cms.cosign(chains.person("gost2004"), first, at=NOW, content=DOCUMENT)
    authorities = simulated_authorities.new()
    after = stamped(both, authorities)
    assert authorities.count("timestamp") == 1
    assert [len(signer.timestamp_tokens) for signer in cms.read(after).signers] == [1, 1]
    kept = cms.read(first).signers[0].encoded
    assert kept in after


def test_where_each_has_one_already_nobody_is_asked_and_it_is_said() -> None:
    authorities = simulated_authorities.new()
    with pytest.raises(BadInput, match="has a timestamp already"):
        stamped(timestamps.stamped(message("gost2015", "gost2004")), authorities)
    assert authorities.asked == []


def test_nothing_but_the_unsigned_attributes_changes() -> None:
    before = message("gost2015", "p256")
    after = stamped(before, simulated_authorities.new())
    old, new = cms.read(before), cms.read(after)
    assert [(s.signed_attributes, s.signature) for s in old.signers] == [
        (s.signed_attributes, s.signature) for s in new.signers
    ]
    assert (old.certificates_der, old.content) == (new.certificates_der, new.content)
    assert (unsigned(before), [len(each) for each in unsigned(after)]) == ([[], []], [1, 1])


@pytest.mark.parametrize(
    "armour", [lambda der: cms.to_pem(der).encode(), base64.b64encode, bytes], ids=["pem", "base64", "der"]
)
def test_whatever_it_is_wrapped_in_what_comes_back_is_der(armour: Any) -> None:
    after = stamped(armour(message(detached=True)), simulated_authorities.new())
    assert after[:1] == b"\x30"
    assert cms.verify(cms.read(after), DOCUMENT)[0].has_timestamp
