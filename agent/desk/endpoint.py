"""How a second `qalamsap open` reaches the desk that is open already: the desk is there once.

By the same rules as the control endpoint (agent.own_sockets). A caller sends one Summons (protocol.desk.frame) and gets one Show. The
desk does nothing that it is told here but show itself, and list the files that were named.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from agent import own_sockets
from agent.control import EndpointUnavailable, NotRunning
from agent.errors import BadInput
from agent.own_sockets import Listener, Stream
from protocol import pipes
from protocol.desk import frame, messages
from protocol.errors import ProtocolError

TIME_LIMIT_S = 5.0
PROOF_LIMIT_S = 2.0  # of a caller who has not proved yet that they may say anything
MAX_UNPROVED = 16  # of those, as at the control endpoint: one more, and the oldest goes
MAX_CALLERS = 64  # of all, whatever becomes of them
MAX_SUMMONS_BYTES = 1024 * 1024  # some thousands of paths
_MAX_PROOF_BYTES = 1024
_BACKLOG = MAX_CALLERS
_STEP_S = 0.1


class Endpoint:
    """The open desk's side. `summoned` is called in threads of ours, one summons after the other."""

    def __init__(
        self, path: Path, summoned: Callable[[frame.Summons], None], time_limit_s: float = TIME_LIMIT_S
    ) -> None:
        self._path = path
        self._summoned = summoned
        self._time_limit_s = time_limit_s
        self._listener: Listener | None = None
        self._is_closed = threading.Event()
        self._guard = threading.Lock()  # over the next two
        self._callers: set[socket.socket] = set()
        self._unproved: dict[socket.socket, None] = {}
        self._turn = threading.Lock()  # whoever is calling `summoned`
        self._thread = threading.Thread(target=self._listen, name="desk endpoint", daemon=True)

    def open(self) -> None:
        """Starts to listen. The caller holds the desk's lock, so a socket that lies there is a dead one.

        Raises EndpointUnavailable.
        """
        try:
            self._listener = Listener(self._path, _BACKLOG)
        except OSError as error:
            raise EndpointUnavailable(
                f"the endpoint of the desk can't be made: {error.strerror or error}"
            ) from error
        self._thread.start()

    def close(self) -> None:
        """Nobody is heard any more."""
        if self._listener is None:
            return
        self._is_closed.set()
        with contextlib.suppress(OSError):  # wakes the thread that waits in accept
            self._listener.socket.shutdown(socket.SHUT_RDWR)
        self._listener.socket.close()
        self._thread.join(self._time_limit_s)
        with self._guard:
            for connection in self._unproved:
                _hang_up(connection)
        if self._turn.acquire(timeout=self._time_limit_s):  # a summons that is just being obeyed
            self._turn.release()
        self._listener.forget()

    def _listen(self) -> None:
        assert self._listener is not None
        while not self._is_closed.is_set():
            try:
                connection, _ = self._listener.socket.accept()
            except OSError:
                if self._is_closed.wait(_STEP_S):  # else no descriptors are left, say: that passes
                    return
                continue
            # Each in a thread of its own: over loopback any page can open connections, and say nothing.
            caller = threading.Thread(
                target=self._hear, args=(self._listener, connection), name="desk caller", daemon=True
            )
            if not self._let_in(connection):
                connection.close()
                continue
            try:
                caller.start()
            except RuntimeError:  # the system gives no more threads: that passes, too
                self._let_go(connection)

    def _let_in(self, connection: socket.socket) -> bool:
        with self._guard:
            if len(self._callers) >= MAX_CALLERS:
                return False
            if len(self._unproved) >= MAX_UNPROVED:
                oldest = next(iter(self._unproved))
                del self._unproved[oldest]
                _hang_up(oldest)
            self._callers.add(connection)
            self._unproved[connection] = None
            return True

    def _let_go(self, connection: socket.socket) -> None:
        with self._guard:  # nobody else touches a connection that is closed
            self._callers.discard(connection)
            self._unproved.pop(connection, None)
            connection.close()

    def _hear(self, listener: Listener, connection: socket.socket) -> None:
        try:
            # Who leaves, says nothing, or talks nonsense needs no answer.
            with contextlib.suppress(OSError, ProtocolError):
                self._serve(listener, connection)
        finally:
            self._let_go(connection)

    def _serve(self, listener: Listener, connection: socket.socket) -> None:
        if listener.whose(connection) != "ours":
            return
        until = time.monotonic() + self._time_limit_s
        listener.admit_by(Stream(connection, min(until, time.monotonic() + PROOF_LIMIT_S), _MAX_PROOF_BYTES))
        with self._guard:
            self._unproved.pop(connection, None)
        stream = Stream(connection, until, MAX_SUMMONS_BYTES)
        got = pipes.read_frame(stream)
        if got is None or got[0] != pipes.JSON:
            return
        summons = messages.from_message(pipes.unpack_json(got[1]))
        if not isinstance(summons, frame.Summons):
            return
        with self._turn:
            if self._is_closed.is_set():
                return
            self._summoned(summons)
        connection.settimeout(self._time_limit_s)
        connection.sendall(pipes.pack_json(messages.to_message(frame.Show(summons.page))))


def _hang_up(connection: socket.socket) -> None:
    """Wakes the thread that hears this one, which closes it."""
    with contextlib.suppress(OSError):  # the other side was faster
        connection.shutdown(socket.SHUT_RDWR)


def summon(path: Path, summons: frame.Summons, time_limit_s: float = TIME_LIMIT_S) -> None:
    """Tells the desk whose endpoint is at `path`. It may be just opening: it gets the whole time to answer. Blocks.

    Raises NotRunning where nobody answers, BadInput for too many files.
    """
    if sum(len(path.encode()) for path in summons.paths) > MAX_SUMMONS_BYTES:
        raise BadInput(f"{len(summons.paths)} files are too many at once")
    octets = pipes.pack_json(messages.to_message(summons))
    if len(octets) > MAX_SUMMONS_BYTES:
        raise BadInput(f"{len(summons.paths)} files are too many at once")
    until = time.monotonic() + time_limit_s
    while True:
        try:
            with own_sockets.connected(path, max(until, time.monotonic() + _STEP_S)) as stream:
                stream.sendall(octets)
                if pipes.read_frame(stream) is not None:
                    return
            raise NotRunning("the desk gave no answer")
        except (FileNotFoundError, ConnectionRefusedError) as error:
            if time.monotonic() > until:
                raise NotRunning("no desk answers") from error
        except (OSError, ProtocolError) as error:
            raise NotRunning("the desk gave no answer") from error
        time.sleep(_STEP_S)
