"""What a channel of a repository offers, and which of it is for this computer now. Pure: octets and a moment in, values out.

A channel is one signed file, `stable/releases.json` or `beta/releases.json`:

    {"format": 1,
     "releases": [{"version": "0.2.0",
                   "published": "2026-12-01T09:00:00Z",
                   "files": {"appimage-x86_64": "stable/0.2.0/Qalamsap-0.2.0-x86_64.AppImage"},
                   "security": false,
                   "urgent": false,
                   "notes": "https://example.kz/qalamsap/0.2.0",
                   "stages": [[0, 10], [2, 50], [5, 100]]}]}

It holds several releases, so that a computer which defers takes an older one in the meantime, and does not wait for ever behind a
train of new ones. `urgent`: of those that close a hole, one that no computer defers for more than two days. `stages`: from that day after publication on, so many of a hundred computers. A release that turns out bad is
taken out of the file; nobody goes back to an older version by it.
"""

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from agent.updates.errors import RepositoryRefused
from agent.updates.versions import Version, parse

Channel: TypeAlias = Literal["stable", "beta"]
Why: TypeAlias = Literal["", "deferral", "stages"]

FORMAT: Final = 1
LISTS: Final[Mapping[Channel, tuple[Channel, ...]]] = {"stable": ("stable",), "beta": ("beta", "stable")}
"""Which lists count for a channel: who takes trial versions takes the finished ones, too."""

URGENT_DEFERRAL: Final = dt.timedelta(days=2)
"""The longest for a release that is urgent: whoever defers wants to see it run elsewhere first, and a hole that is known is used by then."""

_MOST_RELEASES: Final = 1000
_MOST_STAGES: Final = 20
_PACKAGE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)
_PATH_PART: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,199}", re.ASCII)
_NOTES: Final = re.compile(r"https://[!-~]{1,1000}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Release:
    """`files`: the path of each package in the repository. `stages`: day after publication, share in percent; both grow."""

    version: Version
    published: dt.datetime
    files: Mapping[str, str]
    notes: str = ""
    is_security: bool = False
    is_urgent: bool = False
    stages: tuple[tuple[int, int], ...] = ()

    def starts(self, number: int) -> dt.datetime | None:
        """From when on it is for the computer with this number (0 to 99); None where it is not meant for it yet."""
        if not self.stages:
            return self.published
        days = (day for day, share in self.stages if number < share)
        first = next(days, None)
        return None if first is None else self.published + dt.timedelta(days=first)


@dataclass(frozen=True, slots=True)
class Rules:
    """How this computer takes releases. `package` is the name of what it installs. `is_now`: neither deferral nor stages count."""

    package: str
    deferral: dt.timedelta = field(default_factory=dt.timedelta)
    number: int = 0
    is_now: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """`release` is the one to install, if there is one. `held` is a newer one that waits: why, and until when if that is known."""

    release: Release | None = None
    held: Release | None = None
    why: Why = ""
    until: dt.datetime | None = None


def is_path(text: str) -> bool:
    """Whether it can be the path of a file in a repository: plain names, and nothing that leads elsewhere."""
    parts = text.split("/")
    return 0 < len(parts) <= 8 and all(_PATH_PART.fullmatch(part) and ".." not in part for part in parts)


def read(octets: bytes, channel: Channel) -> tuple[Release, ...]:
    """The releases of a channel's file, newest version first. Raises RepositoryRefused: signed, but nothing that we understand."""
    try:
        document = json.loads(octets.decode())
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise RepositoryRefused(
                "unreadable",
                f"the list of {channel} is in a form that this version does not know: install the next one by hand",
            )
        found = [_release(item, channel) for item in _items(document["releases"])]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RepositoryRefused("unreadable", f"the list of {channel} makes no sense") from error
    if len({release.version for release in found}) != len(found):
        raise RepositoryRefused("unreadable", f"the list of {channel} has a version twice")
    return tuple(sorted(found, key=lambda release: release.version, reverse=True))


def choose(releases: Iterable[Release], installed: Version, rules: Rules, now: dt.datetime) -> Choice:
    """The newest release that this computer may have now; never one that is older than what is installed."""
    newer = sorted(
        (each for each in releases if each.version > installed and rules.package in each.files),
        key=lambda release: release.version,
        reverse=True,
    )
    held: Choice | None = None
    for release in newer:
        why, until = _waits(release, rules)
        if not why or (until is not None and until <= now):
            return Choice(release) if held is None else Choice(release, held.held, held.why, held.until)
        if held is None:
            held = Choice(None, release, why, until)
    return held or Choice()


def _waits(release: Release, rules: Rules) -> tuple[Why, dt.datetime | None]:
    """Why a release has a day on which it begins, and that day; None where it has none yet."""
    if rules.is_now:
        return "", None
    begins = release.starts(rules.number)
    if begins is None:
        return "stages", None
    deferral = min(rules.deferral, URGENT_DEFERRAL) if release.is_urgent else rules.deferral
    deferred = release.published + deferral
    return ("stages", begins) if begins > deferred else ("deferral", deferred)


def _items(found: Any) -> list[Any]:
    if not isinstance(found, list) or len(found) > _MOST_RELEASES:
        raise ValueError("no list")
    return found


def _release(item: Any, channel: Channel) -> Release:
    """Raises ValueError, KeyError, TypeError."""
    files = item["files"]
    if not isinstance(files, dict) or not files:
        raise ValueError("no files")
    for package, path in files.items():
        if (
            not isinstance(path, str)
            or not _PACKAGE.fullmatch(package)
            or not is_path(path)
            or not path.startswith(f"{channel}/")
        ):
            raise ValueError("a file with a name that can't be one")
    notes = item.get("notes", "")
    if notes and not _NOTES.fullmatch(notes):
        raise ValueError("notes that are no https address")
    published = dt.datetime.fromisoformat(item["published"])
    if published.tzinfo is None:
        raise ValueError("a moment without a zone")
    is_security, is_urgent = item.get("security", False), item.get("urgent", False)
    if not isinstance(is_security, bool) or not isinstance(is_urgent, bool):
        raise TypeError("security or urgent is neither true nor false")
    if is_urgent and not is_security:
        raise ValueError("urgent, and closes no hole")
    return Release(
        parse(item["version"]),
        published,
        files,
        notes,
        is_security,
        is_urgent,
        _stages(item.get("stages", [])),
    )


def _stages(items: Sequence[Any]) -> tuple[tuple[int, int], ...]:
    if not isinstance(items, list) or len(items) > _MOST_STAGES:
        raise ValueError("no stages")
    found: list[tuple[int, int]] = []
    for day, share in items:
        if type(day) is not int or type(share) is not int or not 0 <= day <= 365 or not 0 <= share <= 100:
            raise ValueError("a stage that can't be one")
        if found and (day <= found[-1][0] or share <= found[-1][1]):
            raise ValueError("stages that do not grow")
        found.append((day, share))
    return tuple(found)
