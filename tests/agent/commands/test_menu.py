"""`qalamsap menu`."""

from pathlib import Path

import pytest

from agent import paths
from tests.support.command_line import CommandLine


def test_entries_are_put_there_listed_and_taken_back(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "homes", lambda: (run.folder / "share", run.folder / "config"))
    entry = run.folder / "share" / "applications" / "qalamsap.desktop"
    assert run("menu", "--state-dir", run.state_dir) == 0
    assert run.out == ""
    assert run("menu", "install", "--language", "en", "--state-dir", run.state_dir) == 0
    assert run.out.splitlines()[0] == str(entry)
    assert run("menu", "--state-dir", run.state_dir) == 0
    assert str(entry) in run.out.splitlines()
    assert run("menu", "remove", "--state-dir", run.state_dir) == 0
    assert str(entry) in run.out.splitlines()
    assert not entry.exists()


def test_a_home_that_is_no_folder_is_not_possible(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "homes", lambda: (run.file("share"), run.folder))
    assert run("menu", "install", "--state-dir", run.state_dir) == 7


def test_homes_are_where_the_system_has_them() -> None:
    assert all(Path(home).is_absolute() for home in paths.homes())
