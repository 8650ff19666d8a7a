"""An HTTP server on a free port of this computer that answers what a test says, octet for octet: also what no server should.

def answer(asked: Asked) -> Answer:
    return ok(b"body")
with HttpServer(answer) as server:
    fetch(server.url("/ocsp"))
    assert server.asked[0].body == b"question"

An answer may also be an iterable: what it gives is sent as it comes, `drip` for one without end. With a `tls` context it speaks TLS. Asked to
CONNECT it is a tunnel, if `tunnel` says to which port.
"""

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeAlias


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: dict[str, str]  # names in lower case
    body: bytes = b""


Answer: TypeAlias = bytes | Iterable[bytes]


def ok(body: bytes, **headers: str) -> bytes:
    """A whole answer with status 200; a header's name has _ for -."""
    return response(200, body, **headers)


def response(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = {"Content_Length": str(len(body)), **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + body


def redirect(location: str, status: int = 302) -> bytes:
    return response(status, Location=location)


@dataclass
class HttpServer:
    """Use as a context: all its connections are gone at the end."""

    answer: Callable[[Asked], Answer]
    tls: ssl.SSLContext | None = None
    tunnel: int = 0
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._is_over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/") -> str:
        return f"{'https' if self.tls else 'http'}://{self.place}{path}"

    def drip(self, first: bytes, again: bytes) -> Iterator[bytes]:
        """`first`, then `again` twenty times a second for ever."""
        yield first
        while not self._is_over.wait(0.05):
            yield again

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self.tls is None:
                self._talk(connection)
            else:
                with self.tls.wrap_socket(connection, server_side=True) as secure:
                    self._talk(secure)

    def _talk(self, connection: socket.socket) -> None:
        asked = _read(connection)
        if asked is None:
            return
        self.asked.append(asked)
        if asked.method == "CONNECT" and self.tunnel:
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            _relay(connection, self.tunnel)
            return
        answer = self.answer(asked)
        for part in [answer] if isinstance(answer, bytes) else answer:
            connection.sendall(part)


def _read(connection: socket.socket) -> Asked | None:
    stream = connection.makefile("rb")
    first = stream.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers = {}
    while line := stream.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0")))
    return Asked(first[0], first[1], headers, body)


def _relay(one: socket.socket, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as other:
        ways = {one: other, other: one}
        while True:
            readable, _, _ = select.select(list(ways), [], [])
            for source in readable:
                octets = source.recv(65536)
                if not octets:
                    return
                ways[source].sendall(octets)
