"""What was done in a cabinet, by whom and when."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from demo import database

KINDS = ("entered", "viewed", "downloaded", "identified", "rejected", "signed", "refused", "kept", "card")
PAGE = 100


@dataclass(frozen=True, slots=True)
class Event:
    """`person` is the owner of the key where a key was used."""

    at: datetime
    kind: str
    act_id: int | None
    act_number: str | None
    person: str


def record(
    db: sqlite3.Connection,
    subscriber_id: int,
    kind: str,
    *,
    at: datetime,
    act_id: int | None = None,
    person: str = "",
) -> None:
    if kind not in KINDS:
        raise ValueError(f"'{kind}' is not a kind of event")
    db.execute(
        "INSERT INTO events (subscriber_id, at, kind, act_id, person) VALUES (?, ?, ?, ?, ?)",
        (subscriber_id, database.moment(at), kind, act_id, person),
    )


def recent(db: sqlite3.Connection, subscriber_id: int) -> tuple[Event, ...]:
    """The latest events of this subscriber, newest first."""
    rows = db.execute(
        "SELECT events.at, events.kind, events.act_id, acts.number, events.person"
        " FROM events LEFT JOIN acts ON acts.id = events.act_id"
        " WHERE events.subscriber_id = ? ORDER BY events.id DESC LIMIT ?",
        (subscriber_id, PAGE),
    )
    return tuple(
        Event(database.read_moment(at), kind, act, number, person) for at, kind, act, number, person in rows
    )
