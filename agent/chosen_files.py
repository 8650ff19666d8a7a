"""The files that sites may name, each for a day: those that the person chose for that site, or said yes to.

A path that a page makes up is worth nothing: it would let the page read any file, and learn which ones there are. So a path counts
only for the origin that it was given to, and comparing it touches no disk. And how it was given is noted with it: no passwords are
tried at what was chosen as a document, and a yes to a path counts for less than a choice. What was chosen through a link is
remembered as the file that the link led to then.

As with grants, only sites are remembered. Any page in a sandbox calls itself "null", an http page may be anybody on the way, and
a program can be another one tomorrow: those are asked each time, or, where only a choice counts, refused.
"""

import json
import logging
import os
import typing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import Literal, TypeAlias

from agent import locks, logs, paths
from agent.errors import StorageFailed
from agent.origins import Origin

Grounds: TypeAlias = Literal["chosen-key", "chosen-file", "allowed"]
"""Why a site may name a file: the person chose it where the site asked for a key file, or for any other; or the site named it by itself
to have it signed, and the person said yes."""

HOURS = 24
MAX_FILES_OF_A_SITE = 256
MAX_FILES = 1000
MAX_PATH_BYTES = 4096  # the longest that Linux takes
_MAX_FILE_BYTES = 32 * 1024 * 1024
_GROUNDS = typing.get_args(Grounds)
_MEMBERS_WITHOUT_GROUNDS = 4  # of a row that an earlier version wrote
_FORMER_USES = ("sign", "open_key", "verify")  # in a row of a later one, which told no choice from a yes

_log = logging.getLogger(__name__)


class _BrokenRecord(Exception):
    """The record is not what was written there."""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """One file for one site, and why it may name it: the path that the page knows, and where it led when it was given."""

    site: str
    path: str
    resolved: str
    until: datetime
    grounds: Grounds

    def is_for(self, origin: Origin, at: datetime) -> bool:
        return origin.kind == "site" and self.site == origin.canonical and at < self.until


@dataclass(frozen=True, slots=True)
class ChosenFiles:
    """The record in the file at `path`. Without a file nothing was chosen, nor where the file is damaged: then the person is asked again."""

    path: Path

    def find(self, origin: Origin, named: str, at: datetime, *grounds: Grounds) -> Path | None:
        """Where the path leads that the site names, None where that site may not name it on one of these grounds. Raises StorageFailed.

        The path is compared as text, and so are the folders in it: nothing is looked up.
        """
        wanted = os.path.normpath(named)
        for each in reversed(self._entries()):
            if each.is_for(origin, at) and each.grounds in grounds and wanted in (each.path, each.resolved):
                return Path(each.resolved)
        return None

    def has_seen(self, origin: Origin, named: str, at: datetime) -> bool:
        """Whether the path is one that the site was given, on whatever grounds, or the folder of one. Raises StorageFailed.

        Such a site learns nothing from a look at it. Nothing is looked up here.
        """
        wanted = os.path.normpath(named)
        return any(
            wanted in (each.path, str(PurePath(each.path).parent))
            for each in self._entries()
            if each.is_for(origin, at)
        )

    def remember(self, origin: Origin, path: str, resolved: Path, at: datetime, grounds: Grounds) -> None:
        """Lets the site name this file, for HOURS.

        Raises StorageFailed; ValueError for who is no site, and for what `is_path` is not.
        """
        if origin.kind != "site":
            raise ValueError(f"a caller of the kind {origin.kind!r} is never remembered")
        if not (is_path(path) and is_path(str(resolved))):
            raise ValueError("not a path that a page can name")
        new = _Chosen(
            origin.canonical, os.path.normpath(path), str(resolved), at + timedelta(hours=HOURS), grounds
        )
        try:
            with locks.held(self.path):
                kept = [
                    each
                    for each in self._mended()
                    if each.until > at
                    and (each.site, each.path, each.grounds) != (new.site, new.path, new.grounds)
                ]
                self._write([*kept, new])
        except OSError as error:
            raise StorageFailed(f"the chosen files can't be written: {error.strerror}") from error

    def _entries(self) -> list[_Chosen]:
        """Oldest first; none of a damaged record, which the next choice puts aside. Raises StorageFailed."""
        try:
            return self._read()
        except _BrokenRecord:
            logs.note(_log, logging.WARNING, "the record of chosen files is damaged, so nothing is chosen")
            return []

    def _mended(self) -> list[_Chosen]:
        """The same under the lock: a damaged record is moved out of the way. Raises StorageFailed, OSError."""
        try:
            return self._read()
        except _BrokenRecord:
            paths.put_aside(self.path)
            logs.note(_log, logging.WARNING, "the damaged record of chosen files was put aside")
            return []

    def _read(self) -> list[_Chosen]:
        """Oldest first. What earlier versions noted does not count. Raises StorageFailed, _BrokenRecord."""
        try:
            with self.path.open("rb") as stream:
                content = stream.read(_MAX_FILE_BYTES)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageFailed(f"the chosen files can't be read: {error.strerror}") from error
        try:
            rows = json.loads(content)["files"]
            return [
                _Chosen(str(site), str(path), str(resolved), _moment(until), _grounds(grounds))
                for site, path, resolved, until, grounds in filter(_is_current, rows)
            ]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise _BrokenRecord from error

    def _write(self, chosen: list[_Chosen]) -> None:
        of_newest = [each for each in chosen if each.site == chosen[-1].site][-MAX_FILES_OF_A_SITE:]
        others = [each for each in chosen if each.site != chosen[-1].site]
        latest = [*others, *of_newest][-MAX_FILES:]
        rows = [
            [each.site, each.path, each.resolved, each.until.isoformat(), each.grounds] for each in latest
        ]
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


def _is_current(row: list[object]) -> bool:
    """Whether a row is not one of an earlier version, which says too little."""
    return len(row) != _MEMBERS_WITHOUT_GROUNDS and not (row and row[-1] in _FORMER_USES)


def _grounds(text: object) -> Grounds:
    if text not in _GROUNDS:
        raise ValueError("unknown grounds")
    return typing.cast("Grounds", text)
