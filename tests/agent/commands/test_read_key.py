"""`qalamsap show-key`."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from agent import programs
from agent.user import window
from protocol import prompts
from tests.support import authority, fake_window
from tests.support.command_line import CommandLine
from tests.support.fake_window import expect, password, send, wait_for_end


@pytest.fixture
def key(run: CommandLine) -> Path:
    return Path(shutil.copy(authority.path("gost2015-head"), run.folder / "GOST512_a.p12"))


def show(run: CommandLine, *words: object, stdin: bytes = b"") -> int:
    return run("show-key", *words, "--state-dir", run.state_dir, *run.network, stdin=stdin)


def test_whose_key_it_is_is_told_at_the_terminal(run: CommandLine, key: Path) -> None:
    assert show(run, key, "--password-stdin", stdin=b"Qwerty12\n") == 0
    assert run.out.startswith(
        "ҮЛГІБАЕВ ДӘУРЕН, ТОО «Сынақ»: ГОСТ 34.10-2015 (512), to sign and identify, until 31.12.2049\n"
    )
    assert run("keys", key.parent, "--state-dir", run.state_dir, "--json") == 0
    (row,) = json.loads(run.out)
    assert row["keys"][0]["owner"] == "ҮЛГІБАЕВ ДӘУРЕН"


def test_a_wrong_password_and_a_file_that_is_none_are_refused(run: CommandLine, key: Path) -> None:
    assert show(run, key, "--password-stdin", "--json", stdin=b"wrong\n") == 3
    assert json.loads(run.out)["code"] == "wrong-password"
    assert show(run, run.file("notes.txt"), "--password-stdin") == 5
    assert show(run, key.with_name("gone.p12"), "--password-stdin") == 5
    assert show(run, key, "--password-stdin", "--window") == 64


def windowed(monkeypatch: pytest.MonkeyPatch, log: Path, *steps: list[Any]) -> None:
    monkeypatch.setattr(programs, "window", lambda *_: tuple(fake_window.command(log, *steps)))
    monkeypatch.setattr(window, "LINGER_S", 0.1)


@pytest.mark.process
def test_the_password_is_typed_into_a_window(
    run: CommandLine, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = run.folder / "log"
    answer = send(prompts.KeyOpened(str(key), "PKCS12"))
    windowed(
        monkeypatch,
        log,
        expect("read-key"),
        answer,
        password("wrong"),
        expect("read-key"),
        answer,
        password("Qwerty12"),
        expect("finished"),
        wait_for_end(),
    )
    assert show(run, key, "--window", "--json", "--language", "kk") == 0
    assert json.loads(run.out) == {"event": "read", "file": str(key), "keys": 1}
    first, second, finished = fake_window.heard(log)
    assert (first.caller.kind, first.language, first.problem) == ("command", "kk", None)
    assert second.problem.code == "wrong-password"
    assert finished == prompts.Finished()


@pytest.mark.process
def test_a_window_that_is_closed_ends_it(
    run: CommandLine, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    windowed(monkeypatch, run.folder / "log", expect("read-key"), send(prompts.Cancelled()))
    assert show(run, key, "--window", "--json") == 4
    assert json.loads(run.out)["code"] == "cancelled"
