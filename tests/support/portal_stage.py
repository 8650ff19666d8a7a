"""A browser that trusts an agent, for journeys to the portal: the agent, the portal and the browser are processes of their own.

with portal_stage.opened(folder, artefacts) as stage:
    with stage.agent(data, data.signs_with(HEAD)) as agent, stage.visit(data, agent.url) as visit:
        visit.press("#identify")
"""

import contextlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.support.ui import WebDriverWait

from agent.localhost import authority
from tests.support import agents, browsers, portal_process
from tests.support.portal_process import PortalData
from tests.support.visits import ChromiumTab, Visit

RUSSIAN = {"intl.accept_languages": "ru"}
LIMIT_S = 30


class Stage:
    """One browser for all tests, and the folder of the agent that it trusts."""

    def __init__(self, folder: Path, driver: Chrome, artefacts: Path) -> None:
        self.agent_folder = folder / "agent"
        self.driver = driver
        self.artefacts = artefacts / "journeys"

    def agent(
        self, data: PortalData, *answers: Mapping[str, object]
    ) -> contextlib.AbstractContextManager[agents.RunningAgent]:
        """An agent that the browser trusts and whose person answers so."""
        return agents.simulated(self.agent_folder, answers, test_authorities=data.authorities)

    @contextlib.contextmanager
    def visit(self, data: PortalData, agent_url: str, authorities_url: str | None = None) -> Iterator[Visit]:
        """A visit at the first step of an act."""
        with portal_process.running(data, agent_url=agent_url, authorities_url=authorities_url) as port:
            # Cookies know no ports: the language that the last test chose would stay.
            self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
            visit = Visit(ChromiumTab(self.driver), f"http://localhost:{port}")
            visit.log_in()
            visit.open_act()
            yield visit

    def keep(self, visit: Visit, name: str) -> None:
        visit.keep(self.artefacts / f"portal-{name}.png")

    def self_check(self, visit: Visit, name: str) -> str:
        """Follows the page's advice to open the agent's own page: what the browser shows there."""
        before = self.driver.current_window_handle
        visit.press('[data-testid="self-check"]')
        WebDriverWait(self.driver, LIMIT_S).until(lambda driver: len(driver.window_handles) == 2)
        (other,) = set(self.driver.window_handles) - {before}
        self.driver.switch_to.window(other)
        try:
            visit.wait("body :is(#main-message, #main-content, main, h1)")
            self.keep(visit, name)
            return str(self.driver.execute_script("return document.body.textContent"))
        finally:
            self.driver.close()
            self.driver.switch_to.window(before)


@contextlib.contextmanager
def opened(folder: Path, artefacts: Path) -> Iterator[Stage]:
    """The browser for all tests of a module."""
    # Each test starts an agent of its own, and all of them show the certificate that is made here.
    found = authority.issue(folder / "agent" / "state" / "tls", datetime.now(UTC))
    browsers.trust(browsers.chromium_store(folder / "home"), found.authority_path, "agent")
    with browsers.chromium(folder / "home", preferences=RUSSIAN) as driver:
        yield Stage(folder, driver, artefacts)
