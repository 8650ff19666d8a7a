"""The page of sites: grants, blocked sites, and who asked lately according to the journal."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent import grants, history, origins
from agent.desk.base import Desk
from agent.errors import BadInput
from agent.grants import Decisions, Grants
from agent.history import Operation
from agent.journal import Journal
from agent.origins import Origin
from protocol.desk import sites as page

MAX_SEEN = 500  # sites about which nothing was decided, those that asked last
_KINDS = ("site", "unprotected")


def make(desk: Desk) -> "SitesPage":
    return SitesPage(desk)


@dataclass
class SitesPage:
    """See agent.desk.base.Page."""

    desk: Desk

    def opened(self) -> None:
        self._send()

    def take(self, message: Any) -> None:
        book = Grants(self.desk.paths.grants)
        match message:
            case page.Forget(origin):
                book.forget(_origin(origin))
            case page.Block(origin):
                book.block(_origin(origin), self.desk.now())
            case page.Unblock(origin):
                book.unblock(_origin(origin))
        self._send()

    def close(self) -> None:
        """Nothing is kept."""

    def _send(self) -> None:
        found = history.operations(Journal(self.desk.paths.journal))
        decided = Grants(self.desk.paths.grants).read()
        self.desk.send(page.Sites(listed(decided, found, self.desk.now())))


def listed(decided: Decisions, found: tuple[Operation, ...], now: datetime) -> tuple[page.Site, ...]:
    """All sites, those first that asked last; `found` are operations, newest first. A grant that has ended is none."""
    asked = {
        origin: operation
        for origin, operation in history.last_seen(found).items()
        if operation.kind in _KINDS
    }
    signed = Counter(operation.origin for operation in found if operation.is_signature)
    granted = {site for site, grant in decided.remembered.items() if grant.until > now}
    names = {*granted, *list(asked)[:MAX_SEEN]}
    sites = [
        _site(name, decided, asked.get(name), signed[name], is_granted=name in granted) for name in names
    ]
    shown = {grants.owner_of(Origin.parse(site.origin)) for site in sites if site is not None}
    unseen = decided.blocked.keys() - shown  # they have not asked for long
    sites += [_site(f"https://{owner}", decided, None, 0, is_granted=False) for owner in unseen]
    known = (site for site in sites if site is not None)
    return tuple(sorted(known, key=lambda site: (site.asked or site.since, site.origin), reverse=True))


def _site(
    name: str, decided: Decisions, last: Operation | None, signed: int, *, is_granted: bool
) -> page.Site | None:
    """None for what is no origin: somebody wrote it into a file by hand."""
    try:
        origin = Origin.parse(name)
    except BadInput:
        return None
    blocked = decided.blocked.get(grants.owner_of(origin))
    grant = decided.remembered[name] if is_granted else None
    since = blocked or (grant.since if grant else None)
    return page.Site(
        origin=origin.canonical,
        site=origin.site,
        registrable=origins.registrable(origin),
        state="blocked" if blocked else "remembered" if grant else "seen",
        is_protected=origin.kind == "site",
        warning=origins.warning(origin),
        since=since.isoformat() if since else "",
        until=grant.until.isoformat() if grant and not blocked else "",
        asked=last.asked_at.isoformat() if last else "",
        signed=signed,
    )


def _origin(text: str) -> Origin:
    origin = Origin.parse(text)
    if not origin.site:
        raise BadInput("files and programs can't be told apart, so nothing is decided about them")
    return origin
