"""One HTTP request and its answer, over urllib3. It is told where to connect and asks no name server.

agent.http_fetch decides what may be asked; it loads this module at the first question, for a daemon that only waits should be small.
"""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from urllib3 import exceptions, util
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import BaseHTTPResponse

from agent.fetch import Limits, unreachable
from agent.fetch_hosts import Proxy, Target

CONNECT_S = (
    5.0  # for each address of a server: one that is gone must not use up the time of those that are there
)
_CHUNK_BYTES = 64 * 1024
_AGENT = "Qalamsap"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: POST where there is a body, else GET. `addresses` are those of the proxy, where there is one. `sink` is given the
    body of a 200 answer as it comes, so that long ones need no memory."""

    target: Target
    addresses: Sequence[str]
    limits: Limits
    body: bytes = field(default=b"", repr=False)
    proxy: Proxy | None = None
    sink: Callable[[bytes], object] | None = field(default=None, repr=False)

    @property
    def patience_s(self) -> float:
        """For how long nothing may come."""
        return min(self.limits.seconds, self.limits.stall_seconds)


@dataclass(frozen=True, slots=True)
class Answer:
    """`location` is where a redirect leads, empty for none. `body` is that of a 200 answer, else empty; empty, too, where a sink got it."""

    status: int
    location: str = ""
    body: bytes = field(default=b"", repr=False)


class Line:
    """The connection of an exchange. `cut` ends it from any thread, whatever it waits for just then."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None
        self._is_cut = False

    def connect(self, addresses: Sequence[str], port: int, seconds: float) -> socket.socket:
        """A connection to the first address that answers; there is at least one. OSError."""
        *others, last = addresses
        for address in others:
            with contextlib.suppress(OSError):
                return self._connect(address, port, seconds)
        return self._connect(last, port, seconds)

    def cut(self) -> None:
        with self._lock:
            self._is_cut = True
            self._drop()

    def release(self) -> None:
        """The exchange is over."""
        with self._lock:
            self._drop()

    def _connect(self, address: str, port: int, seconds: float) -> socket.socket:
        connected = socket.create_connection((address, port), min(seconds, CONNECT_S))
        with self._lock:
            self._drop()
            if self._is_cut:
                connected.close()
                raise ConnectionAbortedError("nobody waits any more")
            self._handle = connected.dup()  # TLS takes the socket over, and would take it out of our hands
        connected.settimeout(seconds)
        return connected

    def _drop(self) -> None:
        if self._handle is not None:
            with contextlib.suppress(OSError):  # the other side was faster
                self._handle.shutdown(socket.SHUT_RDWR)
            self._handle.close()
            self._handle = None


class _Plain(HTTPConnection):
    connect_socket: Callable[[], socket.socket]

    def _new_conn(self) -> socket.socket:
        return self.connect_socket()


class _Secure(HTTPSConnection):
    connect_socket: Callable[[], socket.socket]

    def _new_conn(self) -> socket.socket:
        return self.connect_socket()


def exchange(request: Request, line: Line) -> Answer:
    """The answer of the server. Takes as long as the server likes, until the line is cut.

    Raises Unreachable.
    """
    host = request.target.host
    connection = _connection(request, line)
    try:
        _open(connection, request)
        connection.request(
            "POST" if request.body else "GET",
            request.target.url if _is_forwarded(request) else request.target.path,
            body=request.body or None,
            headers=_headers(request),
            preload_content=False,
            decode_content=False,
        )
        with contextlib.closing(connection.getresponse()) as response:
            return _answer(response, request)
    except (TimeoutError, exceptions.TimeoutError) as error:
        raise unreachable("too-slow", host) from error
    except (ConnectionError, exceptions.ProtocolError) as error:
        raise unreachable("cut-off", host) from error
    except (http.client.HTTPException, exceptions.HTTPError) as error:
        raise unreachable("garbled", host) from error
    except OSError as error:
        raise unreachable("cut-off", host) from error
    finally:
        connection.close()
        line.release()


def _connection(request: Request, line: Line) -> _Plain | _Secure:
    target, proxy, seconds = request.target, request.proxy, request.patience_s
    host, port = (proxy.host, proxy.port) if proxy else (target.host, target.port)
    connection: _Plain | _Secure
    if target.scheme == "https":
        connection = _Secure(host, port, timeout=seconds, ssl_context=ssl.create_default_context())
        if proxy:
            connection.set_tunnel(target.host, target.port, headers=_proxy_headers(proxy))
    else:
        connection = _Plain(host, port, timeout=seconds)
    connection.connect_socket = lambda: line.connect(request.addresses, port, seconds)
    return connection


def _open(connection: _Plain | _Secure, request: Request) -> None:
    """Connects; for https with TLS. Raises Unreachable."""
    host = request.target.host
    try:
        connection.connect()
    except TimeoutError as error:
        raise unreachable("too-slow", host) from error
    except (ssl.SSLError, exceptions.SSLError) as error:
        raise unreachable("no-tls", host) from error
    except (OSError, http.client.HTTPException) as error:
        raise unreachable("proxy" if request.proxy else "no-connection", host) from error


def _is_forwarded(request: Request) -> bool:
    """Whether the proxy reads the request, and asks in our place (RFC 9112 §3.2.2)."""
    return request.proxy is not None and request.target.scheme == "http"


def _headers(request: Request) -> dict[str, str]:
    headers = {
        "Host": request.target.authority,
        "User-Agent": _AGENT,
        "Accept": request.limits.accept or "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    if request.body:
        headers["Content-Type"] = request.limits.content_type
    if request.proxy is not None and _is_forwarded(request):
        headers |= _proxy_headers(request.proxy)
    return headers


def _proxy_headers(proxy: Proxy) -> dict[str, str]:
    if not proxy.user:
        return {}
    return dict(util.make_headers(proxy_basic_auth=f"{proxy.user}:{proxy.password}"))


def _answer(response: BaseHTTPResponse, request: Request) -> Answer:
    if response.status != http.HTTPStatus.OK:
        return Answer(response.status, location=response.headers.get("Location", ""))
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise unreachable("garbled", request.target.host)  # it was asked not to
    return Answer(response.status, body=_body(response, request))


def _body(response: BaseHTTPResponse, request: Request) -> bytes:
    host, most = request.target.host, request.limits.most_bytes
    stated = response.headers.get("Content-Length", "")
    # What is stated is a reason not to begin; what comes is what counts.
    if stated.isdecimal() and int(stated[:20]) > most:
        raise unreachable("too-long", host)
    body = bytearray()
    sink = request.sink or body.extend
    count = 0
    for chunk in response.stream(_CHUNK_BYTES, decode_content=False):
        count += len(chunk)
        if count > most:
            raise unreachable("too-long", host)
        sink(chunk)
    if not count:
        raise unreachable("cut-off", host)  # http.client takes a head that was cut for a whole one
    return bytes(body)
