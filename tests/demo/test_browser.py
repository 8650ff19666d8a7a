"""The portal in a real browser: what a person sees, in both languages and both schemes, and what the page's script does.

The agent is a fake here: a socket on a free port that signs or fails as told. Journeys with the real agent are in tests/journeys.
"""

import io
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from agent.signer import Signer
from demo.sample import ENTREPRENEUR, ORGANISATION, Person
from tests.support import browsers, portals, simulated_authorities
from tests.support.chains import Party
from tests.support.portals import CANCELLED, FAILED, NO_PDF, NO_TIMESTAMP, NOW, FakeAgent, Portal
from tests.support.simulated_authorities import SimulatedAuthorities
from tests.support.sites import SiteAuthority

pytestmark = pytest.mark.browser
WAIT_S = 20


class Cabinet:
    """A person at a browser."""

    def __init__(self, driver: Chrome, url: str, artefacts: Path) -> None:
        self.driver = driver
        self.url = url
        self.artefacts = artefacts

    def find(self, selector: str) -> WebElement:
        found: WebElement = WebDriverWait(self.driver, WAIT_S).until(
            lambda driver: driver.find_element(By.CSS_SELECTOR, selector)
        )
        return found

    def until(self, condition: Callable[[Chrome], object]) -> None:
        WebDriverWait(self.driver, WAIT_S).until(condition)

    def look(
        self, *, language: str = "ru", scheme: str = "light", width: int = 1280, height: int = 900
    ) -> None:
        emulate = self.driver.execute_cdp_cmd
        emulate(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        emulate("Emulation.setDeviceMetricsOverride", size)
        self.open("keys")
        self.find(f'[data-testid="language-{language}"]').click()
        self.find(f'html[lang="{language}"]')

    def open(self, path: str) -> None:
        self.driver.get(self.url + path)

    def log_in(self, person: Person = ORGANISATION) -> None:
        self.open("login")
        self.driver.delete_cookie("session")
        self.open("login")
        self.find("#phone").send_keys(person.phone)
        self.find("#password").send_keys(person.password)
        self.find("#login").click()
        self.find('[data-testid="act"]')

    def open_edo(self, index: int = 0) -> str:
        """Opens the EDO window of an act, in this window; gives the act's number in the address."""
        self.open("acts?year=")
        rows = self.driver.find_elements(By.CSS_SELECTOR, '[data-testid="act"]')
        act = rows[index].get_attribute("data-act") or ""
        self.open(f"acts/{act}/edo")
        return act

    def problem(self) -> str:
        return self.find('[data-testid="problem"]').get_attribute("data-problem") or ""

    def step(self, name: str) -> None:
        self.find(f'[data-testid="edo"][data-step="{name}"]')

    def is_document_shown(self) -> bool:
        """Whether there is white paper where the browser's PDF viewer is: its toolbar and ground are dark."""
        frame = self.find('iframe[data-testid="document"]').rect
        picture = Image.open(io.BytesIO(self.driver.get_screenshot_as_png())).convert("L")
        place = (int(frame["x"] + frame["width"] / 2), int(frame["y"] + 80))
        brightness = picture.getpixel(place)
        return isinstance(brightness, int) and brightness > 240

    def keep(self, name: str) -> None:
        self.driver.save_screenshot(str(self.artefacts / f"portal-{name}.png"))


@pytest.fixture(scope="module")
def agent() -> Iterator[FakeAgent]:
    with FakeAgent(CANCELLED) as agent:
        yield agent


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with browsers.chromium(tmp_path_factory.mktemp("home")) as driver:
        yield driver


@pytest.fixture
def cabinet(tmp_path: Path, agent: FakeAgent, driver: Chrome, artefacts: Path) -> Iterator[Cabinet]:
    agent.calls.clear()
    with portals.served(tmp_path / "portal", agent_url=agent.url) as portal:
        person = Cabinet(driver, portal.settings.url, artefacts)
        person.look()
        person.log_in()
        yield person


@pytest.fixture
def world() -> SimulatedAuthorities:
    return simulated_authorities.new(now=NOW)


@pytest.fixture
def connected(
    tmp_path: Path, agent: FakeAgent, driver: Chrome, artefacts: Path, world: SimulatedAuthorities
) -> Iterator[Cabinet]:
    """A person at a portal that asks authorities."""
    agent.calls.clear()
    with portals.served(
        tmp_path / "connected",
        agent_url=agent.url,
        verifier=portals.asking(world),
        authorities_url="http://127.0.0.1:9",
    ) as portal:
        person = Cabinet(driver, portal.settings.url, artefacts)
        person.look()
        person.log_in()
        yield person


@pytest.fixture(scope="module")
def issued() -> Signer:
    return portals.issued_key()


@pytest.fixture(scope="module")
def head() -> Party:
    return portals.key(ORGANISATION)


# --- the list -----------------------------------------------------------------------------------------------------


def test_filters_update_the_list_and_the_address_without_a_new_page(cabinet: Cabinet) -> None:
    cabinet.driver.execute_script("window.isSamePage = true")
    Select(cabinet.find("#year")).select_by_value("2025")
    cabinet.until(lambda driver: "year=2025" in driver.current_url)
    Select(cabinet.find("#month")).select_by_value("3")
    cabinet.until(lambda driver: len(driver.find_elements(By.CSS_SELECTOR, '[data-testid="act"]')) == 3)
    assert cabinet.driver.execute_script("return window.isSamePage") is True
    cabinet.driver.refresh()
    assert len(cabinet.driver.find_elements(By.CSS_SELECTOR, '[data-testid="act"]')) == 3
    assert Select(cabinet.find("#month")).first_selected_option.text == "март"


def test_a_period_without_acts_and_the_pages_of_a_long_list(cabinet: Cabinet) -> None:
    Select(cabinet.find("#month")).select_by_value("12")
    assert "За выбранный период" in cabinet.find('[data-testid="empty"]').text
    cabinet.keep("list-empty")
    Select(cabinet.find("#month")).select_by_value("")
    Select(cabinet.find("#year")).select_by_value("")
    cabinet.find('[rel="next"]').click()
    cabinet.until(lambda driver: "page=2" in driver.current_url)
    cabinet.find('[rel="prev"]')


def test_a_list_that_does_not_come_says_so_and_can_be_asked_again(cabinet: Cabinet) -> None:
    network = cabinet.driver.execute_cdp_cmd
    network("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    network("Network.emulateNetworkConditions", offline)
    try:
        Select(cabinet.find("#year")).select_by_value("2024")
        cabinet.find('[data-testid="list-failed"]')
        cabinet.keep("list-failed")
    finally:
        network("Network.emulateNetworkConditions", {**offline, "offline": False})
    cabinet.find("[data-retry]").click()
    cabinet.until(lambda driver: len(driver.find_elements(By.CSS_SELECTOR, '[data-testid="act"]')) == 36)


def test_a_slow_list_shows_that_it_is_coming(cabinet: Cabinet) -> None:
    network = cabinet.driver.execute_cdp_cmd
    network("Network.enable", {})
    slow = {"offline": False, "latency": 1500, "downloadThroughput": -1, "uploadThroughput": -1}
    network("Network.emulateNetworkConditions", slow)
    try:
        Select(cabinet.find("#year")).select_by_value("2024")
        cabinet.find('[data-testid="loading"]')
        cabinet.keep("list-loading")
        cabinet.until(lambda driver: not driver.find_elements(By.CSS_SELECTOR, '[data-testid="loading"]'))
    finally:
        network("Network.emulateNetworkConditions", {**slow, "latency": 0})


# --- a slow line --------------------------------------------------------------------------------------------------


@pytest.fixture
def without_scripts(cabinet: Cabinet) -> Iterator[Cabinet]:
    """Pages whose scripts have not come yet."""
    cdp = cabinet.driver.execute_cdp_cmd
    cdp("Network.enable", {})
    cdp("Network.setBlockedURLs", {"urls": ["*/static/*.js"]})
    yield cabinet
    cdp("Network.setBlockedURLs", {"urls": []})
    cdp("Network.disable", {})


def let_script_come(cabinet: Cabinet, name: str) -> None:
    cabinet.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    done = cabinet.driver.execute_async_script("import(arguments[0]).then(() => arguments[1](true))", name)
    assert done is True


def test_buttons_of_the_edo_window_wait_for_its_script(without_scripts: Cabinet) -> None:
    cabinet = without_scripts
    cabinet.open_edo()
    assert not cabinet.find("#identify").is_enabled()
    let_script_come(cabinet, "/static/edo.js")
    cabinet.find("#identify").click()
    assert cabinet.problem() == "cancelled"


def test_a_filter_chosen_before_the_script_came_is_followed(without_scripts: Cabinet) -> None:
    cabinet = without_scripts
    cabinet.open("acts?year=")
    Select(cabinet.find("#month")).select_by_index(1)
    assert "month" not in cabinet.driver.current_url
    let_script_come(cabinet, "/static/list.js")
    cabinet.until(lambda driver: "month=1&" in driver.current_url)


# --- signing ------------------------------------------------------------------------------------------------------


def test_an_act_is_signed_from_the_list_to_the_list(cabinet: Cabinet, agent: FakeAgent, head: Party) -> None:
    agent.script = [head]
    cabinet_window = cabinet.driver.current_window_handle
    row = cabinet.find('[data-testid="act"]')
    row.find_element(By.CSS_SELECTOR, '[data-testid="sign"]').click()
    cabinet.until(lambda driver: len(driver.window_handles) == 2)
    cabinet.driver.switch_to.window(cabinet.driver.window_handles[1])
    cabinet.find("#identify").click()
    cabinet.step("document")
    cabinet.find("#sign-act").click()
    cabinet.step("done")
    assert cabinet.find('[data-testid="result"]').get_attribute("data-result") == "signed"
    assert not cabinet.find("#sign-act").is_enabled()
    assert not cabinet.find("#refuse").is_enabled()
    cabinet.driver.close()
    cabinet.driver.switch_to.window(cabinet_window)
    cabinet.driver.refresh()
    assert cabinet.find('[data-testid="status"]').get_attribute("data-status") == "signed"
    identification, signature = (call["args"]["signerParams"] for call in agent.calls)
    assert identification["extKeyUsageOids"] == []
    assert signature["bin"] == ORGANISATION.bin


def test_a_refusal_asks_for_a_reason_and_is_signed(cabinet: Cabinet, agent: FakeAgent, head: Party) -> None:
    agent.script = [head]
    cabinet.open_edo()
    cabinet.find("#identify").click()
    cabinet.find("#refuse").click()
    cabinet.find("#refusal-sign").click()
    assert cabinet.driver.find_elements(By.CSS_SELECTOR, "#reason:invalid")
    cabinet.find("#reason").send_keys("Не сходится сумма за роуминг")
    cabinet.keep("refusal")
    cabinet.find("#refusal-sign").click()
    cabinet.step("done")
    assert cabinet.find('[data-testid="reason"]').text == "Не сходится сумма за роуминг"
    cabinet.keep("refused")


def test_a_trader_signs_with_their_own_key(cabinet: Cabinet, agent: FakeAgent) -> None:
    agent.script = [portals.key(ENTREPRENEUR)]
    cabinet.log_in(ENTREPRENEUR)
    cabinet.open_edo()
    cabinet.find("#identify").click()
    cabinet.find("#sign-act").click()
    cabinet.step("done")


def test_the_other_key_button_goes_back_to_the_first_step(
    cabinet: Cabinet, agent: FakeAgent, head: Party
) -> None:
    agent.script = [head]
    cabinet.open_edo()
    cabinet.find("#identify").click()
    cabinet.find("#forget").click()
    cabinet.step("identification")


def test_an_act_is_signed_inside_its_pdf_where_the_person_chooses_that(
    connected: Cabinet, agent: FakeAgent, issued: Signer
) -> None:
    agent.script = [issued]
    connected.open_edo()
    connected.find("#identify").click()
    connected.find('[data-testid="format-pdf"]').click()
    connected.find("#sign-act").click()
    connected.step("done")
    assert connected.find('[data-testid="timestamp"]').get_attribute("data-timestamp")
    assert connected.find('[data-testid="revocation"]').get_attribute("data-revocation") == "good"
    parameters = agent.calls[-1]["args"]["signingParams"]
    assert parameters == {"decode": True, "stamp": True, "tsaProfile": {}}


def test_without_a_timestamp_the_same_decision_can_be_made_at_once(
    connected: Cabinet, agent: FakeAgent, issued: Signer
) -> None:
    agent.script = [issued, NO_TIMESTAMP, NO_TIMESTAMP, issued]
    connected.open_edo()
    connected.find("#identify").click()
    connected.find("#sign-act").click()
    assert connected.problem() == "timestamp-failed"
    assert "Ничего не подписано" in connected.find('[data-testid="problem"]').text
    connected.keep("problem-timestamp-failed")
    connected.find("#refuse").click()
    connected.find("#reason").send_keys("Не сходится сумма")
    connected.find("#refusal-sign").click()
    assert connected.problem() == "timestamp-failed"
    connected.keep("problem-timestamp-failed-refusal")
    connected.find('[data-testid="without-timestamp"]').click()
    connected.step("done")
    assert connected.find('[data-testid="result"]').get_attribute("data-result") == "refused"
    assert [("tsaProfile" in call["args"]["signingParams"]) for call in agent.calls[1:]] == [
        True,
        True,
        False,
    ]


def test_a_program_that_knows_no_pdf_is_explained_and_signs_in_a_file_of_its_own(
    connected: Cabinet, agent: FakeAgent, issued: Signer
) -> None:
    agent.script = [issued, NO_PDF, issued]
    connected.open_edo()
    connected.find("#identify").click()
    connected.find('[data-testid="format-pdf"]').click()
    connected.find("#sign-act").click()
    assert connected.problem() == "pdf-not-signed"
    connected.keep("problem-pdf-not-signed")
    connected.find('[data-testid="separate-file"]').click()
    connected.step("done")
    assert [call["args"]["format"] for call in agent.calls] == ["cms", "pdf", "cms"]


def test_a_revoked_key_is_told_with_the_date_and_what_to_do(
    connected: Cabinet, agent: FakeAgent, issued: Signer, world: SimulatedAuthorities
) -> None:
    world.revoke(issued.certificate, at=NOW - timedelta(days=2), reason="keyCompromise")
    agent.script = [issued]
    connected.open_edo()
    connected.find("#identify").click()
    assert connected.problem() == "key-revoked"
    told = connected.find('[data-testid="problem"]').text
    for words in ("21.11.2026 14:30", "чужие руки", "egov.kz"):
        assert words in told
    connected.keep("problem-key-revoked")


@pytest.mark.parametrize(
    "look",
    [
        ("ru", "light", 1280, 900),
        ("kk", "dark", 1280, 900),
        ("kk", "light", 1024, 600),
        ("ru", "dark", 390, 844),
        ("en", "light", 390, 844),
    ],
)
def test_every_page_fits_its_screen(
    connected: Cabinet,
    agent: FakeAgent,
    issued: Signer,
    look: tuple[str, str, int, int],
    world: SimulatedAuthorities,
) -> None:
    cabinet = connected
    language, scheme, width, height = look
    name = f"{language}-{scheme}-{width}"
    agent.script = [portals.key(None), issued, NO_TIMESTAMP, NO_PDF, issued]

    def keep(page: str) -> None:
        widths = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        content, screen = cabinet.driver.execute_script(widths)
        assert content <= screen, f"{page} is wider than the screen"
        cabinet.keep(f"{name}-{page}")

    cabinet.look(language=language, scheme=scheme, width=width, height=height)
    keep("keys")
    cabinet.driver.delete_cookie("session")
    cabinet.open("login")
    keep("login")
    cabinet.log_in()
    keep("list")
    cabinet.open_edo()
    keep("identification")
    cabinet.find("#identify").click()
    cabinet.problem()
    keep("key-of-another")
    cabinet.find("#identify").click()
    cabinet.step("document")
    if width > 840:
        cabinet.until(lambda _: cabinet.is_document_shown())
    keep("document")
    cabinet.find("#sign-act").click()
    assert cabinet.problem() == "timestamp-failed"
    keep("timestamp-failed")
    cabinet.find('[data-testid="format-pdf"]').click()
    cabinet.find("#sign-act").click()
    cabinet.find('[data-problem="pdf-not-signed"]')
    keep("pdf-not-signed")
    cabinet.find("#sign-act").click()
    cabinet.step("done")
    if width > 840:
        cabinet.until(lambda _: cabinet.is_document_shown())
    keep("done")
    cabinet.driver.execute_script("document.querySelector('[data-testid=signer]').scrollIntoView()")
    keep("done-below")
    agent.script = [issued]
    world.switch("ocsp", "http-500")
    world.switch("crl", "http-500")
    cabinet.open_edo(1)
    cabinet.find('[data-testid="timestamp"]').click()
    cabinet.find("#refuse").click()
    cabinet.find("#reason").send_keys("Роуминг")
    keep("refusal")
    cabinet.find("#refusal-sign").click()
    cabinet.step("done")
    if width > 840:
        cabinet.until(lambda _: cabinet.is_document_shown())
    keep("refused-unreachable")
    cabinet.open("history")
    keep("history")
    cabinet.open("payments")
    keep("absent")


# --- failures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (CANCELLED, "cancelled"),
        ('{"code":"500","message":"action.canceled"}', "cancelled"),
        (FAILED, "agent-error"),
        ('{"success":false,"errorCode":"MODULE_NOT_FOUND"}', "agent-error"),
        ("not json", "agent-error"),
        ("null", "agent-error"),
        ('{"body":{"result":[]},"status":true}', "agent-error"),
        ('{"body":{"result":"AAAA"},"status":true}', "signature-unreadable"),
        ("hang up", "agent-gone"),
    ],
)
def test_every_answer_of_the_agent_is_explained(
    cabinet: Cabinet, agent: FakeAgent, answer: str, code: str
) -> None:
    agent.script = [answer]
    cabinet.open_edo()
    cabinet.find("#identify").click()
    assert cabinet.problem() == code
    assert cabinet.find("#identify").is_enabled()
    cabinet.keep(f"problem-{code}")


