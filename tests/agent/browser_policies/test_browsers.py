"""One table of browsers: what other tables say of the same browser must agree with it."""

from agent.browser_policies.browsers import BROWSERS
from agent.localhost import chromium_policies, firefox_policies, registry_policies


def test_every_browser_has_its_place_on_each_system() -> None:
    folders = {place.folder for place in chromium_policies.PLACES} | {firefox_policies.SYSTEM_FOLDER}
    for browser in BROWSERS.values():
        assert browser.linux in folders
        assert registry_policies.ROOTS[browser.key].browser == browser.name
        assert browser.macos.count(".") >= 2


def test_what_is_not_known_of_a_browser_is_said() -> None:
    assert "browser://policy" in BROWSERS["yandex"].note
    assert not BROWSERS["chrome"].note
