"""Sessions of the cabinet and the challenges given out in them.

The cookie holds a random token, the table only its digest: who reads the table can't enter. Signing in makes a new token, and so does
identification, so one that was planted before is worth nothing. A challenge belongs to one session and is taken out when it is answered.
"""

import hashlib
import hmac
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from demo import database
from demo.problems import Problem

IDLE = timedelta(hours=2)
# Visitors who never sign in: enough to fill in a form, short enough not to pile up.
IDLE_BEFORE_LOGIN = timedelta(minutes=30)
IDENTIFIED_FOR = timedelta(minutes=30)
CHALLENGE_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Session:
    """`token` goes into the cookie. `identified_as` is the key's owner, while the identification holds."""

    token: str
    csrf: str
    subscriber_id: int | None
    identified_as: str

    @property
    def digest(self) -> bytes:
        return _digest(self.token)


@dataclass(frozen=True, slots=True)
class Challenge:
    """A text given to one session to be signed once."""

    nonce: str
    act_id: int
    text: bytes
    reason: str
    expires: datetime


def begin(db: sqlite3.Connection, *, at: datetime, subscriber_id: int | None = None) -> Session:
    """A new session; sessions nobody used for long are thrown away."""
    db.execute(
        "DELETE FROM sessions WHERE last_seen < ? OR (subscriber_id IS NULL AND last_seen < ?)",
        (database.moment(at - IDLE), database.moment(at - IDLE_BEFORE_LOGIN)),
    )
    session = Session(secrets.token_urlsafe(32), secrets.token_urlsafe(32), subscriber_id, "")
    db.execute(
        "INSERT INTO sessions (token_digest, csrf, subscriber_id, last_seen) VALUES (?, ?, ?, ?)",
        (session.digest, session.csrf, subscriber_id, database.moment(at)),
    )
    return session


def find(db: sqlite3.Connection, token: str, *, at: datetime) -> Session | None:
    """The session of this cookie, if it is still alive; its time starts anew."""
    row = db.execute(
        "SELECT csrf, subscriber_id, last_seen, identified_as, identified_until FROM sessions WHERE token_digest = ?",
        (_digest(token),),
    ).fetchone()
    if row is None:
        return None
    idle = IDLE if row["subscriber_id"] is not None else IDLE_BEFORE_LOGIN
    if database.read_moment(row["last_seen"]) + idle < at:
        return None
    db.execute(
        "UPDATE sessions SET last_seen = ? WHERE token_digest = ?", (database.moment(at), _digest(token))
    )
    until = row["identified_until"]
    is_identified = until is not None and database.read_moment(until) > at
    return Session(token, row["csrf"], row["subscriber_id"], row["identified_as"] if is_identified else "")


def end(db: sqlite3.Connection, session: Session) -> None:
    db.execute("DELETE FROM sessions WHERE token_digest = ?", (session.digest,))


def demand_token(session: Session, given: str) -> None:
    """Raises: Problem forged-request."""
    if not is_token(session, given):
        raise Problem("forged-request", status=403)


def is_token(session: Session, given: str) -> bool:
    """Whether a form came from a page of this session."""
    return hmac.compare_digest(session.csrf.encode(), given.encode())


def identify(db: sqlite3.Connection, session: Session, person: str, *, at: datetime) -> Session:
    """The owner of a key showed that they have it. The session goes on under a new token; its challenges are forgotten."""
    found = Session(secrets.token_urlsafe(32), session.csrf, session.subscriber_id, person)
    db.execute(
        "INSERT INTO sessions (token_digest, csrf, subscriber_id, last_seen, identified_as, identified_until)"
        " SELECT ?, csrf, subscriber_id, last_seen, ?, ? FROM sessions WHERE token_digest = ?",
        (found.digest, person, database.moment(at + IDENTIFIED_FOR), session.digest),
    )
    end(db, session)
    return found


def forget(db: sqlite3.Connection, session: Session) -> None:
    """Takes the identification back."""
    db.execute(
        "UPDATE sessions SET identified_as = '', identified_until = NULL WHERE token_digest = ?",
        (session.digest,),
    )


def challenge(
    db: sqlite3.Connection,
    session: Session,
    purpose: str,
    act_id: int,
    text: bytes,
    *,
    nonce: str,
    reason: str,
    at: datetime,
) -> Challenge:
    """Remembers a text that this session is about to sign; only the newest of each purpose counts."""
    db.execute("DELETE FROM challenges WHERE token_digest = ? AND purpose = ?", (session.digest, purpose))
    given = Challenge(nonce, act_id, text, reason, at + CHALLENGE_FOR)
    db.execute(
        "INSERT INTO challenges (nonce, token_digest, purpose, act_id, text, reason, expires) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (nonce, session.digest, purpose, act_id, text, reason, database.moment(given.expires)),
    )
    return given


def take_challenge(
    db: sqlite3.Connection, session: Session, purpose: str, act_id: int, nonce: str, *, at: datetime
) -> Challenge:
    """The challenge, which can't be answered again whatever comes of this answer.

    Raises: Problem challenge-unknown, challenge-expired.
    """
    row = db.execute(
        "DELETE FROM challenges WHERE nonce = ? AND token_digest = ? AND purpose = ? AND act_id = ?"
        " RETURNING text, reason, expires",
        (nonce, session.digest, purpose, act_id),
    ).fetchone()
    if row is None:
        raise Problem("challenge-unknown")
    expires = database.read_moment(row["expires"])
    if expires < at:
        raise Problem("challenge-expired")
    return Challenge(nonce, act_id, row["text"], row["reason"], expires)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
