"""The broker, turn by turn, with owners as the test says: what it hands to whom, and what it does to those who behave badly."""

import errno
import os
import socket
import sys
from pathlib import Path

import pytest

from agent.broker import serving, wire
from tests.support import brokers
from tests.support.brokers import ToldOwners, is_closed, taken

if sys.platform != "linux":
    pytest.skip("the broker is for Linux", allow_module_level=True)

ME = os.geteuid()
SOMEBODY = ME + 1


@pytest.fixture
def stage(tmp_path):
    with brokers.stage(tmp_path, ToldOwners(ME, ME)) as opened:
        yield opened


def test_a_connection_goes_to_its_owners_agent_as_it_is(stage):
    with stage.agent() as agent, stage.page() as page:
        page.send(b"\x16 nothing of this is read")
        stage.turn()
        with taken(agent) as accepted:
            assert accepted.getpeername() == page.getsockname()
            assert accepted.recv(64) == b"\x16 nothing of this is read"
            accepted.send(b"and back")
            assert page.recv(64) == b"and back"


def test_the_agents_end_is_the_only_one_left(stage):
    with stage.agent() as agent, stage.page() as page:
        stage.turn()
        taken(agent).close()
        assert is_closed(page)


@pytest.mark.parametrize("owner", [SOMEBODY, ME + 100000, None, 65534])
def test_a_connection_of_somebody_else_is_closed_and_nobody_gets_it(stage, owner):
    with stage.agent() as agent, stage.page() as page:
        stage.owners.by_port[page.getsockname()[1]] = owner
        stage.turn()
        assert is_closed(page)
        agent.setblocking(False)
        with pytest.raises(BlockingIOError):
            agent.recv(1)


def test_where_no_agent_is_registered_the_connection_is_closed_and_that_is_said_once(stage):
    for _ in range(3):
        with stage.page() as page:
            stage.turn()
            assert is_closed(page)
    assert stage.said() == [f"no agent of that person is registered id=1703 owner={ME}"]


def test_a_second_agent_of_a_person_is_told_that_the_place_is_taken(stage):
    with stage.agent() as agent:
        with stage.caller(wire.ANNOUNCE) as second:
            stage.turn()
            assert wire.parse_reply(second.recv(64)) == "taken"
            assert second.recv(64) == b""
        with stage.page():
            stage.turn()
            taken(agent).close()


def test_an_agent_that_starts_anew_finds_its_place_free_at_once(stage):
    for _ in range(5):
        stage.agent().close()  # its end, and the next one's beginning, are heard in the same turn
    assert stage.broker.registered == 1


def test_an_agent_that_ended_takes_its_untaken_connections_with_it(stage):
    with stage.agent() as agent, stage.page() as page:
        stage.turn()
        agent.close()
        assert is_closed(page)
        stage.turn()
        assert stage.broker.registered == 0


def test_an_agent_of_another_version_is_told_so(stage):
    with stage.caller(b"A\x02") as agent:
        stage.turn()
        assert wire.parse_reply(agent.recv(64)) == "version"
    assert "why=version" in stage.said()[-1]


@pytest.mark.parametrize(
    "message", [b"K", b"C", b"H\x01\x00", b"\0", b"X" * 64, b"A" * 4000, b"GET / HTTP/1.1"]
)
def test_who_says_something_else_at_the_door_is_let_go(stage, message):
    with stage.caller(message) as caller:
        stage.turn(2)
        first = caller.recv(64)  # a word for whom another version might be meant, an end for all
        assert not first or (wire.parse_reply(first) == "version" and not caller.recv(64))
    assert stage.broker.registered == 0


@pytest.mark.parametrize("message", [wire.ANNOUNCE, wire.TAKEN, b"", b"C", b"KK", b"K" * 1000])
def test_an_agent_that_says_what_it_should_not_loses_its_registration(stage, message):
    with stage.agent() as agent:
        if message:
            agent.send(message)
        else:
            agent.shutdown(socket.SHUT_WR)
        stage.turn()
        assert is_closed(agent)
    assert stage.broker.registered == 0
    with stage.agent():
        assert stage.broker.registered == 1


def test_descriptors_that_an_agent_sends_are_not_taken(stage):
    before = len(list(Path("/proc/self/fd").iterdir()))
    with stage.caller() as caller, Path(os.devnull).open("rb") as something:
        socket.send_fds(caller, [wire.ANNOUNCE], [something.fileno()] * 50)
        stage.turn()
        assert wire.parse_reply(caller.recv(64)) == (stage.port,)
        assert (
            len(list(Path("/proc/self/fd").iterdir())) == before + 3
        )  # both ends of the caller, and the file


def test_who_does_not_announce_itself_in_time_is_let_go(stage):
    with stage.caller() as caller:
        stage.turn()
        stage.clock.now += serving.ANNOUNCE_S - 0.1
        stage.turn()
        caller.setblocking(False)
        with pytest.raises(BlockingIOError):
            caller.recv(1)
        stage.clock.now += 1.2
        stage.turn()
        assert caller.recv(1) == b""


def test_one_person_can_not_fill_the_door(stage):
    callers = [stage.caller() for _ in range(20)]
    stage.turn(2)
    refused = 0
    for caller in callers:
        caller.setblocking(False)
        try:
            refused += wire.parse_reply(caller.recv(64)) == "full"
        except BlockingIOError:
            continue
    assert refused == 20 - serving.MOST_CALLERS_OF_ONE
    for caller in callers:
        caller.close()
    stage.turn()
    stage.agent().close()


