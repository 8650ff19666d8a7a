import sqlite3
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from demo import database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "portal.sqlite3"
    database.create(path)
    return path


def test_a_new_file_is_private_and_empty(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with database.transaction(path) as db:
        assert db.execute("SELECT count(*) FROM acts").fetchone()[0] == 0


def test_work_that_fails_leaves_nothing(path: Path) -> None:
    def work_that_fails() -> None:
        with database.transaction(path) as db:
            db.execute("INSERT INTO subscribers VALUES (1, '7', 'p', 'organisation', 'n', 'a', NULL, '1')")
            raise KeyError

    with pytest.raises(KeyError):
        work_that_fails()
    with database.transaction(path) as db:
        assert db.execute("SELECT count(*) FROM subscribers").fetchone()[0] == 0


def test_relations_and_kinds_are_enforced(path: Path) -> None:
    with pytest.raises(sqlite3.IntegrityError), database.transaction(path) as db:
        db.execute("INSERT INTO accounts VALUES (1, 99, 'n', 't', 'c', 'd')")
    with pytest.raises(sqlite3.IntegrityError), database.transaction(path) as db:
        db.execute("INSERT INTO subscribers VALUES (1, '7', 'p', 'entrepreneur', 'n', 'a', NULL, '1')")


def test_moments_survive_and_sort_as_text() -> None:
    almaty = datetime(2026, 11, 23, 14, 30, tzinfo=timezone(timedelta(hours=5)))
    assert database.moment(almaty) == "2026-11-23T09:30:00Z"
    assert database.read_moment(database.moment(almaty)) == almaty
    assert database.moment(datetime(2026, 2, 1, tzinfo=UTC)) < database.moment(
        datetime(2026, 10, 1, tzinfo=UTC)
    )
