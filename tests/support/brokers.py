"""A broker in this process, one turn at a time, and agents and pages that come to it."""

import contextlib
import io
import socket
from collections.abc import Container, Iterator
from pathlib import Path

from agent.broker import wire
from agent.broker.__main__ import make
from agent.broker.events import Events
from agent.broker.serving import Broker
from agent.peers.owner import Owners

LIMIT_S = 10.0


class Clock:
    """Time that goes on when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class ToldOwners:
    """Whose connections are whose, as the test says by the port of the peer; `usual` is everybody else's."""

    can_tell = True

    def __init__(self, ours: int, usual: int | None) -> None:
        self.ours = ours
        self.usual = usual
        self.by_port: dict[int, int | None] = {}

    def of_peer(self, accepted: socket.socket) -> int | None:
        try:
            return self.by_port.get(accepted.getpeername()[1], self.usual)
        except OSError:
            return None


class Stage:
    """The broker and its surroundings."""

    def __init__(
        self,
        folder: Path,
        owners: Owners,
        nobody: int = 65534,
        ports: int = 1,
        subordinates: Container[int] = (),
    ) -> None:
        self.door = folder / "broker.sock"
        self.owners = owners
        self.clock = Clock()
        self.is_over = False
        self.lines = io.StringIO()
        *self._listeners, self._door = make([0] * ports, self.door)
        self.ports = tuple(dict.fromkeys(int(each.getsockname()[1]) for each in self._listeners))
        self.port = self.ports[0]
        said = Events(self.lines, clock=self.clock)
        self.broker = Broker(
            self._listeners,
            self._door,
            owners,
            said,
            nobody=nobody,
            subordinates=subordinates,
            clock=self.clock,
        )

    def end_broker(self) -> None:
        self.is_over = True
        self.broker.close()

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            self.broker.turn(0.0)

    def caller(self, first: bytes = b"") -> socket.socket:
        """Somebody at the door, who has said this."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(LIMIT_S)
        connection.connect(str(self.door))
        if first:
            connection.send(first)
        return connection

    def agent(self) -> socket.socket:
        """An agent that is registered."""
        connection = self.caller(wire.ANNOUNCE)
        self.turn()
        assert wire.parse_reply(connection.recv(wire.MAX_BYTES)) == (self.port,)
        return connection

    def page(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), LIMIT_S)

    def said(self) -> list[str]:
        return self.lines.getvalue().splitlines()

    def close(self) -> None:
        if not self.is_over:
            self.end_broker()
        for each in (*self._listeners, self._door):
            each.close()


@contextlib.contextmanager
def stage(
    folder: Path,
    owners: Owners,
    nobody: int = 65534,
    ports: int = 1,
    subordinates: Container[int] = (),
) -> Iterator[Stage]:
    opened = Stage(folder, owners, nobody, ports, subordinates)
    try:
        yield opened
    finally:
        opened.close()


def taken(agent: socket.socket) -> socket.socket:
    """The connection that was handed over, acknowledged."""
    message, descriptors, _, _ = socket.recv_fds(agent, wire.MAX_BYTES, 2)
    assert message == wire.CONNECTION
    assert len(descriptors) == 1
    agent.send(wire.TAKEN)
    return socket.socket(fileno=descriptors[0])


def is_closed(page: socket.socket) -> bool:
    """Whether the other side closed it, without a word."""
    try:
        return page.recv(1) == b""
    except ConnectionResetError:
        return True
