"""Connections that the broker of a terminal server hands over, in place of a port of our own.

The agent keeps a registration (agent.broker.wire) and gets one again whenever the broker ended. What it is handed counts for no more
than what it would accept itself: it must be a TCP connection over loopback, and whose it is the kernel is asked once more, where it is
served (agent.server.listener). So a broker that somebody took over can keep connections away, and nothing else.

The door is believed where only root could have put it: in a folder that is root's, or that root gave to the broker; or in our own. On
Windows it is a port, and what is believed is the service behind it: agent.server.service_line.
"""

import asyncio
import contextlib
import logging
import os
import socket
import stat
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias

from agent import logs
from agent.broker import wire

Serve: TypeAlias = Callable[[socket.socket, str], None]
"""Serves a connection from that address, or closes it."""
State: TypeAlias = Literal["waiting", "registered", "refused", "elsewhere"]
"""`refused`: the broker says why (`why`), mostly that another agent of this person is registered; `elsewhere`: it owns other ports than ours."""

ANSWER_S: Final = 10.0
FIRST_DELAY_S: Final = 0.1
LONGEST_DELAY_S: Final = 5.0
_BATCH: Final = 16
_FOR_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH
_DESCRIPTOR: Final = struct.Struct("@i")

_log = logging.getLogger(__name__)


def is_there(door: Path) -> bool:
    """Whether this computer has a broker, running or not just now."""
    if sys.platform == "win32":
        from agent.peers.windows_service import Service  # noqa: PLC0415  # of that system alone

        return Service().is_installed()
    if sys.platform != "linux":
        return False
    try:
        folder, above = door.parent.lstat(), door.parent.parent.stat()
        is_roots_choice = not above.st_uid and not above.st_mode & _FOR_OTHERS
        return (
            stat.S_ISSOCK(door.lstat().st_mode)
            and stat.S_ISDIR(folder.st_mode)
            and not folder.st_mode & _FOR_OTHERS
            and (folder.st_uid in {0, os.geteuid()} or is_roots_choice)
        )
    except OSError:
        return False


class Line(Protocol):
    """What binds us to a broker. All of it raises OSError, and BadMessage for what a broker does not say."""

    async def open(self) -> None: ...

    def say(self, message: bytes) -> None: ...

    async def hear(self) -> bytes:
        """One message; empty where the broker hung up."""
        ...

    async def attend(self, let_in: Callable[[socket.socket], None]) -> None:
        """Takes each connection that is handed over, says so, and lets it in, until the broker is gone: that is an error."""
        ...

    def close(self) -> None: ...


class Registration:
    """`begin` it; from then on it is kept until `close`. `serve` has what serves each port; `on_change` is called when `state` changed;
    `open_line` makes a line to the broker, another than the system's only in tests."""

    def __init__(
        self,
        door: Path,
        port: int,
        serve: Callable[[int], Serve | None],
        on_change: Callable[[], None],
        open_line: Callable[[], Line] | None = None,
    ) -> None:
        self._open_line = open_line or (lambda: line_of_this_system(door))
        self._port = port
        self._serve = serve
        self._on_change = on_change
        self._line: Line | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self.state: State = "waiting"
        self.why: wire.Reason | None = None
        """Why the broker refused us last."""
        self.ports: tuple[int, ...] = ()

    async def begin(self, limit_s: float) -> State:
        """Registers; the state after the broker's first word, or after so long."""
        self._keeping = asyncio.get_running_loop().create_task(self._keep())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._settled.wait()
        return self.state

    async def close(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])

    async def _keep(self) -> None:
        delay = FIRST_DELAY_S
        while True:
            try:
                if await self._register():
                    delay = FIRST_DELAY_S
                    assert self._line is not None
                    await self._line.attend(self._let_in)
            except (OSError, wire.BadMessage) as error:  # TimeoutError is one
                logs.note(_log, logging.DEBUG, "the broker does not answer", error=error)
            finally:
                self._hang_up()
            if self.state == "registered":
                logs.note(_log, logging.WARNING, "the broker went away")
                self._turn("waiting")
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY_S)

    async def _register(self) -> bool:
        """Whether the broker took us. Raises OSError, BadMessage."""
        self._line = self._open_line()
        async with asyncio.timeout(ANSWER_S):
            await self._line.open()
            self._line.say(wire.ANNOUNCE)
            reply = wire.parse_reply(await self._line.hear())
        if isinstance(reply, str):
            self.why = reply
            if self.state != "refused":
                logs.note(_log, logging.ERROR, "the broker refuses this agent", code=reply)
            self._turn("refused" if reply != "full" else "waiting")
            return False
        self.ports = reply
        if self._port not in reply:
            if self.state != "elsewhere":
                logs.note(_log, logging.WARNING, "the broker owns another port", port=self._port)
            self._turn("elsewhere")
            return False
        logs.note(_log, logging.INFO, "registered with the broker", port=self._port)
        self._turn("registered")
        return True

    def _let_in(self, accepted: socket.socket) -> None:
        try:
            port, address = accepted.getsockname()[1], accepted.getpeername()[0]
        except OSError:  # it left meanwhile
            accepted.close()
            return
        serve = self._serve(port)
        if serve is None:
            accepted.close()
        else:
            serve(accepted, address)

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _turn(self, state: State) -> None:
        is_new = self.state != state
        self.state = state
        self._settled.set()
        if is_new:
            self._on_change()


