"""The simulator over HTTP: as a server, as a proxy, its limits, and its end."""

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from agent.testca import profiles, simulator_http
from agent.testca.simulator_http import MAX_BODY_BYTES, MAX_CONNECTIONS, TOKEN_HEADER, SimulatorServer
from tests.support import authority, simulated_authorities
from tests.support.simulated_authorities import NOW, SimulatedAuthorities, served

PATIENCE_S = 20


@pytest.fixture
def authorities() -> SimulatedAuthorities:
    return simulated_authorities.new()


@pytest.fixture
def server(authorities: SimulatedAuthorities) -> Iterator[SimulatorServer]:
    with served(authorities.simulator) as running:
        yield running


def ask(
    server: SimulatorServer, method: str, target: str, body: bytes | None = None, **headers: str
) -> tuple[int, bytes]:
    """Status and body. `target` is what stands in the request line."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, PATIENCE_S)) as connection:
        connection.request(method, target, body, {n.replace("_", "-"): v for n, v in headers.items()})
        response = connection.getresponse()
        return response.status, response.read()


def talk(server: SimulatorServer, octets: bytes) -> bytes:
    """All that is answered to these octets."""
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as connection:
        connection.sendall(octets)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def rsa_certificate() -> bytes:
    return simulated_authorities.shared_authority().issuers["rsa", "issuing"].certificate.der


@pytest.mark.parametrize("prefix", ["", profiles.ADDRESS, f"{profiles.ADDRESS}:80", "http://localhost:1"])
def test_it_answers_as_a_server_and_as_a_proxy(server: SimulatorServer, prefix: str) -> None:
    assert ask(server, "GET", f"{prefix}/cert/rsa.cer") == (200, rsa_certificate())


def test_an_answer_says_what_it_is_and_ends_the_connection(server: SimulatorServer) -> None:
    head, _, body = talk(server, b"GET /cert/rsa.cer HTTP/1.1\r\nHost: x\r\n\r\n").partition(b"\r\n\r\n")
    assert b"Content-Type: application/pkix-cert" in head
    assert b"Connection: close" in head
    assert body == rsa_certificate()


def test_it_forwards_nothing(server: SimulatorServer) -> None:
    """Also not to a server that is there and would answer."""
    assert ask(server, "GET", "http://example.kz/cert/rsa.cer")[0] == 403
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0.1)
        assert ask(server, "GET", f"https://127.0.0.1:{other.getsockname()[1]}/")[0] == 403
        with pytest.raises(TimeoutError):
            other.accept()
    assert ask(server, "CONNECT", "tsp.pki.gov.kz:443")[0] == 501


def test_it_listens_on_this_computer_only(server: SimulatorServer) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"


def test_the_body_of_a_request_is_bounded_and_has_a_length(server: SimulatorServer) -> None:
    form = {"Content_Type": "application/timestamp-query"}
    assert ask(server, "POST", "/tsp/", b"\0" * MAX_BODY_BYTES, **form)[0] == 200
    assert ask(server, "POST", "/tsp/", b"\0" * (MAX_BODY_BYTES + 1), **form)[0] == 413
    for head in (b"", b"Content-Length: -1\r\n", b"Content-Length: x\r\n", b"Transfer-Encoding: chunked\r\n"):
        answer = talk(server, b"POST /tsp/ HTTP/1.1\r\n" + head + b"\r\n0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 411 ")
    for digits in (b"9" * 20, b"9" * 5000):
        answer = talk(server, b"POST /tsp/ HTTP/1.1\r\nContent-Length: " + digits + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_request_that_stops_half_way_gets_nothing(server: SimulatorServer) -> None:
    assert talk(server, b"POST /tsp/ HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc") == b""
    assert talk(server, b"") == b""


@pytest.mark.parametrize(
    "octets", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n"]
)
def test_what_is_no_http_ends_the_connection_and_nothing_else(server: SimulatorServer, octets: bytes) -> None:
    talk(server, octets)
    assert ask(server, "GET", "/cert/rsa.cer")[0] == 200


def test_a_silent_caller_is_left(authorities: SimulatedAuthorities) -> None:
    with (
        served(authorities.simulator, time_limit_s=0.05) as server,
        socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as connection,
    ):
        assert connection.recv(1) == b""


def test_a_connection_too_many_is_closed_at_once(server: SimulatorServer) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), PATIENCE_S))
        one_more = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), PATIENCE_S))
        assert one_more.recv(1) == b""


def test_a_slow_answer_comes_late(authorities: SimulatedAuthorities, server: SimulatorServer) -> None:
    authorities.switch("cert", "slow:0.2")
    before = time.monotonic()
    assert ask(server, "GET", "/cert/rsa.cer") == (200, rsa_certificate())
    assert time.monotonic() - before >= 0.2


def test_a_cut_connection_ends_after_half_of_the_answer(
    authorities: SimulatedAuthorities, server: SimulatorServer
) -> None:
    authorities.switch("cert", "cut-connection")
    with pytest.raises(http.client.IncompleteRead) as caught:
        ask(server, "GET", "/cert/rsa.cer")
    assert rsa_certificate().startswith(caught.value.partial)
    assert caught.value.partial


def test_the_end_of_the_server_does_not_wait_for_slow_answers(authorities: SimulatedAuthorities) -> None:
    authorities.switch("cert", "slow:600")
    asked = threading.Event()
    with (
        SimulatorServer(authorities.simulator, lambda: NOW, log=lambda _: asked.set()) as server,
        socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as connection,
    ):
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        connection.sendall(b"GET /cert/rsa.cer HTTP/1.1\r\n\r\n")
        assert asked.wait(PATIENCE_S)
        server.shutdown()
        thread.join()
        server.server_close()
        assert connection.recv(1) == b""


def test_the_control_path_wants_the_token(authorities: SimulatedAuthorities, server: SimulatorServer) -> None:
    switch = json.dumps({"tsp": "garbage"}).encode()
    for wrong in ({}, {"X_Simulator_Token": "guess"}, {"X_Simulator_Token": server.token[:-1]}):
        assert ask(server, "POST", "/control/faults", switch, **wrong)[0] == 403
    assert str(authorities.simulator.faults["tsp"]) == "none"
    right = {TOKEN_HEADER.replace("-", "_"): server.token}
    status, body = ask(server, "POST", "/control/faults", switch, **right)
    assert (status, json.loads(body)["faults"]["tsp"]) == (200, "garbage")


def test_the_control_path_is_not_there_for_a_proxied_request(server: SimulatorServer) -> None:
    right = {TOKEN_HEADER.replace("-", "_"): server.token}
    assert ask(server, "GET", f"{profiles.ADDRESS}/control/", **right)[0] == 404


def test_each_question_is_one_line_of_the_log(authorities: SimulatedAuthorities) -> None:
    lines: list[str] = []
    with served(authorities.simulator, log=lines.append) as server:
        ask(server, "GET", "/cert/rsa.cer")
        ask(server, "GET", "/" + "x" * 500)
        talk(server, b"GET /\x1b[31m HTTP/1.1\r\n\r\n")
    assert lines[0] == "GET /cert/rsa.cer 200"
    assert len(lines[1]) < 200
    assert lines[2] == "GET /\\x1b[31m 404"


def test_a_taken_port_is_an_error(server: SimulatorServer, authorities: SimulatedAuthorities) -> None:
    with pytest.raises(OSError, match="in use"):
        SimulatorServer(authorities.simulator, lambda: NOW, port=server.port)


def test_the_names_of_the_reference_page_are_those_of_the_code() -> None:
    text = (authority.FOLDER.parents[2] / "docs" / "simulator.md").read_text("utf-8")
    assert simulator_http.TOKEN_HEADER in text
