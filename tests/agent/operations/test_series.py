"""Documents that come after the yes, with a person and keys in memory."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.certificate import CLIENT_AUTH
from agent.errors import InvalidSignature, PolicyForbids, StorageFailed, TimedOut, UserCancelled
from agent.formats import cms
from agent.operations import series
from agent.operations.approval import Approval
from agent.rules import Rules
from agent.user.base import PageLeft
from protocol import prompts, work
from protocol.messages import Done, SeriesRequest
from tests.support import chains, people
from tests.support.memory_store import MemoryKey, MemoryStore
from tests.support.people import approves, opens

DOCUMENTS = (b"one", b"", "үш".encode() * 1000)
REQUEST = SeriesRequest(len(DOCUMENTS), detached=True)


def approval(tmp_path: Path, *steps: people.Step, key: MemoryKey | None = None, **more: Any) -> Approval:
    store = MemoryStore({"/keys/a.p12": [key or MemoryKey(chains.person("p256"))]})
    return people.approval(tmp_path, store, *(steps or (opens(), approves())), **more)


def journal(asked: Approval) -> list[dict[str, Any]]:
    return [json.loads(line) for line in asked.journal.path.read_text("utf-8").splitlines()]


def test_each_document_has_its_signature_before_the_next_one_is_taken(tmp_path: Path) -> None:
    given: list[bytes] = []

    def documents() -> Iterator[bytes]:
        for number, document in enumerate(DOCUMENTS):
            assert len(given) == number
            yield document

    asked = approval(tmp_path)
    assert series.sign(REQUEST, asked, documents(), given.append) == Done()
    for document, signature in zip(DOCUMENTS, given, strict=True):
        message = cms.read(signature)
        assert message.content is None
        assert [each.signature for each in cms.verify(message, document)] == ["valid"]


def test_documents_are_put_inside_where_that_was_asked_for(tmp_path: Path) -> None:
    given: list[bytes] = []
    asked = approval(tmp_path)
    series.sign(SeriesRequest(1, detached=False), asked, iter([b"deed"]), given.append)
    assert cms.read(given[0]).content == b"deed"
    assert people.person_of(asked).first_prompt().placement == "around"


def test_the_person_is_told_how_many_will_come_and_that_none_can_be_shown(tmp_path: Path) -> None:
    asked = approval(tmp_path)
    series.sign(REQUEST, asked, iter(DOCUMENTS), lambda _: None)
    prompt = people.person_of(asked).first_prompt()
    assert (prompt.action, prompt.purpose, prompt.documents) == ("sign", "any", ())
    assert (prompt.announced, prompt.placement) == (3, "beside")


def test_nothing_is_taken_before_the_yes(tmp_path: Path) -> None:
    def untouched() -> Iterator[bytes]:
        raise AssertionError
        yield b""

    asked = approval(tmp_path, opens(), people.raises(UserCancelled()))
    with pytest.raises(UserCancelled):
        series.sign(REQUEST, asked, untouched(), lambda _: None)
    assert [(each["event"], each["count"]) for each in journal(asked)] == [("asked", 3), ("decided", 3)]


def test_each_receipt_is_on_the_disk_before_its_signature_leaves(tmp_path: Path) -> None:
    asked = approval(tmp_path)

    def give(_signature: bytes) -> None:
        receipts.append([each["digests"] for each in journal(asked) if each["event"] == "signed"])

    receipts: list[list[list[str]]] = []
    series.sign(REQUEST, asked, iter(DOCUMENTS), give)
    digests = [[hashlib.sha256(document).hexdigest()] for document in DOCUMENTS]
    assert receipts == [digests[:1], digests[:2], digests]
    lines = journal(asked)
    assert [(each["event"], each["count"]) for each in lines] == [
        ("asked", 3), ("decided", 3), ("signed", 1), ("signed", 1), ("signed", 1),
    ]  # fmt: skip
    assert len({each["id"] for each in lines}) == 1
    assert asked.journal.verify_chain() == 5


def test_without_a_receipt_no_signature_leaves(tmp_path: Path) -> None:
    asked = approval(tmp_path)

    def documents() -> Iterator[bytes]:
        asked.journal.path.unlink()
        asked.journal.path.mkdir()
        yield b"deed"

    given: list[bytes] = []
    with pytest.raises(StorageFailed):
        series.sign(REQUEST, asked, documents(), given.append)
    assert given == []


def test_an_error_names_the_document_and_those_before_it_have_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def documents() -> Iterator[bytes]:
        yield b"one"
        yield b"two"
        raise TimedOut("the page did not send its next document in time")

    given: list[bytes] = []
    with pytest.raises(TimedOut) as raised:
        series.sign(REQUEST, approval(tmp_path), documents(), given.append)
    assert raised.value.document == len(given) == 2
    real = series.making.make_checked

    def stumbles(document: bytes, *more: Any) -> Any:
        if document == DOCUMENTS[1]:
            raise InvalidSignature("the signature that was made does not verify")
        return real(document, *more)

    monkeypatch.setattr(series.making, "make_checked", stumbles)
    given.clear()
    with pytest.raises(InvalidSignature) as other:
        series.sign(REQUEST, approval(tmp_path), iter(DOCUMENTS), given.append)
    assert other.value.document == len(given) == 1


def test_a_page_that_leaves_in_the_middle_keeps_what_it_has(tmp_path: Path) -> None:
    def documents() -> Iterator[bytes]:
        yield b"one"
        raise PageLeft

    given: list[bytes] = []
    key = MemoryKey(chains.person("p256"))
    asked = approval(tmp_path, key=key)
    with pytest.raises(PageLeft):
        series.sign(REQUEST, asked, documents(), given.append)
    assert len(given) == 1
    assert [each["event"] for each in journal(asked)] == ["asked", "decided", "signed", "left"]
    assert key.is_wiped


def test_a_person_who_closes_the_window_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = approval(tmp_path)
    person = people.person_of(asked)

    def documents() -> Iterator[bytes]:
        yield b"one"
        monkeypatch.setattr(person, "still_there", closed)
        yield b"two"

    def closed() -> None:
        raise UserCancelled

    given: list[bytes] = []
    with pytest.raises(UserCancelled):
        series.sign(REQUEST, asked, documents(), given.append)
    assert len(given) == 1
    assert [each["event"] for each in journal(asked)] == ["asked", "decided", "signed", "decided"]


def test_page_and_person_hear_how_far_it_is(tmp_path: Path) -> None:
    heard: list[work.Stage | work.Progress] = []
    asked = approval(tmp_path, notice=heard.append)
    series.sign(REQUEST, asked, iter(DOCUMENTS), lambda _: None)
    assert [each for each in heard if isinstance(each, work.Progress)] == [
        work.Progress(number, 3) for number in (1, 2, 3)
    ]
    person = people.person_of(asked)
    assert person.told == [prompts.Progress(number, 3) for number in (1, 2, 3)]
    assert person.laid_open == []  # there is nothing to see before the yes
    assert not person.first_prompt().may_leave_out


def test_a_key_for_identification_signs_too_for_the_page_can_not_say_which_it_wants(tmp_path: Path) -> None:
    party = chains.issue("ТЕСТОВ ТЕСТ", by=chains.root("p256"), extended=[CLIENT_AUTH])
    assert party.certificate.uses == ("identify",)
    asked = approval(tmp_path, key=MemoryKey(party))
    series.sign(SeriesRequest(1, detached=True), asked, iter([b"deed"]), lambda _: None)
    (choice,) = [each for each in people.person_of(asked).asked if isinstance(each, prompts.ChooseKey)]
    assert choice.keys[0].suitable
    assert "unknown-authority" in choice.keys[0].reasons


@pytest.mark.parametrize(
    "rules", [Rules(require_preview=True), Rules(formats=("pdf",)), Rules(max_documents=len(DOCUMENTS) - 1)]
)
def test_what_the_policy_forbids_is_refused_before_anybody_is_asked(tmp_path: Path, rules: Rules) -> None:
    asked = approval(tmp_path, rules=rules)
    with pytest.raises(PolicyForbids):
        series.sign(REQUEST, asked, iter(DOCUMENTS), lambda _: None)
    assert people.person_of(asked).asked == []


def test_what_the_policy_allows_is_signed(tmp_path: Path) -> None:
    rules = Rules(formats=("cms",), max_documents=len(DOCUMENTS), forbid_hash_only=True)
    given: list[bytes] = []
    assert series.sign(REQUEST, approval(tmp_path, rules=rules), iter(DOCUMENTS), given.append) == Done()
    assert len(given) == len(DOCUMENTS)
