"""K1 to K8: the HTTPS interface of KAZTOKEN programs, which is there where the settings say so, and nowhere else."""

import base64
import contextlib
import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from agent.formats import cms
from tests.conformance.protocol.asking import context_of, journal
from tests.conformance.protocol.persons import KEY, NOBODY, AgentOf
from tests.support import agents, authority
from tests.support.agents import RunningAgent
from tests.support.https_pages import ORIGIN, OTHER, port_of, wanted

PORT = 24680
DOCUMENT = bytes(range(256)) * 40
COOKIE = "operationCookie"


@dataclass
class Page:
    """A page of a site, with what its browser keeps for it."""

    port: int
    context: ssl.SSLContext
    origin: str = ORIGIN
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str = "/", body: bytes | str | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=60)
        headers = {"Origin": self.origin, "Content-Type": "text/plain;charset=UTF-8"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            self.headers = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, answer.read()

    def begin(self, count: int = 1, **more: object) -> str:
        """The path of the operation that the person agreed to."""
        status, body = self.ask("POST", "/", wanted(count, **more))
        assert status == 200, body
        self.cookie = self.headers["set-cookie"].partition(";")[0]
        return f"/{body.decode()}"


@pytest.fixture(scope="module")
def agents_with_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, tuple[RunningAgent, Page]]]:
    """An agent whose person signs, and one whose person closes every window; both remember the site's pages."""
    signs = {"key": authority.path(KEY), "password": authority.PASSWORD, "decision": "sign", "grant": True}
    found = {}
    with contextlib.ExitStack() as stack:
        for name, answer in ((KEY, signs), (NOBODY, {"decision": "cancel"})):
            running = stack.enter_context(
                agents.simulated(
                    tmp_path_factory.mktemp(name),
                    [answer],
                    test_authorities=authority.issuing_paths(),
                    flags=("--proxy", "none", "--https-api", "--https-api-port", "0"),
                )
            )
            found[name] = running, Page(port_of(running), context_of(running))
        yield found


@pytest.fixture
def page(agents_with_it: dict[str, tuple[RunningAgent, Page]]) -> Page:
    _, page = agents_with_it[KEY]
    page.cookie = ""
    return page


def test_k01_nothing_listens_where_clients_look_for_the_other_program(agent_of: AgentOf) -> None:
    """A client that finds somebody there stops speaking WebSocket, and loses half of what it asked for."""
    agent_of(NOBODY)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", PORT), timeout=5)


def test_k02_where_it_is_on_a_client_finds_it_at_once(page: Page) -> None:
    started = time.monotonic()
    assert page.ask("GET")[0] == 200
    assert time.monotonic() - started < 1


def test_k03_a_person_who_says_no_is_a_conflict(agents_with_it: dict[str, tuple[RunningAgent, Page]]) -> None:
    agent, page = agents_with_it[NOBODY]
    status, _ = page.ask("POST", "/", wanted(2, base64=True))
    assert status == 409
    assert "set-cookie" not in page.headers
    assert journal(agent) == ["asked", "decided"]


def test_k04_a_yes_gives_an_identifier_and_a_cookie_that_travels_from_a_foreign_page(page: Page) -> None:
    status, identifier = page.ask("POST", "/", wanted(1))
    assert status == 200
    assert page.headers["content-type"].startswith("text/plain")
    assert identifier.decode().replace("-", "").replace("_", "").isalnum()
    name_and_value, *flags = page.headers["set-cookie"].split("; ")
    assert name_and_value.startswith(f"{COOKIE}=")
    assert {"SameSite=None", "Secure", "HttpOnly", f"Path=/{identifier.decode()}"} <= set(flags)
    assert page.headers["access-control-allow-origin"] == ORIGIN
    assert page.headers["access-control-allow-credentials"] == "true"
    page.cookie = name_and_value
    assert page.ask("DELETE", f"/{identifier.decode()}")[0] == 204


def test_k05_without_the_cookie_or_after_a_cancellation_nothing_is_signed(page: Page) -> None:
    path = page.begin(2)
    cookie, page.cookie = page.cookie, ""
    assert page.ask("POST", path, DOCUMENT)[0] == 401
    page.cookie = f"{COOKIE}=guessed"
    assert page.ask("POST", path, DOCUMENT)[0] == 401
    stranger = Page(page.port, page.context, OTHER, cookie)
    assert stranger.ask("POST", path, DOCUMENT)[0] == 401
    page.cookie = cookie
    assert page.ask("POST", path, DOCUMENT)[0] == 200
    assert page.ask("DELETE", path)[0] == 204
    assert page.ask("POST", path, DOCUMENT)[0] == 401


@pytest.mark.parametrize("is_detached", [True, False])
def test_k06_base64_is_answered_in_base64(page: Page, is_detached: bool) -> None:
    path = page.begin(1, base64=True, encapsulateContent=not is_detached)
    status, text = page.ask("POST", path, base64.b64encode(DOCUMENT))
    assert status == 200
    check(base64.b64decode(text, validate=True), is_detached)


@pytest.mark.parametrize("is_detached", [True, False])
def test_k07_octets_are_answered_in_octets(page: Page, is_detached: bool) -> None:
    path = page.begin(1, encapsulateContent=not is_detached)
    status, der = page.ask("POST", path, DOCUMENT)
    assert status == 200
    assert der[:1] == b"\x30"
    check(der, is_detached)


def check(der: bytes, is_detached: bool) -> None:
    message = cms.read(der)
    assert message.content == (None if is_detached else DOCUMENT)
    evidence = cms.verify(message, DOCUMENT if is_detached else None)
    assert [each.signature for each in evidence] == ["valid"]
    assert not evidence[0].has_timestamp


def test_k08_more_documents_than_were_announced_are_refused(
    agents_with_it: dict[str, tuple[RunningAgent, Page]],
) -> None:
    agent, page = agents_with_it[KEY]
    path = page.begin(2)
    statuses = [page.ask("POST", path, DOCUMENT)[0] for _ in range(4)]
    assert statuses == [200, 200, 401, 401]
    lines = [json.loads(line) for line in (agent.state_dir / "journal.jsonl").read_text("utf-8").splitlines()]
    last = lines[-1]["id"]
    assert [each["event"] for each in lines if each["id"] == last] == ["asked", "decided", "signed", "signed"]


def test_what_is_no_base64_is_refused_and_ends_the_operation(page: Page) -> None:
    path = page.begin(2, base64=True)
    assert page.ask("POST", path, b"no base64!") == (400, b"bad-input\n")
    assert page.ask("POST", path, b"MTEK")[0] == 400
