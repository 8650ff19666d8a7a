"""How programs of one person reach each other: the one place that chooses the way.

    a Unix socket in the person's state folder     0600 in a folder that is 0700; the kernel is asked who the peer is
    loopback (agent.loopback)                      where the system has no Unix sockets: on Windows

Whoever listens holds a lock of the person's beside the socket, and asks `Listener.whose` before it reads an octet of a caller.
"""

import asyncio
import contextlib
import os
import socket
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias

from agent import loopback
from agent.loopback import Greeting, Place
from agent.peers import owner

IS_LOOPBACK = sys.platform == "win32"
"""Which way is used. Another than the system's only in tests."""
OWNERS_ARE_SESSIONS = sys.platform == "win32"
"""Whether the system tells in which session a caller over loopback lives, and not who they are (agent.peers)."""

Whose: TypeAlias = Literal["ours", "other-session", "strangers"]
"""Of the person, or of who runs the computer; of a session where another person may work, or the same; of another person."""

_MAX_ADDRESS_BYTES = 100  # sun_path holds 108 octets on Linux, 104 on macOS
TRIES = 5
_PAUSE_S = 0.05
_SYSTEMS = 0  # root, and on Windows the session of its services


class Stream:
    """A connection that gives up at a moment (of time.monotonic), and after so many octets. Every method raises OSError."""

    def __init__(self, connection: socket.socket, until: float, most: int | None = None) -> None:
        self._connection = connection
        self._until = until
        self._left = most

    def readinto(self, buffer: memoryview, /) -> int:
        self._limit()
        got = self._connection.recv_into(buffer)
        if self._left is not None:
            self._left -= got
            if self._left < 0:
                raise OSError("the other side says too much")
        return got

    def sendall(self, octets: bytes, /) -> None:
        self._limit()
        self._connection.sendall(octets)  # to which the limit applies as a whole

    def _limit(self) -> None:
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the other side takes too long")
        self._connection.settimeout(left_s)


class Listener:
    """A socket at which the person's own programs are heard. Raises OSError where it can't be made.

    The caller holds a lock, so what lies at `path` is dead. Not closed with it: `socket`, which is somebody's server by then.
    """

    def __init__(self, path: Path, backlog: int) -> None:
        self.path = path
        self._place: Place | None = None
        if IS_LOOPBACK:
            self.socket, self._place = loopback.offer(path, backlog)
            self._owners = _owners()
            return
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            with _address(path) as place:
                self.socket.bind(place)
            path.chmod(0o600)
            self.socket.listen(backlog)
        except OSError:
            self.socket.close()
            raise

    def whose(self, connection: Any) -> Whose:
        """Whose program calls. Where the system does not tell, it is the file's modes that decide."""
        if self._place is None:
            return _by_credentials(connection)
        if not self._owners.can_tell:
            return "ours"
        found = self._owners.of_peer(connection)
        if found in {self._owners.ours, _SYSTEMS}:
            return "ours"
        return "other-session" if found is not None and OWNERS_ARE_SESSIONS else "strangers"

    async def admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Before a caller is heard. Raises OSError, asyncio.IncompleteReadError where they can't show that they may be."""
        if self._place is None:
            return
        greeting = Greeting(self._place, await reader.readexactly(loopback.DRAW_BYTES))
        writer.write(greeting.octets)
        await writer.drain()
        if not greeting.is_met_by(await reader.readexactly(loopback.PROOF_BYTES)):
            raise loopback.NotProved("the caller has not read the file")

    def admit_by(self, stream: Stream) -> None:
        """The same, for who may wait. Raises OSError."""
        if self._place is not None:
            loopback.admit(self._place, stream)

    def forget(self) -> None:
        """Nobody finds the way here any more."""
        if self._place is not None:
            loopback.withdraw(self.path)
        else:
            self.path.unlink(missing_ok=True)


@contextlib.contextmanager
def connected(path: Path, until: float) -> Iterator[Stream]:
    """A connection to who listens at `path`. Raises OSError; FileNotFoundError and ConnectionRefusedError where nobody does."""
    limit_s = max(0.1, until - time.monotonic())
    if IS_LOOPBACK:
        with _proved(path, until) as connection:
            yield Stream(connection, until)
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(limit_s)
        with _address(path) as address:
            connection.connect(address)
        yield Stream(connection, until)


def _proved(path: Path, until: float) -> socket.socket:
    """Over loopback. Who hangs up before a proof may just have had too many callers, pages among them; so they are called again. OSError."""
    tries = 0
    while True:
        place = loopback.read(path)
        connection = loopback.connect(place, max(0.1, until - time.monotonic()))
        try:
            loopback.prove(place, Stream(connection, until))
        except (ConnectionAbortedError, ConnectionResetError, BrokenPipeError):
            connection.close()
            tries += 1
            if tries >= TRIES or time.monotonic() >= until:
                raise
        except BaseException:
            connection.close()
            raise
        else:
            return connection
        time.sleep(_PAUSE_S)


def _owners() -> owner.Owners:
    try:
        return owner.of_this_system()
    except OSError:  # our own session can't be told: then nobody's can be compared with it
        return owner.UntoldOwners()


def _by_credentials(connection: Any) -> Whose:
    if not hasattr(socket, "SO_PEERCRED"):
        return "ours"
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user_id, _ = struct.unpack("3i", credentials)
    return "ours" if user_id in {os.geteuid(), 0} else "strangers"


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """What to bind or connect to. A path too long for sun_path goes by way of its folder's descriptor (Linux)."""
    if len(os.fsencode(path)) <= _MAX_ADDRESS_BYTES or not Path("/proc/self/fd").is_dir():
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
