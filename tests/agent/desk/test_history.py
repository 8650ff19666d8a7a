"""The desk's page of history."""

import csv
import hashlib
import io
import json
import os
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent import file_digests
from agent.desk import history
from agent.desk.base import FileNotWritten
from agent.errors import BadInput
from agent.journal import Journal
from protocol.desk import frame, messages
from protocol.desk import history as page
from tests.support import desks
from tests.support.desks import Sent

CALLER = {
    "kind": "site",
    "origin": "https://kds.example.kz",
    "site": "kds.example.kz",
    "action": "sign",
    "count": 1,
}


@pytest.fixture
def made(tmp_path: Path) -> tuple[history.HistoryPage, Sent, Journal]:
    desk, sent = desks.desk(tmp_path)
    return history.make(desk), sent, Journal(desk.paths.journal)


def write(journal: Journal, count: int, **facts: Any) -> None:
    for number in range(count):
        at = desks.AT + timedelta(minutes=number)
        journal.write("asked", f"{number:x}", at, {**CALLER, "digests": ["0a" * 32] * 60, **facts})


def test_rows_come_in_pieces_the_newest_first(made: tuple[history.HistoryPage, Sent, Journal]) -> None:
    shown, sent, journal = made
    write(journal, page.MAX_ROWS + 5)
    shown.take(page.Find(1, page.Search()))
    shown.take(page.Find(1, page.Search(), page.MAX_ROWS))
    first, second = sent.take()
    assert (first.total, first.start, len(first.rows)) == (page.MAX_ROWS + 5, 0, page.MAX_ROWS)
    assert (second.start, len(second.rows)) == (page.MAX_ROWS, 5)
    assert first.rows[0].time > first.rows[1].time > second.rows[-1].time
    assert len(first.rows[0].digests) == page.MAX_DIGESTS


def test_what_was_written_meanwhile_is_seen(made: tuple[history.HistoryPage, Sent, Journal]) -> None:
    shown, sent, journal = made
    shown.take(page.Find(1, page.Search()))
    write(journal, 1)
    shown.take(page.Find(2, page.Search("kds", since="2026-11-27", until="2026-11-28", outcome="unfinished")))
    shown.take(page.Find(3, page.Search("other")))
    assert [(each.question, each.total) for each in sent.take()] == [(1, 0), (2, 1), (3, 0)]


def test_a_day_that_is_none_is_bad_input(made: tuple[history.HistoryPage, Sent, Journal]) -> None:
    with pytest.raises(BadInput):
        made[0].take(page.Find(1, page.Search(since="yesterday")))


def test_the_chain_is_checked(made: tuple[history.HistoryPage, Sent, Journal]) -> None:
    shown, sent, journal = made
    write(journal, 3)
    shown.take(page.Check())
    journal.path.write_bytes(journal.path.read_bytes().replace(b'"count":1', b'"count":7', 1))
    shown.take(page.Check())
    assert sent.take() == [page.Checked(3), page.Checked(1, 2)]


def test_a_row_tells_what_was_left_out_and_no_text_is_without_end(
    made: tuple[history.HistoryPage, Sent, Journal],
) -> None:
    shown, sent, journal = made
    facts = {**CALLER, "site": "x" * 10**5, "owner": "y" * 10**5, "certificate": "z" * 10**5}
    journal.write("asked", "1", desks.AT, {**facts, "digests": ["0a" * 10**5]})
    left = ["0b" * 32] * (page.MAX_DIGESTS + 9)
    journal.write("decided", "1", desks.AT, {**facts, "decision": "approved", "left_out": left})
    shown.take(page.Find(1, page.Search()))
    (found,) = sent.take()
    (row,) = found.rows
    assert (row.left_out, row.left_out_digests) == (page.MAX_DIGESTS + 9, ("0b" * 32,) * page.MAX_DIGESTS)
    assert max(map(len, (row.site, row.owner, row.certificate, *row.digests))) == 300
    assert messages.from_message(json.loads(json.dumps(messages.to_message(found)))) == found


