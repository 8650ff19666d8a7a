"""The control endpoint over its real sockets, by both ways that systems have."""

import asyncio
import stat
import threading
from pathlib import Path

import pytest

from agent import control as endpoint
from agent import loopback, own_sockets
from agent.control import Endpoint, EndpointUnavailable, NotRunning
from agent.own_sockets import Listener
from protocol import control, pipes
from protocol.errors import ProtocolError
from tests.support import stage, ways

pytestmark = pytest.mark.usefixtures("way")
over_loopback = pytest.mark.parametrize("way", ["loopback"], indirect=True)
STATE = control.State("ready", "kk", "1.2.3", 13579)


@pytest.fixture(params=ways.WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(own_sockets, "IS_LOOPBACK", request.param == "loopback")
    return str(request.param)


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
    monkeypatch.setattr(Listener, "whose", lambda _listener, _connection: "strangers")

    async def scenario() -> None:
        door = Endpoint(tmp_path / "control.sock", answer)
        await door.open()
        with pytest.raises(NotRunning):
            await ask(tmp_path / "control.sock", control.Command("query"))
        await door.close()

    stage.run(scenario())


def test_a_process_of_another_session_is_told_the_state_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Listener, "whose", lambda _listener, _connection: "other-session")

    async def scenario() -> None:
        door = Endpoint(tmp_path / "control.sock", answer)
        await door.open()
        assert await ask(tmp_path / "control.sock", control.Command("query")) == STATE
        refused = await ask(tmp_path / "control.sock", control.Command("pause"))
        assert refused == control.Refused("from another session the agent only says how it is")
        await door.close()

    stage.run(scenario())


def test_a_dead_socket_of_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    ways.abandoned(path)

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
        reader, writer = await ways.opened(tmp_path / "control.sock")
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
        reader, writer = await ways.opened(tmp_path / "control.sock")
        assert await reader.read() == b""
        writer.close()
        door._time_limit_s = stage.LIMIT_S  # who does say something may be on a busy computer
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
    listener = Listener(path, 1)
    with listener.socket:
        player = threading.Thread(target=ways.answered_once, args=(listener, octets))
        player.start()
        with pytest.raises(error):
            endpoint.ask(path, control.Command("query"))
        player.join(ways.LIMIT_S)


def test_more_callers_than_a_few_are_not_heard(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"

    async def scenario() -> None:
        door = Endpoint(path, answer, time_limit_s=stage.LIMIT_S)
        await door.open()
        silent = [await ways.opened(path) for _ in range(endpoint.MAX_CALLERS)]
        await stage.until(lambda: door._callers == endpoint.MAX_CALLERS)
        with pytest.raises(NotRunning):
            await ask(path, control.Command("query"))
        for _, writer in silent:
            writer.close()
        await stage.until(lambda: not door._callers)
        assert await ask(path, control.Command("query")) == STATE
        await door.close()

    stage.run(scenario())


# --- over loopback alone ----------------------------------------------------------------------------------------------


@over_loopback
def test_who_proves_nothing_is_not_heard_and_keeps_nobody_out(tmp_path: Path) -> None:
    """A page can open connections to any port of loopback."""
    path = tmp_path / "control.sock"

    async def scenario() -> None:
        door = Endpoint(path, answer, time_limit_s=stage.LIMIT_S)
        await door.open()
        port = loopback.read(path).port
        pages = [await asyncio.open_connection(loopback.ADDRESS, port) for _ in range(endpoint.MAX_UNPROVED)]
        await stage.until(lambda: len(door._unproved) == endpoint.MAX_UNPROVED)
        assert await ask(path, control.Command("query")) == STATE
        assert await pages[0][0].read() == b""  # the oldest made room
        _, first = pages[1]
        first.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + bytes(64))
        assert len(await pages[1][0].read()) == loopback.DRAW_BYTES + loopback.PROOF_BYTES
        assert len(door._unproved) == endpoint.MAX_UNPROVED - 2
        await door.close()  # at once, whoever is still there
        for _, writer in pages:
            writer.close()

    stage.run(scenario())


@over_loopback
def test_on_the_port_of_a_dead_agent_nobody_passes_for_it_or_learns_the_command(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    ways.abandoned(path)
    heard = bytearray()

    async def squat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.readexactly(loopback.DRAW_BYTES))
        writer.write(heard + bytes(loopback.PROOF_BYTES))
        heard.extend(await reader.read())
        writer.close()

    async def scenario() -> None:
        server = await asyncio.start_server(squat, loopback.ADDRESS, loopback.read(path).port)
        with pytest.raises(NotRunning, match="another program listens on the port of an agent that is gone"):
            await ask(path, control.Command("quit"))
        server.close()
        assert len(heard) == loopback.DRAW_BYTES

    stage.run(scenario())


@over_loopback
def test_the_file_is_gone_when_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object, **__: object) -> asyncio.Server:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(endpoint.asyncio, "start_server", refuse)
    with pytest.raises(EndpointUnavailable, match="Too many open files"):
        stage.run(Endpoint(tmp_path / "control.sock", answer).open())
    assert list(tmp_path.iterdir()) == []
