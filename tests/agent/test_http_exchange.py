"""One request and its answer, from servers that break every rule of HTTP."""

import contextlib
import dataclasses
import socket
import ssl
import threading

import pytest

from agent import fetch_hosts
from agent.errors import Unreachable
from agent.fetch import LIMITS
from agent.fetch_hosts import Proxy
from agent.http_exchange import Answer, Line, Request, exchange
from agent.server.listener import tls_context
from tests.support import stage
from tests.support.http_server import Asked, HttpServer, ok, redirect, response

OCSP = LIMITS["ocsp"]


def request(server: HttpServer, *, host: str = "127.0.0.1", proxy: Proxy | None = None) -> Request:
    target = fetch_hosts.split(f"{'https' if server.tls else 'http'}://{host}:{server.port}/")
    return Request(target, ["127.0.0.1"], OCSP, b"?", proxy)


def failure(wanted: Request) -> str:
    with pytest.raises(Unreachable) as caught:
        exchange(wanted, Line())
    return caught.value.detail


def test_the_body_of_a_good_answer_comes_back_and_of_another_only_what_it_is() -> None:
    with HttpServer(lambda _: ok(b"body", Content_Type="image/png")) as server:
        assert exchange(request(server), Line()) == Answer(200, body=b"body")
    with HttpServer(lambda _: redirect("/x", 307)) as server:
        assert exchange(request(server), Line()) == Answer(307, location="/x")
    with HttpServer(lambda _: response(404, b"sorry")) as server:
        assert exchange(request(server), Line()) == Answer(404)


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 200 OK\r\n\r\nbody",
        b"HTTP/1.0 200\r\nContent-Type: nonsense\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\nContent-Length: nonsense\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody and more",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbod\r\n1\r\ny\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
    ],
)
def test_a_careless_server_is_understood(octets: bytes) -> None:
    with HttpServer(lambda _: octets) as server:
        assert exchange(request(server), Line()).body == b"body"


