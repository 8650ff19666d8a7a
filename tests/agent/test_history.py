"""History."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent import history
from agent.errors import StorageFailed
from agent.history import Query
from agent.journal import Journal

AT = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
CALLER = {"kind": "site", "origin": "https://kds.example.kz", "site": "kds.example.kz", "action": "sign"}
OWNER = {"certificate": "ab" * 32, "owner": "ТЕСТОВ ТЕСТ"}


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state" / "journal.jsonl")


def write(journal: Journal, operation_id: str, *events: str, at: datetime = AT, **facts: Any) -> None:
    for number, event in enumerate(events):
        known = {**CALLER, "count": 2, "digests": ["0a" * 32, "0b" * 32], **facts}
        if event == "decided":
            known |= {"decision": "approved", **OWNER}
        if event == "signed":
            known |= OWNER
        journal.write(event, operation_id, at + timedelta(seconds=number), known)  # type: ignore[arg-type]


def test_the_lines_of_one_operation_become_one(journal: Journal) -> None:
    write(journal, "1", "asked", "decided", "signed")
    (operation,) = history.operations(journal)
    assert operation.outcome == "signed"
    assert operation.is_signature
    assert (operation.asked_at, operation.ended_at) == (AT, AT + timedelta(seconds=2))
    assert (operation.site, operation.owner, operation.count) == ("kds.example.kz", "ТЕСТОВ ТЕСТ", 2)
    assert operation.digests == ("0a" * 32, "0b" * 32)


@pytest.mark.parametrize("last", [(), ("left",), ("failed",)])
def test_of_a_series_every_document_counts_however_it_ended(journal: Journal, last: tuple[str, ...]) -> None:
    write(journal, "1", "asked", count=3)
    for digest in ("0a" * 32, "0b" * 32):
        write(journal, "1", "signed", count=1, digests=[digest])
    write(journal, "1", *last, code="timed-out")
    (operation,) = history.operations(journal)
    assert (operation.outcome, operation.count) == ("signed", 2)
    assert operation.digests == ("0a" * 32, "0b" * 32)


def test_operations_that_run_side_by_side_are_kept_apart_and_come_newest_first(journal: Journal) -> None:
    write(journal, "1", "asked")
    write(journal, "2", "asked", at=AT + timedelta(minutes=1))
    write(journal, "1", "decided", "signed", at=AT + timedelta(minutes=2))
    assert [(each.operation_id, each.outcome) for each in history.operations(journal)] == [
        ("2", "unfinished"),
        ("1", "signed"),
    ]


@pytest.mark.parametrize(
    ("event", "facts", "outcome", "code"),
    [
        ("failed", {"code": "timed-out"}, "failed", "timed-out"),
        ("left", {}, "left", ""),
        ("timestamped", {}, "timestamped", ""),
        ("checked", {}, "checked", ""),
        ("shown", {}, "shown", ""),
    ],
)
def test_how_it_may_end(journal: Journal, event: str, facts: dict[str, str], outcome: str, code: str) -> None:
    write(journal, "1", "asked")
    write(journal, "1", event, **facts)
    (operation,) = history.operations(journal)
    assert (operation.outcome, operation.code, operation.is_signature) == (outcome, code, False)


def test_a_no_is_cancelled(journal: Journal) -> None:
    journal.write("asked", "1", AT, CALLER)
    journal.write("decided", "1", AT, {**CALLER, "decision": "cancelled"})
    assert [each.outcome for each in history.operations(journal)] == ["cancelled"]


def test_lines_that_make_no_sense_are_passed_over(journal: Journal) -> None:
    write(journal, "1", "asked")
    with journal.path.open("ab") as stream:
        stream.write(b'torn\n[]\n{"id":"2"}\n{"id":"3","event":"asked","time":"soon"}\n')
        stream.write(b'{"id":"4","event":"signed","time":"2026-01-01T00:00:00+00:00","count":[]}\n')
    assert [each.operation_id for each in history.operations(journal)] == ["1"]


def test_without_a_journal_nothing_happened(journal: Journal) -> None:
    assert history.operations(journal) == ()


def test_a_journal_that_can_not_be_read_is_an_error(journal: Journal) -> None:
    journal.path.mkdir(parents=True)
    with pytest.raises(StorageFailed):
        history.operations(journal)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(), ["2", "1"]),
        (Query("KDS"), ["2", "1"]),
        (Query("тестов kds"), ["1"]),
        (Query("0b0b"), ["2", "1"]),
        (Query("b0b0"), []),
        (Query("abab"), ["1"]),
        (Query(outcomes=frozenset({"signed"})), ["1"]),
        (Query(since=date(2026, 11, 25)), ["2"]),
        (Query(until=date(2026, 11, 25)), ["1"]),
        (Query("other.kz"), []),
    ],
)
def test_what_a_query_finds(journal: Journal, query: Query, found: list[str]) -> None:
    write(journal, "1", "asked", "decided", "signed")
    write(journal, "2", "asked", at=AT + timedelta(days=5))
    assert [each.operation_id for each in history.search(history.operations(journal), query)] == found


def test_the_newest_of_each_origin(journal: Journal) -> None:
    write(journal, "1", "asked")
    write(journal, "2", "asked", at=AT + timedelta(days=1))
    write(journal, "3", "asked", origin="", site="", kind="program")
    newest = history.last_seen(history.operations(journal))
    assert {origin: each.operation_id for origin, each in newest.items()} == {"https://kds.example.kz": "2"}


def test_programs_get_json(journal: Journal) -> None:
    write(journal, "1", "asked", "decided", "signed")
    (item,) = json.loads(history.to_json(history.operations(journal)))
    assert item["outcome"] == "signed"
    assert datetime.fromisoformat(item["asked_at"]) == AT


def test_what_was_left_out_is_told_apart_from_what_was_signed(journal: Journal) -> None:
    write(journal, "1", "asked", count=3, digests=["0a" * 32, "0b" * 32, "0c" * 64])
    journal.write("decided", "1", AT, {**CALLER, **OWNER, "decision": "approved", "left_out": ["0c" * 64]})
    (asked,) = history.operations(journal)
    assert (asked.left_out, asked.documents) == (("0c" * 64,), "3")  # nothing is signed yet
    write(journal, "1", "signed", at=AT + timedelta(minutes=1))
    (operation,) = history.operations(journal)
    assert (operation.count, operation.left_out, operation.documents) == (2, ("0c" * 64,), "2/3")
    assert operation.digests == ("0a" * 32, "0b" * 32)
    assert json.loads(history.to_json([operation]))[0]["left_out"] == ["0c" * 64]
    assert list(history.search([operation], Query("0c0c")))
    assert history.digest_sizes([operation]) == {32, 64}


@pytest.mark.parametrize(
    ("digests", "finds"),
    [(None, True), ({"0a" * 32, "ff" * 32}, True), ({"0d" * 32}, True), ({"0a"}, False), (set(), False)],
)
def test_operations_are_found_by_a_document_of_theirs(
    journal: Journal, digests: set[str] | None, finds: bool
) -> None:
    write(journal, "1", "asked")
    journal.write("decided", "1", AT, {**CALLER, **OWNER, "decision": "approved", "left_out": ["0d" * 32]})
    query = Query(digests=None if digests is None else frozenset(digests))
    assert bool(list(history.search(history.operations(journal), query))) is finds
