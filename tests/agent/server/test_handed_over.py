"""An agent's registration with a broker: the real one, a broker that talks nonsense, and one that comes and goes."""

import asyncio
import contextlib
import os
import socket
import sys
from pathlib import Path

import pytest

from agent.broker import wire
from agent.server import handed_over
from agent.server.handed_over import Registration
from tests.support import stage

if sys.platform != "linux":
    pytest.skip("the broker is for Linux", allow_module_level=True)

PORT = 13579


@contextlib.contextmanager
def door(folder):
    """Where a broker listens that the test plays."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(folder / "broker.sock"))
        listener.listen(8)
        listener.setblocking(False)
        yield listener
    (folder / "broker.sock").unlink()


async def meet(listener, ports=(PORT,)):
    """The agent that announces itself, welcomed."""
    connection, _ = await asyncio.get_running_loop().sock_accept(listener)
    connection.setblocking(False)
    assert await hear(connection) == wire.ANNOUNCE
    if ports:
        connection.send(wire.welcome(list(ports)))
    return connection


async def hear(connection):
    return await asyncio.get_running_loop().sock_recv(connection, 64)


@contextlib.contextmanager
def page_to(port_of_loopback=0):
    """A page's end, and what a broker would accept of it."""
    with (
        socket.create_server(("127.0.0.1", port_of_loopback)) as listener,
        socket.create_connection(listener.getsockname()) as page,
    ):
        accepted, _ = listener.accept()
        yield page, accepted, listener.getsockname()[1]


def open_descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


class Agent:
    def __init__(self, folder, port=PORT):
        self.served = []
        self.changes = []
        self.registration = Registration(
            folder / "broker.sock",
            port,
            lambda _: self.serve,
            lambda: self.changes.append(self.registration.state),
        )

    def serve(self, accepted, address):
        self.served.append((accepted, address))

    async def close(self):
        await self.registration.close()
        for accepted, _ in self.served:
            accepted.close()


def played(scenario, folder, port=PORT):
    async def with_agent():
        agent = Agent(folder, port)
        try:
            with door(folder) as listener:
                await scenario(agent, listener)
        finally:
            await agent.close()

    stage.run(with_agent())


def test_it_registers_takes_what_it_is_handed_and_says_so(tmp_path):
    async def scenario(agent, listener):
        beginning = asyncio.create_task(agent.registration.begin(10))
        broker = await meet(listener, (PORT, 24680))
        assert await beginning == "registered"
        assert agent.registration.ports == (PORT, 24680)
        with broker, page_to() as (page, accepted, _):
            with accepted:
                socket.send_fds(broker, [wire.CONNECTION], [accepted.fileno()])
            assert await hear(broker) == wire.TAKEN
            await stage.until(lambda: bool(agent.served))
            ((handed, address),) = agent.served
            assert address == "127.0.0.1"
            assert not handed.get_inheritable()
            assert handed.getpeername() == page.getsockname()

    played(scenario, tmp_path)


def test_each_port_has_its_own_server_and_a_port_of_nobody_is_closed(tmp_path):
    async def scenario(agent, listener):
        asked = []
        agent.registration._serve = asked.append
        beginning = asyncio.create_task(agent.registration.begin(10))
        broker = await meet(listener)
        await beginning
        with broker, page_to() as (page, accepted, port):
            with accepted:
                socket.send_fds(broker, [wire.CONNECTION], [accepted.fileno()])
            page.setblocking(False)
            assert await asyncio.get_running_loop().sock_recv(page, 1) == b""
            assert asked == [port]

    played(scenario, tmp_path)


def test_when_the_broker_ends_it_registers_with_the_next_one(tmp_path):
    async def scenario(agent, listener):
        beginning = asyncio.create_task(agent.registration.begin(10))
        (await meet(listener)).close()
        await beginning
        second = await meet(listener)
        await stage.until(lambda: agent.changes == ["registered", "waiting", "registered"])
        second.close()

    played(scenario, tmp_path)


def test_while_there_is_no_broker_it_waits_and_registers_when_one_comes(tmp_path):
    async def scenario():
        agent = Agent(tmp_path)
        assert await agent.registration.begin(0.05) == "waiting"
        with door(tmp_path) as listener:
            (await meet(listener)).close()
            await stage.until(lambda: "registered" in agent.changes)
        await agent.close()

    stage.run(scenario())


@pytest.mark.parametrize(("reason", "state"), [("taken", "refused"), ("version", "refused")])
def test_a_refusal_is_told_and_the_agent_goes_on_trying(tmp_path, reason, state):
    async def scenario(agent, listener):
        beginning = asyncio.create_task(agent.registration.begin(10))
        with await meet(listener, ()) as broker:
            broker.send(wire.refusal(reason))
            assert await beginning == state
        (await meet(listener)).close()
        await stage.until(lambda: "registered" in agent.changes)

    played(scenario, tmp_path)


