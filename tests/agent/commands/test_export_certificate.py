"""`qalamsap export-certificate`."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from agent import paths
from agent.certificate import Certificate
from agent.commands import export_certificate
from agent.errors import StorageFailed
from agent.operations import read_key as reading
from agent.operations.approval import Approval
from tests.support import authority
from tests.support.command_line import CommandLine


@pytest.fixture
def key(run: CommandLine) -> Path:
    return Path(shutil.copy(authority.path("gost2015-head"), run.folder / "GOST512_a.p12"))


def export(run: CommandLine, *words: object, stdin: bytes = b"Qwerty12\n") -> int:
    return run(
        "export-certificate", *words, "--password-stdin", "--state-dir", run.state_dir, *run.network, stdin=stdin
    )  # fmt: skip


def test_the_certificate_is_written_and_the_password_is_asked_once(run: CommandLine, key: Path) -> None:
    expected = authority.certificate("gost2015-head")
    assert export(run, key) == 0
    pem = key.with_suffix(".pem")
    assert run.out == f"{pem}\n"
    assert pem.read_text() == expected.pem()
    assert b"PRIVATE" not in pem.read_bytes()
    moved = key.rename(key.with_name("moved.p12"))
    target = run.folder / "x.cer"
    assert export(run, moved, "--form", "der", "--out", target, "--json", stdin=b"") == 0
    assert json.loads(run.out) == {"event": "exported", "file": str(target), "key": str(moved)}
    assert target.read_bytes() == expected.der


def test_nothing_is_replaced(run: CommandLine, key: Path) -> None:
    key.with_suffix(".pem").write_text("mine")
    assert export(run, key) == 5
    assert key.with_suffix(".pem").read_text() == "mine"


def test_of_several_keys_one_is_named(run: CommandLine) -> None:
    key = Path(shutil.copy(authority.path("two-keys"), run.folder / "two.p12"))
    assert export(run, key) == 5
    serial = run.err.split()[-1]
    assert export(run, key, "--serial", f"00:{serial.upper()}") == 0
    certificate = Certificate.from_pem_or_der(key.with_suffix(".pem").read_bytes())
    assert f"{certificate.serial_number:x}" == serial
    assert export(run, key, "--serial", "99", "--out", run.folder / "other.pem") == 6


def test_a_wrong_password_and_a_place_that_is_not_there_are_told(run: CommandLine, key: Path) -> None:
    assert export(run, key, "--json", stdin=b"wrong\n") == 3
    assert json.loads(run.out)["code"] == "wrong-password"
    assert export(run, key, "--out", run.folder / "none" / "x.pem") == 7
    with pytest.raises(StorageFailed):
        export_certificate.write(authority.certificate("gost2015-head").der, "pem", run.folder / "none" / "x")


def test_another_key_file_opened_in_its_place_gives_its_own_name(
    run: CommandLine, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = run.folder / "another.p12"
    learned = reading.read

    def read(path: Path, approval: Approval) -> reading.Read:
        return dataclasses.replace(learned(path, approval), path=other)

    monkeypatch.setattr("agent.operations.read_key.read", read)
    other.with_suffix(".pem").write_text("mine")
    assert export(run, key) == 5
    assert other.with_suffix(".pem").read_text() == "mine"
    other.with_suffix(".pem").unlink()
    paths.resolve(run.state_dir).key_library.unlink()
    assert export(run, key) == 0
    assert run.out == f"{other.with_suffix('.pem')}\n"
    assert not key.with_suffix(".pem").exists()
