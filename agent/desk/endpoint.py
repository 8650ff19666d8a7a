"""How a second `qalamsap open` reaches the desk that is open already: the desk is there once.

A Unix socket in the state folder, by the same rules as the control endpoint (agent.control): 0600 in a folder that is 0700, and the
peer's user id is asked of the kernel. A caller sends one Summons (protocol.desk.frame) and gets one Show. The desk does nothing
that it is told here but show itself, and list the files that were named.

On Windows there is no such socket in Python: the lock says that a desk is open, and that is all.
"""

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from agent import control
from agent.control import EndpointUnavailable, NotRunning
from agent.errors import BadInput
from protocol import pipes
from protocol.desk import frame, messages
from protocol.errors import ProtocolError

TIME_LIMIT_S = 5.0
MAX_SUMMONS_BYTES = 1024 * 1024  # some thousands of paths
_BACKLOG = 4
_STEP_S = 0.1


class Endpoint:
    """The open desk's side. `summoned` is called in a thread of its own, one summons after the other."""

    def __init__(
        self, path: Path, summoned: Callable[[frame.Summons], None], time_limit_s: float = TIME_LIMIT_S
    ) -> None:
        self._path = path
        self._summoned = summoned
        self._time_limit_s = time_limit_s
        self._listener: socket.socket | None = None
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="desk endpoint", daemon=True)

    def open(self) -> None:
        """Starts to listen. The caller holds the desk's lock, so a socket that lies there is a dead one.

        Raises EndpointUnavailable.
        """
        if sys.platform == "win32":
            raise EndpointUnavailable("no endpoint of the desk on Windows")
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with control.address(self._path) as place:
                listener.bind(place)
            self._path.chmod(0o600)
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            raise EndpointUnavailable(
                f"the endpoint of the desk can't be made: {error.strerror or error}"
            ) from error
        self._listener = listener
        self._thread.start()

    def close(self) -> None:
        """Nobody is heard any more."""
        if self._listener is None:
            return
        self._is_closed.set()
        with contextlib.suppress(OSError):  # wakes the thread that waits in accept
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(self._time_limit_s)
        self._path.unlink(missing_ok=True)

    def _listen(self) -> None:
        assert self._listener is not None
        while not self._is_closed.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                if self._is_closed.wait(_STEP_S):  # else no descriptors are left, say: that passes
                    return
                continue
            # Who leaves, says nothing, or talks nonsense needs no answer.
            with connection, contextlib.suppress(OSError, ProtocolError):
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        if not control.is_ours(connection):
            return
        stream = _Limited(connection, time.monotonic() + self._time_limit_s, MAX_SUMMONS_BYTES)
        got = pipes.read_frame(stream)
        if got is None or got[0] != pipes.JSON:
            return
        summons = messages.from_message(pipes.unpack_json(got[1]))
        if not isinstance(summons, frame.Summons):
            return
        self._summoned(summons)
        connection.settimeout(self._time_limit_s)
        connection.sendall(pipes.pack_json(messages.to_message(frame.Show(summons.page))))


class _Limited:
    """A connection as a stream that gives up at a moment, and after so many octets. Raises OSError."""

    def __init__(self, connection: socket.socket, until: float, most: int) -> None:
        self._connection = connection
        self._until = until
        self._left = most

    def readinto(self, buffer: memoryview, /) -> int:
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the caller takes too long")
        self._connection.settimeout(left_s)
        got = self._connection.recv_into(buffer)
        self._left -= got
        if self._left < 0:
            raise OSError("the caller says too much")
        return got


def summon(path: Path, summons: frame.Summons, time_limit_s: float = TIME_LIMIT_S) -> None:
    """Tells the desk whose endpoint is at `path`. It may be just opening: it gets the whole time to answer. Blocks.

    Raises NotRunning where nobody answers, EndpointUnavailable where the system has no endpoint, BadInput for too many files.
    """
    if sys.platform == "win32":
        raise EndpointUnavailable("the desk is open already")
    if sum(len(path.encode()) for path in summons.paths) > MAX_SUMMONS_BYTES:
        raise BadInput(f"{len(summons.paths)} files are too many at once")
    octets = pipes.pack_json(messages.to_message(summons))
    if len(octets) > MAX_SUMMONS_BYTES:
        raise BadInput(f"{len(summons.paths)} files are too many at once")
    until = time.monotonic() + time_limit_s
    while True:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(max(_STEP_S, until - time.monotonic()))
            try:
                with control.address(path) as place:
                    connection.connect(place)
                connection.sendall(octets)
                with connection.makefile("rb", buffering=0) as stream:
                    if pipes.read_frame(stream) is not None:
                        return
                raise NotRunning("the desk gave no answer")
            except (FileNotFoundError, ConnectionRefusedError) as error:
                if time.monotonic() > until:
                    raise NotRunning("no desk answers") from error
            except (OSError, ProtocolError) as error:
                raise NotRunning("the desk gave no answer") from error
        time.sleep(_STEP_S)
