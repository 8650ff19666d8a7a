"""The door on Windows: a TCP port of loopback, at which the table of connections says whose process called (agent.peers.windows).

What the table says holds for a moment, and numbers of processes are used again. So when a caller announces itself its process is opened,
which keeps its number from being given to another one, and the table is read once more: then the process that we hold is the one that
called. It stays open for as long as the line does, and connections are shared with that process and no other. Opening it takes the one
right that sharing needs, which an agent gives to the broker's service before it announces itself (docs/decisions/0029-broker.md).

A stream does not keep messages apart: each stands behind its length.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from agent.broker import wire
from agent.broker.doors import Line

Callers: TypeAlias = Callable[[socket.socket], tuple[int, int] | None]
"""Process and owner at the other end of a connection; None where that can't be told."""
Hold: TypeAlias = Callable[[int], Callable[[], None]]
"""Opens a process so that connections can be shared with it; what it gives lets go. OSError."""
Share: TypeAlias = Callable[[socket.socket, int], bytes]
"""What that process makes the connection of. OSError."""

_SEND_BUFFER_BYTES: Final = 2 * wire.MOST_UNTAKEN * (wire.MAX_SHARED_BYTES + 2)


@dataclass(frozen=True, slots=True)
class TcpDoorman:
    """What the system is asked for; other things than Windows' own only in tests."""

    callers: Callers
    hold: Hold
    share: Share

    def meet(self, connection: socket.socket) -> Line | None:
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
            found = self.callers(connection)
        except OSError:
            found = None
        if found is None:
            connection.close()
            return None
        return TcpLine(connection, *found, self)


class TcpLine:
    """See agent.broker.doors.Line."""

    def __init__(self, connection: socket.socket, process: int, owner: int, doorman: TcpDoorman) -> None:
        self.connection = connection
        self.owner = owner
        self._process = process
        self._doorman = doorman
        self._let_go: Callable[[], None] | None = None
        self._frames = wire.Frames(wire.MAX_BYTES)

    def hear(self) -> bytes:
        """No octet more than the message: what lay here the selector would not see, and an agent could acknowledge in advance."""
        try:
            while (message := self._frames.next()) is None:
                octets = self.connection.recv(self._frames.missing())
                if not octets:
                    return b""
                self._frames.feed(octets)
        except wire.BadMessage as error:
            raise ConnectionAbortedError from error
        return message

    def say(self, message: bytes) -> bool:
        try:
            self._send(message)
        except OSError:
            return False
        return True

    def objection(self) -> wire.Reason | None:
        """Opens the process, for good; "rights" where it does not let us, or is not the one that called any more."""
        try:
            self._let_go = self._doorman.hold(self._process)
        except OSError:
            return "rights"
        is_the_same = self._doorman.callers(self.connection) == (self._process, self.owner)
        return None if is_the_same else "rights"

    def hand(self, accepted: socket.socket) -> None:
        self._send(wire.CONNECTION + self._doorman.share(accepted, self._process))

    def close(self) -> None:
        self.connection.close()
        if self._let_go is not None:
            self._let_go()
            self._let_go = None

    def _send(self, message: bytes) -> None:
        """Raises OSError, also where there is no room for the whole of it: what follows half a message can't be understood."""
        octets = wire.framed(message)
        if self.connection.send(octets) != len(octets):
            raise BlockingIOError("a message went out by half")
