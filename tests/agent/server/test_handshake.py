"""What a request gets: a conversation, the page, or a refusal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from agent.origins import Origin
from agent.server import handshake
from agent.server.status_page import StatusPage

PORT = 13579
PAGE = StatusPage("1.2.3")
UPGRADE = [("Upgrade", "websocket"), ("Connection", "Upgrade")]


def judge(
    *headers: tuple[str, str],
    method: str = "GET",
    path: str = "/",
    way: handshake.Way = "tls",
    port: int = PORT,
) -> Origin | Response:
    return handshake.judge(Request(path, Headers(headers), method=method), port, PAGE, way=way)


def status_of(verdict: Origin | Response) -> int:
    assert isinstance(verdict, Response)
    return verdict.status_code


@pytest.mark.parametrize("host", ["127.0.0.1:13579", "localhost:13579", "[::1]:13579"])
def test_the_three_names_of_this_computer_are_served(host: str) -> None:
    assert judge(("Host", host.upper()), *UPGRADE) == Origin.parse(None)
    verdict = judge(("Host", host), ("Origin", "https://kds.example.kz"), *UPGRADE)
    assert verdict == Origin.parse("https://kds.example.kz")


@pytest.mark.parametrize(
    "host",
    ["", "127.0.0.1", "localhost", "127.0.0.1:80", "127.0.0.2:13579", "evil.example:13579", "localhost.:13579",
     "127.0.0.1:13579.evil.example", "user@127.0.0.1:13579", "127.0.0.1:13579, localhost:13579", "0.0.0.0:13579"],
)  # fmt: skip
def test_any_other_host_is_misdirected(host: str) -> None:
    assert status_of(judge(("Host", host), *UPGRADE)) == 421
    assert status_of(judge(("Host", host))) == 421


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [("127.0.0.1", True), ("localhost", True), ("[::1]", True), ("[::1]:443", True), ("localhost:443", True),
     ("localhost:13579", False), ("[::2]", False), ("::1", False), ("localhost:", False), ("example.kz", False)],
)  # fmt: skip
def test_at_the_port_of_https_browsers_leave_it_out(host: str, is_ours: bool) -> None:
    request = Request("/", Headers([("Host", host), *UPGRADE]), method="GET")
    assert isinstance(handshake.judge(request, 443, PAGE), Origin) is is_ours


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_no_origin_header_makes_the_server_stumble(value: str) -> None:
    verdict = judge(("Host", "localhost:13579"), ("Origin", value), *UPGRADE)
    assert isinstance(verdict, Origin) or verdict.status_code == 403


def test_a_request_without_origin_is_a_program() -> None:
    verdict = judge(("Host", "localhost:13579"), *UPGRADE)
    assert isinstance(verdict, Origin)
    assert verdict.kind == "program"


def test_two_origins_are_refused_even_if_they_are_equal() -> None:
    origin = ("Origin", "https://a.kz")
    assert status_of(judge(("Host", "localhost:13579"), origin, origin, *UPGRADE)) == 403


def test_a_get_shows_the_page_and_a_head_its_headers() -> None:
    shown = judge(("Host", "localhost:13579"), path="/?from=help")
    assert isinstance(shown, Response)
    assert shown.status_code == 200
    assert shown.body == PAGE.body()
    assert shown.headers["Content-Length"] == str(len(PAGE.body()))
    head = judge(("Host", "localhost:13579"), method="HEAD")
    assert isinstance(head, Response)
    assert head.body == b""
    assert head.headers["Content-Length"] == str(len(PAGE.body()))


@pytest.mark.parametrize(("method", "path", "status"), [("POST", "/", 405), ("GET", "/favicon.ico", 404)])
def test_everything_else_is_refused_and_never_cached(method: str, path: str, status: int) -> None:
    verdict = judge(("Host", "localhost:13579"), method=method, path=path)
    assert isinstance(verdict, Response)
    assert verdict.status_code == status
    assert verdict.headers["Cache-Control"] == "no-store"
    assert "Server" not in verdict.headers


@pytest.mark.parametrize("origin", [None, "null", "https://a.kz", "http://a.kz", "http://localhost:8000"])
def test_without_tls_a_caller_is_who_it_is_with_tls(origin: str | None) -> None:
    headers = [("Host", "localhost:13579"), *UPGRADE, *([("Origin", origin)] if origin else [])]
    verdict = judge(*headers, way="plain")
    assert isinstance(verdict, Origin)
    assert verdict == judge(*headers)


def test_without_tls_the_page_is_not_shown_but_its_address() -> None:
    for method in ("GET", "HEAD"):
        shown = judge(("Host", "localhost:13579"), way="plain", method=method, path="/?from=//evil.example")
        assert isinstance(shown, Response)
        assert shown.status_code == 307
        assert shown.headers["Location"] == "https://127.0.0.1:13579/"
        assert shown.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("more", [(), UPGRADE, [*UPGRADE, ("Origin", "https://a.kz")]])
@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/x"), ("POST", "/")])
def test_where_plain_is_off_all_that_is_said_is_where_to_go(
    more: list[tuple[str, str]], method: str, path: str
) -> None:
    verdict = judge(("Host", "127.0.0.1:13579"), *more, method=method, path=path, way="plain-off")
    assert isinstance(verdict, Response)
    assert verdict.status_code == 400
    assert verdict.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert verdict.body.decode().count("https://127.0.0.1:13579/") == 3
    assert status_of(judge(("Host", "evil.example:13579"), *more, way="plain-off")) == 421


def test_a_host_without_port_means_the_usual_one_of_the_scheme() -> None:
    assert isinstance(judge(("Host", "localhost"), *UPGRADE, port=443), Origin)
    assert isinstance(judge(("Host", "localhost"), *UPGRADE, port=80, way="plain"), Origin)
    assert status_of(judge(("Host", "localhost"), *UPGRADE, port=80)) == 421
    assert status_of(judge(("Host", "localhost"), *UPGRADE, port=443, way="plain")) == 421


@pytest.mark.parametrize(("mode", "status"), [("navigate", 307), ("no-cors", 400), ("cors", 400)])
def test_without_tls_people_are_sent_on_and_pages_that_probe_are_answered(mode: str, status: int) -> None:
    verdict = judge(("Host", "localhost:13579"), ("Sec-Fetch-Mode", mode), way="plain")
    assert status_of(verdict) == status
