"""What the person decided about sites: which to remember, each until a day, and which to block.

A remembered site is no longer introduced as new; it is asked for every signature all the same. A blocked one is refused before a window
opens, until the person lets it in again: with all its subdomains and ports, protected or not, for those cost its owner nothing.

Only sites are remembered (agent.origins): whoever comes unprotected, from a file or as a program can't be told from others. An
unprotected site can be blocked, for that costs nobody a signature; files and programs can't, for all of them look alike.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from agent import locks, logs, origins, paths
from agent.errors import AgentError, BadInput, StorageFailed
from agent.origins import Origin

_log = logging.getLogger(__name__)

DAYS = 90
MAX_SITES = 1000
_MAX_FILE_BYTES = 1024 * 1024


class SiteBlocked(AgentError):
    """The person blocked the site."""

    code = "site-blocked"


@dataclass(frozen=True, slots=True)
class Grant:
    """A site is remembered from a moment on, until another."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Decisions:
    """All that is decided: what is remembered, by canonical origin; what is blocked since when, by the part of the host's name that one owner
    registered, or by the host where there is none (`owner_of`)."""

    remembered: Mapping[str, Grant]
    blocked: Mapping[str, datetime]


_Change: TypeAlias = Callable[[dict[str, Grant], dict[str, datetime]], object]


@dataclass(frozen=True, slots=True)
class Grants:
    """The decisions in the file at `path`; without a file there are none. Every call may raise StorageFailed."""

    path: Path

    def read(self) -> Decisions:
        """What is written there, grants that have ended among it."""
        try:
            with self.path.open("rb") as stream:
                content = stream.read(_MAX_FILE_BYTES)
        except FileNotFoundError:
            return Decisions({}, {})
        except OSError as error:
            raise StorageFailed(f"the grants can't be read: {error.strerror}") from error
        try:
            record = json.loads(content)
            return Decisions(
                {
                    site: Grant(_moment(item["since"]), _moment(item["until"]))
                    for site, item in record["sites"].items()
                },
                {site: _moment(since) for site, since in record.get("blocked", {}).items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StorageFailed("the grants are not what was written there") from error

    def is_remembered(self, origin: Origin, at: datetime) -> bool:
        """Whether the site has a grant that has not ended."""
        grant = self.read().remembered.get(origin.canonical)
        return origin.kind == "site" and grant is not None and at < grant.until

    def is_blocked(self, origin: Origin) -> bool:
        """Whether the site is blocked. Who has no site never is."""
        return bool(origin.site) and owner_of(origin) in self.read().blocked

    def remember(self, origin: Origin, at: datetime, days: int = DAYS) -> None:
        """Grants the site `days` days from now, and forgets grants that have ended. ValueError for no site."""
        if origin.kind != "site":
            raise ValueError(f"a caller of the kind {origin.kind!r} is never remembered")

        def change(remembered: dict[str, Grant], _: dict[str, datetime]) -> None:
            for site in [site for site, grant in remembered.items() if grant.until <= at]:
                del remembered[site]
            before = remembered.get(origin.canonical)
            remembered[origin.canonical] = Grant(before.since if before else at, at + timedelta(days=days))

        self._change(change)
        logs.note(_log, logging.INFO, "a site is remembered", origin=origin.canonical)

    def forget(self, origin: Origin) -> None:
        """Takes the grant back, if there is one: the site is new again."""
        self._change(lambda remembered, _: remembered.pop(origin.canonical, None))
        logs.note(_log, logging.INFO, "a site is forgotten", origin=origin.canonical)

    def block(self, origin: Origin, at: datetime) -> None:
        """Blocks the site and all others of its owner, and takes their grants back. ValueError for who has no site."""
        if not origin.site:
            raise ValueError(f"a caller of the kind {origin.kind!r} can't be blocked")

        def change(remembered: dict[str, Grant], blocked: dict[str, datetime]) -> None:
            for site in [site for site in remembered if _owner_of_site(site) == owner_of(origin)]:
                del remembered[site]
            blocked.setdefault(owner_of(origin), at)

        self._change(change)
        logs.note(_log, logging.INFO, "a site is blocked", origin=origin.canonical)

    def unblock(self, origin: Origin) -> None:
        """Lets the site and all others of its owner in again, as new ones."""
        self._change(lambda _, blocked: blocked.pop(owner_of(origin), None))
        logs.note(_log, logging.INFO, "a site is let in again", origin=origin.canonical)

    def _change(self, change: _Change) -> None:
        try:
            with locks.held(self.path):
                found = self.read()
                remembered, blocked = dict(found.remembered), dict(found.blocked)
                change(remembered, blocked)
                self._write(remembered, blocked)
        except OSError as error:
            raise StorageFailed(f"the grants can't be written: {error.strerror}") from error

    def _write(self, remembered: Mapping[str, Grant], blocked: Mapping[str, datetime]) -> None:
        latest = sorted(remembered.items(), key=lambda item: item[1].until, reverse=True)[:MAX_SITES]
        newest = sorted(blocked.items(), key=lambda item: item[1], reverse=True)[:MAX_SITES]
        record = {
            "sites": {
                site: {"since": grant.since.isoformat(), "until": grant.until.isoformat()}
                for site, grant in latest
            },
            "blocked": {site: since.isoformat() for site, since in newest},
        }
        paths.write_private(self.path, json.dumps(record, indent=1).encode())


def owner_of(origin: Origin) -> str:
    """Whom a block is about."""
    return origins.registrable(origin) or origin.host


def _owner_of_site(canonical: str) -> str:
    try:
        return owner_of(Origin.parse(canonical))
    except BadInput:
        return ""  # somebody wrote it into the file by hand


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without an offset")
    return moment
