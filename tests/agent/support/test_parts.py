"""The parts of a bundle."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.doctor import examination
from agent.journal import Journal
from agent.paths import Paths
from agent.settings import SETTINGS
from agent.support import log_lines, parts
from agent.support.parts import Asked
from agent.support.redaction import Redaction
from agent.words import texts
from protocol.readings import Readings
from tests.support import examined

SECRET = "correct-horse-battery"


@pytest.fixture
def rules(tmp_path: Path) -> Redaction:
    return Redaction(tmp_path)


def test_every_part_is_there_in_a_fixed_order_and_has_a_title(tmp_path: Path, rules: Redaction) -> None:
    one = examined.computer(tmp_path)
    found = examination.examine(one)
    made = parts.all_parts(Asked(one, found, texts.load("ru"), examined.AT), rules)
    assert tuple(part.name for part in made) == parts.NAMES
    assert len({part.file for part in made}) == len(made)
    for language in texts.LANGUAGES:
        assert all(texts.load(language)(f"support.part.{name}") for name in parts.NAMES)
    assert json.loads(next(part.text for part in made if part.name == "health"))["state"] == "ok"
    assert "(agent-ready)" in next(part.text for part in made if part.name == "examination")


def test_versions_are_told(tmp_path: Path) -> None:
    text = parts.program(examined.computer(tmp_path, environment={"XDG_CURRENT_DESKTOP": "ubuntu:GNOME"}))
    assert "qalamsap " in text
    assert "XDG_CURRENT_DESKTOP: ubuntu:GNOME\n" in text
    assert re.search(r"^cryptography \d", text, re.MULTILINE)


@pytest.mark.parametrize("value", ["a" * 100, "x\ny", "СЕРИКОВА АЙГУЛЬ", "a=b"])
def test_a_desktop_that_is_called_strangely_is_not_told(tmp_path: Path, value: str) -> None:
    text = parts.program(examined.computer(tmp_path, environment={"XDG_SESSION_TYPE": value}))
    assert "XDG_SESSION_TYPE: ?\n" in text


def settings(rules: Redaction, tmp_path: Path, **given: Any) -> dict[str, Any]:
    one = examined.computer(tmp_path, settings={**given, "sources": {"proxy": "policy"}})
    return parts.shown_settings(one.settings, "", rules)


def test_every_setting_is_told_with_its_source(tmp_path: Path, rules: Redaction) -> None:
    told = settings(rules, tmp_path)
    assert set(told) == set(SETTINGS)
    assert told["port"] == {"value": 13579, "source": "default"}
    assert told["proxy"] == {"value": "system", "source": "policy"}
    assert told["timestamp_url"]["value"] == "http://tsp.pki.gov.kz/"
    assert json.loads(json.dumps(told)) == told


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("proxy", f"http://aigul:{SECRET}@proxy.kz:3128", "<proxy>"),
        ("key_folders", (Path("/home/x/Ключи Айгуль"), Path("/mnt/k")), ["<path>", "<path>"]),
        ("fetch_hosts", ("tsa.secret.kz", "10.1.2.3:80"), ["<host 1>", "<host 2>"]),
        ("allowed_origins", ("https://a.kz", "https://b.kz"), ["https://site-1", "https://site-2"]),
        ("sites", {"https://a.kz": Readings()}, {"https://site-1": str(Readings())}),
        ("journal_path", "/srv/journals/{user}/j", "<path>"),
        ("journal_path", "", ""),
        ("update_url", "/srv/updates", "<path>"),
        ("update_url", "https://updates.firm.kz/q", "https://site-1/…"),
        ("timestamp_url", "http://tsa.firm.kz/a?b", "http://site-1/…"),
        ("unlock_minutes", 5, 5),
    ],
)
def test_a_setting_tells_nothing_of_anybody(
    tmp_path: Path, rules: Redaction, name: str, value: Any, shown: Any
) -> None:
    assert settings(rules, tmp_path, **{name: value})[name]["value"] == shown


def test_settings_that_can_not_be_read_say_why(tmp_path: Path, rules: Redaction) -> None:
    one = examined.computer(tmp_path)
    told = parts.shown_settings(one.settings, f"{tmp_path}/config.toml is not TOML", rules)
    assert told == {"trouble": "the settings can't be read"}


def test_the_history_is_counted_and_not_told(tmp_path: Path) -> None:
    book = Journal(tmp_path / "journal.jsonl")
    book.write("asked", "1", examined.AT, {"origin": "https://secret.kz", "count": 1})
    book.write("failed", "1", examined.AT, {"code": "wrong-password"})
    book.write("failed", "2", examined.AT + timedelta(days=1), {"code": "СЕРИКОВА 870101300123"})
    with book.path.open("a") as stream:
        stream.write('{"event": "secret event"}\n[1]\n')
    told = parts.journal(book)
    assert told == {
        "is_whole": False,
        "broken_at_line": 4,
        "events": {"asked": 1, "failed": 2, "other": 1},
        "failures": {"other": 1, "wrong-password": 1},
    }


def test_a_history_that_is_not_there_or_can_not_be_read_says_so(tmp_path: Path) -> None:
    assert parts.journal(Journal(tmp_path / "none"))["lines"] == 0
    (tmp_path / "folder").mkdir()
    assert parts.journal(Journal(tmp_path / "folder")) == {"trouble": "can't be read: Is a directory"}


def test_events_are_counted_by_number() -> None:
    found = log_lines.Read([], first="a", last="b")
    found.events.update({"stopping": 1, "listening": 12})
    assert parts.events(found).splitlines() == [
        "from a to b",
        "1000     12 listening",
        "1001      1 stopping",
    ]


def test_only_our_own_files_are_named(tmp_path: Path) -> None:
    places = Paths(tmp_path / "state", tmp_path / "config")
    places.state_dir.mkdir(mode=0o700)
    for name in (
        "journal.jsonl",
        "agent.log.2",
        "grants.json.broken",
        "journal.jsonl.end",
        "АЙГУЛЬ.p12",
        "secret",
    ):
        (places.state_dir / name).write_text("x")
    (places.state_dir / "grants.json").symlink_to("/nowhere")
    text = parts.files(places, tmp_path)
    assert text.splitlines()[0] == "~/state:"
    for name in ("journal.jsonl", "agent.log.2", "grants.json.broken", "journal.jsonl.end", "grants.json"):
        assert f" {name}\n" in text
    assert "АЙГУЛЬ" not in text
    assert "secret" not in text
    assert "and 2 more, whose names are left out" in text
    assert text.endswith("~/config:\n  not there\n")


def test_a_folder_that_can_not_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    text = parts.files(Paths(tmp_path / "state", tmp_path / "state"), Path("/elsewhere"))
    assert text == "<state folder>:\n  can't be read: Not a directory\n"
