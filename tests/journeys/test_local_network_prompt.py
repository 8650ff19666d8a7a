"""The question that Chromium asks before a public page may reach programs on this computer, answered.

In a window on a hidden screen by the keyboard, as a person answers it. Without a window nobody can be asked, so there the permission
is set through WebDriver: that shows what a page may do with an answer of an earlier day, not that the question is asked.
"""

import time
from pathlib import Path

import pytest
from selenium import webdriver

from agent.formats import cms
from demo.screen import Screen
from tests.journeys.test_local_network_access import RUSSIAN, permission, public_portal
from tests.support import browsers
from tests.support.visits import ChromiumTab, Visit

pytestmark = pytest.mark.browser
# From the page into the question: its close button, "Block", "Allow".
TO_BLOCK = ("Tab", "Tab", "Return")
TO_ALLOW = ("Tab", "Tab", "Tab", "Return")
PERMISSION = "loopback-network"


def sign_an_act(visit: Visit) -> None:
    """The rest of the way, from the opened act to signatures that verify."""
    act = visit.open_act()
    visit.press("#identify")
    visit.step("document")
    visit.press("#sign-act")
    visit.step("done")
    document = visit.fetch(f"/acts/{act}/decision/document")
    evidence = cms.verify(cms.read(visit.fetch(f"/acts/{act}/decision/signature")), document)
    assert [signer.signature for signer in evidence] == ["valid"]


def answer(screen: Screen, visit: Visit, keys: tuple[str, ...], picture: Path) -> None:
    """Waits for the question that the page points to, and presses the keys."""
    visit.wait('[data-waiting="permission"]')
    time.sleep(1)  # the browser ignores what is pressed before a person could have read its question
    screen.picture(picture)
    for key in keys:
        screen.press(key)
        time.sleep(0.3)


@pytest.mark.display
def test_a_public_page_signs_an_act_once_the_person_allows_it(
    hidden_screen: Screen, tmp_path: Path, artefacts: Path
) -> None:
    home = tmp_path / "home"
    prefix = [browsers.needs("env"), f"DISPLAY={hidden_screen.environment['DISPLAY']}"]
    with public_portal(tmp_path, browsers.chromium_store(home)) as (agent, port):
        browsers.trust(browsers.chromium_store(home), agent.authority_path, "agent")
        with browsers.chromium(
            home, public_ports=[port], preferences=RUSSIAN, headless=False, prefix=prefix
        ) as driver:
            visit = Visit(ChromiumTab(driver), f"https://portal.test:{port}")
            visit.log_in()
            act = visit.open_act()
            assert permission(visit) == "prompt"
            visit.press("#identify")
            answer(hidden_screen, visit, TO_ALLOW, artefacts / "journeys" / "public-page-allows.png")
            visit.step("document")
            assert permission(visit) == "granted"
            visit.press("#sign-act")
            visit.step("done")
            hidden_screen.picture(artefacts / "journeys" / "public-page-allowed.png")
            document = visit.fetch(f"/acts/{act}/decision/document")
            evidence = cms.verify(cms.read(visit.fetch(f"/acts/{act}/decision/signature")), document)
    assert [signer.signature for signer in evidence] == ["valid"]


@pytest.mark.display
def test_a_public_page_says_that_the_person_blocked_it(
    hidden_screen: Screen, tmp_path: Path, artefacts: Path
) -> None:
    home = tmp_path / "home"
    prefix = [browsers.needs("env"), f"DISPLAY={hidden_screen.environment['DISPLAY']}"]
    with public_portal(tmp_path, browsers.chromium_store(home)) as (agent, port):
        browsers.trust(browsers.chromium_store(home), agent.authority_path, "agent")
        with browsers.chromium(
            home, public_ports=[port], preferences=RUSSIAN, headless=False, prefix=prefix
        ) as driver:
            visit = Visit(ChromiumTab(driver), f"https://portal.test:{port}")
            visit.log_in()
            visit.open_act()
            visit.press("#identify")
            answer(hidden_screen, visit, TO_BLOCK, artefacts / "journeys" / "public-page-blocks.png")
            problem = visit.problem()
            assert permission(visit) == "denied"
            hidden_screen.picture(artefacts / "journeys" / "public-page-blocked.png")
        assert not (agent.state_dir / "journal.jsonl").exists()
    assert problem.code == "permission-denied"


def set_permission(driver: webdriver.Chrome, origin: str, setting: str) -> None:
    """What a person's earlier answer left in the browser."""
    driver.execute_cdp_cmd(
        "Browser.setPermission", {"permission": {"name": PERMISSION}, "setting": setting, "origin": origin}
    )


def test_a_public_page_that_was_allowed_before_signs_without_a_question(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with public_portal(tmp_path, browsers.chromium_store(home)) as (agent, port):
        browsers.trust(browsers.chromium_store(home), agent.authority_path, "agent")
        origin = f"https://portal.test:{port}"
        with browsers.chromium(home, public_ports=[port], preferences=RUSSIAN) as driver:
            visit = Visit(ChromiumTab(driver), origin)
            visit.log_in()
            set_permission(driver, origin, "granted")
            assert permission(visit) == "granted"
            sign_an_act(visit)


def test_a_public_page_that_loses_its_permission_says_so(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with public_portal(tmp_path, browsers.chromium_store(home)) as (agent, port):
        browsers.trust(browsers.chromium_store(home), agent.authority_path, "agent")
        origin = f"https://portal.test:{port}"
        with browsers.chromium(home, public_ports=[port], preferences=RUSSIAN) as driver:
            visit = Visit(ChromiumTab(driver), origin)
            visit.log_in()
            set_permission(driver, origin, "granted")
            visit.open_act()
            visit.press("#identify")
            visit.step("document")
            set_permission(driver, origin, "denied")
            visit.press("#sign-act")
            assert visit.problem().code == "permission-denied"
