"""The broker as it is on Windows, on this system: its door is a port of loopback, whose program called the kernel here says, and a
connection is shared within this one process, as the number of a descriptor."""

import contextlib
import os
import select
import socket
import time
from collections.abc import Callable, Iterator
from typing import Self

from agent.broker import wire
from agent.broker.events import Events
from agent.broker.serving import Broker
from agent.broker.tcp_door import TcpDoorman
from agent.broker.windows import listener
from agent.peers.linux import LinuxOwners
from tests.support.brokers import LIMIT_S, Clock

PROCESS = os.getpid()


class System:
    """What the doorman asks. `owner` in place of what the kernel says, where the test wants that."""

    def __init__(self) -> None:
        self.owner: int | None = None
        self.process = PROCESS
        self.is_let_in = True
        self.held: list[int] = []
        self.on_hold: Callable[[], None] = lambda: None
        self._owners = LinuxOwners()

    def of_peer(self, accepted: socket.socket) -> int | None:
        found = self._owners.of_peer(accepted)
        return found if found is None or self.owner is None else self.owner

    can_tell = True
    ours = os.geteuid()

    def callers(self, connection: socket.socket) -> tuple[int, int] | None:
        owner = self.of_peer(connection)
        return None if owner is None else (self.process, owner)

    def hold(self, process: int) -> Callable[[], None]:
        if not self.is_let_in:
            raise PermissionError("it does not let us")
        self.held.append(process)
        self.on_hold()
        return lambda: self.held.remove(process)

    @property
    def doorman(self) -> TcpDoorman:
        return TcpDoorman(self.callers, self.hold, share)


def share(accepted: socket.socket, process: int) -> bytes:
    """What this process, and no other, makes the connection of: once."""
    if process != PROCESS:
        raise ProcessLookupError("no such process")
    return str(os.dup(accepted.fileno())).encode()


def take(shared: bytes) -> socket.socket:
    return socket.socket(fileno=int(shared))


class Stage:
    """The broker, turn by turn, with callers that speak to it as agents on Windows do."""

    def __init__(self, *, most_callers: int | None = None) -> None:
        self.system = System()
        self.clock = Clock()
        self.lines: list[str] = []
        self._sockets = [listener("127.0.0.1", 0), listener("127.0.0.1", 0)]
        self.port, self.door = (int(each.getsockname()[1]) for each in self._sockets)
        said = Events(teller=lambda _, line, __: self.lines.append(line), clock=self.clock)
        self.broker = Broker(
            self._sockets[:1], self._sockets[1], self.system, said, nobody=0, doorman=self.system.doorman,
            most_callers=most_callers, clock=self.clock,
        )  # fmt: skip

    def turn(self) -> None:
        self.broker.turn(0.05)

    def until(self, condition: Callable[[], bool]) -> None:
        """Turns until that is so."""
        end = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < end, "it did not come about in time"
            self.turn()

    def is_closed(self, page: socket.socket) -> bool:
        """Whether the broker, turning, closes it without a word."""
        self.until(lambda: is_readable(page))
        try:
            return page.recv(1) == b""
        except ConnectionResetError:
            return True

    def caller(self, *messages: bytes) -> "Caller":
        connection = socket.create_connection(("127.0.0.1", self.door), LIMIT_S)
        return Caller(connection, messages, self.until)

    def agent(self) -> "Caller":
        made = self.caller(wire.ANNOUNCE)
        assert wire.parse_reply(made.hear()) == (self.port,)
        return made

    def page(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), LIMIT_S)

    def close(self) -> None:
        self.broker.close()
        for each in self._sockets:
            each.close()


def is_readable(connection: socket.socket) -> bool:
    return bool(select.select([connection], [], [], 0)[0])


class Caller:
    """Speaks to a broker; `until` has it turn meanwhile, where it does not by itself."""

    def __init__(
        self,
        connection: socket.socket,
        messages: tuple[bytes, ...],
        until: Callable[[Callable[[], bool]], None] = lambda _: None,
    ) -> None:
        self.connection = connection
        self._until = until
        self._frames = wire.Frames(wire.MAX_SHARED_BYTES)
        for message in messages:
            self.say(message)

    def say(self, message: bytes) -> None:
        self.connection.sendall(wire.framed(message))

    def hear(self) -> bytes:
        """A message; empty where the broker hung up."""
        while (message := self._frames.next()) is None:
            self._until(lambda: is_readable(self.connection))
            try:
                octets = self.connection.recv(4096)
            except ConnectionResetError:
                return b""
            if not octets:
                return b""
            self._frames.feed(octets)
        return message

    def take(self) -> socket.socket:
        """The connection that was handed over, acknowledged."""
        message = self.hear()
        assert message[:1] == wire.CONNECTION
        self.say(wire.TAKEN)
        return take(message[1:])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()


@contextlib.contextmanager
def stage(*, most_callers: int | None = None) -> Iterator[Stage]:
    opened = Stage(most_callers=most_callers)
    try:
        yield opened
    finally:
        opened.close()
