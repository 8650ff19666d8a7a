"""The simulator over HTTP, for programs that are tested: on 127.0.0.1 only, by the standard library's server.

It is a server for tests: Python's http.server is not made for the open network, and this one can't be told to listen there.
Programs reach it by its own address, or name it as their proxy: then the addresses inside certificates of the test authority lead
here. It forwards nothing to anywhere.

    http://127.0.0.1:PORT/tsp/                              as any server
    http://qalamsap.invalid/tsp/  by way of 127.0.0.1:PORT  as a proxy (RFC 9112 section 3.2.2)
    http://127.0.0.1:PORT/control/...                       with the token: faults and revocations (simulator_control)

One connection asks one question. At most MAX_CONNECTIONS are open at a time; a body has at most MAX_BODY_BYTES.
"""

import contextlib
import hmac
import os
import secrets
import socket
import socketserver
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from agent.testca import simulator_control
from agent.testca.simulator import Answer, Simulator, plain

ADDRESS = "127.0.0.1"
MAX_CONNECTIONS = 32
MAX_BODY_BYTES = 64 * 1024
TIME_LIMIT_S = 15.0
"""How long each reading and each writing may take."""
TOKEN_HEADER = "X-Simulator-Token"  # noqa: S105  # the name of a header
_MAX_LOGGED = 120
_MAX_DIGITS, _TOO_MUCH = 9, 10**9
_MAX_UNWANTED_BYTES = 4 * MAX_BODY_BYTES

Clock = Callable[[], datetime]
Log = Callable[[str], None]


class SimulatorServer(socketserver.ThreadingTCPServer):
    """Listens from the moment it is made; `serve_forever` answers, until `shutdown` by another thread or an exception.

    `token` opens the control path. `log` is told of every question, in one line.
    """

    request_queue_size = MAX_CONNECTIONS
    # On Windows this option would let another program take the port over.
    allow_reuse_address = os.name == "posix"

    def __init__(
        self,
        simulator: Simulator,
        clock: Clock,
        *,
        port: int = 0,
        log: Log = lambda _line: None,
        time_limit_s: float = TIME_LIMIT_S,
    ) -> None:
        """Port 0 takes a free one. Raises OSError where the port can't be opened."""
        self.simulator = simulator
        self.clock = clock
        self.log = log
        self.time_limit_s = time_limit_s
        self.token = secrets.token_urlsafe(24)
        self.is_closing = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        super().__init__((ADDRESS, port), _Handler)

    @property
    def port(self) -> int:
        port: int = self.socket.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://{ADDRESS}:{self.port}/"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answers in a thread of its own; a connection too many is closed at once."""
        with self._lock:
            has_room = len(self._open) < MAX_CONNECTIONS
            if has_room:
                self._open.add(request)
        if has_room:
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Ends what is under way, also those answers that are slow on purpose, and waits for the threads."""
        self.is_closing.set()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):  # the caller was faster
                    connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is nobody's mistake; the rest is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One question: what HTTP says about it is judged here, what it asks by the simulator."""

    server: SimulatorServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "qalamsap-simulator", ""

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.time_limit_s)

    def do_GET(self) -> None:
        self._send(self._answer(b""))

    def do_POST(self) -> None:
        length = self._length()
        if length is None:
            self._send(plain(HTTPStatus.LENGTH_REQUIRED, "a POST says its length"))
        elif length > MAX_BODY_BYTES:
            # Who still writes does not read our answer.
            self.rfile.read(min(length, _MAX_UNWANTED_BYTES))
            self._send(
                plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {MAX_BODY_BYTES} octets")
            )
        else:
            body = self.rfile.read(length)
            if len(body) == length:  # else the caller has gone
                self._send(self._answer(body))

    def _length(self) -> int | None:
        """How long the body is; None where that is not said."""
        text = self.headers.get("Content-Length", "")
        if "Transfer-Encoding" in self.headers or not (text.isascii() and text.isdigit()):
            return None
        return int(text) if len(text) <= _MAX_DIGITS else _TOO_MUCH

    def _answer(self, body: bytes) -> Answer:
        server = self.server
        if self.path.startswith(simulator_control.PATH):
            given = self.headers.get(TOKEN_HEADER, "").encode("utf-8", "replace")
            if not hmac.compare_digest(given, server.token.encode()):
                return plain(HTTPStatus.FORBIDDEN, f"the control path needs the header {TOKEN_HEADER}")
            return simulator_control.answer(
                server.simulator, self.command, self.path, body, at=server.clock()
            )
        content_type = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return server.simulator.answer(
            self.command, self.path, body, at=server.clock(), content_type=content_type
        )

    def _send(self, answer: Answer) -> None:
        """Writes the answer, late or by half where it is to be so."""
        path = self.path[:_MAX_LOGGED].encode("unicode_escape").decode("ascii")
        self.server.log(f"{self.command} {path} {answer.status:d}")
        if answer.delay_s and self.server.is_closing.wait(answer.delay_s):
            return
        self.close_connection = True
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if answer.is_cut else answer.body)

    def log_message(self, *_arguments: object) -> None:
        """The server's log has its own lines."""
