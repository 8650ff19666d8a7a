"""Who is at the other end, as the kernel tells it: real sockets of ours, and answers as they could be."""

import contextlib
import errno
import gc
import os
import socket
import struct
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.peers import linux
from agent.peers.linux import LinuxOwners, NoSockDiag

if sys.platform != "linux":
    pytest.skip("the way of Linux", allow_module_level=True)

HERE = (socket.inet_aton("127.0.0.1"), 13579)
PEER = (socket.inet_aton("127.0.0.1"), 40000)
HERE_6 = (socket.inet_pton(socket.AF_INET6, "::1"), 13579)
PEER_6 = (socket.inet_pton(socket.AF_INET6, "::1"), 40000)
RESET_AT_CLOSE = struct.pack("ii", 1, 0)


@contextlib.contextmanager
def connection(
    listening: str = "127.0.0.1", calling: str = "127.0.0.1"
) -> Iterator[tuple[socket.socket, socket.socket]]:
    """The peer's end and the accepted one. `calling` may spell an IPv4 address as one of IPv6."""
    family = {True: socket.AF_INET6, False: socket.AF_INET}
    with (
        socket.create_server((listening, 0), family=family[":" in listening]) as listener,
        socket.socket(family[":" in calling]) as peer,
    ):
        peer.connect((calling, listener.getsockname()[1]))
        accepted, _ = listener.accept()
        with accepted:
            yield peer, accepted


def without_sock_diag(monkeypatch: pytest.MonkeyPatch) -> LinuxOwners:
    def refuse():
        raise OSError(errno.EPROTONOSUPPORT, "no")

    monkeypatch.setattr(linux, "_open_kernel", refuse)
    return LinuxOwners()


@pytest.fixture(params=["sock_diag", "proc"])
def owners(request, monkeypatch):
    return LinuxOwners() if request.param == "sock_diag" else without_sock_diag(monkeypatch)


@pytest.mark.parametrize(
    ("listening", "calling"),
    [("127.0.0.1", "127.0.0.1"), ("127.0.0.1", "::ffff:127.0.0.1"), ("::1", "::1")],
)
def test_who_opened_the_other_end_is_told(owners, listening, calling):
    if ":" in calling and not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    with connection(listening, calling) as (_, accepted):
        assert owners.of_peer(accepted) == os.geteuid()
        assert owners.of_peer(accepted) == os.geteuid()


def test_an_end_that_was_closed_has_no_owner(owners):
    # The kernel tells such a socket as one of user 0.
    with connection() as (peer, accepted):
        peer.close()
        assert owners.of_peer(accepted) is None


def test_an_end_that_said_it_sends_no_more_has_no_owner(owners):
    with connection() as (peer, accepted):
        peer.shutdown(socket.SHUT_WR)
        assert owners.of_peer(accepted) is None


def test_whoever_took_the_place_of_a_connection_that_was_reset_is_not_taken_for_its_owner(owners):
    with socket.create_server(("127.0.0.1", 0)) as listener, connection_from(listener) as (peer, first):
        place = peer.getsockname()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
        peer.send(b"GET / HTTP/1.1\r\n")
        peer.close()
        with connection_from(listener, place) as (_, second):
            assert second.getpeername() == place
            assert owners.of_peer(first) is None
            assert owners.of_peer(second) == os.geteuid()


def test_a_listener_on_the_port_of_a_peer_that_left_is_not_its_owner(owners):
    with socket.create_server(("127.0.0.1", 0)) as listener, connection_from(listener) as (peer, accepted):
        place = peer.getsockname()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
        peer.close()
        with socket.create_server(place):
            assert owners.of_peer(accepted) is None


@contextlib.contextmanager
def connection_from(listener, place=("127.0.0.1", 0)):
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        peer.bind(place)
        peer.connect(listener.getsockname())
        accepted, _ = listener.accept()
        with accepted:
            yield peer, accepted


def test_what_is_no_tcp_connection_has_no_owner(owners):
    left, right = socket.socketpair()
    with left, right, socket.socket() as unconnected:
        assert owners.of_peer(left) is None
        assert owners.of_peer(unconnected) is None


def test_one_who_stands_for_several_people_is_nobody(monkeypatch):
    monkeypatch.setattr(linux, "overflow_id", os.geteuid)
    owners = LinuxOwners()
    with connection() as (_, accepted):
        assert owners.of_peer(accepted) is None


def test_nothing_is_left_open_by_one_that_is_garbage_in_a_circle():
    owners = LinuxOwners()
    with connection() as (_, accepted):
        owners.of_peer(accepted)
    kernel = owners._kernel
    owners.itself = owners
    gone = weakref.ref(owners)
    del owners
    gc.collect()
    assert gone() is None
    assert kernel.fileno() == -1


def test_a_kernel_that_fails_once_is_asked_again(monkeypatch):
    owners = without_sock_diag(monkeypatch)
    with connection() as (_, accepted):
        assert owners.of_peer(accepted) == os.geteuid()
        monkeypatch.undo()
        assert owners.of_peer(accepted) == os.geteuid()
        assert owners._kernel is not None


