"""An act is signed from an https page in either browser, through the stores in which `qalamsap trust install` puts the agent.

Chromium under the rules for public pages is in test_local_network_access.py and test_local_network_prompt.py; here nothing is public.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from agent.formats import cms
from demo.cast import ROOT
from tests.journeys.test_local_network_access import RUSSIAN, public_portal
from tests.support import browsers
from tests.support.agents import RunningAgent
from tests.support.visits import ChromiumTab, FirefoxTab, Visit
from tests.support.worlds import private_environment

pytestmark = pytest.mark.browser
PROFILE = ".mozilla/firefox/abcd.default-esr"
COMMAND_S = 60


def trust(words: list[str], agent: RunningAgent, home: Path) -> None:
    """`qalamsap trust`, as the person with this HOME runs it."""
    browsers.needs("certutil")
    command = [sys.executable, "-m", "agent", "trust", *words, "--state-dir", str(agent.state_dir)]
    done = subprocess.run(
        command, cwd=ROOT, env=private_environment(home), capture_output=True, text=True, timeout=COMMAND_S, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def sign_an_act(visit: Visit, picture: Path) -> None:
    visit.log_in()
    act = visit.open_act()
    visit.press("#identify")
    visit.step("document")
    visit.press("#sign-act")
    visit.step("done")
    visit.keep(picture)
    document = visit.fetch(f"/acts/{act}/decision/document")
    evidence = cms.verify(cms.read(visit.fetch(f"/acts/{act}/decision/signature")), document)
    assert [signer.signature for signer in evidence] == ["valid"]


def refuses(visit: Visit) -> str:
    visit.log_in()
    visit.open_act()
    visit.press("#identify")
    return visit.problem().code


def test_in_firefox(tmp_path: Path, artefacts: Path) -> None:
    home = tmp_path / "home"
    profile = home / PROFILE
    with public_portal(tmp_path, profile) as (agent, port):
        trust(["install", "--user"], agent, home)
        origin = f"https://portal.test:{port}"
        with browsers.firefox(home, profile=profile, preferences=RUSSIAN) as page:
            sign_an_act(Visit(FirefoxTab(page), origin), artefacts / "journeys" / "https-firefox.png")
        trust(["remove"], agent, home)
        with browsers.firefox(home, profile=profile, preferences=RUSSIAN) as page:
            assert refuses(Visit(FirefoxTab(page), origin)) == "agent-untrusted"


def test_in_chromium(tmp_path: Path, artefacts: Path) -> None:
    home = tmp_path / "home"
    with public_portal(tmp_path, browsers.chromium_store(home)) as (agent, port):
        trust(["install", "--user"], agent, home)
        origin = f"https://portal.test:{port}"
        with browsers.chromium(home, preferences=RUSSIAN) as driver:
            sign_an_act(Visit(ChromiumTab(driver), origin), artefacts / "journeys" / "https-chromium.png")
        trust(["remove"], agent, home)
        with browsers.chromium(home, preferences=RUSSIAN) as driver:
            visit = Visit(ChromiumTab(driver), origin)
            assert refuses(visit) == "agent-untrusted"
            assert "ERR_CERT_AUTHORITY_INVALID" in browsers.console_of(driver)