def test_keys_that_do_not_fit_are_explained_with_what_was_compared(
    cabinet: Cabinet, agent: FakeAgent
) -> None:
    agent.script = [portals.key(None), portals.key(ORGANISATION, end=NOW - timedelta(days=1)),
                    portals.key(ORGANISATION, "p256")]  # fmt: skip
    cabinet.open_edo()
    for code in ("key-of-another", "key-expired", "key-not-for-identification"):
        cabinet.find("#identify").click()
        cabinet.find(f'[data-problem="{code}"]')
        assert "ӘБДІРАХМАНОВА" in cabinet.find('[data-problem] [data-part="facts"]').text
        cabinet.keep(f"problem-{code}")


def test_a_person_can_stop_waiting(cabinet: Cabinet, agent: FakeAgent) -> None:
    agent.script = ["wait"]
    cabinet.open_edo()
    cabinet.find("#identify").click()
    cabinet.find('[data-waiting="person"]')
    assert not cabinet.find("#identify").is_enabled()
    cabinet.keep("waiting")
    cabinet.find('[data-testid="abort"]').click()
    assert cabinet.problem() == "cancelled"


def test_a_person_who_was_signed_out_meanwhile_is_told(cabinet: Cabinet) -> None:
    cabinet.open_edo()
    cabinet.driver.delete_all_cookies()
    cabinet.find("#identify").click()
    assert cabinet.problem() == "signed-out"


