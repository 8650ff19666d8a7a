"""Pages in the manner of the older official samples (clients/heartbeat_page, clients/common_page), in Chromium and Firefox.

The oldest one beats every two seconds and leaves after three beats without an echo, or fifty while an answer is due. Neither
was written for a greeting: the one throws, the other takes it for the answer if it asked before it came.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.formats import cms
from agent.formats.xml import verify as xml_verify
from protocol import handshake
from tests.support import agents, authority, live_pages, npm_clients, simulated_authorities, timestamps
from tests.support.live_pages import BROWSERS, Browser, read, wait
from tests.support.visits import Tab

pytestmark = pytest.mark.browser
PERSON, RSA = "gost2015-individual", "rsa-sign-individual"
MODULE_NOT_FOUND = {"success": False, "errorCode": "MODULE_NOT_FOUND"}
FILE = bytes(range(256))
NO_TOKENS = {"responseObject": [], "code": "200"}
THINKS_S = 7.0
IDLE_S = 7.0
BEATS = 3  # in that time, at every two seconds

each_browser = pytest.mark.parametrize("browser", BROWSERS)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with npm_clients.served(npm_clients.SOURCES) as port:
        yield f"http://localhost:{port}"


def signs(name: str, **more: object) -> dict[str, object]:
    return {"key": authority.path(name), "password": authority.PASSWORD, "decision": "sign", **more}


def watched(tab: Tab) -> dict[str, Any]:
    state: dict[str, Any] = read(tab, "window.watched")
    return state


@each_browser
def test_the_heart_beats_on_while_a_person_thinks(browser: Browser, site: str, tmp_path: Path) -> None:
    answers = [signs(PERSON, delay_s=THINKS_S), {"decision": "cancel"}]
    with (
        agents.simulated(tmp_path / "agent", answers, test_authorities=authority.issuing_paths()) as agent,
        live_pages.opened(browser, tmp_path, agent, f"{site}/heartbeat_page/index.html") as tab,
    ):
        wait(lambda: watched(tab)["echoes"] >= 1, "echo")
        before = watched(tab)["echoes"]
        tab.click("#sign")
        wait(lambda: bool(watched(tab)["got"]), "answer")
        after = watched(tab)
        tab.click("#browse")  # a method of the first dialect, which is off
        wait(lambda: len(watched(tab)["got"]) == 2, "answer")
        tab.click("#sign")
        wait(lambda: len(watched(tab)["got"]) == 3, "answer")
        state = watched(tab)
    assert after["echoes"] - before >= BEATS
    assert (
        state["worst"] <= 2
    )  # of the three beats that may go unanswered, one was under way, and one more on a slow day
    assert not state["gaveUp"]
    assert state["closed"] is None
    signed, browsed, cancelled = state["got"]
    (evidence,) = xml_verify.verify(signed["responseObject"])
    assert evidence.signature == "valid"
    assert browsed == MODULE_NOT_FOUND
    assert cancelled == {"code": "500", "message": "action.canceled"}


@each_browser
def test_an_idle_page_stays_connected(browser: Browser, site: str, tmp_path: Path) -> None:
    with (
        agents.simulated(tmp_path / "agent", [{"decision": "cancel"}]) as agent,
        live_pages.opened(browser, tmp_path, agent, f"{site}/heartbeat_page/index.html") as tab,
    ):
        wait(lambda: watched(tab)["echoes"] >= BEATS, "echoes", IDLE_S * 3)
        state = watched(tab)
    assert state["thrown"] == 1  # the greeting, for which it has no callback yet
    assert not state["gaveUp"]
    assert state["got"] == []


@each_browser
def test_a_page_that_asks_at_once_hears_the_greeting_first(
    browser: Browser, site: str, tmp_path: Path
) -> None:
    options = {"first": 1}
    with (
        agents.simulated(tmp_path / "agent", [{"decision": "cancel"}]) as agent,
        live_pages.opened(browser, tmp_path, agent, f"{site}/heartbeat_page/index.html", **options) as tab,
    ):
        wait(lambda: len(watched(tab)["got"]) == 2, "answers")
        greeting, answer = watched(tab)["got"]
    assert greeting == json.loads(handshake.GREETING)
    assert answer == NO_TOKENS


@each_browser
def test_a_page_of_common_utils_gets_all_that_it_asks_for(
    browser: Browser, site: str, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    simulator = simulated_authorities.new(now=now).simulator
    document = tmp_path / "act.bin"
    document.write_bytes(FILE)
    cancels: dict[str, object] = {"decision": "cancel"}
    answers = [signs(PERSON), signs(RSA), signs("gost2004-individual"), signs(PERSON)]
    # Nobody is asked about a timestamp, which takes its turn all the same.
    answers += [cancels, signs(PERSON), signs(RSA)]
    answers += [signs(PERSON, file=document), signs(PERSON), signs(RSA), cancels]
    with (
        simulated_authorities.served(simulator, now=now) as server,
        agents.simulated(
            tmp_path / "agent",
            answers,
            test_authorities=authority.issuing_paths(),
            flags=("--proxy", "none", "--timestamp-url", f"{server.url}tsp/"),
        ) as agent,
        live_pages.opened(browser, tmp_path, agent, f"{site}/common_page/index.html", early=1) as tab,
    ):
        page = CommonPage(tab)
        # It asked before the greeting came, and took that for the answer; the next frame it takes for the answer as well.
        wait(lambda: page.count() == 2, "greeting and answer")
        assert page.storages() == ["PKCS12"]
        check_signatures(page)
        check_files(page, document)
        page.press("info")
        assert page.alerts() == ["action.canceled"]


class CommonPage:
    """The page: what stands in it, and what it shows."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab

    def count(self) -> int:
        return int(self.tab.evaluate("window.heard.length"))

    def storages(self) -> list[str]:
        found: list[str] = read(
            self.tab, "[...document.getElementById('storage').options].map(it => it.text)"
        )
        return found

    def press(self, button: str, data: str = "") -> str:
        """Presses a button; gives what the page then shows."""
        before = self.count()
        if data:
            self.tab.evaluate(f"document.getElementById('data').value = {json.dumps(data)}")
        self.tab.click(f"#{button}")
        wait(lambda: self.count() == before + 1, f"answer to {button}")
        return str(self.tab.evaluate("document.getElementById('result').value"))

    def alerts(self) -> list[str]:
        told: list[str] = read(self.tab, "window.alerts")
        return told


