"""Wrong passwords are counted for each caller and file, and nothing else is kept of them."""

import errno
import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import paths
from agent.errors import StorageFailed
from agent.password_guesses import LIMITS, MAX_PAIRS, PasswordGuesses

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
SITE, OTHER = "site https://kds.example.kz", "site https://other.example.kz"
KEY = Path("/home/a/GOST512_x.p12")
(FEW, SHORT), (MANY, DAY) = LIMITS


@pytest.fixture
def guesses(tmp_path: Path) -> PasswordGuesses:
    return PasswordGuesses(tmp_path / "guesses.json")


def tries(guesses: PasswordGuesses, count: int, at: datetime = NOW, caller: str = SITE) -> list[bool]:
    return [guesses.count(caller, KEY, at) for _ in range(count)]


def test_a_few_may_be_made_and_no_more(guesses: PasswordGuesses) -> None:
    assert tries(guesses, FEW + 2) == [True] * FEW + [False] * 2
    assert not guesses.may_try(SITE, KEY, NOW)


def test_asking_whether_is_not_a_try(guesses: PasswordGuesses) -> None:
    assert all(guesses.may_try(SITE, KEY, NOW) for _ in range(FEW * 3))
    assert not guesses.path.exists()


def test_callers_and_files_are_counted_apart(guesses: PasswordGuesses) -> None:
    tries(guesses, FEW)
    assert guesses.may_try(OTHER, KEY, NOW)
    assert guesses.may_try(SITE, KEY.with_name("another.p12"), NOW)


def test_time_gives_new_tries_but_only_so_many_a_day(guesses: PasswordGuesses) -> None:
    at, made = NOW, 0
    while made < MANY:
        made += sum(tries(guesses, FEW, at))
        at += SHORT
    assert not guesses.may_try(SITE, KEY, at)
    assert not guesses.may_try(SITE, KEY, NOW + DAY - timedelta(seconds=1))
    assert guesses.may_try(SITE, KEY, NOW + DAY)


def test_the_right_password_forgets_the_wrong_ones(guesses: PasswordGuesses) -> None:
    tries(guesses, FEW - 1)
    guesses.forget(SITE, KEY, NOW)
    assert tries(guesses, FEW + 1) == [True] * FEW + [False]


def test_a_clock_that_is_put_back_gives_no_tries(guesses: PasswordGuesses) -> None:
    tries(guesses, FEW)
    assert not guesses.may_try(SITE, KEY, NOW - timedelta(days=30))


def test_another_process_sees_what_this_one_counted(guesses: PasswordGuesses) -> None:
    tries(guesses, FEW)
    assert not PasswordGuesses(guesses.path).may_try(SITE, KEY, NOW)


def test_nothing_but_moments_is_kept_and_only_for_the_owner(guesses: PasswordGuesses) -> None:
    tries(guesses, 2)
    text = guesses.path.read_text("utf-8")
    assert "kds" not in text
    assert "p12" not in text
    if os.name == "posix":
        assert guesses.path.stat().st_mode & 0o077 == 0


def test_what_is_long_ago_leaves_the_file(guesses: PasswordGuesses) -> None:
    tries(guesses, 1)
    tries(guesses, 1, NOW + DAY, OTHER)
    assert len(guesses._read()) == 1


def test_the_file_does_not_grow_for_ever(guesses: PasswordGuesses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.password_guesses.MAX_PAIRS", 3)
    for number in range(10):
        guesses.count(f"site https://site{number}.kz", KEY, NOW)
    assert len(guesses._read()) == 3
    assert MAX_PAIRS >= 100


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"tries":[]}', '{"tries":{"a":["yesterday"]}}', '{"tries":{"a":["2026-01-01"]}}', "[" * 100_000],
)  # fmt: skip
@pytest.mark.parametrize("first", ["count", "forget"])
def test_a_damaged_record_is_put_aside_and_counting_begins_anew(
    guesses: PasswordGuesses, content: str, first: str, caplog: pytest.LogCaptureFixture
) -> None:
    guesses.path.write_text(content, "utf-8")
    assert guesses.may_try(SITE, KEY, NOW)
    assert guesses.path.read_text("utf-8") == content
    with caplog.at_level(logging.WARNING, "agent"):
        getattr(guesses, first)(SITE, KEY, NOW)
    assert guesses.path.with_name("guesses.json.broken").read_text("utf-8") == content
    assert "put aside" in caplog.text
    tries(guesses, FEW)
    assert not guesses.may_try(SITE, KEY, NOW)


def test_a_record_without_moments_is_none(guesses: PasswordGuesses) -> None:
    guesses.path.write_text('{"tries":{"a":[]}}', "utf-8")
    assert guesses.count(SITE, KEY, NOW)
    assert len(guesses._read()) == 1


def test_a_record_that_can_not_be_read_lets_nobody_try(guesses: PasswordGuesses) -> None:
    guesses.path.mkdir()
    for attempt in (guesses.may_try, guesses.count, guesses.forget):
        with pytest.raises(StorageFailed):
            attempt(SITE, KEY, NOW)


def test_a_full_disk_lets_nobody_try(guesses: PasswordGuesses, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(paths, "write_private", full)
    with pytest.raises(StorageFailed, match="No space left"):
        guesses.count(SITE, KEY, NOW)
