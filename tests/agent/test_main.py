"""The command line as a whole."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from agent import __main__ as program
from agent import daemon, paths
from agent.commands import exit_codes
from agent.formats import cms
from agent.gost import backend
from tests.support import authority
from tests.support.command_line import CommandLine


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize(
    "words", [(), ("nothing",), ("sign",), ("verify",), ("run", "--port", "x"), ("simulate",)]
)
def test_a_wrong_command_line_is_usage_and_not_cannot_tell(run: CommandLine, words: tuple[str, ...]) -> None:
    assert run(*words) == exit_codes.USAGE
    assert run.err.startswith("usage: qalamsap")


@pytest.mark.parametrize("name", [name for name in program._COMMANDS if name != "worker"])
def test_every_command_explains_itself(run: CommandLine, name: str) -> None:
    assert run(name, "--help") == 0
    assert program._COMMANDS[name][0] in re.sub(r"\s+", " ", run.out)


REACHING = {"--proxy", "--offline", "--fetch-host"}
NETWORK = {*REACHING, "--timestamp-url", "--ocsp-url", "--authority", "--language"}


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        (("run",), NETWORK),
        (("simulate",), NETWORK),
        (("sign",), NETWORK),
        (("verify",), NETWORK - {"--timestamp-url"}),
        (("card",), NETWORK - {"--timestamp-url"}),
        (("timestamp",), {*REACHING, "--timestamp-url", "--authority"}),
        (("authorities", "update"), REACHING),
        (("authorities", "list"), set()),
        (("keys",), set()),
    ],
)
def test_a_command_has_only_the_network_flags_that_it_reads(
    run: CommandLine, words: tuple[str, ...], flags: set[str]
) -> None:
    assert run(*words, "--help") == 0
    assert NETWORK.intersection(re.findall(r"--[a-z-]+", run.out)) == flags


def test_letters_that_the_output_lacks_are_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where output that goes into a file is in a code page, and Kazakh letters are in none of them."""
    octets = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(octets, encoding="ascii"))
    file = tmp_path / "act.cms"
    file.write_bytes(cms.sign(authority.signer("p256-individual"), b"act", at=authority.NOW, detached=False))
    words = ["verify", str(file), "--offline", "--language", "kk", "--state-dir", str(tmp_path / "state")]
    assert program.main(words) == exit_codes.CANNOT_TELL
    sys.stdout.flush()
    assert b"\\u04" in octets.getvalue()


def test_the_help_tells_commands_and_exit_codes(run: CommandLine) -> None:
    assert run("--help") == 0
    text = re.sub(r"\s+", " ", run.out)
    assert all(f" {name} " in text for name in program._COMMANDS)
    assert all(f"{code} {words}" in text for code, words in exit_codes.MEANINGS.items())


def test_the_version_tells_what_runs(run: CommandLine) -> None:
    assert run("version") == 0
    assert daemon.version() in run.out
    assert backend.describe() in run.out


@pytest.mark.parametrize(
    ("content", "message"), [("prot = 1", "unknown setting 'prot'"), ("port = 'x'", "expected 0 to 65535")]
)
def test_a_mistake_in_the_settings_is_bad_input(run: CommandLine, content: str, message: str) -> None:
    run.file("state/config.toml", content.encode())
    assert run("run", "--state-dir", run.state_dir) == exit_codes.BAD_INPUT
    assert message in run.err


def test_a_simulation_without_usable_files_is_bad_input(run: CommandLine) -> None:
    assert (
        run("simulate", "--answers", run.folder / "none", "--state-dir", run.state_dir)
        == exit_codes.BAD_INPUT
    )
    words = ("--answers", run.file("answers.toml"), "--test-ca", run.file("ca.pem", b"junk"))
    assert run("simulate", *words, "--state-dir", run.state_dir) == exit_codes.BAD_INPUT
    assert "holds no certificate" in run.err


def test_a_reader_that_goes_away_is_no_crash(tmp_path: Path) -> None:
    for number in range(2000):
        (tmp_path / f"a-rather-long-name-for-a-key-file-{number}.p12").touch()
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "agent", "keys", str(tmp_path)],
            stdout=writing, stderr=subprocess.PIPE, cwd=paths.CODE_ROOT, timeout=60, check=False,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (exit_codes.INVALID, b"")


def test_only_the_chosen_command_is_loaded() -> None:
    code = (
        "import sys; from agent.__main__ import main\n"
        "try: main(['status', '--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in sys.modules if name.startswith(('cryptography', 'asn1crypto', 'websockets'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=paths.CODE_ROOT,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
