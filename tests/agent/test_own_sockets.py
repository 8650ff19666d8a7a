"""The choice between Unix sockets and loopback, and who is heard by either. What both do: tests/agent/test_control.py."""

import asyncio
import contextlib
import os
import socket
import stat
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent import own_sockets
from agent.own_sockets import Listener, Stream
from agent.peers import owner
from tests.support import ways


@dataclass
class Told:
    """What a system tells of owners."""

    peer: int | None
    ours: int = 1001
    can_tell: bool = True

    def of_peer(self, accepted: socket.socket) -> int | None:
        assert accepted.getpeername()
        return self.peer


@pytest.fixture
def loopback_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_sockets, "IS_LOOPBACK", True)


def test_the_way_is_that_of_the_system() -> None:
    assert own_sockets.IS_LOOPBACK is (sys.platform == "win32")


def test_by_unix_socket_only_its_owner_may_open_it_and_the_kernel_names_the_peer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "control.sock"
    listener = Listener(path, 1)
    with listener.socket:
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        me = os.geteuid()
        with ways.called(path), listener.socket.accept()[0] as accepted:
            assert listener.whose(accepted) == "ours"
            monkeypatch.setattr(os, "geteuid", lambda: me + 1)
            assert listener.whose(accepted) == ("strangers" if me else "ours")  # root may always
            monkeypatch.delattr(socket, "SO_PEERCRED")
            assert listener.whose(accepted) == "ours"  # the file's modes decide then
    listener.forget()
    assert not path.exists()


@contextlib.contextmanager
def met(path: Path) -> Iterator[tuple[Listener, socket.socket]]:
    """A listener with a caller."""
    listener = Listener(path, 1)
    place = listener.socket.getsockname()
    with listener.socket, socket.create_connection(place), listener.socket.accept()[0] as accepted:
        yield listener, accepted


@pytest.mark.usefixtures("loopback_way")
def test_over_loopback_the_system_is_asked_for_the_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with met(tmp_path / "control.sock") as (listener, accepted):
        assert listener.whose(accepted) == "ours"  # it is ours, whether or not this system tells
        for told, whose in (
            (Told(1001), "ours"),
            (Told(0), "ours"),  # root
            (Told(1002), "strangers"),
            (Told(None), "strangers"),  # who left already
            (Told(None, can_tell=False), "ours"),
        ):
            listener._owners = told
            assert listener.whose(accepted) == whose
        monkeypatch.setattr(own_sockets, "OWNERS_ARE_SESSIONS", True)
        for told, whose in (
            (Told(3, ours=3), "ours"),
            (Told(0, ours=3), "ours"),  # services
            (Told(4, ours=3), "other-session"),
            (Told(None, ours=3), "strangers"),
        ):
            listener._owners = told
            assert listener.whose(accepted) == whose


@pytest.mark.usefixtures("loopback_way")
def test_where_our_own_session_can_not_be_told_the_secret_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> owner.Owners:
        raise OSError("the session of a process can't be told")

    monkeypatch.setattr(own_sockets.owner, "of_this_system", refuse)
    with met(tmp_path / "control.sock") as (listener, accepted):
        assert listener.whose(accepted) == "ours"


@pytest.mark.usefixtures("loopback_way")
def test_over_loopback_nobody_is_admitted_without_a_proof(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"

    async def scenario() -> None:
        listener = Listener(path, 5)
        outcomes: list[type[BaseException] | None] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await listener.admit(reader, writer)
            except (OSError, asyncio.IncompleteReadError) as error:
                outcomes.append(type(error))
            else:
                outcomes.append(None)
            writer.close()

        server = await asyncio.start_server(serve, sock=listener.socket)
        for octets in (bytes(64), b"short"):
            reader, writer = await asyncio.open_connection(*listener.socket.getsockname())
            writer.write(octets)
            writer.write_eof()
            await reader.read()
            writer.close()
        (await asyncio.to_thread(ways.called, path)).close()
        async with asyncio.timeout(ways.LIMIT_S):
            while len(outcomes) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        server.close()
        assert outcomes == [own_sockets.loopback.NotProved, asyncio.IncompleteReadError, None]

    asyncio.run(scenario())


@pytest.mark.parametrize("way", ways.WAYS)
def test_nobody_is_there_where_nobody_was_and_where_somebody_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(own_sockets, "IS_LOOPBACK", way == "loopback")
    path = tmp_path / "control.sock"
    until = time.monotonic() + ways.LIMIT_S
    with pytest.raises(FileNotFoundError), own_sockets.connected(path, until):
        pass
    ways.abandoned(path)
    with pytest.raises(ConnectionRefusedError), own_sockets.connected(path, until):
        pass


@pytest.mark.usefixtures("loopback_way")
@pytest.mark.parametrize("evicted", [2, own_sockets.TRIES])
def test_who_is_hung_up_on_before_a_proof_calls_again_and_not_for_ever(tmp_path: Path, evicted: int) -> None:
    """As somebody is who called just before pages that opened connections by the dozen."""
    path = tmp_path / "control.sock"
    listener = Listener(path, own_sockets.TRIES)
    heard: list[bytes] = []

    def serve() -> None:
        for _ in range(evicted):
            listener.socket.accept()[0].close()
        if evicted < own_sockets.TRIES:
            ways.answered_once(listener, b"here")
        heard.append(b"done")

    with listener.socket:
        agent = threading.Thread(target=serve)
        agent.start()
        until = time.monotonic() + ways.LIMIT_S
        if evicted < own_sockets.TRIES:
            with own_sockets.connected(path, until) as stream:
                stream.sendall(b"who?")
                assert stream.readinto(memoryview(bytearray(8))) == 4
        else:
            with (
                pytest.raises((ConnectionAbortedError, ConnectionResetError, BrokenPipeError)),
                own_sockets.connected(path, until),
            ):
                pass
        agent.join(ways.LIMIT_S)
    assert heard == [b"done"]


def test_a_stream_gives_up_at_its_moment_and_after_so_many_octets() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        buffer = memoryview(bytearray(8))
        theirs.sendall(b"12345678")
        stream = Stream(ours, time.monotonic() + 10, most=6)
        assert stream.readinto(buffer[:4]) == 4
        with pytest.raises(OSError, match="says too much"):
            stream.readinto(buffer[:4])
        with pytest.raises(TimeoutError):
            Stream(ours, time.monotonic() + 0.05).readinto(buffer)
        with pytest.raises(TimeoutError):
            Stream(ours, time.monotonic() - 1).sendall(b"x")


def test_a_path_longer_than_a_socket_address_works(tmp_path: Path) -> None:
    folder = tmp_path / ("long " * 20) / ("longer " * 10)
    folder.mkdir(parents=True)
    listener = Listener(folder / "control.sock", 1)
    with listener.socket, own_sockets.connected(folder / "control.sock", time.monotonic() + ways.LIMIT_S):
        assert listener.socket.accept()[0].close() is None
