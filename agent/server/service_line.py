"""Windows: the line to the broker's service. It is TCP over loopback, and connections come as what `socket.fromshare` makes them of.

Anybody may listen on a port, so before a word is said the system is asked who is at the other end: the table of connections names the
process (agent.peers.windows), the service control manager says which one is the broker's service (agent.peers.windows_service), and the
two must be one, both before and after. Then the service gets the right to put handles into this process, which it needs, and which
nobody but that service can use.

A broker that somebody took over could do with that right what it likes to this agent, and to every other one that registered: see
docs/decisions/0029-broker.md. What it hands over counts for no more than elsewhere.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from agent.broker import wire
from agent.peers import windows, windows_service
from agent.server.handed_over import is_tcp

_HOST: Final = "127.0.0.1"
_READ_BYTES: Final = 65536
_LOOKS, _LOOK_S = 40, 0.05


class ServiceLine:
    """See agent.server.handed_over.Line. All but the port is another thing than Windows' own only in tests."""

    def __init__(
        self,
        port: int = windows_service.DOOR_PORT,
        *,
        service_process: Callable[[], int | None] | None = None,
        process_of: Callable[[socket.socket], int | None] | None = None,
        let_it_share: Callable[[], None] = windows_service.let_it_share,
        take: Callable[[bytes], socket.socket] = windows.take,
    ) -> None:
        self._port = port
        self._service_process = service_process or windows_service.Service().process
        self._process_of = process_of or windows.WindowsOwners().process_of
        self._let_it_share = let_it_share
        self._take = take
        self._frames = wire.Frames(wire.MAX_SHARED_BYTES)
        self._connection: socket.socket | None = None

    async def open(self) -> None:
        self._connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(self._connection, (_HOST, self._port))
        service = self._service_process()
        if (
            service is None
            or await self._other_end(self._connection) != service
            or self._service_process() != service
        ):
            raise ConnectionRefusedError("what listens there is not the broker's service")
        self._let_it_share()

    async def _other_end(self, connection: socket.socket) -> int | None:
        """The process there. Until it took the connection out of its queue the system may know of none."""
        for _ in range(_LOOKS):
            found = self._process_of(connection)
            if found is not None:
                return found
            await asyncio.sleep(_LOOK_S)
        return None

    def say(self, message: bytes) -> None:
        assert self._connection is not None
        octets = wire.framed(message)
        if self._connection.send(octets) != len(octets):
            raise BlockingIOError("a message went out by half")

    async def hear(self) -> bytes:
        assert self._connection is not None
        while (message := self._frames.next()) is None:
            octets = await asyncio.get_running_loop().sock_recv(self._connection, _READ_BYTES)
            if not octets:
                return b""
            self._frames.feed(octets)
        return message

    async def attend(self, let_in: Callable[[socket.socket], None]) -> None:
        while message := await self.hear():
            if message[:1] != wire.CONNECTION:
                raise wire.BadMessage("the broker handed over something else than a connection")
            accepted = self._take(message[1:])
            if not is_tcp(accepted):
                accepted.close()
                raise wire.BadMessage("the broker handed over something else than a connection")
            try:
                self.say(wire.TAKEN)
            except OSError:
                accepted.close()
                raise
            let_in(accepted)
        raise ConnectionResetError("the broker hung up")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
