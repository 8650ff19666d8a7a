"""How many times callers tried passwords that did not open a key file. For the dialect in which a page sends the password.

A page that may name a key file could try passwords at it all day, with nobody looking. So wrong tries are counted for each caller and
file, over all workers, and with too many of them no more are made until the oldest is long enough ago. A right password forgets
the wrong ones: who knows it has nothing to guess. A try is counted before it is made, so that ending the process saves none.

Only moments are kept, by a digest of caller and file: no password, no path, no site.

A record that makes no sense is put aside and counting begins anew: no page can damage it, and who can, a program of the same person
or a failing disk, could take it away as well. Where it can't be read or written nothing is tried.
"""

import hashlib
import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from agent import locks, logs, paths
from agent.errors import StorageFailed

LIMITS = ((5, timedelta(minutes=10)), (20, timedelta(days=1)))
"""So many wrong tries in such a time, and no more."""
MAX_PAIRS = 1000
_MOST_KEPT = max(count for count, _ in LIMITS)
_LONGEST = max(span for _, span in LIMITS)
_MAX_FILE_BYTES = 4 * 1024 * 1024

_log = logging.getLogger(__name__)


class _BrokenRecord(Exception):
    """The record is not what was written there."""


@dataclass(frozen=True, slots=True)
class PasswordGuesses:
    """The record in the file at `path`; without a file nobody tried anything."""

    path: Path

    def may_try(self, caller: str, key_file: Path, at: datetime) -> bool:
        """Whether one more try is allowed. Raises StorageFailed."""
        try:
            tries = self._read()
        except _BrokenRecord:  # `count` puts it aside, under the lock
            return True
        return _are_few(tries.get(_name(caller, key_file), []), at)

    def count(self, caller: str, key_file: Path, at: datetime) -> bool:
        """Notes a try that is about to be made, and says whether it may be. Raises StorageFailed; then it may not."""
        name = _name(caller, key_file)
        try:
            with locks.held(self.path):
                tries = self._mended()
                own = tries.pop(name, [])
                if not _are_few(own, at):
                    return False
                tries[name] = [*own, at][-_MOST_KEPT:]
                self._write(tries, at)
        except OSError as error:
            raise StorageFailed(f"the tries can't be counted: {error.strerror}") from error
        return True

    def forget(self, caller: str, key_file: Path, at: datetime) -> None:
        """The password was right. Raises StorageFailed."""
        name = _name(caller, key_file)
        try:
            with locks.held(self.path):
                tries = self._mended()
                if tries.pop(name, None) is not None:
                    self._write(tries, at)
        except OSError as error:
            raise StorageFailed(f"the tries can't be counted: {error.strerror}") from error

    def _mended(self) -> dict[str, list[datetime]]:
        """As `_read`, under the lock: a damaged record is moved out of the way. Raises StorageFailed, OSError."""
        try:
            return self._read()
        except _BrokenRecord:
            paths.put_aside(self.path)
            logs.note(_log, logging.WARNING, "the damaged record of wrong passwords was put aside")
            return {}

    def _read(self) -> dict[str, list[datetime]]:
        """Moments by pair, the pair that tried last at the end. Raises StorageFailed, _BrokenRecord."""
        try:
            with self.path.open("rb") as stream:
                content = stream.read(_MAX_FILE_BYTES)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StorageFailed(f"the tries can't be read: {error.strerror}") from error
        try:
            pairs = json.loads(content)["tries"].items()
            return {str(name): [_moment(text) for text in moments] for name, moments in pairs if moments}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _BrokenRecord from error

    def _write(self, tries: dict[str, list[datetime]], at: datetime) -> None:
        fresh = {name: moments for name, moments in tries.items() if moments[-1] + _LONGEST > at}
        latest = list(fresh.items())[-MAX_PAIRS:]
        rows = {name: [moment.isoformat() for moment in moments] for name, moments in latest}
        paths.write_private(self.path, json.dumps({"tries": rows}, indent=1).encode())


def _are_few(tries: list[datetime], at: datetime) -> bool:
    # A try "in the future" counts: a clock that was put back must not give new ones.
    return all(sum(moment + span > at for moment in tries) < count for count, span in LIMITS)


def _name(caller: str, key_file: Path) -> str:
    return hashlib.sha256(f"{caller}\0{key_file}".encode("utf-8", "surrogateescape")).hexdigest()


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without an offset")
    return moment
