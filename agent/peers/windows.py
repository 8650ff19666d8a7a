"""Windows: the table of TCP connections names the process at the other end, and that process lives in a session.

Sessions are what keeps people apart on a terminal server: one person may have two, and two may share none. A number of a process is
used again, but not while its connection stands in the table; so the table is read again after the session was asked, and must say
the same. Reading tables and comparing is tested on any system, the calls to Windows on none of ours: see
installer/windows/CHECKLIST.md for how to try them.

`share` and `take` hand a connection from one process to another (WSADuplicateSocket), for a broker on that system.
"""

import ctypes
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

Place: TypeAlias = tuple[bytes, int]
Tables: TypeAlias = Callable[[int], bytes]
"""The system's table of connections for a family, as it gives it. OSError."""
Sessions: TypeAlias = Callable[[int], int]
"""The session that a process lives in. OSError."""

_ESTABLISHED: Final = 5  # MIB_TCP_STATE_ESTAB
_TCP_TABLE_OWNER_PID_CONNECTIONS: Final = 4
_FAMILIES: Final = {4: 2, 16: 23}  # AF_INET and AF_INET6 of Windows, by the length of an address
_ROW_4: Final = struct.Struct("<I4sI4sII")  # MIB_TCPROW_OWNER_PID: state, local, port, remote, port, process
_ROW_6: Final = struct.Struct(
    "<16sII16sIIII"
)  # MIB_TCP6ROW_OWNER_PID: local, scope, port, remote, scope, port, state, process
_MAPPED: Final = bytes(10) + b"\xff\xff"
_MAX_TABLE_BYTES: Final = 64 * 1024 * 1024
_INSUFFICIENT_BUFFER: Final = 122
_TRIES: Final = 4


class WindowsOwners:
    """See agent.peers.owner; an owner is a session. Raises OSError where our own can't be told."""

    can_tell = True

    def __init__(self, tables: Tables | None = None, sessions: Sessions | None = None) -> None:
        self._tables = tables or _table
        self._sessions = sessions or _session
        self.ours = self._sessions(0)

    def of_peer(self, accepted: socket.socket) -> int | None:
        try:
            peer, here = _place(accepted.getpeername()), _place(accepted.getsockname())
            process = self._process(peer, here)
            if process is None:
                return None
            session = self._sessions(process)
            return session if self._process(peer, here) == process else None
        except OSError:
            return None

    def _process(self, peer: Place, here: Place) -> int | None:
        for size in (4, 16) if len(peer[0]) == 4 else (16,):
            found = process_in(self._tables(_FAMILIES[size]), size, peer, here)
            if found is not None:
                return found
        return None


def process_in(table: bytes, size: int, peer: Place, here: Place) -> int | None:
    """The process whose connection is bound to `peer` and leads to `here`, in a table for addresses of `size` octets."""
    return next((process for found, process in _rows(table, size) if found == (peer, here)), None)


def _rows(table: bytes, size: int) -> Iterator[tuple[tuple[Place, Place], int]]:
    """Places and process of every connection that is established."""
    row = _ROW_4 if size == 4 else _ROW_6
    count = struct.unpack_from("<I", table)[0] if len(table) >= 4 else 0
    for number in range(min(count, (len(table) - 4) // row.size)):
        fields = row.unpack_from(table, 4 + number * row.size)
        if size == 4:
            state, local, port, remote, remote_port, process = fields
        else:
            local, _, port, remote, _, remote_port, state, process = fields
        if state == _ESTABLISHED and process:
            yield ((_plain(local), _port(port)), (_plain(remote), _port(remote_port))), process


def _port(field: int) -> int:
    """A port stands in the network's order in the lower half of its field; the rest of it means nothing."""
    return socket.ntohs(field & 0xFFFF) if sys.byteorder == "little" else field & 0xFFFF


def _plain(address: bytes) -> bytes:
    return address[12:] if len(address) == 16 and address.startswith(_MAPPED) else address


def _place(name: tuple[str, int] | tuple[str, int, int, int]) -> Place:
    family = socket.AF_INET if len(name) == 2 else socket.AF_INET6
    return _plain(socket.inet_pton(family, name[0].partition("%")[0])), name[1]


def share(accepted: socket.socket, process: int) -> bytes:
    """What a process of that number makes the connection of, once. Windows only; untested. OSError."""
    if sys.platform == "win32":
        return accepted.share(process)
    raise OSError("sockets are shared like this on Windows only")


def take(shared: bytes) -> socket.socket:
    """The connection that another process shared with this one. Windows only; untested. OSError."""
    if sys.platform == "win32":
        return socket.fromshare(shared)
    raise OSError("sockets are shared like this on Windows only")


def _table(family: int) -> bytes:
    """GetExtendedTcpTable. Untested. OSError."""
    library = ctypes.WinDLL("iphlpapi")  # type: ignore[attr-defined,unused-ignore]
    size = ctypes.c_uint32(64 * 1024)
    for _ in range(_TRIES):  # it grows while we look
        buffer = ctypes.create_string_buffer(min(size.value, _MAX_TABLE_BYTES))
        code = library.GetExtendedTcpTable(
            buffer, ctypes.byref(size), 0, family, _TCP_TABLE_OWNER_PID_CONNECTIONS, 0
        )
        if code == 0:
            return buffer.raw
        if code != _INSUFFICIENT_BUFFER:
            break
    raise OSError("the table of connections can't be read")


def _session(process: int) -> int:
    """ProcessIdToSessionId; 0 is this process. Untested. OSError."""
    kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]
    session = ctypes.c_uint32()
    if not kernel.ProcessIdToSessionId(process or kernel.GetCurrentProcessId(), ctypes.byref(session)):
        raise OSError("the session of a process can't be told")
    return session.value
