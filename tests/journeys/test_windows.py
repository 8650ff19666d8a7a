"""From socket to signature with real processes and real windows: what a page sees while a person acts, hesitates, or is let down."""

import base64
import contextlib
import json
import os
import signal
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from agent.formats import cms
from demo.screen import Screen
from tests.support import agents, authority

pytestmark = pytest.mark.display
LIMIT_S = 60
DOCUMENT = "Акт № 1".encode()
KEY = authority.path("gost2015-individual")


@pytest.fixture(scope="module")
def agent(hidden_screen: Screen, tmp_path_factory: pytest.TempPathFactory) -> Iterator[agents.RunningAgent]:
    home = tmp_path_factory.mktemp("home")
    state_dir = home / "state"
    command = [
        sys.executable,
        "-m",
        "agent",
        "run",
        "--port",
        "0",
        "--state-dir",
        str(state_dir),
        "--tray",
        "off",
    ]
    environment = {**hidden_screen.environment, "HOME": str(home)}
    with agents.running(command, state_dir, environment) as running:
        yield running


@contextlib.contextmanager
def page(agent: agents.RunningAgent, origin: str = "https://kds.example.kz") -> Iterator[ClientConnection]:
    context = ssl.create_default_context(cafile=agent.authority_path)
    with connect(
        agent.url, ssl=context, origin=Origin(origin), compression=None, max_size=None
    ) as connection:
        assert connection.recv(LIMIT_S) == '{"result":{"version":"1.4"}}'
        yield connection


def sign_call(**more: object) -> str:
    arguments = {
        "format": "cms",
        "data": base64.b64encode(DOCUMENT).decode(),
        "signingParams": {"decode": True, "encapsulate": False},
        "signerParams": {"extKeyUsageOids": [], "chain": []},
        "locale": "ru",
        **more,
    }
    return json.dumps({"module": "kz.gov.pki.knca.basics", "method": "sign", "args": arguments})


def wait_until_gone(screen: Screen) -> None:
    until = time.monotonic() + LIMIT_S
    while screen.windows():
        assert time.monotonic() < until, "the window stays"
        time.sleep(0.1)


