"""Windows: the table of TCP connections names the process at the other end, and that process lives in a session.

Sessions are what keeps people apart on a terminal server: one person may have two, and two may share none. A number of a process is
used again, but not while its connection stands in the table; so the table is read again after the session was asked, and must say
the same. Reading tables and comparing is tested on any system, the calls to Windows on none of ours: see
installer/windows/CHECKLIST.md for how to try them.

`share` and `take` hand a connection from one process to another (WSADuplicateSocket), for the broker on that system; `hold` opens the
other process for it. Sharing takes the right to put handles into that process, which nobody has over another person's processes, so that
agents give it to the broker's service (agent.peers.windows_service).
"""

import ctypes
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

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
PROCESS_DUP_HANDLE: Final = 0x40
_ACCESS_DENIED: Final = 5
_SYSTEM_PROCESS_INFORMATION: Final = 5
_INFO_LENGTH_MISMATCH: Final = 0xC0000004
_GROWTH_BYTES: Final = 64 * 1024  # what may begin while we look
_PROCESS_AT, _SESSION_AT = 80, 100  # UniqueProcessId and SessionId of SYSTEM_PROCESS_INFORMATION


class WindowsOwners:
    """See agent.peers.owner; an owner is a session. Raises OSError where our own can't be told."""

    can_tell = True

    def __init__(self, tables: Tables | None = None, sessions: Sessions | None = None) -> None:
        self._tables = tables or _table
        self._sessions = sessions or _session
        self.ours = self._sessions(0)

    def of_peer(self, accepted: socket.socket) -> int | None:
        found = self.caller(accepted)
        return None if found is None else found[1]

    def process_of(self, connection: socket.socket) -> int | None:
        """The process at the other end; None where that can't be told."""
        try:
            return self._process(_place(connection.getpeername()), _place(connection.getsockname()))
        except OSError:
            return None

    def caller(self, accepted: socket.socket) -> tuple[int, int] | None:
        """The process at the other end, and its session; None where that can't be told."""
        try:
            peer, here = _place(accepted.getpeername()), _place(accepted.getsockname())
            process = self._process(peer, here)
            if process is None:
                return None
            session = self._sessions(process)
            return (process, session) if self._process(peer, here) == process else None
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
        try:
            return socket.fromshare(shared)
        except ValueError as error:  # of another length
            raise OSError("what was shared is no connection") from error
    raise OSError("sockets are shared like this on Windows only")


def _table(family: int) -> bytes:
    """GetExtendedTcpTable. Untested. OSError."""
    library = ctypes.WinDLL("iphlpapi")  # type: ignore[attr-defined,unused-ignore]
    size = ctypes.c_uint32(64 * 1024)
    for _ in range(_TRIES):  # it grows while we look
        buffer = ctypes.create_string_buffer(min(size.value, _MAX_TABLE_BYTES))
        size.value = len(buffer)
        code = library.GetExtendedTcpTable(
            buffer, ctypes.byref(size), 0, family, _TCP_TABLE_OWNER_PID_CONNECTIONS, 0
        )
        if code == 0:
            return buffer.raw
        if code != _INSUFFICIENT_BUFFER:
            break
    raise OSError("the table of connections can't be read")


def hold(process: int, kernel: Any = None, last_error: Callable[[], int] | None = None) -> Callable[[], None]:
    """Opens a process so that connections can be shared with it; what is given lets go of it. While it is open no other process gets its
    number. `kernel` is kernel32. Untested on Windows. Raises PermissionError where that process did not let us, OSError."""
    found = kernel or _kernel()
    handle = found.OpenProcess(PROCESS_DUP_HANDLE, 0, process)
    if not handle:
        code = (last_error or ctypes.get_last_error)()  # type: ignore[attr-defined,unused-ignore]
        if code == _ACCESS_DENIED:
            raise PermissionError("the process gives no right to put handles into it")
        raise OSError("a process can't be opened")

    def let_go() -> None:
        found.CloseHandle(handle)

    return let_go


def _session(process: int) -> int:
    """The session of a process; 0 is this process. Untested. OSError.

    ProcessIdToSessionId is not told to take any rights; where it refuses to speak of other people's processes, the list of all processes
    says it (NtQuerySystemInformation), which takes none.
    """
    kernel = _kernel()
    session = ctypes.c_uint32()
    number = process or kernel.GetCurrentProcessId()
    if kernel.ProcessIdToSessionId(number, ctypes.byref(session)):
        return session.value
    found = session_in(_processes(), number)
    if found is None:
        raise OSError("the session of a process can't be told")
    return found


def session_in(processes: bytes, process: int) -> int | None:
    """The session of a process in a list of SYSTEM_PROCESS_INFORMATION (of 64-bit Windows); None where it is not there."""
    start = 0
    while len(processes) - start >= _SESSION_AT + 4:
        step = struct.unpack_from("<I", processes, start)[0]
        if struct.unpack_from("<Q", processes, start + _PROCESS_AT)[0] == process:
            return int(struct.unpack_from("<I", processes, start + _SESSION_AT)[0])
        if not step:
            return None
        start += step
    return None


def _processes() -> bytes:
    """NtQuerySystemInformation(SystemProcessInformation). Untested. OSError."""
    library = ctypes.WinDLL("ntdll")  # type: ignore[attr-defined,unused-ignore]
    size = ctypes.c_uint32(1024 * 1024)
    for _ in range(_TRIES):
        buffer = ctypes.create_string_buffer(min(size.value + _GROWTH_BYTES, _MAX_TABLE_BYTES))
        status = library.NtQuerySystemInformation(
            _SYSTEM_PROCESS_INFORMATION, buffer, len(buffer), ctypes.byref(size)
        )
        if status == 0:
            return buffer.raw
        if status & 0xFFFFFFFF != _INFO_LENGTH_MISMATCH:
            break
    raise OSError("the list of processes can't be read")


def _kernel() -> Any:
    """kernel32, with the types that a handle needs on 64-bit Windows. OSError where there is none."""
    if sys.platform != "win32":
        raise OSError("no kernel32 on this system")
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = ctypes.c_void_p
    kernel.OpenProcess.argtypes = (ctypes.c_uint32, ctypes.c_int, ctypes.c_uint32)
    kernel.CloseHandle.argtypes = (ctypes.c_void_p,)
    return kernel
