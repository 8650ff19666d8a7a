"""`qalamsap autostart`."""

from pathlib import Path

import pytest

from agent.commands import starting
from tests.support.command_line import CommandLine


def test_it_is_switched_and_says_how_it_is(
    run: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    said = []
    for words in ([], ["on"], [], ["off"], []):
        assert run("autostart", *words) == 0
        said.append(run.out.strip())
    assert said == ["off", "on", "on", "off", "off"]
    assert run("autostart", "maybe") == 64


def test_what_starts_by_itself_is_among_the_programs(
    run: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    entry = tmp_path / "share" / "applications" / "qalamsap.desktop"
    assert run("autostart") == 0
    assert not entry.exists()
    assert run("autostart", "on") == 0
    assert " open files --file %F" in entry.read_text("utf-8")
    entry.write_text("[Desktop Entry]\nName=Mine\n")
    assert run("autostart", "on") == 0
    assert (run.out.strip(), "somebody else's" in run.err) == ("on", True)
    assert "Mine" in entry.read_text("utf-8")


def test_what_an_installer_enters_starts_it_unless_the_person_wants_none(
    run: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr(starting.subprocess, "Popen", lambda words, **_: started.append(words))
    assert run("autostart", "start") == 0
    assert started == []
    assert run("autostart", "on") == 0
    assert run("autostart", "start") == 0
    (words,) = started
    assert words[-3:] == ("-m", "agent", "run")
