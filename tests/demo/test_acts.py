import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import acts, database
from demo.acts import Filter
from demo.problems import Problem
from tests.support import portals


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with database.transaction(portals.new(tmp_path).settings.database) as connection:
        yield connection


def test_filters_narrow_the_list_down_to_one_act(db: sqlite3.Connection) -> None:
    assert acts.find(db, 1, Filter()).count == 3 * 34
    assert acts.find(db, 1, Filter(year=2025)).count == 3 * 12
    assert acts.find(db, 1, Filter(month=3)).count == 3 * 3
    (only,) = acts.find(db, 1, Filter(2025, 3, account_id=2)).acts
    assert (only.period, only.account_id) == ("2025-03", 2)
    assert acts.find(db, 1, Filter(year=1999)).acts == ()


def test_the_newest_acts_come_first_a_page_at_a_time(db: sqlite3.Connection) -> None:
    first, last = acts.find(db, 1, Filter(page=1)), acts.find(db, 1, Filter(page=99))
    assert first.pages == last.page == 3
    assert first.acts[0].period == "2026-10"
    assert last.acts[-1].period == "2024-01"
    assert len(first.acts) == acts.PAGE


def test_nobody_finds_the_acts_of_others(db: sqlite3.Connection) -> None:
    mine = acts.find(db, 1, Filter()).acts[0]
    assert acts.get(db, 1, mine.id) == mine
    assert acts.get(db, 2, mine.id) is None
    assert acts.find(db, 2, Filter(account_id=mine.account_id)).acts == ()


def test_the_first_pdf_is_the_one_that_stays(db: sqlite3.Connection) -> None:
    assert acts.stored_pdf(db, 1) is None
    assert acts.store_pdf(db, 1, b"first") == b"first"
    assert acts.store_pdf(db, 1, b"second") == b"first"
    assert acts.stored_pdf(db, 1) == b"first"


def test_a_status_only_moves_forward(db: sqlite3.Connection) -> None:
    def status() -> str:
        act = acts.get(db, 1, 1)
        assert act is not None
        return act.status

    assert status() == "new"
    acts.mark_viewed(db, 1)
    assert status() == "viewed"
    acts.decide(db, 1, "signed")
    acts.mark_viewed(db, 1)
    assert status() == "signed"
    with pytest.raises(Problem, match="act-closed"):
        acts.decide(db, 1, "refused")
    assert status() == "signed"


def test_the_tax_is_contained_in_the_total(db: sqlite3.Connection) -> None:
    act = acts.find(db, 1, Filter(year=2026)).acts[0]
    assert abs(act.vat / (act.total - act.vat) - 0.16) < 1e-4
    assert act.file_stem == f"akt-{act.number}"
