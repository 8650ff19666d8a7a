"""Fetching over real sockets, from servers of this computer that the settings list: what is asked, and what is never asked."""

import dataclasses
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent import fetch_hosts, http_fetch, paths
from agent.config import Config
from agent.errors import Unreachable
from agent.fetch import LIMITS, Kind, Limits, Question
from agent.http_fetch import FetchSettings, HttpFetch, resolve_by_system
from tests.support.http_server import Asked, HttpServer, ok, redirect, response

QUICK = {kind: dataclasses.replace(limits, seconds=0.5) for kind, limits in LIMITS.items()}


def settings(*places: str, proxy: str = "none", is_offline: bool = False) -> FetchSettings:
    rules = (*fetch_hosts.national(), *map(fetch_hosts.parse_rule, places))
    return FetchSettings(rules, proxy, is_offline)


def fetching(*servers: HttpServer, **options: object) -> HttpFetch:
    return HttpFetch(settings(*(server.place for server in servers), **options))  # type: ignore[arg-type]


def failure(fetch: HttpFetch, url: str, kind: Kind = "ocsp", body: bytes = b"?") -> str:
    with pytest.raises(Unreachable) as caught:
        fetch(Question(kind, url, body))
    return caught.value.detail


@pytest.fixture
def nobody() -> HttpFetch:
    """A Fetch that knows no name and must not look for one."""

    def resolve(host: str, port: int) -> Sequence[str]:
        raise AssertionError(f"{host} was looked up")

    return HttpFetch(settings(), resolve=resolve)


def test_a_question_with_a_body_is_posted_as_what_it_is() -> None:
    with HttpServer(lambda _: ok(b"answer", Content_Type="text/html")) as server:
        assert fetching(server)(Question("ocsp", server.url("/ocsp?x=1"), b"question")) == b"answer"
        (asked,) = server.asked
    assert (asked.method, asked.target, asked.body) == ("POST", "/ocsp?x=1", b"question")
    assert asked.headers == {
        "host": server.place,
        "user-agent": "Qalamsap",
        "accept": "application/ocsp-response",
        "accept-encoding": "identity",
        "connection": "close",
        "content-type": "application/ocsp-request",
        "content-length": "8",
    }


def test_a_question_without_a_body_is_a_get() -> None:
    with HttpServer(lambda _: ok(b"list")) as server:
        assert fetching(server)(Question("crl", f" {server.url('/a.crl')}\n")) == b"list"
    assert (server.asked[0].method, server.asked[0].target) == ("GET", "/a.crl")
    assert "content-type" not in server.asked[0].headers


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http;//pki.gov.kz/cps", "bad-url"),
        ("file:///etc/passwd", "bad-url"),
        ("http://evil.example/", "not-allowed: evil.example"),
        ("http://pki.gov.kz.evil.example/", "not-allowed: pki.gov.kz.evil.example"),
        ("http://pki.gov.kz:8080/", "not-allowed: pki.gov.kz:8080"),
        ("http://127.0.0.1/", "not-allowed: 127.0.0.1"),
        ("http://localhost:631/", "not-allowed: localhost:631"),
        ("http://[::1]/", "not-allowed: [::1]"),
    ],
)
def test_what_is_not_on_the_list_is_not_even_looked_up(nobody: HttpFetch, url: str, word: str) -> None:
    assert failure(nobody, url) == word


def test_a_listed_name_that_leads_into_a_private_network_is_not_asked() -> None:
    with HttpServer(lambda _: ok(b"secret")) as server:
        for address in ("127.0.0.1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"):
            fetch = HttpFetch(settings(), resolve=lambda *_, address=address: [address])
            assert failure(fetch, "http://ocsp.pki.gov.kz/") == "private-address: ocsp.pki.gov.kz"
        assert server.asked == []


def test_a_name_is_looked_up_once_so_that_it_can_not_lead_elsewhere_later() -> None:
    looked_up: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) == 1 else ["192.0.2.1"]

    with HttpServer(lambda _: ok(b"answer")) as server:
        # The name does not exist: were it looked up again on the way, there would be no answer.
        name = f"ocsp.invalid:{server.port}"
        assert (
            HttpFetch(settings(name), resolve=resolve)(Question("ocsp", f"http://{name}/", b"?")) == b"answer"
        )
    assert looked_up == ["ocsp.invalid"]
    assert server.asked[0].headers["host"] == name


def test_an_address_that_does_not_answer_gives_way_to_the_next() -> None:
    with HttpServer(lambda _: ok(b"answer")) as server:
        name = f"ocsp.invalid:{server.port}"
        fetch = HttpFetch(settings(name), resolve=lambda *_: ["127.0.0.77", "127.0.0.1"])
        assert fetch(Question("ocsp", f"http://{name}/", b"?")) == b"answer"


def test_a_name_that_nobody_knows_is_told() -> None:
    def resolve(host: str, port: int) -> Sequence[str]:
        raise OSError

    assert (
        failure(HttpFetch(settings(), resolve=resolve), "http://ocsp.pki.gov.kz/")
        == "no-address: ocsp.pki.gov.kz"
    )


