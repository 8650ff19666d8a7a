"""`qalamsap open`."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.commands import open_desk
from agent.desk import process
from agent.errors import NoOneToAsk
from protocol.desk import frame
from tests.support.command_line import CommandLine


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[process.Options]:
    found: list[process.Options] = []
    monkeypatch.setattr(process, "run", found.append)
    return found


def test_a_page_is_opened_with_the_settings_of_now(run: CommandLine, opened: list[process.Options]) -> None:
    assert run("open", "history", "--state-dir", run.state_dir, "--language", "kk") == 0
    assert opened[0].summons == frame.Summons("history")
    assert opened[0].load().language == "kk"
    assert opened[0].load().paths.state_dir == run.state_dir
    assert run("open") == 0
    assert opened[1].summons == frame.Summons("files")


def test_files_are_named_from_the_root(
    run: CommandLine, opened: list[process.Options], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run.folder)
    (run.folder / "link").symlink_to("a.pdf")
    words: list[Any] = ["open", "files", "--wish", "sign", "--file", "a.pdf", "../b.pdf", "--file", "link"]
    assert run(*words) == 0
    folder = Path(os.path.realpath(run.folder))
    named = tuple(str(path) for path in (folder / "a.pdf", folder.parent / "b.pdf", folder / "link"))
    assert opened[0].summons == frame.Summons("files", named, "sign")


def test_names_that_are_no_text_are_counted_and_lose_nothing_else(
    run: CommandLine, opened: list[process.Options]
) -> None:
    assert run("open", "files", "--file", "/акт.pdf", "/\udcff.pdf") == 0
    assert opened[0].summons == frame.Summons("files", ("/акт.pdf",), "", 1)


def test_an_entry_of_the_list_of_programs_names_no_file(
    run: CommandLine, opened: list[process.Options]
) -> None:
    assert run("open", "files", "--file") == 0
    assert opened[0].summons == frame.Summons("files")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("open", "history", "--file", "a"), 5),
        (("open", "--wish", "sign"), 5),
        (("open", "nowhere"), 64),
        (("open", "--wish", "burn", "--file", "a"), 64),
    ],
)
def test_what_makes_no_sense_is_refused(
    run: CommandLine, opened: list[process.Options], words: tuple[str, ...], code: int
) -> None:
    assert run(*words) == code
    assert opened == []


def test_without_a_display_it_is_not_possible(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: process.Options) -> None:
        raise NoOneToAsk("no display")

    monkeypatch.setattr(process, "run", refuse)
    assert run("open", "--state-dir", run.state_dir) == 7
    assert "no display" in run.err


def test_every_wish_of_the_page_can_be_said() -> None:
    assert open_desk.WISHES == ("sign", "cosign", "timestamp", "verify", "card")


def test_what_the_desk_starts_can_be_stopped_although_the_desk_was_started_in_the_background(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [sys.executable, "-c", "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"]
    said: list[bytes] = []

    def interrupted_desk(_options: process.Options) -> None:
        said.append(subprocess.check_output(asked))
        os.kill(os.getpid(), signal.SIGINT)  # which was to be nothing for the desk itself, and still is

    monkeypatch.setattr(process, "run", interrupted_desk)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert subprocess.check_output(asked) == b"True\n"
        assert run("open") == 0
    finally:
        signal.signal(signal.SIGINT, before)
    assert said == [b"False\n"]
