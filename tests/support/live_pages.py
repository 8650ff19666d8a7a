"""Pages of ours in real browsers that trust the agent, from a web server on this computer or from the disk.

with live_pages.opened("firefox", tmp_path, agent, address) as tab: ...

`address` is a folder with a page, opened as a file, or an http address.
"""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from tests.support import browsers
from tests.support.agents import RunningAgent
from tests.support.visits import ChromiumTab, FirefoxTab, Tab

Browser: TypeAlias = Literal["chromium", "firefox"]
BROWSERS: tuple[Browser, ...] = ("chromium", "firefox")
WAIT_S = 40
# The browser's own dialogs would hold up the page, and each browser has its own way to answer them.
_RECORD_DIALOGS = """(() => {
  window.alerts = [];
  window.questions = [];
  window.alert = text => { window.alerts.push(String(text)); };
  window.confirm = text => { window.questions.push(String(text)); return window.agreed === true; };
})()"""


@contextlib.contextmanager
def opened(
    browser: Browser, folder: Path, agent: RunningAgent, address: str, **options: Any
) -> Iterator[Tab]:
    """A tab with the page at `address`, which is told of the agent; `options` become parameters of the address."""
    home = folder / "home"
    parameters = {"agent": agent.url, **options}
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in parameters.items())
    with tab(browser, home, agent.authority_path) as tab_:
        tab_.open(f"{address}?{query}")
        tab_.evaluate(_RECORD_DIALOGS)
        yield tab_


@contextlib.contextmanager
def tab(browser: Browser, home: Path, *trusted: Path) -> Iterator[Tab]:
    """A fresh browser that trusts these authorities, as a person or IT would make it: in its own store."""
    store = browsers.chromium_store(home) if browser == "chromium" else home / "firefox-profile"
    for number, path in enumerate(trusted):
        browsers.trust(store, path, f"authority {number}")
    if browser == "chromium":
        with browsers.chromium(home) as driver:
            yield ChromiumTab(driver)
    else:
        with browsers.firefox(home) as page:
            yield FirefoxTab(page)


def wait(condition: Callable[[], bool], what: str, limit_s: float = WAIT_S) -> None:
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, f"no {what} in time"
        time.sleep(0.05)


def read(tab_: Tab, expression: str) -> Any:
    """The value of an expression in the page, whatever its type."""
    return json.loads(tab_.evaluate(f"JSON.stringify({expression}) ?? 'null'"))
