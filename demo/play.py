"""The reference scenario, played without a person: sign in, filter, download, identify, sign, refuse, see the result.

One act is signed in a file of its own, one inside its PDF; each decision gets a timestamp, and its card is downloaded.

A headless Chromium is the person's eyes and mouse in the portal; on the hidden screen the agent's real windows are used by
keyboard. A step that does not come out as it should ends the play with DemoFailed.
"""

import contextlib
import io
import json
import os
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions as conditions
from selenium.webdriver.support.ui import WebDriverWait

from agent.formats import cms
from agent.formats.evidence import Evidence
from agent.formats.pdf import pades
from agent.localhost.private_profile import PrivateProfile, prepare_profile
from demo import sample
from demo.cast import Cast, DemoFailed, browser_environment, cast, say
from demo.screen import Screen

PAGE_S = 60
VIEWER_S, VIEWER_GROWTH = 3.0, 1.3
AUTH_KEY = "AUTH_RSA256_kokzhiek_buhgalter.p12"
ACCOUNTANT_KEY = "RSA256_kokzhiek_buhgalter.p12"
SIGNING_KEY = "GOST512_kokzhiek_rukovoditel.p12"
PASSWORD = "Qwerty12"  # noqa: S105  # of every demo key


def play(state: Path, out: Path, hidden: Screen, port: int = 0) -> None:
    """The reference scenario from sign-in to «Подписан», and a refusal. Raises DemoFailed, NoWindow."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(state, ignore_errors=True)  # each play starts with a new portal
    home = state / "home"
    home.mkdir(parents=True)
    environment = {**hidden.environment, "HOME": str(home)}
    with cast(state, port, 0, environment, tray="off") as players:
        profile = prepare_profile(state / "browser", players.authority_path)
        with _driver(profile) as driver:
            _Play(players, hidden, driver, out).run()
    say(f"done; documents and screenshots are in {out}")


@contextlib.contextmanager
def _driver(profile: PrivateProfile) -> Iterator[webdriver.Chrome]:
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        raise DemoFailed("the scenario needs Chromium and its driver (Debian: chromium, chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    options.add_experimental_option("prefs", {"intl.accept_languages": "ru,ru-RU"})
    for switch in (
        "--headless=new", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,1000",
        "--disable-background-networking", "--disable-component-update", f"--user-data-dir={profile.chromium_profile}",
    ):  # fmt: skip
        options.add_argument(switch)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium's own sandbox refuses to start as root
    service = webdriver.ChromeService(executable_path=chromedriver, env=browser_environment(profile))
    driver = webdriver.Chrome(options=options, service=service)
    try:
        driver.set_page_load_timeout(PAGE_S)
        yield driver
    finally:
        driver.quit()


class _Play:
    """One performance. Each method is a step that the audience sees."""

    def __init__(self, players: Cast, hidden: Screen, driver: webdriver.Chrome, out: Path) -> None:
        self._players = players
        self._screen = hidden
        self._driver = driver
        self._out = out
        self._step = 0

    def run(self) -> None:
        self.sign_in()
        signed, inside, refused = self.filter_acts()
        self.download(signed)
        self.identify(signed, AUTH_KEY, "rsa")
        self.decide(signed, "sign-act", "signed", SIGNING_KEY)
        self.keep(signed, "signed")
        self.identify(inside, SIGNING_KEY, "gost")
        self.choose_pdf()
        self.decide(inside, "sign-act", "signed", ACCOUNTANT_KEY, name="signed-inside")
        self.keep_inside(inside, "signed-inside")
        self.identify(refused, SIGNING_KEY, "refusal")
        self.decide(refused, "refuse", "refused", SIGNING_KEY)
        self.keep(refused, "refused")
        self.see_list({signed: "signed", inside: "signed", refused: "refused"})

    # --- steps ---

    def sign_in(self) -> None:
        self.tell("signs in to the cabinet")
        self._driver.get(self._players.portal_url)
        self._find("#phone").send_keys(sample.ORGANISATION.phone)
        self._find("#password").send_keys(sample.ORGANISATION.password)
        self._press("#login")
        self._find('[data-testid="acts"]')
        self.photograph("cabinet")

    def filter_acts(self) -> tuple[str, str, str]:
        """The newest three acts of last year's first account."""
        self.tell("opens «Акт выполненных работ» and filters by year and account")
        before = len(self._rows())
        year = self._find("#year option:nth-child(2)")
        year.click()
        self._find("#account option:nth-child(2)").click()
        self._until(
            lambda: 3 <= len(self._rows()) <= max(before, 12) and "account=" in self._driver.current_url,
            "the filters",
        )
        self.photograph("filtered")
        first, second, third, *_ = [row.get_attribute("data-act") for row in self._rows()]
        return str(first), str(second), str(third)

    def download(self, act: str) -> None:
        self.tell("downloads the act as PDF; its status becomes «Просмотрен»")
        pdf = self._fetch(f"/acts/{act}/document.pdf")
        if not pdf.startswith(b"%PDF-"):
            raise DemoFailed("the act is no PDF")
        (self._out / "act.pdf").write_bytes(pdf)
        self._driver.get(f"{self._players.portal_url}acts")
        self._until(lambda: self._status(act) == "viewed", "the status «Просмотрен»")

    def identify(self, act: str, key: str, kind: str) -> None:
        self.tell(f"opens the EDO page and identifies with {key}")
        self._driver.get(f"{self._players.portal_url}acts/{act}/edo")
        if self._driver.find_elements(By.ID, "forget"):
            self._press("#forget")  # «Выбрать другой ключ»
        self._press("#identify")
        self._sign_in_window(key, f"identify-{kind}")
        self._step_of_page("document")
        self.photograph(f"document-{kind}")

    def choose_pdf(self) -> None:
        self.tell("wants the signature inside the PDF, with a stamp on it")
        self._find('[data-testid="format-pdf"]').click()
        self.photograph("choice")

    def decide(self, act: str, button: str, result: str, key: str, *, name: str = "") -> None:
        name = name or result
        self.tell(
            f"{'signs the act' if result == 'signed' else 'disagrees with an act'} with {key} (act {act})"
        )
        self._press(f"#{button}")
        if result == "refused":
            self._find("#reason").send_keys("Сумма не совпадает с договором")
            self._press('[data-testid="refusal-sign"]')
        self._sign_in_window(key, name)
        self._find(f'[data-result="{result}"]')
        if any(self._find(f"#{each}").is_enabled() for each in ("sign-act", "refuse")):
            raise DemoFailed("the act is decided, and a button still works")
        for fact, wanted in (("timestamp", "2"), ("revocation", "good")):
            found = self._find(f'[data-testid="{fact}"]').get_attribute(f"data-{fact}")
            if not str(found).startswith(wanted):
                raise DemoFailed(f"the page says of the {fact}: {found!r}")
        self.photograph(name)

    def keep_inside(self, act: str, name: str) -> None:
        self.tell("downloads the signed PDF and its card")
        document = self._fetch(f"/acts/{act}/decision/document")
        (self._out / f"{name}.pdf").write_bytes(document)
        self._keep_card(act, name)
        self._check(pades.verify(document))

    def keep(self, act: str, result: str) -> None:
        self.tell("downloads the signed document, its signature, both in one file, and the card")
        bundle = self._fetch(f"/acts/{act}/decision/bundle")
        (self._out / f"{result}.zip").write_bytes(bundle)
        with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
            names = archive.namelist()
        document = self._fetch(f"/acts/{act}/decision/document")
        signature = self._fetch(f"/acts/{act}/decision/signature")
        (self._out / f"{result}{'.pdf' if result == 'signed' else '.txt'}").write_bytes(document)
        (self._out / f"{result}.cms").write_bytes(signature)
        self._keep_card(act, result)
        say(f"       in the bundle: {', '.join(names)}")
        self._check(cms.verify(cms.read(signature), document))

    def see_list(self, expected: Mapping[str, str]) -> None:
        self.tell("goes back to the cabinet and presses F5")
        self._driver.get(f"{self._players.portal_url}acts")
        self._driver.refresh()
        found = {act: self._status(act) for act in expected}
        if found != expected:
            raise DemoFailed(f"the list shows {json.dumps(found)}, expected {json.dumps(dict(expected))}")
        self.photograph("list")
        self._driver.get(f"{self._players.portal_url}history")
        self.photograph("history")

    # --- hands and eyes ---

    def tell(self, text: str) -> None:
        self._step += 1
        say(f"step {self._step}: the person {text}")

    def photograph(self, name: str) -> None:
        picture = self._driver.get_screenshot_as_png()
        if self._driver.find_elements(By.TAG_NAME, "iframe"):
            picture = self._with_document(picture)
        (self._out / f"{self._step:02}-page-{name}.png").write_bytes(picture)

    def _with_document(self, before: bytes) -> bytes:
        """A picture with the document in it: the browser's viewer draws late and tells nobody, but then there is much more to see."""
        until = time.monotonic() + VIEWER_S
        picture = before
        while len(picture) < VIEWER_GROWTH * len(before) and time.monotonic() < until:
            picture = self._driver.get_screenshot_as_png()
        return picture

    def _keep_card(self, act: str, name: str) -> None:
        card = self._fetch(f"/acts/{act}/decision/card")
        if not pades.is_pdf(card):
            raise DemoFailed("the card is no PDF")
        (self._out / f"{name}-card.pdf").write_bytes(card)

    def _check(self, evidence: Sequence[Evidence]) -> None:
        if not evidence or any(signer.signature != "valid" for signer in evidence):
            raise DemoFailed("the downloaded signature does not verify")
        if not all(signer.has_timestamp for signer in evidence):
            raise DemoFailed("the downloaded signature has no timestamp")
        say(f"       the signature verifies: {evidence[0].algorithm_name}, with a timestamp")

    def _sign_in_window(self, key: str, name: str) -> None:
        window = self._screen
        window.wait_for_window()
        window.picture(self._out / f"{self._step:02}-window-{name}-open.png")
        window.open_key(self._players.keys_dir / key, PASSWORD)
        window.approve(picture=self._out / f"{self._step:02}-window-{name}-approve.png")

    def _press(self, selector: str) -> None:
        """Presses a button that works: those of the EDO page wait for its script."""
        self._find(f"{selector}:not(:disabled)").click()

    def _find(self, selector: str) -> WebElement:
        try:
            return WebDriverWait(self._driver, PAGE_S).until(
                conditions.presence_of_element_located((By.CSS_SELECTOR, selector))
            )
        except TimeoutException as error:
            raise DemoFailed(f"the page does not show {selector}; it shows: {self._seen()}") from error

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        try:
            WebDriverWait(self._driver, PAGE_S, ignored_exceptions=[StaleElementReferenceException]).until(
                lambda _driver: condition()
            )
        except TimeoutException as error:
            raise DemoFailed(f"{what} did not come; the page shows: {self._seen()}") from error

    def _step_of_page(self, step: str) -> None:
        self._find(f'[data-testid="edo"][data-step="{step}"]')

    def _seen(self) -> str:
        return " ".join(self._driver.find_element(By.TAG_NAME, "main").text.split())[:600]

    def _rows(self) -> list[WebElement]:
        return self._driver.find_elements(By.CSS_SELECTOR, '[data-testid="act"]')

    def _status(self, act: str) -> str:
        return str(self._find(f'[data-act="{act}"] [data-testid="status"]').get_attribute("data-status"))

    def _fetch(self, path: str) -> bytes:
        """What a link of the portal gives, with the browser's own session."""
        numbers = self._driver.execute_async_script(
            "const done = arguments[1]; fetch(arguments[0]).then(async answer => done("
            "answer.ok ? [...new Uint8Array(await answer.arrayBuffer())] : `HTTP ${answer.status}`))",
            path,
        )
        if isinstance(numbers, str):
            raise DemoFailed(f"{path}: {numbers}")
        return bytes(numbers)
