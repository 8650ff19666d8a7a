"""How programs of one person meet where the system has no Unix sockets: a port of 127.0.0.1, and a file that names it.

The file lies where the socket would, and only the person can read it. It holds the port, and a secret that was drawn for this time of
listening alone. Anybody on the computer can call the port, and once the agent is dead anybody can listen there. So both sides prove that
they know the secret, and neither says it:

    caller to agent     32 octets, drawn for this connection
    agent to caller     32 octets likewise, and a proof
    caller to agent     a proof

A proof is an HMAC-SHA-256 under the secret, over its direction, the port and both draws: what was heard on one connection proves nothing
on another, nor the other way round. After that the connection is as good as one by a Unix socket.
"""

import contextlib
import hmac
import os
import re
import secrets
import socket
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias, TypeVar

from agent import paths

ADDRESS: Final = "127.0.0.1"
DRAW_BYTES: Final = 32
PROOF_BYTES: Final = 32
SECRET_BYTES: Final = 32

_Side: TypeAlias = Literal["agent", "caller"]
_HEAD = b"qalamsap loopback 1"
_FORM = re.compile(rb"qalamsap loopback 1\n([1-9][0-9]{0,4})\n([0-9a-f]{64})\n")
_MAX_BYTES = 128
IS_FILE_KEPT_BY_READERS = os.name != "posix"
"""Windows lets nobody replace or remove a file while another program reads it, or open one that is just being replaced."""
PATIENCE_S = 1.0
_STEP_S = 0.02

T = TypeVar("T")


class NotProved(ConnectionRefusedError):
    """Who is there is not who wrote the file, or is nobody who can read it; or no such file was ever written by us. To a caller that is
    as if nobody were there: the agent that wrote the file is gone."""


class Stream(Protocol):
    """A connection that gives up at its moment. Every method raises OSError."""

    def sendall(self, octets: bytes, /) -> None: ...

    def readinto(self, buffer: memoryview, /) -> int: ...


@dataclass(frozen=True, slots=True)
class Place:
    """What the file says."""

    port: int
    secret: bytes = field(repr=False)

    def packed(self) -> bytes:
        return b"%s\n%d\n%s\n" % (_HEAD, self.port, self.secret.hex().encode())

    def proof(self, of: _Side, callers: bytes, agents: bytes) -> bytes:
        """What shows that this side knows the secret, for the connection of these two draws."""
        said = b"\0".join((_HEAD, of.encode(), b"%d" % self.port, callers + agents))
        return hmac.digest(self.secret, said, "sha256")


class Greeting:
    """What the agent says to a caller's draw, and which proof it waits for."""

    def __init__(self, place: Place, callers: bytes) -> None:
        agents = secrets.token_bytes(DRAW_BYTES)
        self.octets: Final = agents + place.proof("agent", callers, agents)
        self._expected = place.proof("caller", callers, agents)

    def is_met_by(self, proof: bytes) -> bool:
        return hmac.compare_digest(proof, self._expected)


def offer(path: Path, backlog: int) -> tuple[socket.socket, Place]:
    """A socket that listens on a free port of loopback, once the file at `path` says where. OSError.

    The caller holds a lock that keeps others of the person from doing the same, so what lies there is of somebody who is dead.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name != "posix":  # nobody else may bind the same port to listen beside us
            listener.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE", -5), 1)
        listener.bind((ADDRESS, 0))
        listener.listen(backlog)
        place = Place(listener.getsockname()[1], secrets.token_bytes(SECRET_BYTES))
        _patiently(lambda: paths.replace_private(path, place.packed()))
    except BaseException:
        listener.close()
        raise
    return listener, place


def withdraw(path: Path) -> None:
    """Removes the file. Where that can't be done it names a port at which nobody proves anything, as after a crash."""
    with contextlib.suppress(OSError):
        _patiently(lambda: path.unlink(missing_ok=True))


def read(path: Path) -> Place:
    """Where to call. Raises OSError: FileNotFoundError where nobody listens, NotProved where the file is not of ours alone."""
    return _patiently(lambda: _read(path))


def _read(path: Path) -> Place:
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
    try:
        _check_is_private(os.fstat(descriptor))
        found = _FORM.fullmatch(os.read(descriptor, _MAX_BYTES))
    finally:
        os.close(descriptor)
    if found is None or int(found[1]) > 0xFFFF:
        raise NotProved("the file that names the agent's port makes no sense")
    return Place(int(found[1]), bytes.fromhex(found[2].decode()))


def _check_is_private(status: os.stat_result) -> None:
    """Raises NotProved where others may read or change the file, or somebody else owns it; root may ask everybody's agent."""
    if not stat.S_ISREG(status.st_mode):
        raise NotProved("what names the agent's port is no file")
    if os.name != "posix":
        return  # Windows: the folder lies in the person's profile, whose access list is theirs alone
    if stat.S_IMODE(status.st_mode) & 0o077 or os.geteuid() not in {status.st_uid, 0}:
        raise NotProved("the file that names the agent's port is not of this person alone")


def connect(place: Place, limit_s: float) -> socket.socket:
    """A connection to who listens there, whoever that is. OSError."""
    connection = socket.create_connection((ADDRESS, place.port), limit_s)
    if connection.getsockname() == connection.getpeername():  # where nobody listens a socket may meet itself
        connection.close()
        raise ConnectionRefusedError("nobody listens there")
    return connection


def prove(place: Place, stream: Stream) -> None:
    """The caller's side. Raises NotProved where the other one is not who wrote the file, OSError."""
    callers = secrets.token_bytes(DRAW_BYTES)
    stream.sendall(callers)
    said = _exactly(stream, DRAW_BYTES + PROOF_BYTES)
    agents, proof = said[:DRAW_BYTES], said[DRAW_BYTES:]
    if not hmac.compare_digest(proof, place.proof("agent", callers, agents)):
        raise NotProved("another program listens on the port of an agent that is gone")
    stream.sendall(place.proof("caller", callers, agents))


def admit(place: Place, stream: Stream) -> None:
    """The agent's side, for who may wait. Raises NotProved where the caller has not read the file, OSError."""
    greeting = Greeting(place, _exactly(stream, DRAW_BYTES))
    stream.sendall(greeting.octets)
    if not greeting.is_met_by(_exactly(stream, PROOF_BYTES)):
        raise NotProved("the caller has not read the file")


def _exactly(stream: Stream, count: int) -> bytes:
    octets = bytearray(count)
    done = 0
    while done < count:
        got = stream.readinto(memoryview(octets)[done:])
        if not got:
            raise ConnectionAbortedError("the other side left without a proof")
        done += got
    return bytes(octets)


def _patiently(work: Callable[[], T]) -> T:
    """What `work` gives, once no other program has the file open. OSError."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return work()
        except PermissionError:
            if not IS_FILE_KEPT_BY_READERS or time.monotonic() >= until:
                raise
        time.sleep(_STEP_S)
