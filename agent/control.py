"""The control endpoint: how the command line reaches the daemon. It can't sign, grant or approve.

It is for the person's own processes only; agent.own_sockets says how they find it and prove that they are. A caller sends one
Command (protocol.control) and gets one State, or a Refused.
"""

import asyncio
import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from agent import loopback, own_sockets
from agent.errors import AgentError
from agent.own_sockets import Listener, Whose
from protocol import control, pipes
from protocol.errors import ProtocolError

Handler: TypeAlias = Callable[[control.Command], control.State | control.Refused]

MAX_COMMAND_BYTES = 4096
MAX_CALLERS = 8
MAX_UNPROVED = 16
"""Of those who call over loopback, as any program and any page can, and have not proved yet that they may: one more, and the oldest goes."""
TIME_LIMIT_S = 5.0
_BACKLOG = 16


class NotRunning(AgentError):
    """No agent answers at the control endpoint."""

    code = "not-running"


class EndpointUnavailable(AgentError):
    """The endpoint can't be made."""

    code = "no-control-endpoint"


class Endpoint:
    """The daemon's side. `handler` answers each command at once; it never waits."""

    def __init__(self, path: Path, handler: Handler, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._path = path
        self._handler = handler
        self._time_limit_s = time_limit_s
        self._callers = 0
        self._unproved: dict[asyncio.StreamWriter, None] = {}
        self._listener: Listener | None = None
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Starts to listen. The caller holds the instance lock, so what lies there is dead.

        Raises EndpointUnavailable.
        """
        try:
            self._listener = await asyncio.to_thread(Listener, self._path, _BACKLOG)
            start = asyncio.start_server if own_sockets.IS_LOOPBACK else asyncio.start_unix_server
            self._server = await start(
                functools.partial(self._serve, self._listener),
                sock=self._listener.socket,
                limit=MAX_COMMAND_BYTES,
            )
        except OSError as error:
            if self._listener is not None:
                self._listener.forget()
                self._listener.socket.close()
            raise EndpointUnavailable(
                f"the control endpoint can't be made: {error.strerror or error}"
            ) from error

    async def close(self) -> None:
        if self._server is None or self._listener is None:
            return
        await asyncio.to_thread(self._listener.forget)
        self._server.close()
        for writer in self._unproved:
            writer.transport.abort()
        await self._server.wait_closed()
        self._server = None

    async def _serve(
        self, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            whose = listener.whose(writer.get_extra_info("socket"))
            if whose != "strangers":
                async with asyncio.timeout(self._time_limit_s):
                    await self._admit(listener, reader, writer)
                    await self._serve_proved(whose, reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            # A caller that left, that says nothing, or that can't prove anything needs no answer.
            writer.transport.abort()
        finally:
            writer.close()

    async def _admit(
        self, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if len(self._unproved) >= MAX_UNPROVED:
            oldest = next(iter(self._unproved))
            del self._unproved[oldest]
            oldest.transport.abort()
        self._unproved[writer] = None
        try:
            await listener.admit(reader, writer)
        finally:
            self._unproved.pop(writer, None)

    async def _serve_proved(
        self, whose: Whose, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._callers += 1
        try:
            if self._callers <= MAX_CALLERS:
                answer = await self._answer(whose, reader)
                writer.write(pipes.pack_json(control.to_message(answer)))
                await writer.drain()
        finally:
            self._callers -= 1

    async def _answer(self, whose: Whose, reader: asyncio.StreamReader) -> control.State | control.Refused:
        try:
            kind, length = pipes.unpack_header(await reader.readexactly(pipes.HEADER_BYTES))
            if kind != pipes.JSON or length > MAX_COMMAND_BYTES:
                return control.Refused("a command is one short J frame")
            message = control.from_message(pipes.unpack_json(await reader.readexactly(length)))
        except ProtocolError as error:
            return control.Refused(str(error))
        if not isinstance(message, control.Command):
            return control.Refused("only commands are taken here")
        if whose == "other-session" and message.name != "query":
            return control.Refused("from another session the agent only says how it is")
        return self._handler(message)


def ask(
    path: Path, command: control.Command, time_limit_s: float = TIME_LIMIT_S
) -> control.State | control.Refused:
    """Sends one command to the daemon whose endpoint is at `path`, and gives its answer. Blocks.

    Raises NotRunning where nobody answers, ProtocolError for nonsense.
    """
    try:
        with own_sockets.connected(path, time.monotonic() + time_limit_s) as stream:
            stream.sendall(pipes.pack_json(control.to_message(command)))
            frame = pipes.read_frame(stream)
    except loopback.NotProved as error:
        raise NotRunning(f"no agent answers: {error}") from error
    except OSError as error:
        raise NotRunning("no agent answers") from error
    if frame is None:
        raise NotRunning("the agent closed the connection without an answer")
    answer = control.from_message(pipes.unpack_json(frame[1]))
    if isinstance(answer, control.Command):
        raise ProtocolError("the agent answered with a command")
    return answer
