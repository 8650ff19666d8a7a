import contextlib
import dataclasses
import sqlite3
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from demo import acts, database, decisions
from tests.support import portals


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "portal.sqlite3"
    database.create(path)
    return path


def test_a_new_file_is_private_and_empty(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with database.transaction(path) as db:
        assert db.execute("SELECT count(*) FROM acts").fetchone()[0] == 0


# Of the first version of the portal, what a later one has changed.
FIRST_DECISIONS = """
DROP TABLE decisions;
CREATE TABLE decisions (
    act_id INTEGER PRIMARY KEY REFERENCES acts (id),
    kind TEXT NOT NULL CHECK (kind IN ('signed', 'refused')),
    document BLOB NOT NULL,
    cms BLOB NOT NULL,
    reason TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    signer TEXT NOT NULL,
    iin TEXT NOT NULL,
    bin TEXT NOT NULL,
    organisation TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    issuer TEXT NOT NULL,
    valid_until TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    revocation TEXT NOT NULL
);
INSERT INTO decisions VALUES (1, 'signed', x'01', x'02', '', '2026-11-23T09:30:00Z', 'А Б', '1', '2', 'О', 'a', 'i',
    '2026-11-23T09:30:00Z', 'f', 'not-checked');
UPDATE acts SET pdf = x'00';
UPDATE acts SET status = 'signed' WHERE id = 1;
PRAGMA user_version = 0;
"""


def test_a_file_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = portals.new(tmp_path).settings.database
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(FIRST_DECISIONS)
    database.upgrade(path)
    database.upgrade(path)
    with database.transaction(path) as db:
        decision = decisions.of_act(db, 1)
        assert decision is not None
        assert (decision.format, decision.signature, decision.document) == ("cms", b"\x02", b"\x01")
        assert (decision.timestamp_at, decision.revocation_at) == (None, None)
        decisions.keep(db, dataclasses.replace(decision, act_id=2, format="pdf"))
        with pytest.raises(sqlite3.IntegrityError):
            decisions.keep(db, dataclasses.replace(decision, act_id=3, format="doc"))
        # Acts that somebody decided about keep the drawing that was signed.
        assert acts.stored_pdf(db, 1) == b"\x00"
        assert acts.stored_pdf(db, 2) is None


def test_a_file_that_is_up_to_date_stays_as_it_is(path: Path) -> None:
    before = path.read_bytes()
    database.upgrade(path)
    assert path.read_bytes() == before


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
