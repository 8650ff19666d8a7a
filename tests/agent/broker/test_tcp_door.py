"""The door of Windows, with the broker's own loop behind it, over loopback. The kernel here says whose program called."""

import sys

import pytest

from agent.broker import serving, wire
from tests.support import tcp_brokers
from tests.support.tcp_brokers import PROCESS

if sys.platform != "linux":
    pytest.skip("the stand-ins for Windows are Linux'", allow_module_level=True)


@pytest.fixture
def stage():
    with tcp_brokers.stage() as opened:
        # Who is root here has the number of Windows' session of services.
        opened.system.owner = 2
        yield opened


def test_a_connection_goes_to_its_owners_agent_as_it_is(stage):
    with stage.agent() as agent, stage.page() as page:
        page.send(b"\x16 nothing of this is read")
        with agent.take() as accepted:
            assert accepted.getpeername() == page.getsockname()
            assert accepted.recv(64) == b"\x16 nothing of this is read"
        assert stage.is_closed(page)  # the agent's end was the only one left
        stage.turn()
        assert stage.broker.registered == 1


def test_another_session_gets_nothing(stage):
    with stage.agent() as agent:
        stage.system.owner = 3
        with stage.page() as page:
            assert stage.is_closed(page)
        agent.connection.setblocking(False)
        with pytest.raises(BlockingIOError):
            agent.connection.recv(1)
    assert stage.lines[-1] == "no agent of that person is registered id=1703 owner=3"


def test_two_sessions_have_an_agent_each(stage):
    with stage.agent() as first:
        stage.system.owner = 3
        with stage.agent() as second, stage.page() as page:
            with second.take() as accepted:
                assert accepted.getpeername() == page.getsockname()
            first.connection.setblocking(False)
            with pytest.raises(BlockingIOError):
                first.connection.recv(1)


def test_a_second_agent_of_a_session_and_one_of_another_version_are_told_so(stage):
    with stage.agent(), stage.caller(wire.ANNOUNCE) as second, stage.caller(b"A\x02") as newer:
        assert [wire.parse_reply(each.hear()) for each in (second, newer)] == ["taken", "version"]
        assert second.hear() == b""


def test_the_session_of_services_is_nobodys(stage):
    stage.system.owner = 0
    with stage.caller(wire.ANNOUNCE) as caller, stage.page() as page:
        assert caller.hear() in (wire.refusal("full"), b"")
        assert stage.is_closed(page)
    assert stage.broker.registered == 0


def test_an_agent_that_gives_no_right_is_told_so(stage):
    stage.system.is_let_in = False
    with stage.caller(wire.ANNOUNCE) as caller:
        assert wire.parse_reply(caller.hear()) == "rights"
        assert caller.hear() == b""
    assert stage.lines[-1] == "an agent is refused id=1706 owner=2 why=rights"


def test_a_process_is_held_from_its_announcement_to_its_end(stage):
    with stage.caller() as caller:
        stage.until(lambda: stage.broker._count == 1)
        assert stage.system.held == []  # it has given no right yet
        caller.say(wire.ANNOUNCE)
        stage.until(lambda: stage.broker.registered == 1)
        assert stage.system.held == [PROCESS]
    stage.until(lambda: stage.broker.registered == 0)
    assert stage.system.held == []


@pytest.mark.parametrize("change", [{"process": 4711}, {"owner": 3}])
def test_a_number_that_became_another_process_meanwhile_is_not_registered(stage, change):
    """The caller ended, and its number was given away before its process was opened."""
    stage.system.on_hold = lambda: [setattr(stage.system, name, value) for name, value in change.items()]
    with stage.caller(wire.ANNOUNCE) as caller:
        assert wire.parse_reply(caller.hear()) == "rights"
    assert stage.broker.registered == 0
    assert stage.system.held == []


def test_a_process_that_ended_ends_its_registration_when_something_is_to_be_shared_with_it(stage):
    stage.system.process = PROCESS + 1
    with stage.agent(), stage.page() as page:
        assert stage.is_closed(page)
        assert stage.broker.registered == 0


@pytest.mark.parametrize(
    "octets",
    [
        b"\0\0", wire.framed(b"X" * (wire.MAX_BYTES + 1)), b"GET / HTTP/1.1\r\n\r\n", wire.framed(b"K"), wire.framed(b"H\x01\0"),
        b"\xff" * 4000,
    ],
)  # fmt: skip
def test_who_says_something_else_is_let_go(stage, octets):
    with stage.caller() as caller:
        caller.connection.sendall(octets)
        assert caller.hear() == b""
    assert stage.broker.registered == 0


def test_who_acknowledges_in_advance_is_let_go(stage):
    """In the same breath as it announces itself, too: it could have any number of connections lie."""
    with stage.caller() as caller:
        caller.connection.sendall(wire.framed(wire.ANNOUNCE) + wire.framed(wire.TAKEN))
        assert wire.parse_reply(caller.hear()) == (stage.port,)
        assert caller.hear() == b""
    assert stage.broker.registered == 0


def test_messages_are_understood_however_they_are_cut(stage):
    with stage.caller() as caller:
        for octet in wire.framed(wire.ANNOUNCE):
            caller.connection.sendall(bytes((octet,)))
            stage.turn()
        assert wire.parse_reply(caller.hear()) == (stage.port,)
        with stage.page(), stage.page():
            first, second = caller.hear(), caller.hear()
            for message in (first, second):
                tcp_brokers.take(message[1:]).close()
            caller.connection.sendall(2 * wire.framed(wire.TAKEN))
            stage.until(lambda: not stage.broker._registered[2].untaken)
            assert stage.broker.registered == 1


def test_an_agent_that_takes_nothing_gets_so_many_and_is_let_go_after_a_while(stage):
    with stage.agent() as agent:
        pages = [stage.page() for _ in range(wire.MOST_UNTAKEN + 1)]
        assert stage.is_closed(pages[-1])
        assert stage.broker.registered == 1
        stage.clock.now += serving.TAKE_S + 2
        stage.until(lambda: stage.broker.registered == 0)
        for page in pages:
            page.close()
        while message := agent.hear():
            tcp_brokers.take(message[1:]).close()


def test_who_does_not_announce_itself_in_time_is_let_go(stage):
    with stage.caller() as caller:
        stage.until(lambda: stage.broker._count == 1)
        stage.clock.now += serving.ANNOUNCE_S + 1
        assert caller.hear() == b""


def test_one_session_can_not_fill_the_door_and_all_together_can_not_either():
    with tcp_brokers.stage(most_callers=5) as stage:
        stage.system.owner = 2
        callers = [stage.caller() for _ in range(6)]
        refused = callers[serving.MOST_CALLERS_OF_ONE :]
        assert [each.hear() in (wire.refusal("full"), b"") for each in refused] == [True, True]
        assert stage.broker._count == serving.MOST_CALLERS_OF_ONE
        stage.system.owner = 3
        with stage.agent(), stage.caller(wire.ANNOUNCE) as one_more:
            assert one_more.hear() in (wire.refusal("full"), b"")
        for each in callers:
            each.connection.close()


def test_who_can_not_be_told_is_closed_at_once(stage, monkeypatch):
    monkeypatch.setattr(stage.system, "of_peer", lambda _: None)
    with stage.caller() as caller:
        assert caller.hear() == b""
    assert stage.broker._count == 0
