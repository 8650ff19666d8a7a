"""The table of Windows as it documents it, and what is made of it; the calls themselves need Windows."""

import socket
import struct
import sys
from types import SimpleNamespace

import pytest

from agent.peers import windows
from agent.peers.windows import WindowsOwners

HERE = (socket.inet_aton("127.0.0.1"), 13579)


def row(local, remote, *, state=5, process=4711):
    return struct.pack(
        "<I4sI4sII",
        state,
        local[0],
        socket.htons(local[1]) | 0xBEEF0000,
        remote[0],
        socket.htons(remote[1]),
        process,
    )


def row_6(local, remote, *, state=5, process=4711):
    return struct.pack(
        "<16sII16sIIII",
        local[0],
        0,
        socket.htons(local[1]),
        remote[0],
        0,
        socket.htons(remote[1]),
        state,
        process,
    )


def table(*rows):
    return struct.pack("<I", len(rows)) + b"".join(rows)


def mapped(place):
    return bytes(10) + b"\xff\xff" + place[0], place[1]


@pytest.fixture
def accepted():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        one, _ = listener.accept()
        with one:
            yield one


def places(accepted):
    return tuple(
        (socket.inet_aton(name[0]), name[1]) for name in (accepted.getpeername(), accepted.getsockname())
    )


def owners(*tables, sessions=lambda process: {0: 2, 4711: 3}[process]):
    """Windows with these tables, one after the other; each is for both families."""
    left = list(tables)
    return WindowsOwners(lambda family: left.pop(0) if family == 2 else table(), sessions)


def test_the_session_of_the_process_at_the_other_end_is_the_owner(accepted):
    peer, here = places(accepted)
    right = table(row(here, peer, process=1), row(peer, here))
    asked = owners(right, right)
    assert asked.ours == 2
    assert asked.of_peer(accepted) == 3


def test_an_ipv6_socket_with_a_mapped_address_is_found(accepted):
    peer, here = places(accepted)
    right = table(row_6(mapped(peer), mapped(here)))
    found = WindowsOwners(lambda family: right if family == 23 else table(), lambda process: process)
    assert found.of_peer(accepted) == 4711


def test_who_can_not_be_told_for_sure_is_nobody(accepted):
    peer, here = places(accepted)
    right = table(row(peer, here))
    assert owners(table()).of_peer(accepted) is None
    assert owners(table(row(peer, here, state=8))).of_peer(accepted) is None  # it leaves
    assert owners(table(row(peer, here, process=0))).of_peer(accepted) is None  # it left
    assert owners(table(row(peer, HERE))).of_peer(accepted) is None
    # The process ended while its session was asked, and its number may be another's.
    assert owners(right, table()).of_peer(accepted) is None
    assert owners(right, table(row(peer, here, process=4712))).of_peer(accepted) is None


def test_what_the_system_refuses_to_say_is_nobody(accepted):
    peer, here = places(accepted)

    def sessions(process):
        if process:
            raise OSError("gone")
        return 2

    assert owners(table(row(peer, here)), sessions=sessions).of_peer(accepted) is None


def test_a_table_that_is_cut_off_is_read_as_far_as_it_goes():
    peer = (HERE[0], 40000)
    whole = table(row(HERE, peer, process=1), row(peer, HERE))
    assert windows.process_in(whole, 4, peer, HERE) == 4711
    assert windows.process_in(whole[:-1], 4, peer, HERE) is None
    assert windows.process_in(b"", 4, peer, HERE) is None


@pytest.mark.skipif(sys.platform == "win32", reason="what is not there elsewhere")
def test_elsewhere_sockets_are_not_shared_like_that():
    with socket.socket() as one, pytest.raises(OSError):
        windows.share(one, 1)
    with pytest.raises(OSError):
        windows.take(b"")


def test_what_is_no_shared_socket_is_an_error_of_the_system(monkeypatch):
    """As Python says it (socketmodule.c): it must end a registration, and not the task that keeps it."""

    def fromshare(shared):
        raise ValueError("socket descriptor string has wrong size, should be 628 bytes")

    monkeypatch.setattr(windows, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setattr(windows.socket, "fromshare", fromshare, raising=False)
    with pytest.raises(OSError, match="no connection"):
        windows.take(b"short")


def test_windows_is_told_no_more_room_than_there_is(monkeypatch):
    told = []

    class Iphlpapi:
        def GetExtendedTcpTable(self, buffer, size, *_):
            told.append((size._obj.value, len(buffer)))
            size._obj.value = 1000
            return 122  # ERROR_INSUFFICIENT_BUFFER

    monkeypatch.setattr(windows.ctypes, "WinDLL", lambda _: Iphlpapi(), raising=False)
    monkeypatch.setattr(windows, "_MAX_TABLE_BYTES", 100)
    with pytest.raises(OSError, match="can't be read"):
        windows._table(2)
    assert told == [(100, 100)] * windows._TRIES


# --- processes --------------------------------------------------------------------------------------------------


def test_the_process_at_the_other_end_is_told_with_its_session_or_not_at_all(accepted):
    peer, here = places(accepted)
    right = table(row(peer, here))
    assert owners(right, right).caller(accepted) == (4711, 3)
    assert owners(right).process_of(accepted) == 4711
    assert owners(right, table()).caller(accepted) is None
    assert owners(table()).process_of(accepted) is None
    with socket.socket() as never_connected:
        assert owners(right).process_of(never_connected) is None


def listed(*processes):
    """A list of processes as NtQuerySystemInformation gives it: each with its threads behind it."""
    made = b""
    for index, (process, session) in enumerate(processes):
        size = 0x100 + 0x50 * index
        step = 0 if index == len(processes) - 1 else size
        entry = bytearray(size)
        struct.pack_into("<II", entry, 0, step, index)
        struct.pack_into("<QQII", entry, 80, process, 4, 17, session)
        made += entry
    return made


def test_the_list_of_processes_says_their_sessions():
    found = listed((0, 0), (4, 0), (4711, 3), (4712, 2))
    assert [windows.session_in(found, process) for process in (4, 4711, 4712)] == [0, 3, 2]
    assert windows.session_in(found, 5000) is None
    assert windows.session_in(found[:-0x1A0], 4712) is None
    assert windows.session_in(b"", 4) is None


class FakeKernel:
    def __init__(self, handle):
        self.handle = handle
        self.opened, self.closed = [], []

    def OpenProcess(self, *given):
        self.opened.append(given)
        return self.handle

    def CloseHandle(self, handle):
        self.closed.append(handle)


def test_a_process_is_held_with_one_right_until_it_is_let_go():
    kernel = FakeKernel(77)
    let_go = windows.hold(4711, kernel)
    assert kernel.opened == [(0x40, 0, 4711)]
    assert kernel.closed == []
    let_go()
    assert kernel.closed == [77]


def test_a_process_that_gives_no_right_and_one_that_is_gone_are_told_apart():
    with pytest.raises(PermissionError):
        windows.hold(4711, FakeKernel(None), lambda: 5)
    with pytest.raises(OSError, match="can't be opened"):
        windows.hold(4711, FakeKernel(None), lambda: 87)


@pytest.mark.skipif(sys.platform == "win32", reason="what is not there elsewhere")
def test_elsewhere_there_are_no_such_processes():
    with pytest.raises(OSError):
        windows.hold(1)
    with pytest.raises(OSError):
        WindowsOwners()