def test_a_broker_of_other_ports_is_told_apart(tmp_path):
    async def scenario(agent, listener):
        beginning = asyncio.create_task(agent.registration.begin(10))
        with await meet(listener, (24680,)):
            assert await beginning == "elsewhere"

    played(scenario, tmp_path)


def hand_two(broker, accepted):
    socket.send_fds(broker, [wire.CONNECTION], [accepted.fileno()] * 2)


def hand_none(broker, _accepted):
    broker.send(wire.CONNECTION)


def hand_with_another_word(broker, accepted):
    socket.send_fds(broker, [b"X"], [accepted.fileno()])


def hand_a_file(broker, _accepted):
    with Path(os.devnull).open("rb") as file:
        socket.send_fds(broker, [wire.CONNECTION], [file.fileno()])


def hand_a_unix_socket(broker, _accepted):
    left, right = socket.socketpair()
    with left, right:
        socket.send_fds(broker, [wire.CONNECTION], [left.fileno()])


def hand_a_datagram_socket(broker, _accepted):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        socket.send_fds(broker, [wire.CONNECTION], [other.fileno()])


@pytest.mark.parametrize(
    "hand",
    [hand_two, hand_none, hand_with_another_word, hand_a_file, hand_a_unix_socket, hand_a_datagram_socket],
)
def test_what_is_no_connection_is_not_served_and_ends_the_registration(tmp_path, hand):
    async def scenario(agent, listener):
        beginning = asyncio.create_task(agent.registration.begin(10))
        broker = await meet(listener)
        await beginning
        before = open_descriptors()
        with page_to() as (_, accepted, _port), accepted, broker:
            hand(broker, accepted)
            with await meet(listener):  # it hung up, and came again
                assert agent.served == []
        await stage.until(lambda: open_descriptors() <= before)

    played(scenario, tmp_path)


def test_a_connection_that_does_not_lead_anywhere_any_more_is_closed(tmp_path):
    async def scenario(agent, listener):
        beginning = asyncio.create_task(agent.registration.begin(10))
        broker = await meet(listener)
        await beginning
        with broker, socket.socket() as never_connected:
            socket.send_fds(broker, [wire.CONNECTION], [never_connected.fileno()])
            assert await hear(broker) == wire.TAKEN
            assert agent.served == []
            assert agent.registration.state == "registered"

    played(scenario, tmp_path)


def test_nonsense_in_place_of_a_welcome_is_not_believed(tmp_path):
    async def scenario(agent, listener):
        beginning = asyncio.create_task(agent.registration.begin(10))
        with await meet(listener, ()) as broker:
            broker.send(b"H\x01\x09\x00")
        (await meet(listener)).close()
        assert await beginning == "registered"

    played(scenario, tmp_path)


def test_a_door_is_one_only_where_no_other_person_could_have_put_it(tmp_path):
    assert not handed_over.is_there(tmp_path / "broker.sock")
    (tmp_path / "broker.sock").write_text("a file")
    assert not handed_over.is_there(tmp_path / "broker.sock")
    (tmp_path / "broker.sock").unlink()
    with door(tmp_path):
        tmp_path.chmod(0o755)
        assert handed_over.is_there(tmp_path / "broker.sock")
        for mode in (0o777, 0o775, 0o1777):
            tmp_path.chmod(mode)
            assert not handed_over.is_there(tmp_path / "broker.sock")
        tmp_path.chmod(0o755)
        (tmp_path / "link").symlink_to("broker.sock")
        assert not handed_over.is_there(tmp_path / "link")


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can give folders away")
def test_a_door_in_a_folder_of_another_person_is_none(tmp_path):
    with door(tmp_path):
        tmp_path.chmod(0o755)
        os.chown(tmp_path, 4711, 4711)
        try:
            tmp_path.parent.chmod(0o755)
            assert handed_over.is_there(tmp_path / "broker.sock")  # only root could give it that folder
            for mode in (0o777, 0o1777, 0o775):
                tmp_path.parent.chmod(mode)
                assert not handed_over.is_there(tmp_path / "broker.sock")
            tmp_path.parent.chmod(0o755)
            os.chown(tmp_path.parent, 4711, 4711)
            assert not handed_over.is_there(tmp_path / "broker.sock")
        finally:
            tmp_path.parent.chmod(0o700)
            for each in (tmp_path, tmp_path.parent):
                os.chown(each, 0, 0)
