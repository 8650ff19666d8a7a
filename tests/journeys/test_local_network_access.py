"""The portal as a public https site: what a browser that guards programs on this computer lets it do.

Chromium takes the portal's port for the public network, so it gates the page's way to 127.0.0.1. The agent is the real one with a
scripted person; its authority and the permission come from the policy files that `qalamsap trust install` writes.
"""

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from agent.formats import cms
from demo.cast import ROOT
from demo.screen import Screen
from tests.support import agents, browsers, portal_process, sites, worlds
from tests.support.portal_process import ACCOUNTANT_AUTH, HEAD
from tests.support.visits import ChromiumTab, Visit

pytestmark = pytest.mark.browser
RUSSIAN = {"intl.accept_languages": "ru"}


@contextlib.contextmanager
def public_portal(folder: Path, store: Path) -> Iterator[tuple[agents.RunningAgent, int]]:
    """An agent, and the portal under https://portal.test: its own certificate is trusted by `store`; gives the portal's port."""
    data = portal_process.prepare(folder / "portal")
    site = sites.SiteAuthority.create(folder / "site")
    browsers.trust(store, site.certificate_path)
    answers = [data.signs_with(ACCOUNTANT_AUTH), data.signs_with(HEAD)]
    port = portal_process.free_port()
    with (
        agents.simulated(folder / "agent", answers, test_authorities=data.authorities) as agent,
        portal_process.running(
            data,
            agent_url=agent.url,
            port=port,
            public_name=f"https://portal.test:{port}",
            certificate=site.issue("portal.test"),
        ),
    ):
        yield agent, port


@contextlib.contextmanager
def public_page(
    folder: Path, screen: Screen | None = None
) -> Iterator[tuple[Visit, webdriver.Chrome, agents.RunningAgent]]:
    """Logged in to such a portal, in a browser that trusts the agent, so that nothing but the permission is missing. Without a screen
    the browser has no window."""
    home = folder / "home"
    prefix = [browsers.needs("env"), f"DISPLAY={screen.environment['DISPLAY']}"] if screen else []
    with public_portal(folder, browsers.chromium_store(home)) as (agent, port):
        browsers.trust(browsers.chromium_store(home), agent.authority_path, "agent")
        with browsers.chromium(
            home, public_ports=[port], preferences=RUSSIAN, headless=screen is None, prefix=prefix
        ) as driver:
            visit = Visit(ChromiumTab(driver), f"https://portal.test:{port}")
            visit.log_in()
            yield visit, driver, agent


def checked(visit: Visit, act: str) -> tuple[bytes, tuple[cms.SignerEvidence, ...]]:
    """The signed document of an act, and evidence of its signatures, which are valid."""
    document = visit.fetch(f"/acts/{act}/decision/document")
    evidence = cms.verify(cms.read(visit.fetch(f"/acts/{act}/decision/signature")), document)
    assert [signer.signature for signer in evidence] == ["valid"]
    return document, evidence


@pytest.mark.root
def test_a_public_page_signs_an_act_where_policy_lets_its_origin_reach_the_agent(
    tmp_path: Path, artefacts: Path
) -> None:
    with (
        worlds.own_world(tmp_path / "world") as world,
        public_portal(tmp_path, browsers.chromium_store(world.home)) as (agent, port),
    ):
        origin = f"https://portal.test:{port}"
        command = [
            sys.executable, "-m", "agent", "trust", "install", "--machine", "--origin", origin,
            "--state-dir", str(agent.state_dir),
        ]  # fmt: skip
        installed = world.run(*command, folder=ROOT)
        assert installed.returncode == 0, installed.stdout + installed.stderr
        with browsers.chromium(
            world.home, public_ports=[port], preferences=RUSSIAN, prefix=world.prefix
        ) as driver:
            visit = Visit(ChromiumTab(driver), origin)
            visit.log_in()
            assert permission(visit) == "granted"
            act = visit.open_act()
            visit.press("#identify")
            visit.step("document")
            visit.press("#sign-act")
            visit.step("done")
            visit.keep(artefacts / "journeys" / "public-page-signed.png")
            document, evidence = checked(visit, act)
    assert document.startswith(b"%PDF-")
    assert evidence[0].certificate is not None
    assert evidence[0].certificate.bin == "150640012341"


def test_a_public_page_without_permission_says_that_the_browser_denies_it(
    tmp_path: Path, artefacts: Path
) -> None:
    with public_page(tmp_path) as (visit, driver, _):
        visit.open_act()
        visit.press("#identify")
        # Nobody can be asked without a window: Chromium denies by itself.
        problem = visit.problem()
        visit.keep(artefacts / "journeys" / "public-page-denied.png")
        assert problem.code == "permission-denied"
        assert "Браузер не разрешает сайту обращаться к агенту" in problem.text
        assert "ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS" in browsers.console_of(driver)
        visit.speak("kk")
        visit.press("#identify")
        assert visit.problem().code == "permission-denied"
        visit.keep(artefacts / "journeys" / "public-page-denied-kk.png")


@pytest.mark.display
def test_a_public_page_points_to_the_browsers_question_and_says_when_nobody_answered_it(
    hidden_screen: Screen, tmp_path: Path, artefacts: Path
) -> None:
    with public_page(tmp_path, hidden_screen) as (visit, _, _):
        visit.open_act()
        assert permission(visit) == "prompt"
        visit.press("#identify")
        answer(hidden_screen, visit, ("Escape",), artefacts / "journeys" / "public-page-question.png")
        problem = visit.problem()
        hidden_screen.picture(artefacts / "journeys" / "public-page-dismissed.png")
    assert problem.code == "permission-dismissed"
    assert "Разрешение не получено" in problem.text


def answer(screen: Screen, visit: Visit, keys: tuple[str, ...], picture: Path) -> None:
    """Waits for the question that the page points to, and presses the keys."""
    visit.wait('[data-waiting="permission"]')
    time.sleep(1)  # the browser ignores what is pressed before a person could have read its question
    screen.picture(picture)
    for key in keys:
        screen.press(key)
        time.sleep(0.3)


def permission(visit: Visit) -> str:
    return str(
        visit.tab.evaluate("navigator.permissions.query({name: 'loopback-network'}).then(it => it.state)")
    )