def line_of_this_system(door: Path) -> Line:
    """A line to the broker of this computer."""
    if sys.platform == "win32":
        from agent.server.service_line import ServiceLine  # noqa: PLC0415  # of that system alone

        return ServiceLine()
    return UnixLine(door)


class UnixLine:
    """See Line. Connections come as descriptors."""

    def __init__(self, door: Path) -> None:
        self._door = door
        self._connection: socket.socket | None = None

    async def open(self) -> None:
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._connection.setblocking(False)
        self._connection.connect(str(self._door))  # at once, or BlockingIOError where too many wait

    def say(self, message: bytes) -> None:
        assert self._connection is not None
        self._connection.send(message)

    async def hear(self) -> bytes:
        assert self._connection is not None
        return await asyncio.get_running_loop().sock_recv(self._connection, wire.MAX_BYTES)

    async def attend(self, let_in: Callable[[socket.socket], None]) -> None:
        assert self._connection is not None
        loop = asyncio.get_running_loop()
        over: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._connection, self._take, self._connection, let_in, over)
        try:
            await over
        finally:
            loop.remove_reader(self._connection)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _take(
        self,
        connection: socket.socket,
        let_in: Callable[[socket.socket], None],
        over: "asyncio.Future[None]",
    ) -> None:
        try:
            for _ in range(_BATCH):
                let_in(_take_one(connection))
        except BlockingIOError:
            return
        except (OSError, wire.BadMessage) as error:
            if not over.done():
                over.set_exception(error)


def _take_one(connection: socket.socket) -> socket.socket:
    """Raises OSError, BadMessage; BlockingIOError where there is nothing more."""
    message, descriptors = _receive(connection)
    if not message:
        raise ConnectionResetError("the broker hung up")
    accepted = [each for each in map(_connected, descriptors) if each is not None]
    if message != wire.CONNECTION or len(accepted) != 1 or len(descriptors) != 1:
        for each in accepted:
            each.close()
        raise wire.BadMessage("the broker handed over something else than a connection")
    try:
        connection.send(wire.TAKEN)
    except OSError:
        accepted[0].close()
        raise
    return accepted[0]


def _receive(connection: socket.socket) -> tuple[bytes, list[int]]:
    """A message and the descriptors that came with it; none goes on to a child or to the agent that starts anew. Raises OSError.

    The standard library's recv_fds takes no flags in Python 3.11. Room is made for two: more are closed by the kernel.
    """
    message, ancillary, _, _ = connection.recvmsg(
        wire.MAX_BYTES, socket.CMSG_SPACE(2 * _DESCRIPTOR.size), socket.MSG_CMSG_CLOEXEC
    )
    found = [
        descriptor
        for level, kind, data in ancillary
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
        for (descriptor,) in _DESCRIPTOR.iter_unpack(data[: len(data) - len(data) % _DESCRIPTOR.size])
    ]
    return message, found


def _connected(descriptor: int) -> socket.socket | None:
    """The TCP socket that was handed over; None where it is something else, which is closed."""
    try:
        found = socket.socket(fileno=descriptor)
    except OSError:  # no socket at all
        os.close(descriptor)
        return None
    if is_tcp(found):
        return found
    found.close()
    return None


def is_tcp(found: socket.socket) -> bool:
    return found.family in (socket.AF_INET, socket.AF_INET6) and found.type == socket.SOCK_STREAM