def test_where_neither_can_be_asked_nobody_is_known(monkeypatch, tmp_path):
    without_sock_diag(monkeypatch)
    with connection() as (_, accepted):
        assert LinuxOwners(proc=tmp_path).of_peer(accepted) is None


def test_the_id_of_nobody_is_read_and_guessed_where_it_can_not_be(tmp_path):
    (tmp_path / "id").write_text("12345\n")
    assert linux.overflow_id(tmp_path / "id") == 12345
    (tmp_path / "broken").write_text("many\n")
    assert linux.overflow_id(tmp_path / "broken") == linux.overflow_id(tmp_path / "none") == 65534


# --- answers as they could be ------------------------------------------------------------------------------------


def answer(peer=PEER, here=HERE, *, family=socket.AF_INET, state=1, user_id=1000, inode=77, kind=20):
    places = struct.pack(
        "!HH16s16s", peer[1], here[1], peer[0].ljust(16, b"\0"), here[0].ljust(16, b"\0")
    ) + bytes(12)
    body = struct.pack("=BBBB48sIIIII", family, state, 0, 0, places, 0, 0, 0, user_id, inode)
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 7, 0) + body


def mapped(place):
    return bytes(10) + b"\xff\xff" + place[0], place[1]


def test_an_answer_about_that_very_socket_counts():
    assert linux.owner_in(answer(), PEER, HERE) == 1000
    assert linux.owner_in(answer(mapped(PEER), mapped(HERE), family=socket.AF_INET6), PEER, HERE) == 1000
    assert linux.owner_in(answer(PEER_6, HERE_6, family=socket.AF_INET6), PEER_6, HERE_6) == 1000


@pytest.mark.parametrize(
    "other",
    [
        answer(state=10, here=(bytes(4), 0)),  # a listener on the peer's port
        answer(state=10),
        answer(state=6, user_id=0, inode=0),  # TIME_WAIT
        answer(state=4, user_id=0, inode=0),
        answer(user_id=0, inode=0),  # its program closed it
        answer(peer=(PEER[0], 40001)),
        answer(here=(HERE[0], 13580)),
        answer(peer=(socket.inet_aton("127.0.0.2"), 40000)),
    ],
)
def test_an_answer_about_another_socket_or_a_dead_one_does_not(other):
    assert linux.owner_in(other, PEER, HERE) is None


def error(code):
    return struct.pack("=IHHIIi", 20, 2, 0, 7, 0, -code) + bytes(16)


def test_the_kernels_no_is_told_from_its_silence():
    assert linux.owner_in(error(errno.ENOENT), PEER, HERE) is None
    for other in (error(errno.EPERM), error(errno.EINVAL), answer(kind=3), answer()[:40], b""):
        with pytest.raises(NoSockDiag):
            linux.owner_in(other, PEER, HERE)


def test_answers_of_others_and_late_ones_are_passed_over(monkeypatch):
    class Kernel:
        def __init__(self, answers):
            self._answers = answers

        def send(self, _):
            return None

        def recvfrom(self, _):
            return self._answers.pop(0)

        def close(self):
            return None

    def asked(*answers):
        monkeypatch.setattr(linux, "_open_kernel", lambda: Kernel(list(answers)))
        owners = LinuxOwners(proc=Path("/nowhere"))
        owners._sequence = 6
        return owners._owner(PEER, HERE)

    late = answer(user_id=1).replace(struct.pack("=I", 7), struct.pack("=I", 6), 1)
    assert asked((late, (0, 0)), (answer(), (0, 0))) == 1000
    assert asked((answer(user_id=1), (4711, 0)), (answer(), (0, 0))) == 1000
    assert asked(*[(answer(user_id=1), (4711, 0))] * 4, (answer(), (0, 0))) is None


TABLE = b"""\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:350B 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 5 1 0 100 0 0 10 0
   1: 0100007F:350B 0100007F:9C40 01 00000000:00000000 00:00000000 00000000   999        0 6 1 0 20 0 0 10 -1
   2: 0100007F:9C40 0100007F:350B 01 00000000:00000000 00:00000000 00000000  1000        0 7 1 0 20 0 0 10 -1
   3: 0100007F:9C41 0100007F:350B 01 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20 0 0 10 -1
   4: 0100007F:9C42 0100007F:350B 06 00000000:00000000 00:00000000 00000000     0        0 0 3 0
"""


@pytest.mark.skipif(sys.byteorder == "big", reason="the table is written as this machine has its numbers")
def test_the_table_is_read_like_the_answer():
    assert linux.owner_in_table(TABLE, PEER, HERE) == 1000
    for port in (40001, 40002, 40003):
        assert linux.owner_in_table(TABLE, (PEER[0], port), HERE) is None
    spelled = TABLE.replace(b"0100007F", b"0000000000000000FFFF00000100007F")
    assert linux.owner_in_table(spelled, PEER, HERE) == 1000
