import logging
import socket

import pytest

from agent.server.neighbours import QUIET_S, Neighbours
from tests.support.brokers import Clock, ToldOwners


@pytest.fixture
def accepted():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        one, _ = listener.accept()
        with one:
            yield one


def test_ones_own_may_come_in_and_nobody_else(accepted):
    assert Neighbours().may_come_in(accepted)
    assert Neighbours(ToldOwners(1000, 1000)).may_come_in(accepted)
    for other in (1001, 0, None):
        assert not Neighbours(ToldOwners(1000, other)).may_come_in(accepted)


def test_where_the_system_does_not_tell_all_may_as_before(accepted):
    class Untold(ToldOwners):
        can_tell = False

    assert Neighbours(Untold(-1, None)).may_come_in(accepted)


def test_the_log_tells_of_other_people_once_in_a_while_and_of_those_who_left_never(accepted, caplog):
    clock = Clock()
    owners = ToldOwners(1000, 1001)
    neighbours = Neighbours(owners, clock)
    with caplog.at_level(logging.DEBUG, "agent"):
        for _ in range(50):
            neighbours.may_come_in(accepted)
        assert caplog.records[0].getMessage().startswith("a connection of another person was refused")
        assert len(caplog.records) == 1
        clock.now += QUIET_S
        neighbours.may_come_in(accepted)
        assert "count=50" in caplog.records[1].getMessage()
        owners.usual = None
        clock.now += QUIET_S
        neighbours.may_come_in(accepted)
        assert len(caplog.records) == 2
