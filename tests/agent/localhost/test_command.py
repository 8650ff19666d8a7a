"""`qalamsap trust` as words, lines and exit codes."""

import argparse
import io
import sys
from pathlib import Path

import pytest

from agent.localhost import command
from tests.support.trusting import Person


def lines(person: Person, *words: str) -> tuple[int, str]:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    out = io.StringIO()
    places = {"tls_dir": person.state_dir / "tls", "state_dir": person.state_dir}
    code = command.run(parser.parse_args(words), **places, root=person.root, home=person.home, out=out)
    return code, out.getvalue()


def test_it_tells_a_person_what_it_did(person: Person) -> None:
    code, text = lines(person, "install", "--machine", "--origin", "https://portal.example.kz")
    assert code == command.DONE
    folder = person.root / "etc/chromium/policies/managed"
    assert f"trusted  Chromium: {folder} (changed)\n" in text
    assert "may reach this computer without asking: https://portal.example.kz\n" in text
    assert "restart browsers that are open now\n" in text
    code, text = lines(person, "remove")
    assert code == command.DONE
    assert f"absent   Chromium: {folder} (changed)\n" in text


def test_status_fails_until_all_is_trusted(person: Person) -> None:
    assert lines(person, "status", "--machine")[0] == command.NOT_AS_WANTED
    lines(person, "install", "--machine")
    assert lines(person, "status")[0] == command.DONE
    assert lines(person, "renew")[0] == command.DONE


def test_a_pattern_is_bad_input(person: Person) -> None:
    code, report = person.command("install", "--machine", "--origin", "https://*.example.kz")
    assert (code, report["error"]) == (command.BAD_INPUT, "bad-input")
    assert (
        person.command("install", "--machine", "--origin", "https://a.kz", "--no-origins")[0]
        == command.BAD_INPUT
    )


def test_a_missing_tool_is_named(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(person.home))
    code, text = lines(person, "install", "--user")
    assert code == command.NOT_POSSIBLE
    assert text == (
        "qalamsap trust install: certutil is not installed; on Debian and Ubuntu it is in the package libnss3-tools\n"
    )


def test_a_broken_record_changes_nothing(person: Person) -> None:
    person.state_dir.mkdir()
    (person.state_dir / "trust.json").write_text("{")
    code, report = person.command("install", "--machine")
    assert (code, report["error"]) == (command.NOT_POSSIBLE, "storage-failed")
    assert not (person.root / "etc/chromium").exists()


def test_machine_and_user_exclude_each_other(person: Person, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        person.command("install", "--machine", "--user")
    assert "not allowed with argument" in capsys.readouterr().err


def test_what_became_of_trust_is_an_event_without_a_path(
    person: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="agent")
    for verb, words in (
        ("install", ("--machine",)),
        ("status", ()),
        ("renew", ()),
        ("remove", ()),
        ("install", ("--machine", "--origin", "https://*.example.kz")),
    ):
        lines(person, verb, *words)
    told = [(entry.event_id, entry.facts) for entry in caplog.records]  # type: ignore[attr-defined]  # by logs.note
    assert [number for number, _ in told] == [1507, 1508, 1509, 1511]
    assert int(told[0][1]["count"]) > 0
    assert told[1][1] == {"count": "0"}
    assert told[3][1] == {"code": "bad-input"}
    assert [entry.levelname for entry in caplog.records] == ["INFO", "INFO", "INFO", "WARNING"]
    assert str(person.home) not in caplog.text


def test_a_store_that_is_left_behind_is_an_event(person: Person, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="agent")
    folder = person.root / "etc/firefox/policies"
    folder.mkdir(parents=True)
    (folder / "policies.json").write_text("{ broken")
    assert lines(person, "install", "--machine")[0] == command.NOT_AS_WANTED
    assert ("WARNING", "a store does not stand as it should") in [
        (entry.levelname, entry.message) for entry in caplog.records
    ]


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the machine's state has a place of its own on Linux"
)
@pytest.mark.parametrize(
    ("words", "records", "expected"),
    [
        ("install", set(), True),
        ("install --machine", set(), True),
        ("install --user", {"machines"}, False),
        ("install", {"own"}, False),
        ("install", {"own", "machines"}, True),
        ("status", {"machines"}, True),
        ("status --user", {"machines"}, False),
        ("remove", {"machines"}, True),
        ("remove", {"own"}, False),
        ("remove", set(), False),
        ("renew", {"machines"}, True),
        ("renew", {"own", "machines"}, False),
        ("renew", set(), False),
        ("remove", {"own", "machines"}, True),
    ],
)
def test_what_root_says_without_naming_a_state_is_about_the_machine(
    words: str, records: set[str], expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command.trust, "is_root", lambda: True)
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    for name in records:
        (tmp_path / name).mkdir()
        (tmp_path / name / "trust.json").touch()
    options = parser.parse_args(words.split())
    assert command.is_machines(options, tmp_path / "own", tmp_path / "machines") is expected
    monkeypatch.setattr(command.trust, "is_root", lambda: False)
    assert not command.is_machines(options, tmp_path / "own", tmp_path / "machines")


def test_where_no_package_made_the_machines_place_an_administrator_means_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command.trust, "is_root", lambda: True)
    monkeypatch.setattr(command.sys, "platform", "win32")
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    options = parser.parse_args(["install"])
    assert not command.is_machines(options, tmp_path / "own", tmp_path / "machines")
    (tmp_path / "machines").mkdir()
    assert command.is_machines(options, tmp_path / "own", tmp_path / "machines")