def children(pid: int) -> list[int]:
    return [int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def window_process(agent: agents.RunningAgent) -> int:
    """The process whose window is on the screen: the child of the worker that was not started last as a spare."""
    windows = [
        window
        for worker in children(agent.process.pid)
        for window in children(worker)
        if "tray window" in command_line(window)
    ]
    assert windows
    return min(windows)


def test_a_person_mistypes_the_password_and_the_page_gets_one_signature(
    agent: agents.RunningAgent, hidden_screen: Screen, artefacts: Path
) -> None:
    with page(agent) as connection:
        connection.send(sign_call())
        hidden_screen.open_key(KEY, "not the password")
        time.sleep(2)  # the window says so, and ignores input again for 0.7 s
        hidden_screen.picture(artefacts / "journeys" / "wrong-password.png")
        hidden_screen.type(authority.PASSWORD)
        hidden_screen.press("Return")
        hidden_screen.approve(picture=artefacts / "journeys" / "approve.png")
        reply = json.loads(connection.recv(LIMIT_S))
    (signature,) = reply["body"]["result"]
    evidence = cms.verify(cms.read(signature.encode()), DOCUMENT)
    assert [signer.signature for signer in evidence] == ["valid"]
    assert authority.PASSWORD not in "".join(agent.log)


def test_a_page_that_beats_is_answered_while_the_window_is_open(
    agent: agents.RunningAgent, hidden_screen: Screen
) -> None:
    with page(agent) as connection:
        connection.send(sign_call())
        hidden_screen.wait_for_window()
        connection.send("--heartbeat--")
        assert connection.recv(2) == "--heartbeat--"
        assert connection.ping().wait(2)
        hidden_screen.press("Escape")
        assert connection.recv(LIMIT_S) == '{"body":{},"status":true}'
    wait_until_gone(hidden_screen)


def test_the_window_goes_when_the_page_leaves(agent: agents.RunningAgent, hidden_screen: Screen) -> None:
    with page(agent) as connection:
        connection.send(sign_call())
        hidden_screen.wait_for_window()
    wait_until_gone(hidden_screen)


def test_two_pages_are_asked_for_one_after_the_other(
    agent: agents.RunningAgent, hidden_screen: Screen
) -> None:
    with page(agent) as first, page(agent, "https://other.kz") as second:
        first.send(sign_call())
        hidden_screen.wait_for_window()
        second.send(sign_call())
        time.sleep(1)
        assert len(hidden_screen.windows()) == 1
        hidden_screen.press("Escape")
        assert first.recv(LIMIT_S) == '{"body":{},"status":true}'
        hidden_screen.wait_for_window()
        time.sleep(0.5)
        hidden_screen.press("Escape")
        assert second.recv(LIMIT_S) == '{"body":{},"status":true}'
    wait_until_gone(hidden_screen)


def _approve_until_answered(screen: Screen, connection: ClientConnection) -> dict[str, str]:
    """Agrees as soon as that may be: opening the key takes a moment, and the window ignores input for another."""
    for _ in range(LIMIT_S):
        screen.press("ctrl+Return")
        with contextlib.suppress(TimeoutError):
            reply: dict[str, str] = json.loads(connection.recv(1))
            return reply
    raise AssertionError("no answer")


def test_a_window_that_says_what_went_wrong_stays_until_the_next_one_needs_its_place(
    agent: agents.RunningAgent, hidden_screen: Screen
) -> None:
    journal = agent.state_dir / "journal.jsonl"
    with page(agent, "https://one.example.kz") as first, page(agent, "https://two.example.kz") as second:
        first.send(sign_call())
        hidden_screen.open_key(KEY, authority.PASSWORD)
        kept = journal.rename(journal.with_name("kept"))
        journal.mkdir()
        try:
            assert _approve_until_answered(hidden_screen, first)["details"].startswith("storage-failed")
        finally:
            journal.rmdir()
            kept.rename(journal)
        time.sleep(5)
        (telling,) = hidden_screen.windows()
        second.send(sign_call())
        until = time.monotonic() + LIMIT_S
        while hidden_screen.windows() in ((), (telling,)):
            assert time.monotonic() < until, "the next window does not come"
            time.sleep(0.05)
        assert len(hidden_screen.windows()) == 1
        time.sleep(1)
        hidden_screen.press("Escape")
        assert second.recv(LIMIT_S) == '{"body":{},"status":true}'
    wait_until_gone(hidden_screen)


def test_a_window_that_dies_is_an_error_and_never_a_cancellation(
    agent: agents.RunningAgent, hidden_screen: Screen
) -> None:
    with page(agent) as connection:
        connection.send(sign_call())
        hidden_screen.wait_for_window()
        os.kill(window_process(agent), signal.SIGKILL)
        reply = json.loads(connection.recv(LIMIT_S))
    assert reply["status"] is False
    assert reply["code"]
    wait_until_gone(hidden_screen)


def test_without_a_display_the_page_is_told_that_nobody_can_be_asked(tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    command = [
        sys.executable,
        "-m",
        "agent",
        "run",
        "--port",
        "0",
        "--state-dir",
        str(state_dir),
        "--tray",
        "off",
    ]
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    with agents.running(command, state_dir, environment) as running, page(running) as connection:
        connection.send(sign_call())
        reply = json.loads(connection.recv(LIMIT_S))
    assert reply["status"] is False
    assert "window" in reply["message"] + reply["details"]


@pytest.mark.slow
def test_a_document_of_forty_megabytes_is_signed(agent: agents.RunningAgent, hidden_screen: Screen) -> None:
    document = os.urandom(1024) * (40 * 1024)
    with page(agent) as connection:
        connection.send(sign_call(data=base64.b64encode(document).decode()))
        hidden_screen.wait_for_window()
        connection.send("--heartbeat--")
        assert connection.recv(5) == "--heartbeat--"
        hidden_screen.open_key(KEY, authority.PASSWORD)
        hidden_screen.approve()
        (signature,) = json.loads(connection.recv(LIMIT_S))["body"]["result"]
    evidence = cms.verify(cms.read(signature.encode()), document)
    assert [signer.signature for signer in evidence] == ["valid"]
