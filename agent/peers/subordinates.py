"""Subordinate user ids (subuid(5)): one person may be as many users as they were given of them, without any rights (newuidmap(1)).

Numbers of a domain's people may lie in the same ranges, so a number that is found here is likely no person's, and not surely.
"""

import contextlib
from pathlib import Path
from typing import Final

_MAX_BYTES: Final = 4 * 1024 * 1024


class Subordinates:
    """`number in subordinates`, by the table as it is now. Without one, or where it can't be read, there are none."""

    def __init__(self, table: Path = Path("/etc/subuid")) -> None:
        self._table = table
        self._stamp: object = None
        self._ranges: list[range] = []

    def __contains__(self, user_id: object) -> bool:
        try:
            found = self._table.stat()
            stamp = found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size
            if stamp != self._stamp:
                with self._table.open("rb") as stream:
                    self._ranges = _ranges(stream.read(_MAX_BYTES))
                self._stamp = stamp
        except OSError:
            self._stamp, self._ranges = None, []
        return any(user_id in each for each in self._ranges)


def _ranges(text: bytes) -> list[range]:
    """Of lines such as "anna:100000:65536"."""
    found = []
    for line in text.splitlines():
        with contextlib.suppress(ValueError):  # as newuidmap does
            _, first, count = line.split(b":")
            found.append(range(int(first), int(first) + int(count)))
    return found
