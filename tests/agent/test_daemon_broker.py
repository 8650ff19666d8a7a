"""The daemon where a broker owns the port: it registers in place of listening. With several people: tests/journeys/test_terminal_server.py."""

import contextlib
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from agent import control as endpoint
from agent.broker import wire
from agent.errors import AgentError
from agent.peers.owner import of_this_system
from protocol import control, handshake
from tests.support import agents, brokers, stage
from tests.support.brokers import Stage

if sys.platform != "linux":
    pytest.skip("the broker is for Linux", allow_module_level=True)

pytestmark = pytest.mark.service

LIMIT_S = 30.0


class Served:
    """A broker that turns by itself, until it is told to end."""

    def __init__(self, opened: Stage) -> None:
        self.door, self.port, self.ports = opened.door, opened.port, opened.ports
        self._stage = opened
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._turn)
        self._thread.start()

    def _turn(self) -> None:
        while not self._is_over.is_set():
            self._stage.broker.turn(0.05)

    def end(self) -> None:
        self._is_over.set()
        self._thread.join(LIMIT_S)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Served]:
    with brokers.stage(tmp_path, of_this_system(), ports=2) as opened:
        served = Served(opened)
        try:
            yield served
        finally:
            served.end()


@contextlib.contextmanager
def agent(folder: Path, broker: Served, *flags: str) -> Iterator[agents.RunningAgent]:
    words = ("--broker", str(broker.door), "--port", str(broker.port), *flags)
    with agents.simulated(folder, [], flags=words) as running:
        yield running


def state_of(running: agents.RunningAgent) -> control.State:
    answer = endpoint.ask(running.state_dir / "control.sock", control.Command("query"))
    assert isinstance(answer, control.State)
    return answer


def test_it_registers_and_pages_come_by_the_brokers_port(tmp_path: Path, broker: Served) -> None:
    with agent(tmp_path / "agent", broker) as running:
        assert running.port == broker.port
        assert state_of(running).state == "ready"
        stage.run(greeted(running))


def test_the_https_interface_comes_by_a_port_of_the_brokers_too(tmp_path: Path, broker: Served) -> None:
    with agent(
        tmp_path / "agent", broker, "--https-api", "--https-api-port", str(broker.ports[1])
    ) as running:
        assert status_of(running, broker.ports[1]) == 200


def test_the_https_interface_waits_for_a_broker_that_is_late(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(brokers.stage(tmp_path, of_this_system(), ports=2))
        state_dir = tmp_path / "agent"
        answers = agents.write_answers(tmp_path / "answers.toml", [])
        words = ["simulate", "--answers", str(answers), "--state-dir", str(state_dir)]
        words += ["--broker", str(opened.door), "--port", str(opened.port)]
        words += ["--https-api", "--https-api-port", str(opened.ports[1])]

        def let_broker_come() -> None:
            """Once the agent runs without it: nobody turns the broker before."""
            while not is_in_trouble(state_dir):
                time.sleep(0.05)
            stack.callback(Served(opened).end)

        late = threading.Thread(target=let_broker_come)
        late.start()
        environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        with agents.running([sys.executable, "-c", IMPATIENT, *words], state_dir, environment) as running:
            late.join()
            assert status_of(running, opened.ports[1]) == 200
            assert state_of(running).trouble == ""


IMPATIENT = """
import sys
from agent import daemon
from agent.__main__ import main
daemon.BROKER_FIRST_S = 0.1
sys.exit(main())
"""


def is_in_trouble(state_dir: Path) -> bool:
    with contextlib.suppress(AgentError):  # it does not listen yet
        answer = endpoint.ask(state_dir / "control.sock", control.Command("query"))
        return isinstance(answer, control.State) and answer.trouble == "broker"
    return False


def status_of(running: agents.RunningAgent, port: int) -> int:
    context = ssl.create_default_context(cafile=running.authority_path)
    return httpx.get(f"https://127.0.0.1:{port}/", verify=context, trust_env=False).status_code


async def greeted(running: agents.RunningAgent) -> None:
    context = ssl.create_default_context(cafile=running.authority_path)
    async with connect(running.url, ssl=context, proxy=None) as page:
        assert await page.recv() == handshake.GREETING


def test_a_second_agent_of_the_same_person_ends_and_says_why(tmp_path: Path, broker: Served) -> None:
    with agent(tmp_path / "agent", broker):
        answers = agents.write_answers(tmp_path / "answers.toml", [])
        words = ["simulate", "--answers", str(answers), "--state-dir", str(tmp_path / "second")]
        done = subprocess.run(
            [sys.executable, "-m", "agent", *words, "--broker", str(broker.door), "--port", str(broker.port)],
            capture_output=True, text=True, timeout=LIMIT_S, check=False,
        )  # fmt: skip
        assert done.returncode != 0
        assert "has another agent of yours registered" in done.stderr


@pytest.mark.parametrize(
    ("reason", "text"), [("version", "of another version"), ("rights", "has no right to hand")]
)
def test_an_agent_that_the_broker_refuses_ends_and_says_why(
    tmp_path: Path, reason: wire.Reason, text: str
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.bind(str(tmp_path / "broker.sock"))
        door.listen()
        door.settimeout(LIMIT_S)

        def refuse() -> None:
            caller, _ = door.accept()
            with caller:
                caller.recv(wire.MAX_BYTES)
                caller.send(wire.refusal(reason))

        broker = threading.Thread(target=refuse)
        broker.start()
        answers = agents.write_answers(tmp_path / "answers.toml", [])
        words = [
            "simulate",
            "--answers",
            str(answers),
            "--state-dir",
            str(tmp_path / "agent"),
            "--port",
            "13579",
        ]
        done = subprocess.run(
            [sys.executable, "-m", "agent", *words, "--broker", str(tmp_path / "broker.sock")],
            capture_output=True, text=True, timeout=LIMIT_S, check=False,
        )  # fmt: skip
        broker.join(LIMIT_S)
    assert done.returncode != 0
    assert text in done.stderr


def test_where_the_broker_owns_another_port_it_listens_by_itself(tmp_path: Path, broker: Served) -> None:
    with agent(tmp_path / "agent", broker, "--port", str(free_port())) as running:
        assert running.port != broker.port
        stage.run(greeted(running))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port


def test_without_the_broker_it_is_in_trouble_and_says_so(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(brokers.stage(tmp_path, of_this_system()))
        served = Served(opened)
        running = stack.enter_context(agent(tmp_path / "agent", served))
        served.end()
        opened.end_broker()
        end = time.monotonic() + LIMIT_S
        while (state := state_of(running)).trouble != "broker":
            assert time.monotonic() < end, state
        assert state.state == "trouble"
