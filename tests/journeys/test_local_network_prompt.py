"""The question that Chromium asks before a public page may reach programs on this computer, answered.

In a window on a hidden screen by the keyboard, as a person answers it. Without a window nobody can be asked, so there the permission
is set through WebDriver: that shows what a page may do with an answer of an earlier day, not that the question is asked.
"""

from pathlib import Path

import pytest
from selenium import webdriver

from demo.screen import Screen
from tests.journeys.test_local_network_access import answer, checked, permission, public_page
from tests.support.visits import Visit

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
    checked(visit, act)


@pytest.mark.display
def test_a_public_page_signs_an_act_once_the_person_allows_it(
    hidden_screen: Screen, tmp_path: Path, artefacts: Path
) -> None:
    with public_page(tmp_path, hidden_screen) as (visit, _, _):
        act = visit.open_act()
        assert permission(visit) == "prompt"
        visit.press("#identify")
        answer(hidden_screen, visit, TO_ALLOW, artefacts / "journeys" / "public-page-allows.png")
        visit.step("document")
        assert permission(visit) == "granted"
        visit.press("#sign-act")
        visit.step("done")
        hidden_screen.picture(artefacts / "journeys" / "public-page-allowed.png")
        checked(visit, act)


@pytest.mark.display
def test_a_public_page_says_that_the_person_blocked_it(
    hidden_screen: Screen, tmp_path: Path, artefacts: Path
) -> None:
    with public_page(tmp_path, hidden_screen) as (visit, _, agent):
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
    with public_page(tmp_path) as (visit, driver, _):
        set_permission(driver, visit.origin, "granted")
        assert permission(visit) == "granted"
        sign_an_act(visit)


def test_a_public_page_that_loses_its_permission_says_so(tmp_path: Path) -> None:
    with public_page(tmp_path) as (visit, driver, _):
        set_permission(driver, visit.origin, "granted")
        visit.open_act()
        visit.press("#identify")
        visit.step("document")
        set_permission(driver, visit.origin, "denied")
        visit.press("#sign-act")
        assert visit.problem().code == "permission-denied"