@pytest.mark.parametrize(
    ("octets", "word"),
    [
        (b"", "cut-off"),
        (b"HTTP/1.1 200", "cut-off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "cut-off"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "garbled"),
        (b"\0" * 70000, "garbled"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "garbled"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70000, "garbled"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200, "garbled"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody", "garbled"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody", "cut-off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nbody", "cut-off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nbody", "cut-off"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nbody", "garbled"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n", "too-long"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + bytes(65537), "too-long"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nbody", "too-long"),
    ],
)
def test_a_broken_server_is_one_typed_error(octets: bytes, word: str) -> None:
    with HttpServer(lambda _: octets) as server:
        assert failure(request(server)) == f"{word}: 127.0.0.1"


def test_the_largest_answer_is_taken() -> None:
    with HttpServer(lambda _: ok(bytes(OCSP.most_bytes))) as server:
        assert len(exchange(request(server), Line()).body) == OCSP.most_bytes


def test_every_place_where_an_answer_may_be_cut_is_an_error() -> None:
    whole = ok(b"body")
    cut = 0
    with HttpServer(lambda _: whole[:cut]) as server:
        for cut in range(len(whole)):  # the server reads it
            assert failure(request(server)).split(":")[0] in ("cut-off", "garbled"), cut


def test_every_changed_bit_of_an_answer_is_understood_or_one_typed_error() -> None:
    whole = ok(b"body", Content_Encoding="identity")
    changed = b""
    with HttpServer(lambda _: changed) as server:
        for at in range(8 * len(whole)):
            octets = bytearray(whole)
            octets[at // 8] ^= 1 << at % 8
            changed = bytes(octets)
            with contextlib.suppress(Unreachable):
                exchange(request(server), Line())


def test_a_server_that_says_nothing_for_too_long_is_told() -> None:
    with HttpServer(lambda _: server.drip(b"", b"")) as server:
        wanted = dataclasses.replace(request(server), limits=dataclasses.replace(OCSP, seconds=0.2))
        assert failure(wanted) == "too-slow: 127.0.0.1"


def test_a_line_that_is_cut_ends_the_exchange_whatever_it_waits_for() -> None:
    is_asked = threading.Event()

    def answer(_: Asked) -> list[bytes]:
        is_asked.set()
        return server.drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")  # type: ignore[return-value]

    with HttpServer(answer) as server:
        line, words = Line(), list[str]()

        def ask() -> None:
            with pytest.raises(Unreachable) as caught:
                exchange(request(server), line)
            words.append(caught.value.detail)

        asking = threading.Thread(target=ask)
        asking.start()
        assert is_asked.wait(10)
        line.cut()
        asking.join(10)
    assert words in (["cut-off: 127.0.0.1"], ["garbled: 127.0.0.1"])


def test_a_line_that_was_cut_connects_no_more() -> None:
    with HttpServer(lambda _: ok(b"")) as server:
        line = Line()
        line.cut()
        with pytest.raises(ConnectionAbortedError):
            line.connect(["127.0.0.1"], server.port, 5)


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What a server on this computer speaks TLS with; the system trusts it during the test."""
    identity = stage.identity()
    monkeypatch.setenv("SSL_CERT_FILE", str(identity.authority_path))
    return tls_context(identity.certificate_path, identity.key_path)


def test_https_is_spoken_with_the_name_of_the_server(trusting: ssl.SSLContext) -> None:
    with HttpServer(lambda _: ok(b"body"), trusting) as server:
        assert exchange(request(server, host="localhost"), Line()).body == b"body"
        assert failure(request(server, host="ocsp.invalid")) == "no-tls: ocsp.invalid"


def test_a_certificate_that_the_system_does_not_trust_is_refused() -> None:
    identity = stage.identity()
    with HttpServer(lambda _: ok(b""), tls_context(identity.certificate_path, identity.key_path)) as server:
        assert failure(request(server)) == "no-tls: 127.0.0.1"


def test_https_where_no_tls_is_spoken_is_told() -> None:
    def answer(
        listener: socket.socket,
    ) -> None:
        # At once: what a ClientHello holds may have no end of a line.
        with listener.accept()[0] as connection:
            connection.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")
            connection.recv(1 << 16)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        target = fetch_hosts.split(f"https://127.0.0.1:{listener.getsockname()[1]}/")
        assert failure(Request(target, ["127.0.0.1"], OCSP, b"?", None)).split(":")[0] == "no-tls"
        thread.join()


def test_https_goes_through_a_proxy_in_a_tunnel(trusting: ssl.SSLContext) -> None:
    with (
        HttpServer(lambda _: ok(b"body"), trusting) as server,
        HttpServer(lambda _: ok(b"not this"), tunnel=server.port) as proxy,
    ):
        through = Proxy("127.0.0.1", proxy.port, "me", "p@ss")
        assert exchange(request(server, host="localhost", proxy=through), Line()).body == b"body"
    (asked,) = proxy.asked
    assert (asked.method, asked.target) == ("CONNECT", f"localhost:{server.port}")
    assert asked.headers["proxy-authorization"] == "Basic bWU6cEBzcw=="
    assert "proxy-authorization" not in server.asked[0].headers


@pytest.mark.parametrize("answer", [response(407), b"junk\r\n\r\n", b""])
def test_a_proxy_that_does_not_want_to_is_told(trusting: ssl.SSLContext, answer: bytes) -> None:
    with HttpServer(lambda _: answer) as proxy, HttpServer(lambda _: ok(b""), trusting) as server:
        assert failure(request(server, proxy=Proxy("127.0.0.1", proxy.port))) == "proxy: 127.0.0.1"


def test_a_proxy_that_is_not_there_is_told() -> None:
    with HttpServer(lambda _: ok(b"")) as server, socket.create_server(("127.0.0.1", 0)) as taken:
        gone = taken.getsockname()[1]
        taken.close()
        assert failure(request(server, proxy=Proxy("127.0.0.1", gone))) == "proxy: 127.0.0.1"