# --- looking for a file ---------------------------------------------------------------------------------------------

ACT = b"an act"
DIGEST = hashlib.sha256(ACT).hexdigest()


@pytest.fixture
def act(tmp_path: Path) -> Path:
    path = tmp_path / "act.txt"
    path.write_bytes(ACT)
    return path


def look(made: tuple[history.HistoryPage, Sent, Journal], path: Path, question: int = 1, **more: Any) -> Any:
    """What comes of looking for that file."""
    shown, sent, _ = made
    shown.take(page.Find(question, page.Search(file=str(path), **more)))
    if shown._reader is not None:
        shown._reader.wait()
    (answer,) = sent.take()
    return answer


def receipt(journal: Journal, operation: str, *digests: str, event: Any = "signed", **facts: Any) -> None:
    known = {**CALLER, "count": len(digests), "digests": list(digests), **facts}
    journal.write("asked", operation, desks.AT, known)
    journal.write(event, operation, desks.AT, known)


def test_operations_are_found_by_their_document(
    made: tuple[history.HistoryPage, Sent, Journal], act: Path
) -> None:
    journal = made[2]
    receipt(journal, "1", "0f" * 32, DIGEST)
    receipt(journal, "2", DIGEST, event="failed", code="timed-out")
    receipt(journal, "3", "0f" * 32)
    found = look(made, act)
    assert (found.total, found.about, found.times) == (2, "signed", 1)
    assert {(row.outcome, row.about) for row in found.rows} == {("signed", "signed"), ("failed", "asked")}
    narrowed = look(made, act, outcome="failed")
    assert (narrowed.total, narrowed.about, narrowed.times) == (1, "signed", 1)


def test_what_is_known_of_a_file_that_was_not_signed(
    made: tuple[history.HistoryPage, Sent, Journal], act: Path
) -> None:
    journal = made[2]
    receipt(journal, "1", "0f" * 32)
    assert (look(made, act).about, look(made, act).total) == ("unknown", 0)
    left = {"decision": "approved", "left_out": [DIGEST]}
    journal.write("decided", "1", desks.AT, {**CALLER, **left})
    found = look(made, act)
    assert (found.about, found.times, found.rows[0].about) == ("left-out", 1, "left-out")
    receipt(journal, "2", DIGEST, event="left")
    assert look(made, act).about == "asked"


def test_a_document_inside_a_file_is_told_apart_from_the_file(
    made: tuple[history.HistoryPage, Sent, Journal], tmp_path: Path
) -> None:
    pdf = b"%PDF-1.7\n1 0 obj\n%%EOF\n"
    receipt(made[2], "1", hashlib.sha256(pdf).hexdigest())
    path = tmp_path / "signed.pdf"
    path.write_bytes(pdf + b"2 0 obj\n%%EOF\n")
    found = look(made, path)
    assert (found.about, found.rows[0].about) == ("inside", "inside")


