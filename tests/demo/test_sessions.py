import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from demo import database, sessions
from demo.problems import Problem
from demo.sessions import Session
from tests.support import portals
from tests.support.portals import NOW


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with database.transaction(portals.new(tmp_path).settings.database) as connection:
        yield connection


@pytest.fixture
def session(db: sqlite3.Connection) -> Session:
    return sessions.begin(db, at=NOW, subscriber_id=1)


def give(db: sqlite3.Connection, session: Session, purpose: str = "identify", nonce: str = "n") -> None:
    sessions.challenge(db, session, purpose, 1, b"text", nonce=nonce, reason="", at=NOW)


def test_a_session_is_found_by_its_token_and_no_other(db: sqlite3.Connection, session: Session) -> None:
    assert sessions.find(db, session.token, at=NOW) == session
    assert sessions.find(db, session.token + "x", at=NOW) is None
    kept = db.execute("SELECT token_digest FROM sessions").fetchone()[0]
    assert session.token.encode() not in kept


def test_a_session_ends_when_nothing_happens(db: sqlite3.Connection, session: Session) -> None:
    later = NOW + sessions.IDLE - timedelta(minutes=1)
    assert sessions.find(db, session.token, at=later)
    assert sessions.find(db, session.token, at=later + sessions.IDLE + timedelta(seconds=1)) is None


def test_a_visitor_without_a_name_is_forgotten_sooner(db: sqlite3.Connection) -> None:
    visitor = sessions.begin(db, at=NOW)
    late = NOW + sessions.IDLE_BEFORE_LOGIN + timedelta(seconds=1)
    assert sessions.find(db, visitor.token, at=late) is None
    sessions.begin(db, at=late)
    assert db.execute("SELECT count(*) FROM sessions").fetchone()[0] == 1


def test_leaving_ends_the_session_and_its_challenges(db: sqlite3.Connection, session: Session) -> None:
    give(db, session)
    sessions.end(db, session)
    assert sessions.find(db, session.token, at=NOW) is None
    assert db.execute("SELECT count(*) FROM challenges").fetchone()[0] == 0


def test_an_identification_holds_for_half_an_hour(db: sqlite3.Connection, session: Session) -> None:
    identified = sessions.identify(db, session, "ӘБДІРАХМАНОВА ГҮЛНҰР", at=NOW)

    def person(minutes: int) -> str:
        found = sessions.find(db, identified.token, at=NOW + timedelta(minutes=minutes))
        assert found is not None
        return found.identified_as

    assert person(29) == "ӘБДІРАХМАНОВА ГҮЛНҰР"
    assert person(31) == ""
    sessions.forget(db, identified)
    assert person(1) == ""


def test_an_identified_session_goes_on_under_a_new_token(db: sqlite3.Connection, session: Session) -> None:
    give(db, session, purpose="refuse")
    identified = sessions.identify(db, session, "ӘБДІРАХМАНОВА ГҮЛНҰР", at=NOW)
    assert sessions.find(db, session.token, at=NOW) is None
    assert sessions.find(db, identified.token, at=NOW) == identified
    assert (identified.csrf, identified.subscriber_id) == (session.csrf, session.subscriber_id)
    assert db.execute("SELECT count(*) FROM challenges").fetchone()[0] == 0


def test_a_challenge_is_answered_once(db: sqlite3.Connection, session: Session) -> None:
    give(db, session)
    assert sessions.take_challenge(db, session, "identify", 1, "n", at=NOW).text == b"text"
    with pytest.raises(Problem, match="challenge-unknown"):
        sessions.take_challenge(db, session, "identify", 1, "n", at=NOW)


def test_a_challenge_belongs_to_its_session_act_and_purpose(db: sqlite3.Connection, session: Session) -> None:
    give(db, session)
    other = sessions.begin(db, at=NOW, subscriber_id=2)
    for whose, purpose, act, nonce in ((other, "identify", 1, "n"), (session, "refuse", 1, "n"),
                                       (session, "identify", 2, "n"), (session, "identify", 1, "m")):  # fmt: skip
        with pytest.raises(Problem, match="challenge-unknown"):
            sessions.take_challenge(db, whose, purpose, act, nonce, at=NOW)


def test_a_late_answer_is_told_so(db: sqlite3.Connection, session: Session) -> None:
    give(db, session)
    with pytest.raises(Problem, match="challenge-expired"):
        sessions.take_challenge(db, session, "identify", 1, "n", at=NOW + timedelta(minutes=11))


def test_a_newer_challenge_replaces_the_older(db: sqlite3.Connection, session: Session) -> None:
    give(db, session, nonce="old")
    give(db, session, nonce="new")
    give(db, session, "refuse", nonce="another purpose")
    with pytest.raises(Problem, match="challenge-unknown"):
        sessions.take_challenge(db, session, "identify", 1, "old", at=NOW)
    assert sessions.take_challenge(db, session, "identify", 1, "new", at=NOW)


def test_a_token_of_a_form_must_be_the_sessions(session: Session) -> None:
    sessions.demand_token(session, session.csrf)
    for wrong in ("", "x", session.csrf[:-1], "ы"):
        with pytest.raises(Problem, match="forged-request"):
            sessions.demand_token(session, wrong)
