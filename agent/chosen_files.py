"""The files that sites may name, each for a day: those that the person chose for that site, or said yes to.

A path that a page makes up is worth nothing: it would let the page read any file, and learn which ones there are. So a path counts
only for the origin that it was given to, and comparing it touches no disk. What was chosen through a link is remembered as the
file that the link led to then.

As with grants, only sites are remembered. Any page in a sandbox calls itself "null", an http page may be anybody on the way, and
a program can be another one tomorrow: those are asked each time.
"""

import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from agent import locks, paths
from agent.errors import StorageFailed
from agent.origins import Origin

HOURS = 24
MAX_FILES_OF_A_SITE = 256
MAX_FILES = 1000
MAX_PATH_BYTES = 4096  # the longest that Linux takes
_MAX_FILE_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Chosen:
    """One file for one site: the path that the page knows, and where it led when it was chosen."""

    site: str
    path: str
    resolved: str
    until: datetime


@dataclass(frozen=True, slots=True)
class ChosenFiles:
    """The record in the file at `path`; without a file nothing was chosen."""

    path: Path

    def find(self, origin: Origin, named: str, at: datetime) -> Path | None:
        """Where the path leads that the site names, None where that site may not name it. Raises StorageFailed if the record is broken.

        The path is compared as text, and so are the folders in it: nothing is looked up.
        """
        if origin.kind != "site":
            return None
        wanted = os.path.normpath(named)
        for each in reversed(self._read()):
            if each.site == origin.canonical and at < each.until and wanted in (each.path, each.resolved):
                return Path(each.resolved)
        return None

    def remember(self, origin: Origin, path: str, resolved: Path, at: datetime) -> None:
        """Lets the site name this file for HOURS. Raises StorageFailed; ValueError for who is no site, and for what `is_path` is not."""
        if origin.kind != "site":
            raise ValueError(f"a caller of the kind {origin.kind!r} is never remembered")
        if not (is_path(path) and is_path(str(resolved))):
            raise ValueError("not a path that a page can name")
        new = _Chosen(origin.canonical, os.path.normpath(path), str(resolved), at + timedelta(hours=HOURS))
        try:
            with locks.held(self.path):
                kept = [
                    each
                    for each in self._read()
                    if each.until > at and (each.site, each.path) != (new.site, new.path)
                ]
                self._write([*kept, new])
        except OSError as error:
            raise StorageFailed(f"the chosen files can't be written: {error.strerror}") from error

    def _read(self) -> list[_Chosen]:
        """Oldest first."""
        try:
            with self.path.open("rb") as stream:
                content = stream.read(_MAX_FILE_BYTES)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageFailed(f"the chosen files can't be read: {error.strerror}") from error
        try:
            return [
                _Chosen(str(site), str(path), str(resolved), _moment(until))
                for site, path, resolved, until in json.loads(content)["files"]
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise StorageFailed("the chosen files are not what was written there") from error

    def _write(self, chosen: list[_Chosen]) -> None:
        of_newest = [each for each in chosen if each.site == chosen[-1].site][-MAX_FILES_OF_A_SITE:]
        others = [each for each in chosen if each.site != chosen[-1].site]
        latest = [*others, *of_newest][-MAX_FILES:]
        rows = [[each.site, each.path, each.resolved, each.until.isoformat()] for each in latest]
        paths.write_private(self.path, json.dumps({"files": rows}, ensure_ascii=False, indent=1).encode())


def is_path(text: str) -> bool:
    """Whether a page can name a file like this: from the root, without control characters, not too long. Looks at no disk."""
    try:
        octets = text.encode()
    except UnicodeEncodeError:  # a name that is not UTF-8, which JSON has no way to say
        return False
    return Path(text).is_absolute() and min(octets) >= 0x20 and len(octets) <= MAX_PATH_BYTES


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without an offset")
    return moment
