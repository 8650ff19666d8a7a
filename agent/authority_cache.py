"""Keeps answers of authorities' servers between operations: a list of revoked certificates is good for hours.

A folder with a file for each answer, readable by its owner only. The file's name is the SHA-256 of the key, in hex. It holds
three lines and the answer:

    qalamsap cache 1
    the moment after which the answer is of no use, ISO 8601
    SHA-256 of the answer, in hex

What can't be read, is damaged or too old is not there. What can't be written is asked again the next time: nothing here fails an
operation. Files are replaced in one step, so workers need not know of each other.
"""

import contextlib
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent import logs, paths

MAX_BYTES = 64 * 1024 * 1024  # of all files together
_MAX_FILE_BYTES = 33 * 1024 * 1024  # the largest answer (agent.fetch), and its head
_MAGIC = b"qalamsap cache 1"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AuthorityCache:
    """The cache in `folder`, which need not be there. `now` is the clock. It is a Cache (agent.fetch)."""

    folder: Path
    now: Callable[[], datetime]
    most_bytes: int = MAX_BYTES

    def get(self, key: str) -> bytes | None:
        """What was put under this key, if it is still good."""
        try:
            with self._path(key).open("rb") as stream:
                content = stream.read(_MAX_FILE_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            logs.note(_log, logging.WARNING, "the cache can't be read", error=error)
            return None
        return _octets(content, self.now())

    def put(self, key: str, octets: bytes, until: datetime) -> None:
        """Keeps `octets` until then, with a time zone. The oldest of the others give way to it."""
        digest = hashlib.sha256(octets).hexdigest().encode()
        content = b"\n".join((_MAGIC, until.isoformat().encode(), digest, octets))
        if len(content) > min(_MAX_FILE_BYTES, self.most_bytes) or until <= self.now():
            return
        try:
            paths.make_private(self.folder)
            self._make_room(len(content))
            paths.write_private(self._path(key), content)
        except OSError as error:
            logs.note(_log, logging.WARNING, "the cache can't be written", error=error)

    def _path(self, key: str) -> Path:
        return self.folder / hashlib.sha256(key.encode()).hexdigest()

    def _make_room(self, wanted: int) -> None:
        """Removes the oldest files until there is room for so many octets; those of writers that were killed count as well. OSError."""
        files = []
        for path in self.folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another worker was faster
                status = path.lstat()
                files.append((status.st_mtime, status.st_size, path))
        total = wanted + sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self.most_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size


def _octets(content: bytes, now: datetime) -> bytes | None:
    """The answer in a file, if it is whole and still good."""
    parts = content.split(b"\n", 3)
    if len(parts) != 4 or parts[0] != _MAGIC:
        return None
    _, until, digest, octets = parts
    try:
        is_good = now < datetime.fromisoformat(until.decode("ascii"))
    except (ValueError, TypeError):  # no moment, or one without a time zone
        return None
    return octets if is_good and hashlib.sha256(octets).hexdigest().encode() == digest else None
