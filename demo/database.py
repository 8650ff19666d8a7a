"""The portal's SQLite file: schema, upgrades and connections. Money is in tiyn, moments are ISO 8601 in UTC."""

import contextlib
import sqlite3
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

SCHEMA = """
CREATE TABLE subscribers (
    id INTEGER PRIMARY KEY,
    phone TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('organisation', 'entrepreneur')),
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    iin TEXT,
    bin TEXT,
    CHECK ((kind = 'organisation') = (bin IS NOT NULL) AND (kind = 'entrepreneur') = (iin IS NOT NULL))
);
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    subscriber_id INTEGER NOT NULL REFERENCES subscribers (id),
    number TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    contract_number TEXT NOT NULL,
    contract_date TEXT NOT NULL
);
CREATE TABLE acts (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    number TEXT NOT NULL UNIQUE,
    period TEXT NOT NULL,
    drawn_at TEXT NOT NULL,
    vat_percent INTEGER NOT NULL,
    total INTEGER NOT NULL,
    opening INTEGER NOT NULL,
    paid INTEGER NOT NULL,
    correction INTEGER NOT NULL,
    closing INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'viewed', 'signed', 'refused')),
    pdf BLOB
);
CREATE INDEX acts_of_account ON acts (account_id, period);
CREATE TABLE act_lines (
    act_id INTEGER NOT NULL REFERENCES acts (id),
    position INTEGER NOT NULL,
    title TEXT NOT NULL,
    unit TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    price INTEGER NOT NULL,
    PRIMARY KEY (act_id, position)
) WITHOUT ROWID;
CREATE TABLE act_numbers (
    act_id INTEGER NOT NULL REFERENCES acts (id),
    phone TEXT NOT NULL,
    plan TEXT NOT NULL,
    subscription INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    internet INTEGER NOT NULL,
    roaming INTEGER NOT NULL,
    PRIMARY KEY (act_id, phone)
) WITHOUT ROWID;
CREATE TABLE payments (
    act_id INTEGER NOT NULL REFERENCES acts (id),
    paid_on TEXT NOT NULL,
    document TEXT NOT NULL,
    amount INTEGER NOT NULL
);
CREATE TABLE decisions (
    act_id INTEGER PRIMARY KEY REFERENCES acts (id),
    kind TEXT NOT NULL CHECK (kind IN ('signed', 'refused')),
    format TEXT NOT NULL CHECK (format IN ('cms', 'pdf')),
    document BLOB NOT NULL,
    signature BLOB NOT NULL,
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
    timestamp_at TEXT,
    timestamp_by TEXT NOT NULL,
    revocation TEXT NOT NULL,
    revocation_source TEXT NOT NULL,
    revocation_at TEXT
);
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    subscriber_id INTEGER NOT NULL REFERENCES subscribers (id),
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    act_id INTEGER REFERENCES acts (id),
    person TEXT NOT NULL DEFAULT ''
);
CREATE INDEX events_of_subscriber ON events (subscriber_id, id);
CREATE TABLE sessions (
    token_digest BLOB PRIMARY KEY,
    csrf TEXT NOT NULL,
    subscriber_id INTEGER REFERENCES subscribers (id),
    last_seen TEXT NOT NULL,
    identified_as TEXT NOT NULL DEFAULT '',
    identified_until TEXT
) WITHOUT ROWID;
CREATE TABLE challenges (
    nonce TEXT PRIMARY KEY,
    token_digest BLOB NOT NULL REFERENCES sessions (token_digest) ON DELETE CASCADE,
    purpose TEXT NOT NULL CHECK (purpose IN ('identify', 'refuse')),
    act_id INTEGER NOT NULL REFERENCES acts (id),
    text BLOB NOT NULL,
    reason TEXT NOT NULL,
    expires TEXT NOT NULL
) WITHOUT ROWID;
"""

VERSION = 1
# What leads from one version to the next, the first from 0 to 1. Statements end with a semicolon at the end of a line.
UPGRADES = (
    # Signatures inside the PDF, timestamps, revocation. Acts that nobody decided about are drawn anew, with a form (demo.act_pdf).
    """
ALTER TABLE decisions RENAME COLUMN cms TO signature;
ALTER TABLE decisions ADD COLUMN format TEXT NOT NULL DEFAULT 'cms' CHECK (format IN ('cms', 'pdf'));
ALTER TABLE decisions ADD COLUMN timestamp_at TEXT;
ALTER TABLE decisions ADD COLUMN timestamp_by TEXT NOT NULL DEFAULT '';
ALTER TABLE decisions ADD COLUMN revocation_source TEXT NOT NULL DEFAULT '';
ALTER TABLE decisions ADD COLUMN revocation_at TEXT;
UPDATE acts SET pdf = NULL WHERE status IN ('new', 'viewed');
""",
)


def create(path: Path) -> None:
    """Makes the file with empty tables; nobody but its owner may read it."""
    path.touch(mode=0o600)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(SCHEMA)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def upgrade(path: Path) -> None:
    """Brings a file that an earlier version of the portal made up to date; one that is, stays as it is."""
    with transaction(path) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == VERSION:
            return
        for script in UPGRADES[version:]:
            for statement in script.split(";\n"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")


@contextlib.contextmanager
def transaction(path: Path) -> Generator[sqlite3.Connection]:
    """A connection for one piece of work: committed at the end, rolled back when the work fails."""
    connection = sqlite3.connect(path, timeout=10, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        # ROLLBACK itself fails where BEGIN did.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.close()


def moment(at: datetime) -> str:
    """A moment as the tables hold it: sorting the texts sorts the moments."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")
