"""The desk's page of sites."""

from datetime import timedelta
from pathlib import Path

import pytest

from agent.desk import sites
from agent.errors import BadInput, StorageFailed
from agent.grants import Grants
from agent.journal import Journal
from agent.origins import Origin
from protocol.desk import sites as page
from tests.support import desks
from tests.support.desks import Sent

SITE = Origin.parse("https://kds.example.kz")
OTHER = Origin.parse("https://other.kz")


@pytest.fixture
def made(tmp_path: Path) -> tuple[sites.SitesPage, Sent, Grants, Journal]:
    desk, sent = desks.desk(tmp_path)
    return sites.make(desk), sent, Grants(desk.paths.grants), Journal(desk.paths.journal)


def asked(journal: Journal, number: int, header: str | None, *, signed: bool = False) -> None:
    origin = Origin.parse(header)
    facts = {
        "kind": origin.kind,
        "origin": origin.canonical,
        "site": origin.site,
        "action": "sign",
        "count": 1,
    }
    for event in ("asked", "signed") if signed else ("asked",):
        journal.write(event, f"{number:x}", desks.AT + timedelta(minutes=number), facts)  # type: ignore[arg-type]


def test_what_was_decided_and_who_asked_stand_together(
    made: tuple[sites.SitesPage, Sent, Grants, Journal],
) -> None:
    shown, sent, grants, journal = made
    grants.remember(SITE, desks.AT - timedelta(days=10))
    grants.remember(OTHER, desks.AT - timedelta(days=100))  # it has ended
    grants.block(Origin.parse("http://spam.kz"), desks.AT)
    asked(journal, 1, "https://kds.example.kz", signed=True)
    asked(journal, 2, "https://kds.example.kz", signed=True)
    asked(journal, 3, "https://seen.kz")
    asked(journal, 4, None)
    asked(journal, 5, "null")
    shown.opened()
    (message,) = sent.take()
    assert [(each.site, each.state, each.signed) for each in message.sites] == [
        ("seen.kz", "seen", 0),
        ("kds.example.kz", "remembered", 2),
        ("spam.kz", "blocked", 0),
    ]
    remembered = message.sites[1]
    assert remembered.registrable == "example.kz"
    assert remembered.until == (desks.AT + timedelta(days=80)).isoformat()
    assert remembered.is_protected
    assert message.sites[2].since


def test_a_name_that_pretends_is_marked(made: tuple[sites.SitesPage, Sent, Grants, Journal]) -> None:
    shown, sent, _, journal = made
    asked(journal, 1, "https://xn--80ak6aa92e.kz")
    shown.opened()
    assert sent.take()[0].sites[0].warning in {"punycode", "mixed-script"}


def test_a_site_is_forgotten_blocked_and_let_in_again(
    made: tuple[sites.SitesPage, Sent, Grants, Journal],
) -> None:
    shown, sent, grants, _ = made
    grants.remember(SITE, desks.AT)
    shown.take(page.Block(SITE.canonical))
    assert grants.is_blocked(SITE)
    shown.take(page.Unblock(SITE.canonical))
    assert not grants.is_blocked(SITE)
    grants.remember(SITE, desks.AT)
    shown.take(page.Forget(SITE.canonical))
    assert not grants.is_remembered(SITE, desks.AT)
    assert [[each.state for each in message.sites] for message in sent.take()] == [["blocked"], [], []]


@pytest.mark.parametrize("origin", ["null", "chrome-extension://abc", "kds.example.kz", ""])
def test_nothing_is_decided_about_who_has_no_site(
    made: tuple[sites.SitesPage, Sent, Grants, Journal], origin: str
) -> None:
    with pytest.raises(BadInput):
        made[0].take(page.Block(origin))


def test_a_record_that_is_broken_is_told(made: tuple[sites.SitesPage, Sent, Grants, Journal]) -> None:
    shown, _, grants, _ = made
    grants.path.parent.mkdir(parents=True)
    grants.path.write_text("{")
    with pytest.raises(StorageFailed):
        shown.opened()


def test_an_origin_that_somebody_wrote_by_hand_is_passed_over(
    made: tuple[sites.SitesPage, Sent, Grants, Journal],
) -> None:
    shown, sent, grants, _ = made
    grants.path.parent.mkdir(parents=True)
    grants.path.write_text('{"sites":{},"blocked":{"what?":"2026-01-01T00:00:00+00:00"}}')
    shown.opened()
    assert sent.take() == [page.Sites(())]
