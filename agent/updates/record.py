"""What updates remember on this computer: which of a hundred it is, when it last looked and what came of it, what an installer was given."""

import dataclasses
import datetime as dt
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from agent import paths
from agent.errors import StorageFailed

Outcome: TypeAlias = Literal["", "up-to-date", "available", "waits", "handed-over", "installed", "failed"]

_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Record:
    """`number` is from 0 to 99. `checked`, `until`: moments in ISO 8601, or empty. `version` is the one that `outcome` is about,
    `code` an error's. `log` is where an installer writes what it does."""

    number: int
    checked: str = ""
    outcome: Outcome = ""
    version: str = ""
    code: str = ""
    until: str = ""
    log: str = ""
    failing_since: str = ""
    """The first failure after which none of these looks succeeded; empty where the last one did."""
    bad: tuple[str, ...] = ()
    """Versions that were installed here, did not start, and were taken back: they are not tried again."""


class Records:
    """Kept in one file. A damaged one is as good as none: all of it can be found out again."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def kept(self) -> Record | None:
        """The one that is there; None where there is none, or a damaged one. Raises StorageFailed where it can't be read."""
        try:
            with paths.open_file(self._file) as stream:
                return _record(stream.read(_MOST_BYTES))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StorageFailed(f"{self._file} can't be read: {error.strerror}") from error

    def read(self) -> Record:
        """The one that is there, or a first one. Raises StorageFailed where it can't be read, or a first one can't be written."""
        found = self.kept()
        if found is None:
            found = Record(secrets.randbelow(100))
            self._write(found)
        return found

    def note(self, now: dt.datetime, outcome: Outcome, **facts: Any) -> Record:
        """What came of looking just now. Raises StorageFailed."""
        before = self.read()
        after = Record(before.number, now.isoformat(timespec="seconds"), outcome, bad=before.bad)
        since = (before.failing_since or after.checked) if outcome == "failed" else ""
        after = dataclasses.replace(after, failing_since=since, **facts)
        self._write(after)
        return after

    def _write(self, record: Record) -> None:
        try:
            paths.write_private(self._file, json.dumps(dataclasses.asdict(record), indent=1).encode())
        except OSError as error:
            raise StorageFailed(f"{self._file} can't be written: {error.strerror}") from error


def _record(octets: bytes) -> Record | None:
    try:
        found = json.loads(octets)
        record = Record(**{**found, "bad": tuple(found["bad"])})
        texts = (record.checked, record.version, record.code, record.until, record.log, *record.bad)
        is_well = (
            type(record.number) is int
            and 0 <= record.number < 100
            and record.outcome in get_args(Outcome)
            and all(isinstance(text, str) for text in texts)
            and (
                not record.failing_since or dt.datetime.fromisoformat(record.failing_since).tzinfo is not None
            )
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return record if is_well else None