def test_a_file_is_read_once_as_long_as_it_stays_the_same(
    made: tuple[history.HistoryPage, Sent, Journal], act: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, sent, journal = made
    receipt(journal, "1", DIGEST)
    assert look(made, act).total == 1
    with monkeypatch.context() as patch:
        patch.setattr(file_digests, "of_file", lambda *_: pytest.fail("it was read already"))
        assert look(made, act, question=2, text="kds").total == 1
        assert shown._reader is None
    act.write_bytes(b"another act")
    assert look(made, act, question=3).total == 0
    act.unlink()
    shown.take(
        page.Find(4, page.Search(file=str(act)), start=page.MAX_ROWS)
    )  # more rows of the same question
    assert sent.take() == [page.Found(4, 0, page.MAX_ROWS, (), "unknown", 0)]


def test_what_can_not_be_read_is_trouble(
    made: tuple[history.HistoryPage, Sent, Journal], tmp_path: Path
) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        assert look(made, path).code == "file-unusable"
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert look(made, tmp_path / "pipe").code == "file-unusable"


class Slow:
    """Reads as long as it is not told to stop."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.has_begun, self.is_to_end, self.was_stopped = (threading.Event() for _ in range(3))
        monkeypatch.setattr(file_digests, "of_file", self)

    def __call__(self, path: Path, _sizes: Any, go_on: file_digests.GoOn) -> file_digests.FileDigests:
        self.has_begun.set()
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if not go_on(5, 10):
                self.was_stopped.set()
                raise file_digests.Stopped
            if self.is_to_end.wait(0.01):
                return file_digests.FileDigests(frozenset({DIGEST}), frozenset(), (0, 0, 0, 0))
        raise AssertionError("nobody ended it")


@pytest.mark.parametrize("ending", ["question", "page", "desk"])
def test_reading_ends_with_another_question_and_with_the_page(
    made: tuple[history.HistoryPage, Sent, Journal], act: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    shown, sent, journal = made
    receipt(journal, "1", DIGEST)
    slow = Slow(monkeypatch)
    shown.take(page.Find(1, page.Search(file=str(act))))
    assert slow.has_begun.wait(30)
    if ending == "question":
        shown.take(page.Find(2, page.Search()))
    elif ending == "page":
        shown.close()
    else:
        shown.desk.has_ended.set()
    assert slow.was_stopped.wait(30)
    answers = [each for each in sent.take() if not isinstance(each, page.Reading)]
    assert [each.question for each in answers] == ([2] if ending == "question" else [])


def test_how_far_it_is_is_told_and_the_rest_of_the_page_goes_on(
    made: tuple[history.HistoryPage, Sent, Journal], act: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_TELL_EVERY_S", 0.0)
    shown, sent, journal = made
    receipt(journal, "1", DIGEST)
    slow = Slow(monkeypatch)
    shown.take(page.Find(1, page.Search(file=str(act))))
    assert slow.has_begun.wait(30)
    shown.take(page.Check())
    slow.is_to_end.set()
    assert shown._reader is not None
    shown._reader.wait()
    told = sent.take()
    assert page.Reading(1, 5, 10) in told
    assert page.Checked(2) in told
    assert (told[-1].question, told[-1].about) == (1, "signed")


def test_a_mistake_while_reading_is_trouble(
    made: tuple[history.HistoryPage, Sent, Journal], act: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", seen.append)
    monkeypatch.setattr(file_digests, "of_file", lambda *_: 1 / 0)
    assert look(made, act) == frame.Trouble("history", "internal")
    assert seen[0].exc_type is ZeroDivisionError


@pytest.mark.process
def test_all_that_is_found_is_written(
    made: tuple[history.HistoryPage, Sent, Journal], tmp_path: Path
) -> None:
    shown, sent, journal = made
    write(journal, 2)
    path = tmp_path / "--list;$(date).csv"
    shown.take(page.Export(str(path), "csv", page.Search("kds --verify")))
    shown.take(page.Export(str(path), "csv", page.Search("kds", outcome="unfinished")))
    assert sent.take() == [page.Exported(str(path))] * 2
    assert len(list(csv.reader(io.StringIO(path.read_text("utf-8-sig")), delimiter=";"))) == 3
    other = tmp_path / "--other file"
    other.write_bytes(b"another")
    shown.take(page.Export(str(path), "csv", page.Search(file=str(other))))
    assert sent.take() == [page.Exported(str(path))]
    assert len(list(csv.reader(io.StringIO(path.read_text("utf-8-sig")), delimiter=";"))) == 1
    with pytest.raises(FileNotWritten, match="can't be written"):
        shown.take(page.Export(str(tmp_path / "no" / "list.csv"), "csv", page.Search()))
