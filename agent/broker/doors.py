"""The door of the broker: how each system says who came to it, and how a connection gets from the broker to an agent.

    Doorman   meets whoever came to the door, and says whose program it is
    Line      what binds one of them to the broker: what it says, what it is told, what it is handed

On Linux the door is a Unix socket that keeps messages apart: the kernel says whose process called (SO_PEERCRED), and carries descriptors
(SCM_RIGHTS). On Windows it is agent.broker.tcp_door.
"""

import errno
import socket
import struct
from typing import Final, Protocol

from agent.broker import wire

_CREDENTIALS: Final = struct.Struct("3i")  # process, user, group


class Line(Protocol):
    """One caller. `connection` is for a selector; `owner` is whose program it is, by the system's word."""

    @property
    def connection(self) -> socket.socket: ...

    @property
    def owner(self) -> int: ...

    def hear(self) -> bytes:
        """One message, empty where there will be no more. Raises BlockingIOError where none has come yet, OSError."""
        ...

    def say(self, message: bytes) -> bool:
        """Whether it could be said at once."""
        ...

    def objection(self) -> wire.Reason | None:
        """Why nothing can be handed to this caller, if that is so; asked once, when it has announced itself."""
        ...

    def hand(self, accepted: socket.socket) -> None:
        """Hands a connection over; ours may be closed then. Raises NoRoom where that is not the caller's doing, else OSError."""
        ...

    def close(self) -> None: ...


class Doorman(Protocol):
    def meet(self, connection: socket.socket) -> Line | None:
        """Who came; None where that can't be told. The connection is the line's, or closed."""
        ...


class NoRoom(OSError):
    """Too much is on its way to all agents together."""


class UnixDoorman:
    """Linux."""

    def meet(self, connection: socket.socket) -> Line | None:
        try:
            connection.setblocking(False)
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        except OSError:
            connection.close()
            return None
        return UnixLine(connection, _CREDENTIALS.unpack(credentials)[1])


class UnixLine:
    """See Line. Descriptors that a caller sends are closed by the kernel, for no room is made for them; connections that it did not take
    with the socket that they lie in."""

    def __init__(self, connection: socket.socket, owner: int) -> None:
        self.connection = connection
        self.owner = owner

    def hear(self) -> bytes:
        return self.connection.recv(wire.MAX_BYTES)

    def say(self, message: bytes) -> bool:
        try:
            self.connection.send(message, socket.MSG_NOSIGNAL)
        except OSError:
            return False
        return True

    def objection(self) -> wire.Reason | None:
        return None

    def hand(self, accepted: socket.socket) -> None:
        try:
            socket.send_fds(self.connection, [wire.CONNECTION], [accepted.fileno()])
        except OSError as error:
            if error.errno == errno.ETOOMANYREFS:
                raise NoRoom(error.errno, "too many descriptors are on their way") from error
            raise

    def close(self) -> None:
        self.connection.close()
