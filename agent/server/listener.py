"""The listening sockets, and all connections that came of them.

Sockets are accepted here and handed to TLS one by one, so that handshakes in progress are counted and a port scan or a probe
that connects and leaves costs nothing and logs nothing. Plain HTTP comes in by the same port (agent.server.first_octet) and is told
to use https, unless the settings let it in. Only loopback addresses are listened on, and only loopback peers are let in, of our own
person (agent.server.neighbours). Where a broker owns the port nothing is listened on, and what it hands over is served by the same rules.
"""

import asyncio
import contextlib
import errno
import ipaddress
import logging
import os
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

from websockets.frames import CloseCode

from agent import instance, logs
from agent.server import first_octet
from agent.server.connection import BUDGET_BYTES, Connection, House, OpenOwn, Refusal, Times
from agent.server.converse import Answer, Budget
from agent.server.limits import GuestList
from agent.server.neighbours import Neighbours
from agent.server.status_page import StatusPage

_BACKLOG = 128
_NO_DESCRIPTORS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_BREATH_S = 0.2  # before accepting goes on when the system is out of descriptors

_log = logging.getLogger(__name__)


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 and up, HTTP/1.1 only, no session tickets (a renewed identity must not live on in them). OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["http/1.1"])
    return context


class Server:
    """Serves pages on 127.0.0.1 and, where there is one, ::1.

    `answer` gives the reply to a frame (agent.dispatch), `open_own` serves those for kz.qalamsap.v1 (agent.own_api); `on_open` and `on_gone` are called when a page came or left;
    `plain_websocket` lets pages in without TLS too, by the same rules. Whom `refusal` has an error for may connect, and gets it for every
    request.
    """

    def __init__(
        self,
        answer: Answer,
        page: StatusPage,
        *,
        open_own: OpenOwn | None = None,
        plain_websocket: bool = False,
        refusal: Refusal = lambda _: None,
        on_open: Callable[[], None] = lambda: None,
        on_gone: Callable[[], None] = lambda: None,
        times: Times | None = None,
        budget_bytes: int = BUDGET_BYTES,
        neighbours: Neighbours | None = None,
    ) -> None:
        self._answer = answer
        self._open_own = open_own
        self._page = page
        self._plain_websocket = plain_websocket
        self._refusal = refusal
        self._on_open = on_open
        self._on_gone = on_gone
        self._times = times or Times()
        self._guests: GuestList[Connection] = GuestList()
        self._budget = Budget(budget_bytes)
        self._neighbours = neighbours or Neighbours()
        self._context: ssl.SSLContext | None = None
        self._house: House | None = None
        self._sockets: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._lives: dict[asyncio.Task[None], Connection] = {}
        self._is_closed = False

    @property
    def port(self) -> int:
        assert self._house is not None
        return self._house.port

    @property
    def connections(self) -> int:
        """How many pages are connected."""
        return sum(guest.is_open for guest in self._guests.all())

    def use(self, context: ssl.SSLContext) -> None:
        """Handshakes from now on use this context; connections that are open stay as they are."""
        self._context = context

    def listen(self, port: int) -> None:
        """Takes the port (0: a free one) and begins to serve. `use` comes first. Raises instance.PortBusy."""
        self._sockets = loopback_sockets(port)
        self.attend(self._sockets[0].getsockname()[1])
        loop = asyncio.get_running_loop()
        self._accepting = [loop.create_task(accept_all(listener, self.serve)) for listener in self._sockets]

    def attend(self, port: int) -> None:
        """Begins to serve what `serve` is given, of a port that somebody else owns. `use` comes first."""
        assert self._context is not None
        self._house = House(
            port=port,
            page=self._page,
            plain_websocket=self._plain_websocket,
            refusal=self._refusal,
            answer=self._answer,
            open_own=self._open_own,
            guests=self._guests,
            budget=self._budget,
            times=self._times,
            on_open=self._on_open,
            on_gone=self._on_gone,
        )

    async def close(self) -> None:
        """Stops to listen and tells every page that it goes away (1001). Until all of them are gone."""
        self._is_closed = True
        for task in self._accepting:
            task.cancel()
        if self._accepting:
            await asyncio.wait(self._accepting)
        for listener in self._sockets:
            listener.close()
        for life, connection in self._lives.items():
            if connection.has_begun:
                connection.close(CloseCode.GOING_AWAY, "the agent stops")
            else:
                life.cancel()
        while self._lives:
            await asyncio.wait(self._lives)

    def serve(self, accepted: socket.socket, address: str) -> None:
        """Serves one accepted socket, wherever it was accepted; closes it where its peer may not come in."""
        assert self._house is not None
        connection = Connection(self._house)
        is_near = ipaddress.ip_address(address).is_loopback and self._neighbours.may_come_in(accepted)
        if self._is_closed or not is_near or not self._guests.arrive(connection):
            accepted.close()
            return
        life = asyncio.get_running_loop().create_task(self._live(connection, accepted))
        self._lives[life] = connection
        life.add_done_callback(self._lives.pop)

    async def _live(self, connection: Connection, accepted: socket.socket) -> None:
        """The first octet, TLS where it says so, and then the whole life of the connection."""
        try:
            with contextlib.suppress(OSError):
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            accepted.setblocking(False)
            async with asyncio.timeout(self._times.handshake):
                await self._let_in(connection, accepted)
        except OSError:
            # A probe that left, a scanner, or a browser that does not trust us: not worth a line each.
            logs.note(_log, logging.DEBUG, "no handshake")
            return
        else:
            await connection.wait_gone()
        finally:
            connection.abort()
            self._guests.leave(connection)

    async def _let_in(self, connection: Connection, accepted: socket.socket) -> None:
        """Begins the connection, over TLS or plain as its first octet says. The socket is closed where that fails. OSError."""
        try:
            kind = first_octet.kind_of(await first_octet.peek(accepted))
        except BaseException:
            accepted.close()
            raise
        loop = asyncio.get_running_loop()
        if kind == "tls":
            await loop.connect_accepted_socket(
                lambda: connection,
                accepted,
                ssl=self._context,
                ssl_handshake_timeout=self._times.handshake,
                ssl_shutdown_timeout=self._times.closing,
            )
        elif kind == "plain":
            await loop.connect_accepted_socket(lambda: connection, accepted)
        else:
            accepted.close()
            raise ConnectionAbortedError


