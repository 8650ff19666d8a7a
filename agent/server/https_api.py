"""The HTTPS interface for large documents (agent.server.https_api_app) on a port of its own, inside the daemon's loop.

Loaded only where the settings want it. uvicorn speaks HTTP; sockets are accepted here, so that connections are counted from their
first octet on, none may be silent for ever, and a renewed TLS identity counts from the next handshake.
"""

import asyncio
import contextlib
import ipaddress
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from agent import logs
from agent.dispatch import Settings
from agent.origins import Origin
from agent.server import https_api_app, listener
from agent.server.connection import Refusal
from agent.server.https_api_app import Times
from agent.server.https_api_series import Operations
from agent.server.neighbours import Neighbours
from agent.workers import Workers

MAX_CONNECTIONS: Final = 32
HANDSHAKE_S: Final = 10.0
HEAD_S: Final = 10.0  # for a request's line and headers, and for what is left of a body that was refused
STALL_S: Final = 30.0  # without an octet of an answer taken
KEEP_ALIVE_S: Final = 5
_HEAD_BYTES: Final = 16 * 1024
_CLOSING_S: Final = 2.0

_log = logging.getLogger(__name__)


class HttpsApi:
    """Serves the interface on 127.0.0.1 and, where there is one, ::1."""

    def __init__(
        self,
        workers: Workers,
        settings: Settings,
        is_granted: Callable[[Origin], bool],
        *,
        refusal: Refusal = lambda _: None,
        times: Times | None = None,
        head_s: float = HEAD_S,
        stall_s: float = STALL_S,
        neighbours: Neighbours | None = None,
    ) -> None:
        self._operations = Operations(workers, settings)
        self._is_granted = is_granted
        self._refusal = refusal
        self._times = times or Times()
        self._head_s = head_s
        self._stall_s = stall_s
        self._neighbours = neighbours or Neighbours()
        self._context: ssl.SSLContext | None = None
        self._port = 0
        self._sockets: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._handshakes: set[asyncio.Task[None]] = set()
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def port(self) -> int:
        return self._port

    def use(self, context: ssl.SSLContext) -> None:
        """Handshakes from now on use this context; connections that are open stay as they are."""
        self._context = context

    def listen(self, port: int) -> None:
        """Takes the port (0: a free one) and begins to serve. `use` comes first. Raises instance.PortBusy."""
        self._sockets = listener.loopback_sockets(port)
        self.attend(self._sockets[0].getsockname()[1])
        loop = asyncio.get_running_loop()
        self._accepting = [loop.create_task(listener.accept_all(each, self.serve)) for each in self._sockets]

    def attend(self, port: int) -> None:
        """Begins to serve what `serve` is given, of a port that somebody else owns. `use` comes first."""
        assert self._context is not None
        self._port = port
        self._server = _Server(self._config())
        self._serving = asyncio.get_running_loop().create_task(self._server.serve(sockets=[]))
        logs.note(_log, logging.INFO, "HTTPS interface listens", port=self._port)

    async def close(self) -> None:
        """Stops to listen, and ends all operations."""
        self._is_closed = True
        tasks = [*self._accepting, *self._handshakes]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for each in self._sockets:
            each.close()
        await self._operations.close()
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await asyncio.wait([self._serving])

    def _config(self) -> uvicorn.Config:
        config = uvicorn.Config(
            https_api_app.build(
                self._operations, self._is_granted, self._port, self._times, refusal=self._refusal
            ),
            http=H11Protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=int(_CLOSING_S),
            h11_max_incomplete_event_size=_HEAD_BYTES,
        )
        config.load()
        return config

    def serve(self, accepted: socket.socket, address: str) -> None:
        """Serves one accepted socket, wherever it was accepted; closes it where its peer may not come in."""
        assert self._server is not None
        busy = len(self._handshakes) + len(self._server.server_state.connections)
        is_near = ipaddress.ip_address(address).is_loopback and self._neighbours.may_come_in(accepted)
        if self._is_closed or not is_near or busy >= MAX_CONNECTIONS:
            accepted.close()
            return
        task = asyncio.get_running_loop().create_task(self._let_in(accepted, self._server))
        self._handshakes.add(task)
        task.add_done_callback(self._handshakes.discard)

    async def _let_in(self, accepted: socket.socket, server: "_Server") -> None:
        accepted.setblocking(False)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: _Connection(server, self._head_s, self._stall_s),
                accepted,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_S,
                ssl_shutdown_timeout=_CLOSING_S,
            )
        except OSError:
            # A probe that left, a scanner, or a browser that does not trust us: not worth a line each.
            logs.note(_log, logging.DEBUG, "no handshake")
            accepted.close()


class _Server(uvicorn.Server):
    """Without a hand on the process's signals: those are the daemon's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Connection(H11Protocol):
    """One that neither leaves its requests half sent nor its answers half read."""

    def __init__(self, server: _Server, head_s: float, stall_s: float) -> None:
        super().__init__(server.config, server.server_state, {})
        self._head_s = head_s
        self._stall_s = stall_s
        self._waiting_for_head: asyncio.TimerHandle | None = None
        self._waiting_for_reader: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for timer in (self._waiting_for_head, self._waiting_for_reader):
            if timer is not None:
                timer.cancel()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait_for_head()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._waiting_for_reader = self.loop.call_later(self._stall_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._waiting_for_reader is not None:
            self._waiting_for_reader.cancel()

    def _wait_for_head(self) -> None:
        if self._waiting_for_head is not None:
            self._waiting_for_head.cancel()
        self._waiting_for_head = self.loop.call_later(self._head_s, self._give_up)

    def _give_up(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
