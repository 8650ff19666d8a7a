"""An approval and its record in the journal."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.errors import BadInput, StorageFailed, TimedOut, UserCancelled
from agent.operations import consent
from agent.operations.approval import Approval
from agent.user.base import PageLeft
from protocol import prompts, work
from tests.support import chains, people
from tests.support.memory_store import MemoryStore


@pytest.fixture
def approval(tmp_path: Path) -> Approval:
    return people.approval(tmp_path, MemoryStore({}))


def lines(approval: Approval) -> list[dict[str, Any]]:
    return [json.loads(line) for line in approval.journal.path.read_text("utf-8").splitlines()]


def test_what_is_asked_is_noted_before_anything_else(approval: Approval) -> None:
    approval.record("sign", consent.describe([b"one", b"two"]))
    (line,) = lines(approval)
    assert line["event"] == "asked"
    assert (line["kind"], line["origin"], line["site"]) == (
        "site",
        "https://kds.example.kz",
        "kds.example.kz",
    )
    assert (line["action"], line["count"], len(line["digests"])) == ("sign", 2, 2)
    assert "one" not in json.dumps(line)


def test_only_a_receipt_lists_the_digests_of_very_many_documents(approval: Approval) -> None:
    certificate = chains.person().certificate
    with approval.record("sign", consent.describe([b"x"] * 1000)) as record:
        record.signed(certificate)
    asked, signed = lines(approval)
    assert (asked["count"], len(asked["digests"])) == (1000, 16)
    assert (signed["count"], len(signed["digests"])) == (1000, 1000)


def test_a_receipt_names_the_owner_and_the_certificate(approval: Approval) -> None:
    certificate = chains.person().certificate
    with approval.record("sign", consent.describe([b"one"])) as record:
        record.decided("approved", certificate)
        record.signed(certificate)
    assert [line["event"] for line in lines(approval)] == ["asked", "decided", "signed"]
    assert len({line["id"] for line in lines(approval)}) == 1
    assert lines(approval)[2]["certificate"] == certificate.fingerprint
    assert approval.journal.recent(1)[0].owner == "ТЕСТОВ ТЕСТ"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UserCancelled(), {"event": "decided", "decision": "cancelled"}),
        (PageLeft(), {"event": "left"}),
        (TimedOut(), {"event": "failed", "code": "timed-out"}),
        (BadInput("a path: /home/somebody"), {"event": "failed", "code": "bad-input"}),
        (KeyError("Qwerty12"), {"event": "failed", "code": "internal"}),
    ],
)
def test_every_end_is_noted_without_its_text(
    approval: Approval, error: Exception, expected: dict[str, str]
) -> None:
    with pytest.raises(type(error)), approval.record("sign", ()):
        raise error
    line = lines(approval)[-1]
    assert {key: line[key] for key in expected} == expected
    assert "somebody" not in json.dumps(line)
    assert "Qwerty12" not in json.dumps(line)


@pytest.mark.parametrize(("error", "told"), [(PageLeft(), PageLeft), (UserCancelled(), StorageFailed)])
def test_a_disk_that_fills_up_meanwhile_is_told_where_somebody_listens(
    error: Exception, told: type[Exception], approval: Approval
) -> None:
    record = approval.record("sign", ())
    approval.journal.path.unlink()
    approval.journal.path.mkdir()
    with pytest.raises(told), record:
        raise error


def test_progress_is_told_to_the_page_and_to_the_person(tmp_path: Path) -> None:
    told: list[Any] = []
    approval = people.approval(tmp_path, MemoryStore({}), notice=told.append)
    approval.progress(2, 3)
    assert told == [work.Progress(2, 3)]
    assert people.person_of(approval).told == [prompts.Progress(2, 3)]


def test_a_decision_names_what_was_left_out_and_a_no_names_nothing(approval: Approval) -> None:
    documents = consent.describe([b"one", b"two"])
    record = approval.record("sign", documents)
    record.decided("approved", chains.person().certificate, left_out=documents[1:])
    record.decided("cancelled")
    _, approved, cancelled = lines(approval)
    assert (approved["count"], approved["left_out"]) == (2, [documents[1].digest])
    assert "left_out" not in cancelled


def test_signatures_and_refusals_are_events_without_names(
    approval: Approval, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="agent")
    with approval.record("sign", consent.describe([b"one", b"two"], ["Договор Иванова.pdf", ""])) as record:
        record.decided("approved", chains.person().certificate)
        record.signed(chains.person().certificate)
    with pytest.raises(UserCancelled), approval.record("sign", consent.describe([b"one"])):
        raise UserCancelled
    told = [(entry.event_id, entry.message) for entry in caplog.records]  # type: ignore[attr-defined]  # by logs.note
    assert told == [
        (1308, "signatures were made kind=site origin=https://kds.example.kz count=2"),
        (1309, "the person said no kind=site origin=https://kds.example.kz"),
    ]


def test_a_signature_whose_receipt_can_not_be_written_is_no_event(
    approval: Approval, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="agent")
    record = approval.record("sign", consent.describe([b"one"]))
    approval.journal.path.unlink()
    approval.journal.path.mkdir()
    with pytest.raises(StorageFailed):
        record.signed(chains.person().certificate)
    assert caplog.records == []
