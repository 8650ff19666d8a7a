"""What the portal's page says when something stands in the way: every failure is told apart, in the person's language.

Real browser, real agent, real portal, each a process of its own. The agent's person is scripted unless the window matters.
"""

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.localhost import authority
from demo.screen import Screen
from tests.support import agents, browsers, portal_process, portal_stage
from tests.support.portal_process import (
    ACCOUNTANT_AUTH,
    ACCOUNTANT_SIGN,
    EXPIRED,
    HEAD,
    PASSWORD,
    STRANGER,
    PortalData,
)
from tests.support.portal_stage import RUSSIAN, Stage
from tests.support.visits import ChromiumTab, Visit

pytestmark = pytest.mark.browser
LIMIT_S = 30


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, artefacts: Path) -> Iterator[Stage]:
    with portal_stage.opened(tmp_path_factory.mktemp("stage"), artefacts) as stage:
        yield stage


@pytest.fixture
def data(tmp_path: Path) -> PortalData:
    return portal_process.prepare(tmp_path / "portal")


# --- the agent can't be reached -----------------------------------------------------------------------------------


def test_an_agent_that_does_not_run_is_found_out_by_the_check_that_the_page_offers(
    stage: Stage, data: PortalData
) -> None:
    with stage.visit(data, f"wss://127.0.0.1:{portal_process.free_port()}/") as visit:
        visit.press("#identify")
        problem = visit.problem()
        stage.keep(visit, "not-running")
        assert problem.code == "agent-unreachable"
        assert "Агент подписи не отвечает" in problem.text
        assert "code 1006" in problem.technical
        assert "ERR_CONNECTION_REFUSED" in stage.self_check(visit, "not-running-check")


def test_a_certificate_that_is_not_trusted_is_told_from_an_agent_that_does_not_run(
    stage: Stage, data: PortalData, tmp_path: Path
) -> None:
    # An agent in another folder has an authority of its own, that the browser never heard of.
    with (
        agents.simulated(tmp_path / "agent", [data.cancels()]) as agent,
        stage.visit(data, agent.url) as visit,
    ):
        visit.press("#identify")
        problem = visit.problem()
        stage.keep(visit, "untrusted")
        # Chromium does not say it; the agent's plain address does. Firefox says it itself (test_firefox.py).
        assert problem.code == "agent-untrusted"
        assert "не доверяет" in problem.text
        assert "qalamsap trust install" in problem.text
        assert "code 1006" in problem.technical


# --- the person and their key -------------------------------------------------------------------------------------


def test_a_person_who_cancels_is_told_that_nothing_is_signed(stage: Stage, data: PortalData) -> None:
    with stage.agent(data, data.cancels()) as agent, stage.visit(data, agent.url) as visit:
        visit.press("#identify")
        problem = visit.problem()
        stage.keep(visit, "cancelled")
        assert problem.code == "cancelled"
        assert "Вы отменили операцию" in problem.text
        visit.speak("kk")
        visit.press("#identify")
        problem = visit.problem()
        stage.keep(visit, "cancelled-kk")
        assert problem.code == "cancelled"
        assert "Сіз операциядан бас тарттыңыз" in problem.text


def test_a_key_that_can_not_identify_is_explained_and_another_may_be_tried_at_once(
    stage: Stage, data: PortalData
) -> None:
    cases = (
        (STRANGER, "key-of-another", ("Это ключ другого владельца", "180240022335", "150640012341")),
        (EXPIRED, "key-expired", ("Срок действия ключа истек", "ӘБДІРАХМАНОВА")),
        (ACCOUNTANT_SIGN, "key-not-for-identification", ("Этот ключ только для подписи", "СЕРГЕЕВА")),
    )
    # Once in Russian, and once more in Kazakh.
    answers = [data.signs_with(key) for key, _, _ in cases] * 2
    with stage.agent(data, *answers) as agent, stage.visit(data, agent.url) as visit:
        for _, code, told in cases:
            visit.press("#identify:enabled")
            problem = visit.problem()
            stage.keep(visit, code)
            assert problem.code == code
            for words in told:
                assert words in problem.text
        visit.speak("kk")
        for _, code, told in cases:
            visit.press("#identify:enabled")
            problem = visit.problem()
            stage.keep(visit, f"{code}-kk")
            assert problem.code == code
            assert told[0] not in problem.text
            for fact in told[1:]:
                assert fact in problem.text


