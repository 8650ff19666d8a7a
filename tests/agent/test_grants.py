"""Grants."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import grants
from agent.errors import StorageFailed
from agent.grants import Grants
from agent.origins import Origin

AT = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
SITE = Origin.parse("https://kds.example.kz")


@pytest.fixture
def book(tmp_path: Path) -> Grants:
    return Grants(tmp_path / "state" / "grants.json")


def test_a_site_is_remembered_until_its_day(book: Grants) -> None:
    assert not book.is_remembered(SITE, AT)
    book.remember(SITE, AT)
    assert book.is_remembered(SITE, AT + timedelta(days=89))
    assert not book.is_remembered(SITE, AT + timedelta(days=90))
    assert not book.is_remembered(Origin.parse("https://kds.example.kz:8443"), AT)


def test_only_the_owner_can_read_it(book: Grants) -> None:
    book.remember(SITE, AT)
    assert book.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("header", ["http://example.kz", "null", None, "chrome-extension://abcdef"])
def test_whoever_can_not_be_told_from_others_is_never_remembered(book: Grants, header: str | None) -> None:
    with pytest.raises(ValueError, match="never remembered"):
        book.remember(Origin.parse(header), AT)
    assert not book.path.exists()


def test_grants_that_have_ended_are_forgotten_at_the_next_one(book: Grants) -> None:
    book.remember(SITE, AT, days=1)
    book.remember(Origin.parse("https://other.kz"), AT + timedelta(days=2))
    assert "kds.example.kz" not in book.path.read_text()


def test_not_more_than_so_many_sites_are_kept(book: Grants, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grants, "MAX_SITES", 3)
    for number in range(5):
        book.remember(Origin.parse(f"https://site{number}.kz"), AT + timedelta(minutes=number))
    assert not book.is_remembered(Origin.parse("https://site0.kz"), AT)
    assert book.is_remembered(Origin.parse("https://site4.kz"), AT)


def test_a_grant_that_is_renewed_knows_since_when(book: Grants) -> None:
    book.remember(SITE, AT)
    book.remember(SITE, AT + timedelta(days=10))
    (grant,) = book.read().remembered.values()
    assert (grant.since, grant.until) == (AT, AT + timedelta(days=10 + grants.DAYS))


def test_a_grant_can_be_taken_back(book: Grants) -> None:
    book.remember(SITE, AT)
    book.forget(SITE)
    book.forget(SITE)
    assert not book.is_remembered(SITE, AT)


def test_a_blocked_site_is_no_longer_remembered_and_comes_back_as_a_new_one(book: Grants) -> None:
    book.remember(SITE, AT)
    book.block(SITE, AT)
    book.block(SITE, AT + timedelta(days=1))
    assert book.is_blocked(SITE)
    assert book.read().blocked == {"example.kz": AT}
    assert not book.is_remembered(SITE, AT)
    assert not book.is_blocked(Origin.parse("https://other.kz"))
    book.unblock(SITE)
    assert not book.is_blocked(SITE)
    assert not book.is_remembered(SITE, AT)


@pytest.mark.parametrize(
    "other",
    ["https://kds.example.kz:8443", "https://www.example.kz", "http://kds.example.kz", "https://example.kz"],
)
def test_a_block_is_about_all_that_the_owner_of_the_site_has(book: Grants, other: str) -> None:
    book.remember(Origin.parse("https://www.example.kz"), AT)
    book.block(SITE, AT)
    assert book.is_blocked(Origin.parse(other))
    assert book.read().remembered == {}
    book.unblock(Origin.parse(other))
    assert not book.is_blocked(SITE)


def test_neighbours_under_a_public_suffix_and_addresses_are_blocked_alone(book: Grants) -> None:
    book.block(Origin.parse("https://one.edu.kz"), AT)
    book.block(Origin.parse("http://10.0.0.1"), AT)
    assert not book.is_blocked(Origin.parse("https://two.edu.kz"))
    assert not book.is_blocked(Origin.parse("http://10.0.0.2"))
    assert book.is_blocked(Origin.parse("https://10.0.0.1:8443"))


def test_an_unprotected_site_can_be_blocked_files_and_programs_can_not(book: Grants) -> None:
    site = Origin.parse("http://example.kz")
    book.block(site, AT)
    assert book.is_blocked(site)
    for header in ("null", None, "chrome-extension://abcdef"):
        with pytest.raises(ValueError, match="can't be blocked"):
            book.block(Origin.parse(header), AT)
        assert not book.is_blocked(Origin.parse(header))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"sites":[]}',
        '{"sites":{"https://kds.example.kz":"soon"}}',
        '{"sites":{"a":{"since":"2026-01-01T00:00:00","until":"2026-01-02T00:00:00"}}}',
        '{"sites":{"a":{"since":"2026-01-01T00:00:00Z"}}}',
        '{"sites":{},"blocked":{"a":1}}',
    ],
)
def test_a_broken_file_is_an_error_and_no_reset(book: Grants, content: str) -> None:
    book.path.parent.mkdir()
    book.path.write_text(content)
    with pytest.raises(StorageFailed):
        book.is_remembered(SITE, AT)
    with pytest.raises(StorageFailed):
        book.remember(SITE, AT)
    assert book.path.read_text() == content


def test_a_file_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFailed):
        Grants(tmp_path / "file" / "grants.json").remember(SITE, AT)


def test_every_decision_is_an_event(book: Grants, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="agent")
    book.remember(SITE, AT)
    book.forget(SITE)
    book.block(SITE, AT)
    book.unblock(SITE)
    told = [(entry.event_id, entry.facts) for entry in caplog.records]  # type: ignore[attr-defined]  # by logs.note
    assert told == [(number, {"origin": "https://kds.example.kz"}) for number in (1200, 1201, 1202, 1203)]


def test_a_decision_that_is_not_written_is_no_event(book: Grants, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="agent")
    book.path.mkdir(parents=True)
    with pytest.raises(StorageFailed):
        book.block(SITE, AT)
    assert caplog.records == []
