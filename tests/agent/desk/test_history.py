"""The desk's page of history."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.desk import history
from agent.desk.base import FileNotWritten
from agent.errors import BadInput
from agent.journal import Journal
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
    with pytest.raises(FileNotWritten, match="can't be written"):
        shown.take(page.Export(str(tmp_path / "no" / "list.csv"), "csv", page.Search()))
