"""Who came to the Unix door, and what goes over it. What the broker makes of that is in test_serving.py."""

import errno
import os
import socket
import sys

import pytest

from agent.broker import doors, wire
from agent.broker.doors import NoRoom, UnixDoorman

if sys.platform != "linux":
    pytest.skip("that door is Linux'", allow_module_level=True)


@pytest.fixture
def ends():
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with left, right:
        yield left, right


def test_the_kernel_says_whose_program_it_is(ends):
    line = UnixDoorman().meet(ends[0])
    assert line is not None
    assert line.owner == os.geteuid()
    assert line.objection() is None
    with pytest.raises(BlockingIOError):
        line.hear()
    ends[1].send(wire.ANNOUNCE)
    assert line.hear() == wire.ANNOUNCE
    assert line.say(b"H")
    assert ends[1].recv(9) == b"H"


def test_a_socket_of_which_nothing_can_be_told_is_closed(ends):
    gone = ends[0]
    gone.close()
    assert UnixDoorman().meet(gone) is None


def test_a_connection_goes_over_as_a_descriptor_and_a_caller_that_left_is_an_error(ends):
    line = UnixDoorman().meet(ends[0])
    assert line is not None
    with socket.socket() as accepted:
        line.hand(accepted)
        message, (descriptor,), _, _ = socket.recv_fds(ends[1], 9, 1)
        os.close(descriptor)
        assert message == wire.CONNECTION
        ends[1].close()
        with pytest.raises(BrokenPipeError):
            line.hand(accepted)
    assert not line.say(b"H")


def test_too_much_on_its_way_is_not_the_callers_doing(ends, monkeypatch):
    def fail(*_):
        raise OSError(errno.ETOOMANYREFS, "as the test wants")

    line = UnixDoorman().meet(ends[0])
    assert line is not None
    monkeypatch.setattr(doors.socket, "send_fds", fail)
    with socket.socket() as accepted, pytest.raises(NoRoom):
        line.hand(accepted)