def test_a_server_that_is_not_there_is_told() -> None:
    with HttpServer(lambda _: b"") as server:
        fetch = fetching(server)
    assert failure(fetch, server.url()) == "no-connection: 127.0.0.1"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_followed_with_the_same_question(status: int) -> None:
    def answer(asked: Asked) -> bytes:
        return ok(b"answer") if asked.target == "/there" else redirect("/there", status)

    with HttpServer(answer) as server:
        assert fetching(server)(Question("timestamp", server.url("/here"), b"?")) == b"answer"
    assert [(asked.method, asked.body) for asked in server.asked] == [("POST", b"?")] * 2


@pytest.mark.parametrize(
    ("location", "word"),
    [
        ("http://127.0.0.1:1/", "not-allowed: 127.0.0.1:1"),
        ("//evil.example/", "not-allowed: evil.example"),
        ("http://192.168.1.1/", "not-allowed: 192.168.1.1"),
        ("http://ocsp.pki.gov.kz/", "private-address: ocsp.pki.gov.kz"),
        ("file:///etc/passwd", "bad-url"),
        ("http://[", "redirects: 127.0.0.1"),
        ("", "redirects: 127.0.0.1"),
        ("/again", "redirects: 127.0.0.1"),
    ],
)
def test_a_redirect_is_checked_like_the_first_address(location: str, word: str) -> None:
    def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"] if host == "127.0.0.1" else ["10.0.0.1"]

    with HttpServer(lambda _: redirect(location)) as server:
        fetch = HttpFetch(settings(server.place), resolve=resolve)
        assert failure(fetch, server.url()) == word
        assert len(server.asked) == (1 + http_fetch.MAX_REDIRECTS if location == "/again" else 1)


@pytest.mark.parametrize("status", [204, 303, 400, 403, 404, 500, 503])
def test_an_answer_other_than_200_is_none(status: int) -> None:
    with HttpServer(lambda _: response(status, b"sorry", Location="/")) as server:
        assert failure(fetching(server), server.url()) == f"status: 127.0.0.1 {status}"


def test_a_slow_server_is_given_up_in_time_though_it_goes_on_sending() -> None:
    with HttpServer(lambda _: server.drip(b"HTTP/1.1 200 OK\r\nX: ", b"x")) as server:
        fetch = HttpFetch(settings(server.place), limits=QUICK)
        began = time.monotonic()
        assert failure(fetch, server.url()) == "too-slow"
        assert time.monotonic() - began < 5


def test_an_endless_body_is_given_up_when_it_is_too_long() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"8000\r\n" + bytes(0x8000) + b"\r\n"
    with HttpServer(lambda _: server.drip(head + chunk, chunk)) as server:
        assert failure(fetching(server), server.url()) == "too-long: 127.0.0.1"


def test_the_time_is_that_of_the_whole_question() -> None:
    def answer(_: Asked) -> Sequence[bytes]:
        return [next(server.drip(redirect("/"), b""))]

    limits: dict[Kind, Limits] = {**QUICK, "ocsp": dataclasses.replace(LIMITS["ocsp"], seconds=0.0)}
    with HttpServer(answer) as server:
        assert failure(HttpFetch(settings(server.place), limits=limits), server.url()) == "too-slow"


def test_a_name_server_that_takes_its_time_does_not_take_ours() -> None:
    is_over = threading.Event()

    def resolve(host: str, port: int) -> Sequence[str]:
        is_over.wait(20)
        return ["10.0.0.1"]

    fetch = HttpFetch(settings(), resolve=resolve, limits=QUICK)
    began = time.monotonic()
    assert failure(fetch, "http://ocsp.pki.gov.kz/") == "too-slow"
    assert time.monotonic() - began < 5
    is_over.set()


def test_stopping_ends_what_is_on_its_way_and_what_comes_later() -> None:
    is_asked = threading.Event()

    def answer(_: Asked) -> Sequence[bytes]:
        is_asked.set()
        return server.drip(b"", b"")  # type: ignore[return-value]

    with HttpServer(answer) as server:
        fetch = fetching(server)
        words: list[str] = []
        asking = threading.Thread(target=lambda: words.append(failure(fetch, server.url())))
        asking.start()
        assert is_asked.wait(10)
        fetch.stop()
        asking.join(10)
        assert words == ["stopped"]
        assert failure(fetch, server.url()) == "stopped"


def test_offline_nobody_is_asked() -> None:
    with HttpServer(lambda _: ok(b"answer")) as server:
        assert failure(fetching(server, is_offline=True), server.url()) == "offline"
        assert server.asked == []


def test_through_a_proxy_a_name_is_not_looked_up() -> None:
    looked_up: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        looked_up.append(host)
        return resolve_by_system(host, port)

    with HttpServer(lambda _: ok(b"answer")) as proxy:
        fetch = HttpFetch(settings(proxy=f"http://me:p%40ss@{proxy.place}"), resolve=resolve)
        assert fetch(Question("ocsp", "http://ocsp.pki.gov.kz/x", b"?")) == b"answer"
        assert failure(fetch, "http://evil.example/") == "not-allowed: evil.example"
    (asked,) = proxy.asked
    assert asked.target == "http://ocsp.pki.gov.kz/x"
    assert asked.headers["host"] == "ocsp.pki.gov.kz"
    assert asked.headers["proxy-authorization"] == "Basic bWU6cEBzcw=="
    assert looked_up == ["127.0.0.1"]


