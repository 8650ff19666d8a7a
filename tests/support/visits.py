"""A person at the portal in a real browser, the same in Chromium and in Firefox: what they press, and what the page then says.

visit = Visit(ChromiumTab(driver), "http://localhost:8080")
visit.log_in()
visit.open_act()
visit.press("#identify")
assert visit.problem().code == "key-expired"

Buttons are pressed and fields filled by the browser's own input, not by scripts.
"""

import base64
import contextlib
import dataclasses
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from PIL import Image
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from demo.sample import ORGANISATION, Person
from tests.support.browsers import BidiError, FirefoxPage

WAIT_S = 40
_LOOK_AGAIN_S = 0.1
PAPER = 240


class Tab(Protocol):
    """What a person can do in any browser. An element is named by a CSS selector, the first that fits is meant."""

    def open(self, url: str) -> None: ...
    def has(self, selector: str) -> bool: ...
    def click(self, selector: str) -> None: ...
    def type(self, selector: str, text: str) -> None: ...
    def evaluate(self, expression: str) -> Any: ...
    def screenshot(self) -> bytes: ...


class ChromiumTab:
    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        self.driver.get(url)

    def has(self, selector: str) -> bool:
        return bool(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def click(self, selector: str) -> None:
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def type(self, selector: str, text: str) -> None:
        self.driver.find_element(By.CSS_SELECTOR, selector).send_keys(text)

    def evaluate(self, expression: str) -> Any:
        return self.driver.execute_async_script(
            f"const done = arguments[0]; Promise.resolve({expression}).then(done)"
        )

    def screenshot(self) -> bytes:
        return bytes(self.driver.get_screenshot_as_png())


class FirefoxTab:
    def __init__(self, page: FirefoxPage) -> None:
        self.page = page

    def open(self, url: str) -> None:
        self.page.open(url)

    def has(self, selector: str) -> bool:
        return bool(self._elements(selector))

    def click(self, selector: str) -> None:
        self.page.evaluate(
            f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center'}})"
        )
        (element, *_) = self._elements(selector)
        middle = {"type": "element", "element": {"sharedId": element["sharedId"]}}
        movements = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": middle},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._act({"type": "pointer", "id": "mouse", "actions": movements})

    def type(self, selector: str, text: str) -> None:
        self.click(selector)
        strokes = [{"type": kind, "value": letter} for letter in text for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keyboard", "actions": strokes})

    def evaluate(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def screenshot(self) -> bytes:
        answer = self.page.command("browsingContext.captureScreenshot", context=self.page.context)
        return base64.b64decode(answer["data"])

    def _elements(self, selector: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page.command(
            "browsingContext.locateNodes",
            context=self.page.context,
            locator={"type": "css", "value": selector},
        )["nodes"]
        return found

    def _act(self, source: dict[str, Any]) -> None:
        self.page.command("input.performActions", context=self.page.context, actions=[source])


@dataclasses.dataclass(frozen=True)
class Problem:
    """What the page says when something went wrong: its code, and all that a person reads of it."""

    code: str
    text: str
    technical: str


class Visit:
    """One person at one portal."""

    def __init__(self, tab: Tab, origin: str) -> None:
        self.tab = tab
        self.origin = origin

    def open(self, path: str) -> None:
        self.tab.open(f"{self.origin}{path}")

    def log_in(self, person: Person = ORGANISATION) -> None:
        self.open("/login")
        self.tab.type("#phone", person.phone)
        self.tab.type("#password", person.password)
        self.press("#login")
        self.wait('[data-testid="act"]')

    def speak(self, language: str) -> None:
        """Chooses a language where the page offers them."""
        self.press(f'[data-testid="language-{language}"]')
        self.wait(f'html[lang="{language}"]')

    def open_act(self) -> str:
        """Opens the EDO window of the newest undecided act, in this tab; gives its number in the address."""
        self.open("/acts?year=")
        row = '[data-testid="act"]:not(:has([data-status="signed"], [data-status="refused"]))'
        self.wait(row)
        act = str(self.tab.evaluate(f"document.querySelector({json.dumps(row)}).dataset.act"))
        self.open(f"/acts/{act}/edo")
        self.step("identification")
        return act

    def press(self, selector: str) -> None:
        """Clicks what is there and works: the portal's buttons wait for its scripts."""
        self.wait(f"{selector}:not(:disabled)")
        self.tab.click(selector)

    def step(self, name: str) -> None:
        """Waits until the EDO window is at this step."""
        self.wait(f'[data-testid="edo"][data-step="{name}"]')

    def problem(self) -> Problem:
        """Waits until the page tells of a problem."""
        notice = '[data-testid="problem"]'
        self.wait(notice)
        found = self.tab.evaluate(
            f"""(() => {{ const notice = document.querySelector({json.dumps(notice)}); return JSON.stringify({{
                code: notice.dataset.problem, text: notice.innerText,
                technical: notice.querySelector("[data-part=technical-text]")?.textContent ?? "" }}) }})()"""
        )
        return Problem(**json.loads(found))

    def wait(self, selector: str) -> None:
        """Until the page has such an element."""
        self._until(lambda: self.tab.has(selector), selector)

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        """Neither browser tells of a change that may come with another page, so we look again and again."""
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            # Between two pages there is nothing to look at.
            with contextlib.suppress(WebDriverException, BidiError):
                if condition():
                    return
            time.sleep(_LOOK_AGAIN_S)
        raise AssertionError(f"the page does not show {what}; it shows: {self.seen()}")

    def seen(self) -> str:
        return " ".join(str(self.tab.evaluate("document.body.innerText")).split())[:800]

    def fetch(self, path: str) -> bytes:
        """What a link of the portal gives, with the browser's own session."""
        encoded = self.tab.evaluate(
            f"""fetch({json.dumps(path)}).then(async answer => {{
                if (!answer.ok) return `HTTP ${{answer.status}}`;
                const octets = new Uint8Array(await answer.arrayBuffer());
                return btoa(Array.from(octets, octet => String.fromCharCode(octet)).join("")) }})"""
        )
        return base64.b64decode(encoded, validate=True)

    def keep(self, path: Path) -> None:
        """Keeps what is seen once all of it has come, for people who look at the run."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._until(lambda: self.tab.evaluate("document.readyState") == "complete", "its end")
        if self.tab.has('iframe[data-testid="document"]'):
            self._until(self._is_document_drawn, "the document")
        path.write_bytes(self.tab.screenshot())

    def _is_document_drawn(self) -> bool:
        """Whether there is white paper where the browser's PDF viewer is: its toolbar and ground are dark."""
        place = self.tab.evaluate(
            """(() => { const frame = document.querySelector("iframe[data-testid=document]").getBoundingClientRect();
                return JSON.stringify([frame.x + frame.width / 2, frame.y + 90]) })()"""
        )
        x, y = json.loads(place)
        picture = Image.open(io.BytesIO(self.tab.screenshot())).convert("L")
        brightness = picture.getpixel((int(x), int(y)))
        return isinstance(brightness, int) and brightness > PAPER
