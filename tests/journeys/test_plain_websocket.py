"""Pages that come by ws:// in real browsers that trust nothing of ours, where the settings allow it and where they don't."""

import json
from pathlib import Path

import pytest

from protocol import handshake
from tests.support import agents, browsers, live_pages, sites
from tests.support.visits import Tab

pytestmark = pytest.mark.browser
# What a page can learn where a certificate is not trusted: whether anybody answers at all.
REACHES = (
    "fetch('http://127.0.0.1:{port}/', {{mode: 'no-cors'}}).then(answer => answer.type, error => error.name)"
)


def outcome(tab: Tab, url: str) -> object:
    return tab.evaluate(f"({browsers.WEBSOCKET_OUTCOME})({json.dumps(url)}, 10000)")


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_a_page_of_this_computer_is_greeted_by_ws_only_where_it_is_switched_on(
    tmp_path: Path, browser: str
) -> None:
    with (
        agents.simulated(tmp_path / "on", [], flags=["--plain-websocket"]) as on,
        agents.simulated(tmp_path / "off", []) as off,
        sites.page_server(None) as site,
        live_pages.tab(browser, tmp_path / "home") as tab,
    ):
        tab.open(f"http://localhost:{site}/")
        assert outcome(tab, f"ws://127.0.0.1:{on.port}/") == f"OK {handshake.GREETING}"
        # Firefox alone tells a page that it was the certificate.
        untrusted = "CLOSED 1006" if browser == "chromium" else "CLOSED 1015"
        assert outcome(tab, f"wss://127.0.0.1:{on.port}/") == untrusted
        assert outcome(tab, f"ws://127.0.0.1:{off.port}/") == "CLOSED 1006"
        assert tab.evaluate(REACHES.format(port=off.port)) == "opaque"
        # What a person sees who forgot the s.
        tab.open(f"http://127.0.0.1:{off.port}/")
        assert f"https://127.0.0.1:{off.port}/" in str(tab.evaluate("document.body.innerText"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_chromium_lets_a_page_with_tls_use_ws_to_this_computer(tmp_path: Path, host: str) -> None:
    home = tmp_path / "home"
    authority = sites.SiteAuthority.create(tmp_path / "site")
    browsers.trust(browsers.chromium_store(home), authority.certificate_path)
    with (
        agents.simulated(tmp_path / "agent", [], flags=["--plain-websocket"]) as agent,
        sites.page_server(authority.issue("portal.test").tls()) as site,
        live_pages.tab("chromium", home) as tab,
    ):
        tab.open(f"https://portal.test:{site}/")
        assert outcome(tab, f"ws://{host}:{agent.port}/") == f"OK {handshake.GREETING}"