def test_the_systems_proxy_is_used_but_for_what_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpServer(lambda _: ok(b"by proxy")) as proxy, HttpServer(lambda _: ok(b"direct")) as server:
        monkeypatch.setenv("http_proxy", f"http://{proxy.place}")
        monkeypatch.setenv("no_proxy", "crl.pki.gov.kz")
        fetch = HttpFetch(settings(server.place, proxy="system"), resolve=lambda *_: ["127.0.0.1"])
        assert fetch(Question("ocsp", "http://ocsp.pki.gov.kz/", b"?")) == b"by proxy"
        # This one is asked without the proxy, so where it lies is looked at.
        assert failure(fetch, "http://crl.pki.gov.kz/") == "private-address: crl.pki.gov.kz"
        # To a proxy elsewhere this computer would be another one.
        assert fetch(Question("ocsp", server.url(), b"?")) == b"direct"
        assert len(proxy.asked) == 1


@pytest.mark.parametrize("system", ["socks5://127.0.0.1:1", "http://127.0.0.1:1"])
def test_a_proxy_that_can_not_be_used_is_told(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.setenv("http_proxy", system)
    monkeypatch.delenv("no_proxy", raising=False)
    fetch = HttpFetch(settings(proxy="system"))
    assert failure(fetch, "http://ocsp.pki.gov.kz/") == "proxy: ocsp.pki.gov.kz"


def test_the_settings_say_who_may_be_asked(tmp_path: Path) -> None:
    config = Config(
        paths.resolve(tmp_path),
        timestamp_url="http://tsa.bank.kz/tsp",
        ocsp_url="http://ocsp.pki.gov.kz/",
        proxy="none",
        offline=True,
        fetch_hosts=("*.bank.kz", "10.1.2.3:8080"),
    )
    made = FetchSettings.of(config)
    assert (made.proxy, made.is_offline) == ("none", True)
    rules = [fetch_hosts.parse_rule(text) for text in ("*.bank.kz", "10.1.2.3:8080")]
    assert made.rules == (*fetch_hosts.national(), *rules)
    own = FetchSettings.of(dataclasses.replace(config, timestamp_url="http://10.9.9.9/tsp"))
    assert own.rules[-1] == fetch_hosts.parse_rule("10.9.9.9:80")


def test_the_systems_name_servers_know_this_computer() -> None:
    assert "127.0.0.1" in resolve_by_system("127.0.0.1", 80)
    with pytest.raises(OSError):
        resolve_by_system("a" * 64 + ".kz", 80)


def test_it_loads_no_http_before_the_first_question() -> None:
    program = "import sys; from agent import http_fetch; print('\\n'.join(sys.modules))"
    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=paths.CODE_ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "agent.http_fetch" in printed
    assert [name for name in printed if name in ("urllib3", "http.client", "urllib.request")] == []


def test_what_is_long_comes_in_pieces_and_is_kept_nowhere() -> None:
    limits = Limits(3_000_000, 20)
    pieces: list[int] = []
    with HttpServer(lambda _: ok(bytes(1_000_000))) as server:
        fetching(server).download(server.url("/long"), limits, lambda piece: pieces.append(len(piece)))
        assert (server.asked[0].method, server.asked[0].headers["accept"]) == ("GET", "*/*")
    assert sum(pieces) == 1_000_000
    assert len(pieces) > 10


def test_a_redirect_gives_nothing_to_who_waits_for_pieces() -> None:
    found = bytearray()
    with HttpServer(lambda asked: ok(b"there") if asked.target == "/b" else redirect("/b")) as server:
        fetching(server).download(server.url("/a"), Limits(100, 20), found.extend)
    assert found == b"there"


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (ok(b"x" * 101), "too-long"),
        (response(404), "status: 127.0.0.1 404"),
        (ok(b""), "cut-off"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200, "too-long"),
    ],
)
def test_what_can_not_be_had_in_pieces_is_told(answer: bytes, word: str) -> None:
    with HttpServer(lambda _: answer) as server, pytest.raises(Unreachable, match=f"^{word}"):
        fetching(server).download(server.url(), Limits(100, 20), lambda _: None)


def test_who_takes_pieces_may_stop() -> None:
    def enough(_: bytes) -> None:
        raise Unreachable("stopped")

    with HttpServer(lambda _: ok(bytes(1_000_000))) as server, pytest.raises(Unreachable, match=r"^stopped$"):
        fetching(server).download(server.url(), Limits(3_000_000, 20), enough)


def test_a_server_that_stops_in_the_middle_is_not_waited_for_as_long_as_one_that_sends() -> None:
    with (
        HttpServer(lambda _: server.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx", b"")) as server,
        pytest.raises(Unreachable, match=r"too-slow|cut-off"),
    ):
        fetching(server).download(server.url(), Limits(100, 600, stall_seconds=0.3), lambda _: None)
