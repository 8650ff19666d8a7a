"""Linux: the kernel is asked for the socket at the other end, by its two addresses (sock_diag(7)), and says which user opened it.

Where sock_diag is not there (an old kernel, a sandbox), the same stands in /proc/net/tcp and tcp6, which are read as a whole.

What the kernel says is believed under these conditions only, or a connection could get to somebody else:

* it is that very socket: an exact question is also answered with a socket that *listens* on the peer's port, which anybody may open;
* it is established and has an inode: a socket whose program closed it is told to belong to user 0;
* our own end is established *after* the answer. So both ends were there when the kernel looked, and belong together: had the peer
  reset the connection and another user taken its port meanwhile, our end would be gone;
* the user has a number here: those of other user namespaces are all told as "nobody" (the overflow id).

An IPv6 socket that speaks to 127.0.0.1 is an IPv6 socket with a mapped address; both questions find it.
"""

import contextlib
import errno
import os
import socket
import struct
import weakref
from pathlib import Path
from typing import Final

_NETLINK_SOCK_DIAG: Final = 4
_SOCK_DIAG_BY_FAMILY: Final = 20
_NLM_F_REQUEST: Final = 1
_NLMSG_ERROR: Final = 2
_TCP_ESTABLISHED: Final = 1
_TIME_LIMIT: Final = struct.pack("@ll", 1, 0)
_MAX_ANSWER_BYTES: Final = 8192
_MOST_STALE_ANSWERS: Final = 4

_HEADER: Final = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_REQUEST: Final = struct.Struct("=BBBBI")  # family, protocol, extensions, padding, states
_ADDRESSES: Final = struct.Struct("!HH16s16s")  # ports in the network's order; IPv4 in the first four octets
_ANY: Final = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)  # interface, and no cookie
_ANSWER: Final = struct.Struct(
    "=BBBB48sIIIII"
)  # family, state, timer, retrans, addresses, expires, two queues, user id, inode
_ERROR: Final = struct.Struct("=i")

_OVERFLOW: Final = Path("/proc/sys/kernel/overflowuid")
_USUAL_OVERFLOW: Final = 65534
_TABLES: Final = ("net/tcp", "net/tcp6")
_MAX_TABLE_BYTES: Final = 64 * 1024 * 1024

_Place = tuple[bytes, int]
"""Address in 4 or 16 octets, and port."""


class NoSockDiag(OSError):
    """The kernel does not answer such questions."""


class LinuxOwners:
    """See agent.peers.owner. One socket to the kernel is kept; the system closes it with the object."""

    can_tell = True

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._kernel: socket.socket | None = None
        self.ours = os.geteuid()
        self._proc = proc
        self._nobody = overflow_id()
        self._sequence = 0

    def of_peer(self, accepted: socket.socket) -> int | None:
        """The user who opened the other end; None where it is gone, or the kernel does not say."""
        try:
            peer, here = _place(accepted.getpeername()), _place(accepted.getsockname())
            owner = self._owner(peer, here)
            is_alive = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _TCP_ESTABLISHED
        except OSError:  # it is gone, or no TCP socket at all
            return None
        if not is_alive or owner == self._nobody:
            return None
        return owner

    def _owner(self, peer: _Place, here: _Place) -> int | None:
        try:
            return self._ask_kernel(peer, here)
        except NoSockDiag:
            self._close()
            return self._look_up(peer, here)

    # --- sock_diag -------------------------------------------------------------------------------------------------

    def _ask_kernel(self, peer: _Place, here: _Place) -> int | None:
        """Raises NoSockDiag."""
        try:
            if self._kernel is None:
                self._kernel = _open_kernel()
                # Not left to the socket: in garbage that refers to itself it may be found before us, and complain.
                weakref.finalize(self, self._kernel.close)
            self._sequence = (self._sequence + 1) & 0xFFFFFFFF
            self._kernel.send(question(peer, here, self._sequence))
            for _ in range(_MOST_STALE_ANSWERS):
                answer, sender = self._kernel.recvfrom(_MAX_ANSWER_BYTES)
                if sender[0] == 0 and _sequence_of(answer) == self._sequence:  # 0: the kernel
                    return owner_in(answer, peer, here)
        except OSError as error:
            raise NoSockDiag(error.errno, "the kernel answers no questions about sockets") from error
        raise NoSockDiag(errno.EPROTO, "the kernel gives no answer to this question")

    def _close(self) -> None:
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None

    # --- /proc/net -------------------------------------------------------------------------------------------------

    def _look_up(self, peer: _Place, here: _Place) -> int | None:
        for table in _TABLES:
            with contextlib.suppress(FileNotFoundError), (self._proc / table).open("rb") as stream:
                found = owner_in_table(stream.read(_MAX_TABLE_BYTES), peer, here)
                if found is not None:
                    return found
        return None


