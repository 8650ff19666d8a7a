"""`qalamsap change-password`."""

import json
import shutil
from pathlib import Path

import pytest

from agent import programs
from agent.keystores import pkcs12
from agent.secret import Secret
from agent.user import terminal, window
from protocol import prompts
from tests.support import authority, fake_window
from tests.support.command_line import CommandLine
from tests.support.fake_window import expect, password, send, wait_for_end


@pytest.fixture
def key(run: CommandLine) -> Path:
    return Path(shutil.copy(authority.path("gost2015-head"), run.folder / "GOST512_a.p12"))


def change(run: CommandLine, *words: object, stdin: bytes = b"") -> int:
    return run("change-password", *words, "--state-dir", run.state_dir, *run.network, stdin=stdin)


def is_open(path: Path, typed: str = "New-12345") -> bool:
    return bool(pkcs12.open(path.read_bytes(), authority.secret(typed)))


def test_both_passwords_come_from_standard_input(run: CommandLine, key: Path) -> None:
    assert change(run, key, "--password-stdin", "--keep-copy", stdin=b"Qwerty12\nNew-12345\n") == 0
    copy = key.with_name("GOST512_a.p12.old")
    assert run.out == f"{key} has another password now\nthe file with the old one is {copy}\n"
    assert is_open(key)
    assert is_open(copy, "Qwerty12")


@pytest.mark.parametrize(
    ("stdin", "exit_code", "code"),
    [
        (b"wrong\nNew-12345\n", 3, "wrong-password"),
        (b"Qwerty12\nshort\n", 5, "weak-password"),
        (b"Qwerty12\n", 5, "weak-password"),
    ],
)
def test_a_password_that_does_not_do_leaves_the_file_as_it_is(
    run: CommandLine, key: Path, stdin: bytes, exit_code: int, code: str
) -> None:
    assert change(run, key, "--password-stdin", "--json", stdin=stdin) == exit_code
    assert json.loads(run.out)["code"] == code
    assert key.read_bytes() == authority.path("gost2015-head").read_bytes()


def test_the_new_one_is_typed_twice_at_a_terminal(
    run: CommandLine, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed: list[str] = []
    monkeypatch.setattr(terminal, "type_password", lambda _: authority.secret(typed.pop(0)))
    typed += ["Qwerty12", "New-12345", "New-12346"]
    assert change(run, key) == 5
    assert "differ" in run.err
    typed += ["Qwerty12", "New-12345", "New-12345"]
    assert change(run, key) == 0
    assert is_open(key)


def test_a_password_that_is_typed_once_and_given_up_is_wiped(
    run: CommandLine, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed: list[Secret] = []

    def read(_: str) -> Secret:
        if len(typed) == 2:
            raise KeyboardInterrupt
        typed.append(authority.secret("Qwerty12"))
        return typed[-1]

    monkeypatch.setattr(terminal, "type_password", read)
    assert change(run, key) != 0
    assert [any(secret.buffer) for secret in typed] == [False, False]


@pytest.mark.process
def test_the_passwords_are_typed_into_a_window(
    run: CommandLine, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = run.folder / "log"
    steps = (
        expect("change-password"),
        send(prompts.PasswordsTyped(keep_copy=True)),
        password("Qwerty12"),
        password("New-12345"),
        expect("finished"),
        wait_for_end(),
    )
    monkeypatch.setattr(programs, "window", lambda *_: tuple(fake_window.command(log, *steps)))
    monkeypatch.setattr(window, "LINGER_S", 0.1)
    assert change(run, key, "--window", "--json") == 0
    copy = str(key.with_name("GOST512_a.p12.old"))
    assert json.loads(run.out) == {"event": "changed", "file": str(key), "copy": copy}
    assert is_open(key)
    asked, finished = fake_window.heard(log)
    assert isinstance(asked, prompts.ChangePassword)
    assert asked.file.path == str(key)
    assert finished == prompts.Finished()