def check_signatures(page: CommonPage) -> None:
    page.press("info")
    certificate = authority.certificate(PERSON)
    owner = page.tab.evaluate("document.getElementById('owner').textContent")
    assert owner.endswith(certificate.not_after.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    (evidence,) = xml_verify.verify(page.press("xml", "<a>бір</a>"))
    assert evidence.signature == "valid"
    texts = page.press("xmls").split("\n\n<?xml")
    assert len(texts) == 2
    signature = page.press("cades", "text")
    (evidence,) = cms.verify(cms.read(signature.encode()), b"text")
    assert (evidence.signature, evidence.has_timestamp) == ("valid", False)
    stamped = page.press("stamp")  # of what is shown
    (evidence,) = cms.verify(cms.read(stamped.encode()), b"text")
    (timestamp,) = timestamps.of(evidence)
    assert timestamp.is_over(evidence.stamped)
    (evidence,) = cms.verify(cms.read(page.press("cms").encode()), None)
    assert (evidence.signature, evidence.has_timestamp) == ("valid", True)
    digest = base64.b64encode(hashlib.sha256(b"text").digest()).decode()
    (evidence,) = cms.verify(cms.read(page.press("hash", digest).encode()), b"text")
    assert evidence.signature == "valid"
    assert page.alerts() == []


def check_files(page: CommonPage, document: Path) -> None:
    """A file that the person chooses, which the page then names."""
    assert page.press("choose") == str(document)
    (evidence,) = cms.verify(cms.read(page.press("cadesFile").encode()), FILE)
    assert (evidence.signature, evidence.has_timestamp) == ("valid", False)
    message = cms.read(page.press("cmsFile").encode())
    assert message.content == FILE
    (evidence,) = cms.verify(message, None)
    assert (evidence.signature, evidence.has_timestamp) == ("valid", True)
    assert page.alerts() == []
