"""The portal and the agent in Firefox ESR: an act is signed where the profile trusts the agent, and told apart where it does not."""

from pathlib import Path

import pytest

from agent.formats import cms
from tests.support import agents, browsers, portal_process
from tests.support.portal_process import ACCOUNTANT_AUTH, HEAD
from tests.support.visits import FirefoxTab, Visit

pytestmark = pytest.mark.browser
RUSSIAN = {"intl.accept_languages": "ru"}


def test_an_act_is_signed_in_firefox(tmp_path: Path, artefacts: Path) -> None:
    home = tmp_path / "home"
    data = portal_process.prepare(tmp_path / "portal")
    answers = [data.signs_with(ACCOUNTANT_AUTH), data.signs_with(HEAD)]
    with (
        agents.simulated(tmp_path / "agent", answers, test_authorities=data.authorities) as agent,
        portal_process.running(data, agent_url=agent.url) as port,
    ):
        browsers.trust(home / "firefox-profile", agent.authority_path, "agent")
        with browsers.firefox(home, preferences=RUSSIAN) as page:
            visit = Visit(FirefoxTab(page), f"http://localhost:{port}")
            visit.log_in()
            act = visit.open_act()
            visit.keep(artefacts / "journeys" / "firefox-identification.png")
            visit.press("#identify")
            visit.step("document")
            visit.keep(artefacts / "journeys" / "firefox-document.png")
            visit.press("#sign-act")
            visit.step("done")
            visit.keep(artefacts / "journeys" / "firefox-signed.png")
            document = visit.fetch(f"/acts/{act}/decision/document")
            signature = visit.fetch(f"/acts/{act}/decision/signature")
            visit.open("/acts?year=")
            visit.wait(f'[data-act="{act}"] [data-status="signed"]')
    evidence = cms.verify(cms.read(signature), document)
    assert [signer.signature for signer in evidence] == ["valid"]
    assert document.startswith(b"%PDF-")


def test_firefox_lets_the_page_tell_an_untrusted_agent_from_one_that_does_not_run(
    tmp_path: Path, artefacts: Path
) -> None:
    data = portal_process.prepare(tmp_path / "portal")
    with browsers.firefox(tmp_path / "home", preferences=RUSSIAN) as page:
        with (
            agents.simulated(tmp_path / "agent", [data.cancels()]) as agent,
            portal_process.running(data, agent_url=agent.url) as port,
        ):
            visit = Visit(FirefoxTab(page), f"http://localhost:{port}")
            visit.log_in()
            visit.open_act()
            visit.press("#identify")
            untrusted = visit.problem()
            visit.keep(artefacts / "journeys" / "firefox-untrusted.png")
        with portal_process.running(data, agent_url=agent.url) as port:  # the agent has ended by now
            visit = Visit(FirefoxTab(page), f"http://localhost:{port}")
            visit.open_act()
            visit.press("#identify")
            not_running = visit.problem()
            visit.keep(artefacts / "journeys" / "firefox-not-running.png")
    assert untrusted.code == "agent-untrusted"
    assert "Браузер не доверяет сертификату агента" in untrusted.text
    assert "qalamsap trust install" in untrusted.text
    assert not_running.code == "agent-unreachable"
    assert "не запущен" in not_running.text
