"""`qalamsap new-key`."""

import getpass
from pathlib import Path
from typing import Any

import pytest

from agent.formats import csr
from agent.keystores import pkcs12
from tests.support import authority
from tests.support.command_line import CommandLine
from tests.support.new_keys import PASSWORD, make_files_fast


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    make_files_fast(monkeypatch)


def make(run: CommandLine, key: Path, *words: object, password: str = PASSWORD) -> int:
    own = ("--password-stdin", "--state-dir", run.state_dir)
    return run("new-key", key, *own, *words, stdin=f"{password}\n".encode())


def test_a_key_and_its_request_lie_beside_each_other(run: CommandLine) -> None:
    key = run.folder / "me.p12"
    words = (
        "--subject",
        "CN=ТЕСТОВ ИВАН",
        "--subject",
        "O=А = Б",
        "--algorithm",
        "ecdsa-p256",
        "--purpose",
        "any",
    )
    assert make(run, key, *words) == 0
    target = Path(run.out.strip())
    assert target == run.folder / "me.csr.pem"
    request = csr.Request.from_der(csr.unwrap(target.read_bytes()))
    request.verify()
    assert request.subject.text() == "CN=ТЕСТОВ ИВАН,C=KZ,O=А \\= Б"
    with authority.secret(PASSWORD) as secret:
        pending = pkcs12.open_pending(key.read_bytes(), secret)
    assert pending.private_key.public_octets == request.public_key.octets


@pytest.mark.parametrize(
    ("name", "words", "password", "code"),
    [
        ("me.p12", ("--subject", "CN"), PASSWORD, 5),
        ("me.p12", ("--subject", "X=a"), PASSWORD, 5),
        ("me.key", ("--subject", "CN=a"), PASSWORD, 5),
        ("taken.p12", ("--subject", "CN=a"), PASSWORD, 7),
        ("nowhere/me.p12", ("--subject", "CN=a"), PASSWORD, 7),
        ("me.p12", ("--subject", "CN=a", "--out", "taken.p12"), PASSWORD, 5),
        ("me.p12", ("--subject", "CN=a"), "short", 5),
        ("me.p12", (), PASSWORD, 64),
        ("me.p12", ("--subject", "CN=a", "--algorithm", "gost-2004"), PASSWORD, 64),
    ],
)
def test_what_can_not_be_is_told_and_nothing_is_left(
    run: CommandLine, name: str, words: tuple[str, ...], password: str, code: int
) -> None:
    taken = run.folder / "taken.p12"
    taken.write_bytes(b"mine")
    words = tuple(str(run.folder / word) if word == taken.name else word for word in words)
    assert make(run, run.folder / name, "--algorithm", "ecdsa-p256", *words, password=password) == code
    assert taken.read_bytes() == b"mine"
    assert not (run.folder / "me.p12").exists()


def test_a_new_password_is_typed_twice(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    typed: list[str] = []

    def type_in(_question: str, *_: Any) -> str:
        return typed.pop(0)

    monkeypatch.setattr(getpass, "getpass", type_in)
    key = run.folder / "me.p12"
    words = ("--subject", "CN=a", "--algorithm", "ecdsa-p256", "--state-dir", run.state_dir)
    typed += [PASSWORD, f"{PASSWORD}3"]
    assert run("new-key", key, *words) == 5
    assert "differ" in run.err
    assert not key.exists()
    typed += [PASSWORD, PASSWORD]
    assert run("new-key", key, *words) == 0
    assert key.exists()
