"""Acts of work done: finding them, what stands in them, and how their status moves.

new -> viewed -> signed | refused        a decision is final; looking at an act again changes nothing
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from demo import database
from demo.problems import Problem

STATUSES = ("new", "viewed", "signed", "refused")
PAGE = 50


@dataclass(frozen=True, slots=True)
class Act:
    """One act as the list shows it. Money is in tiyn; `period` is "2026-10"."""

    id: int
    account_id: int
    account_number: str
    account_title: str
    number: str
    period: str
    drawn_at: datetime
    vat_percent: int
    total: int
    status: str

    @property
    def is_decided(self) -> bool:
        return self.status in {"signed", "refused"}

    @property
    def vat(self) -> int:
        """The tax that is contained in the total."""
        return round(self.total * self.vat_percent / (100 + self.vat_percent))

    @property
    def file_stem(self) -> str:
        """A name for files about this act that every system can store."""
        return f"akt-{self.number}"


@dataclass(frozen=True, slots=True)
class Line:
    title: str
    unit: str
    quantity: int
    price: int

    @property
    def amount(self) -> int:
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class NumberCharges:
    """What one telephone number used in the period."""

    phone: str
    plan: str
    subscription: int
    calls: int
    messages: int
    internet: int
    roaming: int

    @property
    def total(self) -> int:
        return self.subscription + self.calls + self.messages + self.internet + self.roaming


@dataclass(frozen=True, slots=True)
class Payment:
    paid_on: str
    document: str
    amount: int


@dataclass(frozen=True, slots=True)
class Details:
    """Everything that the document states beside the act itself."""

    lines: tuple[Line, ...]
    numbers: tuple[NumberCharges, ...]
    payments: tuple[Payment, ...]
    opening: int
    paid: int
    correction: int
    closing: int
    contract_number: str
    contract_date: str


@dataclass(frozen=True, slots=True)
class Filter:
    """None means all."""

    year: int | None = None
    month: int | None = None
    account_id: int | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    acts: tuple[Act, ...]
    count: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE))


COLUMNS = (
    "acts.id, acts.account_id, accounts.number, accounts.title, acts.number, acts.period, acts.drawn_at,"
    " acts.vat_percent, acts.total, acts.status"
)


def find(db: sqlite3.Connection, subscriber_id: int, wanted: Filter) -> Found:
    """One page of the subscriber's acts, newest first."""
    source = (
        "FROM acts JOIN accounts ON accounts.id = acts.account_id WHERE accounts.subscriber_id = :subscriber"
        " AND (:year IS NULL OR substr(acts.period, 1, 4) = :year)"
        " AND (:month IS NULL OR substr(acts.period, 6, 2) = :month)"
        " AND (:account IS NULL OR acts.account_id = :account)"
    )
    values = {
        "subscriber": subscriber_id,
        "year": f"{wanted.year:04}" if wanted.year is not None else None,
        "month": f"{wanted.month:02}" if wanted.month is not None else None,
        "account": wanted.account_id,
    }
    count = int(db.execute(f"SELECT count(*) {source}", values).fetchone()[0])
    page = min(max(wanted.page, 1), max(1, -(-count // PAGE)))
    rows = db.execute(
        f"SELECT {COLUMNS} {source} ORDER BY acts.period DESC, accounts.number LIMIT {PAGE} OFFSET :skip",
        {**values, "skip": (page - 1) * PAGE},
    )
    return Found(tuple(_act(row) for row in rows), count, page)


def years(db: sqlite3.Connection, subscriber_id: int) -> tuple[int, ...]:
    """The years in which the subscriber has acts, newest first."""
    rows = db.execute(
        "SELECT DISTINCT substr(acts.period, 1, 4) AS year FROM acts JOIN accounts ON accounts.id = acts.account_id"
        " WHERE accounts.subscriber_id = ? ORDER BY year DESC",
        (subscriber_id,),
    )
    return tuple(int(row["year"]) for row in rows)


def get(db: sqlite3.Connection, subscriber_id: int, act_id: int) -> Act | None:
    """The act, or None when there is none or it is somebody else's."""
    row = db.execute(
        f"SELECT {COLUMNS} FROM acts JOIN accounts ON accounts.id = acts.account_id"  # noqa: S608  constant
        " WHERE acts.id = ? AND accounts.subscriber_id = ?",
        (act_id, subscriber_id),
    ).fetchone()
    return _act(row) if row else None


def details(db: sqlite3.Connection, act_id: int) -> Details:
    head = db.execute(
        "SELECT opening, paid, correction, closing, contract_number, contract_date FROM acts"
        " JOIN accounts ON accounts.id = acts.account_id WHERE acts.id = ?",
        (act_id,),
    ).fetchone()
    lines = db.execute(
        "SELECT title, unit, quantity, price FROM act_lines WHERE act_id = ? ORDER BY position", (act_id,)
    )
    numbers = db.execute(
        "SELECT phone, plan, subscription, calls, messages, internet, roaming FROM act_numbers"
        " WHERE act_id = ? ORDER BY phone",
        (act_id,),
    )
    payments = db.execute(
        "SELECT paid_on, document, amount FROM payments WHERE act_id = ? ORDER BY paid_on", (act_id,)
    )
    return Details(
        tuple(Line(*row) for row in lines),
        tuple(NumberCharges(*row) for row in numbers),
        tuple(Payment(*row) for row in payments),
        *head,
    )


def stored_pdf(db: sqlite3.Connection, act_id: int) -> bytes | None:
    """The document as it was drawn the first time; what is signed later is exactly this."""
    pdf: bytes | None = db.execute("SELECT pdf FROM acts WHERE id = ?", (act_id,)).fetchone()["pdf"]
    return pdf


def store_pdf(db: sqlite3.Connection, act_id: int, pdf: bytes) -> bytes:
    """Keeps the document unless one is there already; gives the one that is kept."""
    db.execute("UPDATE acts SET pdf = ? WHERE id = ? AND pdf IS NULL", (pdf, act_id))
    kept = stored_pdf(db, act_id)
    assert kept is not None
    return kept


def mark_viewed(db: sqlite3.Connection, act_id: int) -> None:
    db.execute("UPDATE acts SET status = 'viewed' WHERE id = ? AND status = 'new'", (act_id,))


def decide(db: sqlite3.Connection, act_id: int, status: str) -> None:
    """The last step of an act.

    Raises: Problem act-closed when somebody was faster.
    """
    changed = db.execute(
        "UPDATE acts SET status = ? WHERE id = ? AND status IN ('new', 'viewed')", (status, act_id)
    ).rowcount
    if changed != 1:
        raise Problem("act-closed", status=409)


def _act(row: sqlite3.Row) -> Act:
    values = list(row)
    values[6] = database.read_moment(values[6])
    return Act(*values)
