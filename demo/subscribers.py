"""Who has a cabinet, and with which accounts."""

import sqlite3
from dataclasses import dataclass

from demo import passwords


@dataclass(frozen=True, slots=True)
class Subscriber:
    """`iin` is set for a person, `bin` for an organisation; never both."""

    id: int
    phone: str
    kind: str
    name: str
    address: str
    iin: str | None
    bin: str | None

    @property
    def identifier(self) -> str:
        return self.bin or self.iin or ""


@dataclass(frozen=True, slots=True)
class Account:
    id: int
    subscriber_id: int
    number: str
    title: str
    contract_number: str
    contract_date: str


COLUMNS = "id, phone, kind, name, address, iin, bin"


def by_phone_and_password(db: sqlite3.Connection, phone: str, password: str) -> Subscriber | None:
    """The subscriber, or None when number or password is wrong; both take the same time."""
    row = db.execute("SELECT id, password FROM subscribers WHERE phone = ?", (phone,)).fetchone()
    kept = row["password"] if row else passwords.NOBODY
    return by_id(db, row["id"]) if passwords.matches(password, kept) and row else None


def by_id(db: sqlite3.Connection, subscriber_id: int) -> Subscriber:
    query = f"SELECT {COLUMNS} FROM subscribers WHERE id = ?"  # noqa: S608  a constant
    return Subscriber(*db.execute(query, (subscriber_id,)).fetchone())


def accounts_of(db: sqlite3.Connection, subscriber_id: int) -> tuple[Account, ...]:
    rows = db.execute(
        "SELECT id, subscriber_id, number, title, contract_number, contract_date FROM accounts"
        " WHERE subscriber_id = ? ORDER BY number",
        (subscriber_id,),
    )
    return tuple(Account(*row) for row in rows)