async def accept_all(listener: socket.socket, serve: Callable[[socket.socket, str], None]) -> None:
    """Hands each accepted socket to `serve`, with its peer's address, until it is cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            accepted, address = await loop.sock_accept(listener)
        except OSError as error:
            # One peer that gave up is nothing; but where descriptors ran out, turning at full speed would not help.
            if error.errno in _NO_DESCRIPTORS:
                logs.note(_log, logging.WARNING, "can't accept a connection", code=error.errno)
                await asyncio.sleep(_BREATH_S)
            continue
        serve(accepted, address[0])


def loopback_sockets(port: int) -> list[socket.socket]:
    """Listening sockets on 127.0.0.1 and, where there is one, ::1, on this port (0: a free one). Raises instance.PortBusy."""
    found = [_listening(socket.AF_INET, "127.0.0.1", port)]
    taken: int = found[0].getsockname()[1]
    try:
        found.append(_listening(socket.AF_INET6, "::1", taken))
    except (instance.PortBusy, OSError):
        # Pages that say "localhost" try 127.0.0.1 as well, so this is no reason to stop.
        logs.note(_log, logging.INFO, "no IPv6 loopback", port=taken)
    return found


def _listening(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            # Elsewhere the option lets two programs share a port; this one forbids it.
            listener.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE", -5), 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.setblocking(False)
        listener.bind((address, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise instance.port_busy(port) from error
        raise
    return listener