def test_the_agent_does_not_sign_an_act_with_a_key_that_does_not_fit(stage: Stage, data: PortalData) -> None:
    """The page's request names owner and purpose, so no such signature leaves the agent; a real window shows the reason."""
    cases = ((STRANGER, "other-bin"), (EXPIRED, "expired"), (ACCOUNTANT_AUTH, "missing-eku"))
    answers = [data.signs_with(HEAD), *(data.signs_with(key) for key, _ in cases)]
    with stage.agent(data, *answers) as agent, stage.visit(data, agent.url) as visit:
        visit.press("#identify")
        visit.step("document")
        for _ in cases:
            visit.press("#sign-act:enabled")
            problem = visit.problem()
            assert problem.code == "cancelled"
            assert "выберите файл ключа этого абонента" in problem.text
        stage.keep(visit, "key-that-does-not-fit")
        visit.step("document")
    cancelled = [line for line in agent.log if "the scripted person cancels" in line]
    for line, (_, reason) in zip(cancelled, cases, strict=True):
        assert reason in line


# --- windows ------------------------------------------------------------------------------------------------------


def real_agent(folder: Path, hidden: Screen) -> contextlib.AbstractContextManager[agents.RunningAgent]:
    state_dir = folder / "state"
    command = [
        sys.executable,
        "-m",
        "agent",
        "run",
        "--port",
        "0",
        "--state-dir",
        str(state_dir),
        "--tray",
        "off",
    ]
    return agents.running(command, state_dir, {**hidden.environment, "HOME": str(folder)})


@pytest.mark.display
def test_the_window_lets_no_auth_key_sign_an_act_and_the_page_waits_for_the_person(
    stage: Stage, data: PortalData, hidden_screen: Screen
) -> None:
    with real_agent(stage.agent_folder, hidden_screen) as agent, stage.visit(data, agent.url) as visit:
        visit.press("#identify")
        hidden_screen.open_key(data.key(ACCOUNTANT_AUTH), PASSWORD)
        hidden_screen.approve()
        visit.step("document")
        visit.press("#sign-act")
        hidden_screen.open_key(data.key(ACCOUNTANT_AUTH), PASSWORD)
        time.sleep(2)  # opening the key, and the window's own 0.7 s
        hidden_screen.press("ctrl+Return")
        time.sleep(1)
        hidden_screen.picture(stage.artefacts / "portal-window-auth-key.png")
        assert hidden_screen.windows(), "the window let a key that may not sign through"
        visit.wait('[data-waiting="person"]')
        hidden_screen.press("Escape")
        problem = visit.problem()
        stage.keep(visit, "window-auth-key-page")
        assert problem.code == "cancelled"


@pytest.mark.display
def test_closing_the_tab_closes_the_agents_window(
    data: PortalData, hidden_screen: Screen, tmp_path: Path, artefacts: Path
) -> None:
    """In a browser with a window, since a hidden one has no tabs that a person could close."""
    home = tmp_path / "home"
    folder = tmp_path / "agent"
    found = authority.issue(folder / "state" / "tls", datetime.now(UTC))
    browsers.trust(browsers.chromium_store(home), found.authority_path, "agent")
    prefix = [shutil.which("env") or "env", f"DISPLAY={hidden_screen.environment['DISPLAY']}"]
    with (
        real_agent(folder, hidden_screen) as agent,
        portal_process.running(data, agent_url=agent.url) as port,
        browsers.chromium(home, preferences=RUSSIAN, headless=False, prefix=prefix) as driver,
    ):
        visit = Visit(ChromiumTab(driver), f"http://localhost:{port}")
        visit.log_in()
        cabinet = driver.current_window_handle
        for leave in ("close the tab", "go elsewhere"):
            driver.switch_to.new_window("tab")
            visit.open_act()
            visit.press("#identify")
            wait_for_agents_windows(hidden_screen, 1)
            visit.wait('[data-waiting="person"]')
            hidden_screen.picture(artefacts / "journeys" / f"leaving-{leave.replace(' ', '-')}.png")
            if leave == "close the tab":
                driver.close()
            else:
                visit.open("/history")
            wait_for_agents_windows(hidden_screen, 0)
            driver.switch_to.window(cabinet)
        hidden_screen.picture(artefacts / "journeys" / "left.png")


def wait_for_agents_windows(hidden: Screen, count: int) -> None:
    """Until so many windows of the agent are seen; the browser's own don't count. X has no event for us."""
    until = time.monotonic() + LIMIT_S
    while len(agents_windows(hidden)) != count:
        assert time.monotonic() < until, f"{agents_windows(hidden)} are seen, {count} expected"
        time.sleep(0.1)


def agents_windows(hidden: Screen) -> list[str]:
    done = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--class", "qalamsap"],
        env=hidden.environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    return done.stdout.split()
