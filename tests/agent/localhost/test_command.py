"""`qalamsap trust` as words, lines and exit codes."""

import argparse
import io

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