def test_all_people_together_can_not_either(stage, monkeypatch):
    monkeypatch.setattr(serving, "MOST_CALLERS", 1)
    with stage.agent(), stage.caller(wire.ANNOUNCE) as another:
        stage.turn()
        assert wire.parse_reply(another.recv(64)) == "full"


def test_one_person_of_many_numbers_can_not_fill_it_for_others(tmp_path, monkeypatch):
    monkeypatch.setattr(serving, "MOST_SUBORDINATE", 1)
    numbers: set[int] = set()
    with brokers.stage(tmp_path, ToldOwners(ME, ME), subordinates=numbers) as stage:
        numbers.add(ME)
        with stage.agent(), stage.caller(wire.ANNOUNCE) as one_more:
            stage.turn()
            assert wire.parse_reply(one_more.recv(64)) == "full"
        stage.turn()  # both left, and their places are free
        with stage.agent():
            numbers.clear()
            with stage.caller(wire.ANNOUNCE) as other:
                stage.turn()
                assert wire.parse_reply(other.recv(64)) == "taken"  # a place was free


def test_one_whose_number_stands_for_several_people_is_not_registered(tmp_path):
    with brokers.stage(tmp_path, ToldOwners(ME, ME), nobody=ME) as stage, stage.caller(wire.ANNOUNCE) as one:
        stage.turn()
        assert wire.parse_reply(one.recv(64)) == "full"
        assert stage.broker.registered == 0


def test_an_agent_that_takes_nothing_gets_so_many_and_is_let_go_after_a_while(stage):
    with stage.agent() as agent:
        pages = [stage.page() for _ in range(wire.MOST_UNTAKEN + 3)]
        stage.turn(4)
        assert all(is_closed(page) for page in pages[wire.MOST_UNTAKEN :])
        stage.clock.now += serving.TAKE_S - 0.1
        stage.turn()
        assert stage.broker.registered == 1
        stage.clock.now += 1.2
        stage.turn()
        assert stage.broker.registered == 0
        while agent.recv(64):  # what lay there it still gets
            pass
        for page in pages:
            page.close()
    assert any("an agent takes no connections id=1705" in line for line in stage.said())


def test_an_agent_that_takes_what_it_gets_gets_any_number(stage):
    with stage.agent() as agent:
        for _ in range(5 * wire.MOST_UNTAKEN):
            with stage.page():
                stage.turn()
                taken(agent).close()
        stage.clock.now += 2 * serving.TAKE_S
        stage.turn(2)
        assert stage.broker.registered == 1


def test_an_agent_that_takes_what_it_gets_gets_any_number_also_within_one_turn(stage, monkeypatch):
    with stage.agent() as agent:
        hand_over = stage.broker._hand_over
        more = 5 * wire.MOST_UNTAKEN

        def as_fast_as_can_be(accepted):
            # Agent and page are quicker than the broker: before it looks up, the next connection waits already.
            nonlocal more
            hand_over(accepted)
            taken(agent).close()
            if more:
                more -= 1
                pages.append(stage.page())

        pages = [stage.page()]
        monkeypatch.setattr(stage.broker, "_hand_over", as_fast_as_can_be)
        while more:
            stage.turn()
        stage.turn()
        for page in pages:
            page.close()
    assert not any("takes no connections" in line for line in stage.said())


def test_a_page_that_left_is_no_trouble(stage):
    with stage.agent() as agent:
        stage.owners.usual = None
        stage.page().close()
        stage.turn()
        stage.owners.usual = ME
        with stage.page():
            stage.turn()
            taken(agent).close()


class Failing:
    """A socket whose next calls of one kind fail."""

    def __init__(self, real, name, code):
        self._real = real
        self._name = name
        self.code = code

    def __getattr__(self, name):
        if name == self._name and self.code:
            return self._fail
        return getattr(self._real, name)

    def _fail(self, *_):
        raise OSError(self.code, "as the test wants")


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_without_descriptors_it_rests_and_goes_on(stage, code):
    broker = stage.broker
    broker._listeners = [Failing(each, "accept", code) for each in broker._listeners]
    for failing in broker._listeners:
        broker._selector.unregister(failing._real)
        broker._selector.register(failing, serving.selectors.EVENT_READ)
    with stage.agent() as agent, stage.page():
        stage.turn()
        assert any("no descriptors are left" in line for line in stage.said())
        assert broker._patience() == pytest.approx(serving.BREATH_S)
        for failing in broker._listeners:
            failing.code = 0
        stage.turn()
        assert not broker._registered[ME].untaken  # it rests
        stage.clock.now += serving.BREATH_S
        stage.turn(2)
        taken(agent).close()


@pytest.mark.parametrize(
    ("code", "registered"), [(errno.ETOOMANYREFS, 1), (errno.EAGAIN, 0), (errno.EPIPE, 0)]
)
def test_what_can_not_be_handed_over_is_closed(stage, monkeypatch, code, registered):
    def fail(*_):
        raise OSError(code, "as the test wants")

    with stage.agent(), stage.page() as page:
        monkeypatch.setattr(serving.socket, "send_fds", fail)
        stage.turn()
        assert is_closed(page)
        assert stage.broker.registered == registered


def test_it_waits_for_ever_where_nobody_is_there_and_else_looks_at_the_clock(stage):
    assert stage.broker._patience() is None
    with stage.caller():
        stage.turn()
        assert stage.broker._patience() == serving.TICK_S


def test_its_end_lets_everybody_go(stage):
    with stage.agent() as agent:
        stage.end_broker()
        assert agent.recv(1) == b""
