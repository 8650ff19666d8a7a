"""The control endpoint over its real socket."""

import asyncio
import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from agent import control as endpoint
from agent.control import Endpoint, EndpointUnavailable, NotRunning
from protocol import control, pipes
from protocol.errors import ProtocolError
from tests.support import stage

STATE = control.State("ready", "kk", "1.2.3", 13579)


def answer(command: control.Command) -> control.State | control.Refused:
    return STATE if command.name == "query" else control.Refused(f"not {command.name}")


async def ask(path: Path, command: control.Command) -> control.State | control.Refused:
    return await asyncio.to_thread(endpoint.ask, path, command)


def test_a_command_gets_its_answer(tmp_path: Path) -> None:
    async def scenario() -> None:
        door = Endpoint(tmp_path / "control.sock", answer)
        await door.open()
        assert await ask(tmp_path / "control.sock", control.Command("query")) == STATE
        assert await ask(tmp_path / "control.sock", control.Command("pause")) == control.Refused("not pause")
        await door.close()
        assert not (tmp_path / "control.sock").exists()
        with pytest.raises(NotRunning):
            await ask(tmp_path / "control.sock", control.Command("query"))

    stage.run(scenario())


def test_only_its_owner_may_open_the_socket(tmp_path: Path) -> None:
    async def scenario() -> None:
        door = Endpoint(tmp_path / "control.sock", answer)
        await door.open()
        assert stat.S_IMODE((tmp_path / "control.sock").stat().st_mode) == 0o600
        await door.close()

    stage.run(scenario())


def test_a_process_of_another_user_gets_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    me = os.geteuid()
    monkeypatch.setattr(endpoint, "is_ours", lambda connection: False)

    async def scenario() -> None:
        door = Endpoint(tmp_path / "control.sock", answer)
        await door.open()
        with pytest.raises(NotRunning):
            await ask(tmp_path / "control.sock", control.Command("query"))
        await door.close()

    stage.run(scenario())
    monkeypatch.undo()
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert endpoint.is_ours(ours)
        monkeypatch.setattr(os, "geteuid", lambda: me + 1)
        assert endpoint.is_ours(ours) is (me == 0)  # root may always


def test_a_dead_socket_of_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    async def scenario() -> None:
        with pytest.raises(NotRunning):
            await ask(path, control.Command("query"))
        door = Endpoint(path, answer)
        await door.open()
        assert await ask(path, control.Command("query")) == STATE
        await door.close()

    stage.run(scenario())


def test_a_path_longer_than_a_socket_address_works(tmp_path: Path) -> None:
    folder = tmp_path / ("long " * 20) / ("longer " * 10)
    folder.mkdir(parents=True)

    async def scenario() -> None:
        door = Endpoint(folder / "control.sock", answer)
        await door.open()
        assert await ask(folder / "control.sock", control.Command("query")) == STATE
        await door.close()

    stage.run(scenario())


def test_a_folder_that_is_not_there_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(EndpointUnavailable):
        stage.run(Endpoint(tmp_path / "missing" / "control.sock", answer).open())


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        pipes.pack_json({"type": "quit-now"}),
        pipes.pack_json({"type": "command", "name": "sign"}),
        pipes.pack_json(control.to_message(STATE)),
        pipes.pack_header(pipes.SECRET, 4) + b"pass",
        pipes.pack_header(pipes.JSON, 1_000_000),
    ],
)
def test_nonsense_is_refused(tmp_path: Path, octets: bytes) -> None:
    async def scenario() -> None:
        door = Endpoint(tmp_path / "control.sock", answer)
        await door.open()
        reader, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
        writer.write(octets)
        kind, length = pipes.unpack_header(await reader.readexactly(pipes.HEADER_BYTES))
        assert kind == pipes.JSON
        message = control.from_message(pipes.unpack_json(await reader.readexactly(length)))
        assert isinstance(message, control.Refused)
        writer.close()
        await door.close()

    stage.run(scenario())


def test_a_caller_that_says_nothing_is_dropped(tmp_path: Path) -> None:
    async def scenario() -> None:
        door = Endpoint(tmp_path / "control.sock", answer, time_limit_s=0.5)
        await door.open()
        reader, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
        assert await reader.read() == b""
        writer.close()
        assert await ask(tmp_path / "control.sock", control.Command("query")) == STATE
        await door.close()

    stage.run(scenario())


@pytest.mark.parametrize(
    ("octets", "error"),
    [
        (b"", NotRunning),
        (b"J", ProtocolError),
        (pipes.pack_json(control.to_message(control.Command("query"))), ProtocolError),
    ],
)
def test_an_agent_that_answers_nonsense_is_a_typed_error(
    tmp_path: Path, octets: bytes, error: type[Exception]
) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def play() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(octets)

        player = threading.Thread(target=play)
        player.start()
        with pytest.raises(error):
            endpoint.ask(path, control.Command("query"))
        player.join(5)