def overflow_id(path: Path = _OVERFLOW) -> int:
    """The user id that stands for all who have none here."""
    try:
        return int(path.read_bytes())
    except (OSError, ValueError):
        return _USUAL_OVERFLOW


def question(peer: _Place, here: _Place, sequence: int) -> bytes:
    """Asks for the socket that is bound to `peer` and connected to `here`."""
    family = socket.AF_INET if len(peer[0]) == 4 else socket.AF_INET6
    body = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF)
    body += _ADDRESSES.pack(peer[1], here[1], peer[0].ljust(16, b"\0"), here[0].ljust(16, b"\0")) + _ANY
    return _HEADER.pack(_HEADER.size + len(body), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, sequence, 0) + body


def owner_in(answer: bytes, peer: _Place, here: _Place) -> int | None:
    """The user id in an answer of the kernel, if it is about that very socket and the socket lives. Raises OSError, NoSockDiag."""
    try:
        _, kind, _, _, _ = _HEADER.unpack_from(answer)
        if kind == _NLMSG_ERROR:
            code = -_ERROR.unpack_from(answer, _HEADER.size)[0]
            if code == errno.ENOENT:
                return None
            raise NoSockDiag(code, os.strerror(code))
        if kind != _SOCK_DIAG_BY_FAMILY:
            raise NoSockDiag(errno.EPROTO, "not an answer about a socket")
        family, state, _, _, addresses, _, _, _, user_id, inode = _ANSWER.unpack_from(answer, _HEADER.size)
    except struct.error as error:
        raise NoSockDiag(errno.EPROTO, "a short answer") from error
    port, remote_port, address, remote_address = _ADDRESSES.unpack_from(addresses)
    size = 4 if family == socket.AF_INET else 16
    found = (_plain(address[:size]), port), (_plain(remote_address[:size]), remote_port)
    if found != (peer, here) or state != _TCP_ESTABLISHED or not inode:
        return None
    return int(user_id)


def owner_in_table(table: bytes, peer: _Place, here: _Place) -> int | None:
    """The same from a table of /proc/net/tcp's form (proc(5))."""
    for ours, theirs in _spellings(peer, here):
        start = table.find(f" {ours} {theirs} {_TCP_ESTABLISHED:02X} ".encode())
        if start < 0:
            continue
        fields = table[start : table.find(b"\n", start)].split()
        if len(fields) > 8 and fields[8] != b"0":  # an inode
            return int(fields[6])
    return None


def _spellings(peer: _Place, here: _Place) -> list[tuple[str, str]]:
    """How the table may write both places: as they are, or mapped into IPv6."""
    spellings = [(_hex(peer), _hex(here))]
    if len(peer[0]) == 4:
        spellings.append((_hex((_MAPPED + peer[0], peer[1])), _hex((_MAPPED + here[0], here[1]))))
    return spellings


def _hex(place: _Place) -> str:
    words = struct.iter_unpack("=I", place[0])
    return "".join(f"{word:08X}" for (word,) in words) + f":{place[1]:04X}"


_MAPPED: Final = bytes(10) + b"\xff\xff"


def _plain(address: bytes) -> bytes:
    """An IPv4 address that is mapped into IPv6 as what it is."""
    return address[12:] if address.startswith(_MAPPED) and len(address) == 16 else address


def _place(name: tuple[str, int] | tuple[str, int, int, int]) -> _Place:
    """Raises OSError where it is no address of the Internet."""
    if len(name) not in (2, 4) or not isinstance(name[0], str):
        raise OSError(errno.EAFNOSUPPORT, "no TCP socket")
    family = socket.AF_INET if len(name) == 2 else socket.AF_INET6
    return _plain(socket.inet_pton(family, name[0].partition("%")[0])), name[1]


def _open_kernel() -> socket.socket:
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG)
    try:
        kernel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _TIME_LIMIT)
        kernel.bind((0, 0))
    except OSError:
        kernel.close()
        raise
    return kernel


def _sequence_of(answer: bytes) -> int:
    return int(_HEADER.unpack_from(answer)[3]) if len(answer) >= _HEADER.size else -1
