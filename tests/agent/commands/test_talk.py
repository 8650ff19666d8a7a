"""`qalamsap status|pause|resume|quit`, with an agent that runs and without one."""

import json
import socket
import threading
from pathlib import Path

import pytest

from protocol import pipes
from tests.support import agents
from tests.support.command_line import CommandLine


def test_an_agent_is_asked_paused_resumed_and_stopped(run: CommandLine) -> None:
    with agents.simulated(run.folder / "agent", [{"decision": "cancel"}]) as agent:
        place = ("--state-dir", agent.state_dir)
        assert run("status", *place) == 0
        assert run.out == f"ready (simulation), port {agent.port}, 0 connections\n"
        assert run("pause", *place, "--json") == 0
        assert json.loads(run.out)["state"] == "paused"
        assert run("resume", *place) == 0
        assert run.out.startswith("ready")
        assert run("quit", *place) == 0
        assert agent.process.wait(20) == 0
    assert run("status", *place) == 7


@pytest.mark.parametrize("name", ["status", "pause", "resume", "quit"])
def test_without_an_agent_it_says_so(run: CommandLine, name: str) -> None:
    assert run(name, "--state-dir", run.folder) == 7
    assert run.err == f"qalamsap {name}: no agent answers\n"


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n", pipes.pack_json({"type": "nonsense"}), b"J\x00"]
)
def test_whoever_answers_nonsense_is_no_agent(run: CommandLine, answer: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        place = Path(run.folder) / "control.sock"
        listener.bind(str(place))
        listener.listen(1)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        assert run("status", "--state-dir", run.folder) == 7
        thread.join()
    assert "Traceback" not in run.err