def test_something_else_on_the_port_is_told_from_the_agent(
    driver: Chrome, tmp_path: Path, artefacts: Path
) -> None:
    with (
        FakeAgent(CANCELLED, greeting="220 mail ready") as other,
        portals.served(tmp_path, agent_url=other.url) as portal,
    ):
        cabinet = Cabinet(driver, portal.settings.url, artefacts)
        cabinet.log_in()
        cabinet.open_edo()
        cabinet.find("#identify").click()
        assert cabinet.problem() == "agent-silent"


def test_an_agent_that_does_not_run_is_explained_with_a_check_the_person_can_make(
    driver: Chrome, tmp_path: Path, artefacts: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with portals.served(tmp_path, agent_url=f"wss://127.0.0.1:{port}/") as portal:
        cabinet = Cabinet(driver, portal.settings.url, artefacts)
        cabinet.look()
        cabinet.log_in()
        cabinet.open_edo()
        cabinet.find("#identify").click()
        assert cabinet.problem() == "agent-unreachable"
        assert (
            cabinet.find('[data-testid="self-check"]').get_attribute("href") == f"https://127.0.0.1:{port}/"
        )
        cabinet.keep("problem-agent-unreachable")


# --- a public page ------------------------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path) -> SiteAuthority:
    return SiteAuthority.create(tmp_path / "sites")


@pytest.fixture
def public_portal(tmp_path: Path, authority: SiteAuthority, head: Party) -> Iterator[tuple[Portal, Path]]:
    """The portal under https://portal.test, and a HOME whose browser trusts its certificate and the agent's."""
    home = tmp_path / "home"
    browsers.trust(browsers.chromium_store(home), authority.certificate_path)
    with ExitStack() as stack:
        agent = stack.enter_context(FakeAgent(head, tls=authority.issue("127.0.0.1").tls()))
        certificate = authority.issue("portal.test")
        portal = stack.enter_context(
            portals.served(
                tmp_path / "portal", name="portal.test", certificate=certificate, agent_url=agent.url
            )
        )
        yield portal, home


def test_a_public_page_explains_a_denied_permission_and_works_when_it_is_given(
    public_portal: tuple[Portal, Path], artefacts: Path
) -> None:
    portal, home = public_portal
    origin = portal.settings.public_name or ""
    with browsers.chromium(home, public_ports=[portal.settings.port]) as driver:
        cabinet = Cabinet(driver, f"{origin}/", artefacts)
        cabinet.log_in()
        cabinet.open_edo()
        cabinet.find("#identify").click()
        # Without a window the browser denies by itself.
        assert cabinet.problem() == "permission-denied"
        cabinet.keep("problem-permission-denied")
        permission = {"permission": {"name": "loopback-network"}, "setting": "granted", "origin": origin}
        driver.execute_cdp_cmd("Browser.setPermission", permission)
        cabinet.find("#identify").click()
        cabinet.step("document")


def test_firefox_tells_an_agent_that_it_does_not_trust_from_one_that_does_not_run(
    tmp_path: Path, authority: SiteAuthority, artefacts: Path
) -> None:
    with (
        FakeAgent(CANCELLED, tls=authority.issue("127.0.0.1").tls()) as agent,
        portals.served(tmp_path / "portal", agent_url=agent.url) as portal,
        browsers.firefox(tmp_path / "home") as page,
    ):
        page.open(portal.settings.url + "login")
        form = {"phone": ORGANISATION.phone, "password": ORGANISATION.password}
        page.evaluate(f"""(async () => {{
            const body = new URLSearchParams({form});
            body.set("csrf", document.querySelector("[name=csrf]").value);
            await fetch("/login", {{ method: "POST", body }});
        }})()""")
        page.open(portal.settings.url + "acts/1/edo")
        code = page.evaluate("""new Promise((resolve) => {
            const message = document.getElementById("message");
            new MutationObserver(() => {
                const problem = message.querySelector("[data-problem]");
                if (problem) resolve(problem.dataset.problem);
            }).observe(message, { childList: true });
            document.getElementById("identify").click();
        })""")
        assert code == "agent-untrusted"
        page.screenshot(artefacts / "portal-problem-agent-untrusted.png")
