"""The control endpoint: how the command line reaches the daemon. It can't sign, grant or approve.

A Unix socket in the state folder, for the person's own processes only: the folder is 0700, the socket 0600, and the peer's
user id is asked of the kernel (SO_PEERCRED) all the same. A caller sends one Command (protocol.control) and gets one State, or
a Refused.

On Windows there is no endpoint yet: a named pipe that only the person's SID may open needs a security descriptor, which the
standard library can't make. `ask` and `serve` say so with EndpointUnavailable; the tray icon, a child of the daemon, works.
"""

import asyncio
import contextlib
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from agent.errors import AgentError
from protocol import control, pipes
from protocol.errors import ProtocolError

Handler: TypeAlias = Callable[[control.Command], control.State | control.Refused]

MAX_COMMAND_BYTES = 4096
MAX_CALLERS = 8
TIME_LIMIT_S = 5.0
_MAX_ADDRESS_BYTES = 100  # sun_path holds 108 octets on Linux, 104 on macOS
_BACKLOG = 16


class NotRunning(AgentError):
    """No agent answers at the control endpoint."""

    code = "not-running"


class EndpointUnavailable(AgentError):
    """This system has no control endpoint, or it can't be made."""

    code = "no-control-endpoint"


class Endpoint:
    """The daemon's side. `handler` answers each command at once; it never waits."""

    def __init__(self, path: Path, handler: Handler, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._path = path
        self._handler = handler
        self._time_limit_s = time_limit_s
        self._callers = 0
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Starts to listen. The caller holds the instance lock, so a socket that lies there is a dead one.

        Raises EndpointUnavailable.
        """
        if sys.platform == "win32":
            raise EndpointUnavailable("no control endpoint on Windows yet")
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with address(self._path) as place:
                listener.bind(place)
            self._path.chmod(0o600)
            listener.listen(_BACKLOG)
            self._server = await asyncio.start_unix_server(
                self._serve, sock=listener, limit=MAX_COMMAND_BYTES
            )
        except OSError as error:
            listener.close()
            raise EndpointUnavailable(
                f"the control endpoint can't be made: {error.strerror or error}"
            ) from error

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._callers += 1
        try:
            if self._callers <= MAX_CALLERS and is_ours(writer.get_extra_info("socket")):
                async with asyncio.timeout(self._time_limit_s):
                    writer.write(pipes.pack_json(control.to_message(await self._answer(reader))))
                    await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            # A caller that left, or that says nothing, needs no answer.
            writer.transport.abort()
        finally:
            self._callers -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> control.State | control.Refused:
        try:
            kind, length = pipes.unpack_header(await reader.readexactly(pipes.HEADER_BYTES))
            if kind != pipes.JSON or length > MAX_COMMAND_BYTES:
                return control.Refused("a command is one short J frame")
            message = control.from_message(pipes.unpack_json(await reader.readexactly(length)))
        except ProtocolError as error:
            return control.Refused(str(error))
        if not isinstance(message, control.Command):
            return control.Refused("only commands are taken here")
        return self._handler(message)


def ask(
    path: Path, command: control.Command, time_limit_s: float = TIME_LIMIT_S
) -> control.State | control.Refused:
    """Sends one command to the daemon whose endpoint is at `path`, and gives its answer. Blocks.

    Raises NotRunning where nobody answers, EndpointUnavailable where the system has no endpoint, ProtocolError for nonsense.
    """
    if sys.platform == "win32":
        raise EndpointUnavailable("no control endpoint on Windows yet")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(time_limit_s)
        try:
            with address(path) as place:
                connection.connect(place)
            connection.sendall(pipes.pack_json(control.to_message(command)))
            with connection.makefile("rb", buffering=0) as stream:
                frame = pipes.read_frame(stream)
        except OSError as error:
            raise NotRunning("no agent answers") from error
    if frame is None:
        raise NotRunning("the agent closed the connection without an answer")
    answer = control.from_message(pipes.unpack_json(frame[1]))
    if isinstance(answer, control.Command):
        raise ProtocolError("the agent answered with a command")
    return answer


@contextlib.contextmanager
def address(path: Path) -> Iterator[str]:
    """What to bind or connect to. A path too long for sun_path goes by way of its folder's descriptor (Linux)."""
    if len(os.fsencode(path)) <= _MAX_ADDRESS_BYTES or not Path("/proc/self/fd").is_dir():
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def is_ours(connection: Any) -> bool:
    """Whether the peer is a process of the same person, or of root. Where the kernel does not tell, the file modes decide."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user_id, _ = struct.unpack("3i", credentials)
    return user_id in {os.geteuid(), 0}
