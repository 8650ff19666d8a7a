"""An agent's registration as it is on Windows, with the broker's own loop behind the port, over loopback: who listens there, and what is
handed over. The stand-ins are for what Windows is asked; nothing of this was tried there."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.broker import wire
from agent.broker.windows import listener
from agent.server.handed_over import Registration
from agent.server.service_line import ServiceLine
from tests.support import stage, tcp_brokers

if sys.platform != "linux":
    pytest.skip("the stand-ins for Windows are Linux'", allow_module_level=True)

SERVICE = 900


class Agent:
    """An agent whose system says that `process` listens there, and that `services` are the broker's, one after the other."""

    def __init__(self, door: int, port: int, *, process: int | None = SERVICE, services: tuple[int | None, ...] = (SERVICE,)) -> None:  # fmt: skip
        self.door, self.process, self.services = door, process, list(services)
        self.served: list[socket.socket] = []
        self.changes: list[str] = []
        self.let_in = 0
        self.registration = Registration(
            Path("no-door"), port, lambda _: lambda accepted, _: self.served.append(accepted),
            lambda: self.changes.append(self.registration.state), self.line,
        )  # fmt: skip

    def line(self) -> ServiceLine:
        return ServiceLine(
            self.door, service_process=self.service, process_of=lambda _: self.process, let_it_share=self.let, take=tcp_brokers.take
        )  # fmt: skip

    def service(self) -> int | None:
        return self.services.pop(0) if len(self.services) > 1 else self.services[0]

    def let(self) -> None:
        self.let_in += 1

    async def close(self) -> None:
        await self.registration.close()
        for accepted in self.served:
            accepted.close()


async def turning(opened: tcp_brokers.Stage, is_over: asyncio.Event) -> None:
    while not is_over.is_set():
        opened.broker.turn(0.0)
        await asyncio.sleep(0.005)


def played(scenario: Callable[..., object]) -> None:
    async def play() -> None:
        with tcp_brokers.stage() as opened:
            opened.system.owner = 2
            agent, over = Agent(opened.door, opened.port), asyncio.Event()
            broker = asyncio.create_task(turning(opened, over))
            try:
                await scenario(agent, opened)  # type: ignore[misc]
            finally:
                await agent.close()
                over.set()
                await broker

    stage.run(play())


def test_it_registers_with_the_broker_and_takes_what_it_is_handed() -> None:
    async def scenario(agent, opened) -> None:
        assert await agent.registration.begin(10) == "registered"
        assert agent.registration.ports == (opened.port,)
        assert agent.let_in == 1
        pages = [socket.create_connection(("127.0.0.1", opened.port)) for _ in range(3)]
        await stage.until(lambda: len(agent.served) == 3)
        assert {each.getpeername() for each in agent.served} == {each.getsockname() for each in pages}
        await stage.until(lambda: not opened.broker._registered[2].untaken)
        for page in pages:
            page.close()

    played(scenario)


def test_it_registers_again_when_the_broker_has_let_it_go() -> None:
    async def scenario(agent, opened) -> None:
        assert await agent.registration.begin(10) == "registered"
        opened.broker._let_go(opened.broker._registered[2])
        await stage.until(lambda: agent.changes == ["registered", "waiting", "registered"])

    played(scenario)


def test_a_broker_without_the_right_to_share_refuses_and_that_is_told() -> None:
    async def scenario(agent, opened) -> None:
        opened.system.is_let_in = False
        assert await agent.registration.begin(10) == "refused"

    played(scenario)


@pytest.mark.parametrize(
    ("process", "services"),
    [(901, (SERVICE,)), (SERVICE, (None,)), (None, (None,)), (SERVICE, (SERVICE, 901)), (SERVICE, (SERVICE, None))],
)  # fmt: skip
def test_who_is_not_the_service_hears_nothing_and_gets_no_right(process, services) -> None:
    """Another program has the port, the service does not run, or it was started anew meanwhile."""

    async def scenario() -> None:
        with listener("127.0.0.1", 0) as other:
            other.settimeout(10)
            agent = Agent(other.getsockname()[1], 13579, process=process, services=services)
            line = agent.line()
            try:
                with pytest.raises(ConnectionRefusedError):
                    await line.open()
            finally:
                line.close()
            assert agent.let_in == 0
            connection, _ = other.accept()
            with connection:
                connection.settimeout(10)
                assert connection.recv(1) == b""

    stage.run(scenario())


def test_while_the_service_is_away_it_waits_and_registers_when_it_comes() -> None:
    async def scenario(agent, opened) -> None:
        agent.services = [None]
        assert await agent.registration.begin(0.05) == "waiting"
        agent.services = [SERVICE]
        await stage.until(lambda: agent.registration.state == "registered")

    played(scenario)


def not_a_connection() -> bytes:
    left, right = socket.socketpair()
    right.close()
    shared = tcp_brokers.share(left, tcp_brokers.PROCESS)
    left.close()
    return wire.framed(wire.CONNECTION + shared)


def nothing() -> bytes:
    return wire.framed(b"X")


def too_long() -> bytes:
    return b"\xff\xff"


def no_length() -> bytes:
    return b"\0\0"


@pytest.mark.parametrize("said", [not_a_connection, nothing, too_long, no_length])
def test_what_is_no_connection_is_not_served_and_ends_the_registration(said) -> None:
    async def scenario() -> None:
        with listener("127.0.0.1", 0) as broker:
            broker.setblocking(False)
            agent = Agent(broker.getsockname()[1], 13579)
            try:
                beginning = asyncio.create_task(agent.registration.begin(10))
                loop = asyncio.get_running_loop()
                first, _ = await loop.sock_accept(broker)
                with contextlib.closing(first):
                    await loop.sock_sendall(first, wire.framed(wire.welcome([13579])))
                    assert await beginning == "registered"
                    await loop.sock_sendall(first, said())
                    second, _ = await loop.sock_accept(broker)
                    second.close()
                assert agent.served == []
            finally:
                await agent.close()

    stage.run(scenario())
