"""The daemon as on a system without Unix sockets, and without an exec that is one: all that asks it does so over loopback."""

import contextlib
import datetime as dt
import os
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent import control as endpoint
from agent import loopback, own_sockets, paths
from agent.instance import Lock
from agent.localhost import authority
from agent.updates import stillness
from protocol import control
from tests.support import agents
from tests.support.command_line import CommandLine

pytestmark = pytest.mark.service

LIMIT_S = 60.0
LAUNCH = """
import argparse, os, sys
from agent import anew, config, daemon, own_sockets
own_sockets.IS_LOOPBACK, anew.IS_REPLACED_BY_EXEC, anew.SETTLES_WITHIN_S = True, False, 1.0
parser = argparse.ArgumentParser()
config.add_arguments(parser)
settings = config.load(parser.parse_args(sys.argv[1:]))
sys.exit(daemon.run(settings))
"""


@pytest.fixture(autouse=True)
def loopback_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_sockets, "IS_LOOPBACK", True)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(tmp_path, monkeypatch, capsys)


@contextlib.contextmanager
def running(state_dir: Path) -> Iterator[agents.RunningAgent]:
    command = [sys.executable, "-c", LAUNCH, "--state-dir", str(state_dir), "--tray", "off"]
    environment = {"HOME": str(state_dir), "PATH": os.environ["PATH"], "PYTHONPATH": str(paths.CODE_ROOT)}
    with agents.running(command, state_dir, environment) as agent:
        yield agent


def prepared(state_dir: Path) -> Path:
    authority.issue(state_dir / "tls", dt.datetime.now(dt.UTC))
    (state_dir / "config.toml").write_text("port = 0\n")
    return state_dir


def ask(state_dir: Path) -> control.State | None:
    try:
        answer = endpoint.ask(paths.resolve(state_dir).control_socket, control.Command("query"))
    except endpoint.NotRunning:
        return None
    assert isinstance(answer, control.State)
    return answer


def wait_until(is_so: Callable[[], object]) -> None:
    until = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.05)


def test_the_commands_reach_the_agent(tmp_path: Path, run: CommandLine) -> None:
    with running(prepared(tmp_path)) as agent:
        place = ("--state-dir", tmp_path)
        file = tmp_path / "control.sock"
        assert stat.S_ISREG(file.stat().st_mode)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert run("health", *place) == 0, run.out
        assert run("status", *place) == 0
        assert run.out.startswith(f"ready, port {agent.port}, ")
        assert run("pause", *place) == 0
        assert run("health", *place) == 1
        assert run("resume", *place) == 0
        secret = loopback.read(file).secret.hex()
        assert run("quit", *place) == 0
        assert agent.process.wait(LIMIT_S) == 0
        assert not file.exists()
        assert run("status", *place) == 7
        assert run.err == "qalamsap status: no agent answers\n"
        assert run("health", *place) == 2
    said = "".join(agent.log) + (tmp_path / "agent.log").read_text("utf-8")
    assert secret not in said
    assert "Traceback" not in said


def test_what_an_agent_left_that_was_killed_is_no_agent_and_hinders_none(
    tmp_path: Path, run: CommandLine
) -> None:
    with running(prepared(tmp_path)) as agent:
        before = (tmp_path / "control.sock").read_bytes()
        agent.process.send_signal(signal.SIGKILL)
        agent.process.wait(LIMIT_S)
    assert (tmp_path / "control.sock").read_bytes() == before
    assert run("status", "--state-dir", tmp_path) == 7
    assert run.err == "qalamsap status: no agent answers\n"
    with stillness.of_person(paths.resolve(tmp_path)) as still:
        assert still.words == ()
    with running(tmp_path):
        assert (tmp_path / "control.sock").read_bytes() != before
        assert ask(tmp_path) is not None


def test_an_update_has_an_idle_agent_end(tmp_path: Path) -> None:
    with running(prepared(tmp_path)) as agent, stillness.of_person(paths.resolve(tmp_path)) as still:
        assert still.words[0] == "run"
        assert agent.process.wait(LIMIT_S) == 0
        assert ask(tmp_path) is None


def test_an_agent_that_starts_anew_ends_and_leaves_another_that_serves(tmp_path: Path) -> None:
    folder = tmp_path / 'a "folder" with spaces'
    folder.mkdir()
    with running(prepared(folder)) as agent:
        state = ask(folder)
        assert state is not None
        assert state.language != "kk"
        before = loopback.read(folder / "control.sock")
        (folder / "config.toml").write_text('port = 0\nlanguage = "kk"\n')
        endpoint.ask(folder / "control.sock", control.Command("restart"))
        try:
            assert agent.process.wait(LIMIT_S) == 0  # once the next one has settled
            wait_until(lambda: (now := ask(folder)) is not None and now.language == "kk")
            assert int((folder / "agent.lock").read_text()) != agent.process.pid
            assert loopback.read(folder / "control.sock").secret != before.secret
        finally:
            with contextlib.suppress(endpoint.NotRunning):
                endpoint.ask(folder / "control.sock", control.Command("quit"))
        wait_until(lambda: not (folder / "control.sock").exists())
        wait_until(lambda: stillness.is_nobody_there(paths.resolve(folder)))
    Lock.take(folder / "agent.lock").release()
