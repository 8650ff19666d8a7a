"""What the client tells a page in real browsers: every reason that they let a page see, and a signature from the example page."""

import base64
import contextlib
import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from agent.formats import cms, login
from agent.server import limits
from demo import screen
from tests.sdk.conftest import Site
from tests.support import agents, authority, browsers, portal_process, sites, worlds
from tests.support.portals import CANCELLED, FakeAgent

pytestmark = pytest.mark.browser
WAIT_S = 40
# Connects as a page would, and tells what came of it.
CONNECT = """(url => import('/src/index.js').then(async ({ connect, permission }) => {
  const before = await permission();
  try {
    const agent = await connect({ url, language: 'en', onPermissionPrompt: () => { window.wasAsked = true; } });
    agent.close();
    return { kind: agent.kind, before };
  } catch (error) {
    return { ...error, name: error.name, message: error.message, before };
  }
}))"""
SiteOver = Callable[[ssl.SSLContext], contextlib.AbstractContextManager[Site]]


def connect(driver: Chrome, url: str) -> Mapping[str, Any]:
    driver.set_script_timeout(WAIT_S)
    script = (
        f"const [url, done] = arguments; {CONNECT}(url).then(done, error => done({{ name: String(error) }}))"
    )
    found: Mapping[str, Any] = driver.execute_async_script(script, url)
    return found


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A browser that trusts nothing of ours."""
    with browsers.chromium(tmp_path_factory.mktemp("home")) as driver:
        yield driver


@pytest.fixture(scope="module")
def untrusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[agents.RunningAgent]:
    with agents.simulated(tmp_path_factory.mktemp("agent"), []) as agent:
        yield agent


def not_running() -> str:
    return f"wss://127.0.0.1:{portal_process.free_port()}/"


# --- a page of this computer --------------------------------------------------------------------------------------


def test_chromium_tells_an_agent_that_it_does_not_trust_from_one_that_does_not_run(
    chromium: Chrome, site: Site, untrusted: agents.RunningAgent
) -> None:
    chromium.get(f"http://localhost:{site.port}/")
    told = connect(chromium, untrusted.url)
    assert (told["name"], told["code"], told["retryable"]) == ("QalamsapError", "TLS_UNTRUSTED", False)
    assert told["help"] == f"https://127.0.0.1:{untrusted.port}/"
    assert "code 1006" in told["detail"]
    told = connect(chromium, not_running())
    assert (told["code"], told["retryable"], told["before"]) == ("NOT_RUNNING", True, "unknown")
    assert told["message"] == "The signing agent does not answer."


def test_a_page_whose_policy_forbids_the_agent_is_told_which_rule_it_is(
    chromium: Chrome, site: Site, untrusted: agents.RunningAgent
) -> None:
    for policy, directive in (("connect-src 'self'", "connect-src"), ("default-src 'self'", "connect-src")):
        site.headers["Content-Security-Policy"] = policy
        chromium.get(f"http://localhost:{site.port}/")
        told = connect(chromium, untrusted.url)
        assert told["code"] == "POLICY_BLOCKED", told
        assert f"Content-Security-Policy of the page: {directive} has no {untrusted.url}" in told["detail"]
    # What is only reported hinders nobody.
    site.headers.clear()
    site.headers["Content-Security-Policy-Report-Only"] = "connect-src 'self'"
    chromium.get(f"http://localhost:{site.port}/")
    assert connect(chromium, untrusted.url)["code"] == "TLS_UNTRUSTED"


def test_a_policy_that_forbids_only_the_plain_address_leaves_both_open_and_says_so(
    chromium: Chrome, site: Site, untrusted: agents.RunningAgent
) -> None:
    site.headers["Content-Security-Policy"] = f"connect-src {untrusted.url}"
    chromium.get(f"http://localhost:{site.port}/")
    told = connect(chromium, untrusted.url)
    assert told["code"] == "NOT_RUNNING"
    assert "plain HTTP: not allowed by the page's Content-Security-Policy" in told["detail"]


def test_an_agent_without_tls_is_told_from_something_else(chromium: Chrome, site: Site) -> None:
    chromium.get(f"http://localhost:{site.port}/")
    with FakeAgent(CANCELLED) as ncalayer, FakeAgent(CANCELLED, greeting="220 mail ready") as other:
        assert connect(chromium, ncalayer.url)["kind"] == "ncalayer"
        assert connect(chromium, other.url)["code"] == "SILENT"


def test_a_page_that_comes_back_from_the_browsers_cache_has_hung_up(chromium: Chrome, site: Site) -> None:
    chromium.get(f"http://localhost:{site.port}/")
    with FakeAgent("wait") as agent:
        script = """const [url, done] = arguments;
            import('/src/index.js').then(({ connect }) => connect({ url })).then(agent => {
                window.agent = agent;
                agent.call({ module: 'm', method: 'x' }).catch(error => { window.told = error.detail; });
                done();
            })"""
        chromium.execute_async_script(script, agent.url)
        chromium.execute_script("location.href = '/README.md'")
        WebDriverWait(chromium, WAIT_S).until(lambda page: page.current_url.endswith("README.md"))
        chromium.back()
        found = chromium.execute_script("return window.agent ? [window.told, window.agent.isOpen] : null")
        why = chromium.execute_script(
            "return JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons)"
        )
    if found is None:
        pytest.skip(f"needs tool: a browser that keeps a page that is left for the way back ({why})")
    assert found == ["WebSocket closed, code 1000, the page was left", False]


def test_firefox_says_the_same(site: Site, untrusted: agents.RunningAgent, tmp_path: Path) -> None:
    with browsers.firefox(tmp_path / "home") as page:

        def code(url: str) -> str:
            found = page.evaluate(f"{CONNECT}({json.dumps(url)}).then(JSON.stringify)")
            return str(json.loads(found)["code"])

        page.open(f"http://localhost:{site.port}/")
        assert code(untrusted.url) == "TLS_UNTRUSTED"
        assert code(not_running()) == "NOT_RUNNING"
        site.headers["Content-Security-Policy"] = "connect-src 'self'"
        page.open(f"http://localhost:{site.port}/?policy")
        assert code(untrusted.url) == "POLICY_BLOCKED"


FILL = """const [url, count, done] = arguments;
    const call = JSON.stringify({ module: 'kz.gov.pki.knca.basics', method: 'sign',
        args: { format: 'cms', data: 'SGVsbG8=', signingParams: { decode: 'true' }, signerParams: {}, locale: 'en' } });
    const open = () => new Promise((resolve, reject) => {
        const socket = new WebSocket(url);
        socket.onerror = reject;
        socket.onopen = () => { socket.send(call); socket.send('--heartbeat--'); };
        socket.onmessage = ({ data }) => data === '--heartbeat--' && resolve(socket);
    });
    const legacy = () => new Promise(resolve => {
        const told = [];
        const socket = new WebSocket(url);
        for (const name of ['open', 'message', 'error', 'close']) {
            socket.addEventListener(name, ({ code, wasClean }) => told.push(code ? [name, code, wasClean] : name));
        }
        socket.addEventListener('close', () => resolve(told));
    });
    (async () => {
        window.sockets = [];
        while (sockets.length < count) sockets.push(await open());
        return legacy();
    })().then(done, error => done(String(error)))"""


def test_a_page_with_one_socket_too_many_hears_that_the_agent_is_busy(tmp_path: Path, site: Site) -> None:
    key = {"key": authority.path("gost2015-individual"), "password": authority.PASSWORD}
    slow = [{**key, "decision": "sign", "delay_s": 60.0}]
    home = tmp_path / "home"
    with agents.simulated(tmp_path / "agent", slow, test_authorities=authority.issuing_paths()) as agent:
        browsers.trust(browsers.chromium_store(home), agent.authority_path, "agent")
        with browsers.chromium(home) as driver:
            driver.set_script_timeout(WAIT_S)
            driver.get(f"http://localhost:{site.port}/")
            found = driver.execute_async_script(FILL, agent.url, limits.PER_OWNER)
            assert found == ["open", ["close", 1013, True]]
            told = connect(driver, agent.url)
    assert (told["code"], told["retryable"]) == ("BUSY", True), told


# --- a public page ------------------------------------------------------------------------------------------------


@pytest.fixture
def public(tmp_path: Path, site_over: SiteOver) -> Iterator[tuple[Site, str, Path]]:
    """https://portal.test, the address of an agent, and a HOME whose browser trusts both."""
    home = tmp_path / "home"
    issuing = sites.SiteAuthority.create(tmp_path / "sites")
    browsers.trust(browsers.chromium_store(home), issuing.certificate_path)
    with (
        site_over(issuing.issue("portal.test").tls()) as site,
        FakeAgent(CANCELLED, tls=issuing.issue("127.0.0.1").tls()) as agent,
    ):
        yield site, agent.url, home


def permit(driver: Chrome, origin: str, setting: str) -> None:
    permission = {"permission": {"name": "loopback-network"}, "setting": setting, "origin": origin}
    driver.execute_cdp_cmd("Browser.setPermission", permission)


def test_a_public_page_connects_when_it_is_granted_and_knows_when_it_is_denied(
    public: tuple[Site, str, Path],
) -> None:
    site, agent, home = public
    origin = f"https://portal.test:{site.port}"
    with browsers.chromium(home, public_ports=[site.port]) as driver:
        driver.get(f"{origin}/")
        told = connect(driver, agent)  # without a window nobody can be asked, so the browser denies
        assert (told["code"], told["retryable"]) == ("LNA_DENIED", False), told
        permit(driver, origin, "granted")
        assert connect(driver, agent) == {"kind": "ncalayer", "before": "granted"}
        assert connect(driver, not_running())["code"] == "NOT_RUNNING"
        permit(driver, origin, "denied")
        told = connect(driver, agent)
        assert (told["code"], told["before"]) == ("LNA_DENIED", "denied")


def test_a_public_page_without_trust_is_told_so_where_it_may_ask(
    public: tuple[Site, str, Path], untrusted: agents.RunningAgent
) -> None:
    site, _, home = public
    origin = f"https://portal.test:{site.port}"
    with browsers.chromium(home, public_ports=[site.port]) as driver:
        driver.get(f"{origin}/")
        permit(driver, origin, "granted")
        assert connect(driver, untrusted.url)["code"] == "TLS_UNTRUSTED"


def test_a_public_page_that_denies_itself_the_permission_is_told_so(public: tuple[Site, str, Path]) -> None:
    site, agent, home = public
    site.headers["Permissions-Policy"] = "loopback-network=(), local-network-access=()"
    with browsers.chromium(home, public_ports=[site.port]) as driver:
        driver.get(f"https://portal.test:{site.port}/")
        told = connect(driver, agent)
        assert told["code"] == "POLICY_BLOCKED", told
        assert "Permissions-Policy of the page: loopback-network is off" in told["detail"]


@pytest.mark.root
def test_a_site_that_the_organisation_blocks_is_denied(
    tmp_path: Path, public: tuple[Site, str, Path]
) -> None:
    site, agent, home = public
    origin = f"https://portal.test:{site.port}"
    with worlds.own_world(tmp_path / "world") as world:
        policy = json.dumps({"LoopbackNetworkBlockedForUrls": [origin]})
        script = "mkdir -p /etc/chromium/policies/managed && cat > /etc/chromium/policies/managed/block.json"
        done = world.run("sh", "-c", f"echo '{policy}' | ({script})", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        with browsers.chromium(home, public_ports=[site.port], prefix=world.prefix) as driver:
            driver.get(f"{origin}/")
            assert connect(driver, agent)["code"] == "LNA_DENIED"


def test_a_public_page_without_tls_is_told_that_this_is_the_reason(
    tmp_path: Path, site: Site, untrusted: agents.RunningAgent
) -> None:
    with browsers.chromium(tmp_path / "home", public_ports=[site.port]) as driver:
        driver.get(f"http://portal.test:{site.port}/")
        assert connect(driver, untrusted.url)["code"] == "INSECURE_PAGE"


@pytest.mark.display
def test_the_page_hears_of_the_browsers_question_and_when_nobody_answered_it(
    public: tuple[Site, str, Path], artefacts: Path
) -> None:
    if lacking := screen.missing():
        pytest.skip(f"needs tool: {', '.join(lacking)}")
    site, agent, home = public
    with screen.hidden_screen() as hidden:
        prefix = [browsers.needs("env"), f"DISPLAY={hidden.environment['DISPLAY']}"]
        with browsers.chromium(home, public_ports=[site.port], headless=False, prefix=prefix) as driver:
            driver.get(f"https://portal.test:{site.port}/")
            driver.execute_script(f"{CONNECT}(arguments[0]).then(told => {{ window.told = told; }})", agent)
            wait = WebDriverWait(driver, WAIT_S)
            wait.until(lambda page: page.execute_script("return window.wasAsked"))
            time.sleep(1)  # the browser ignores what is pressed before a person could have read its question
            hidden.picture(artefacts / "sdk-question.png")
            hidden.press("Escape")
            told = wait.until(lambda page: page.execute_script("return window.told"))
    assert (told["code"], told["before"], told["retryable"]) == ("LNA_PROMPT", "prompt", True)


# --- login and the example page -----------------------------------------------------------------------------------


def test_a_login_names_the_page_that_asked_for_it(tmp_path: Path, site: Site) -> None:
    nonce = "A" * 43
    key = {"key": authority.path("gost2015-individual"), "password": authority.PASSWORD}
    home = tmp_path / "home"
    with agents.simulated(
        tmp_path / "agent", [{**key, "decision": "sign"}], test_authorities=authority.issuing_paths()
    ) as agent:
        browsers.trust(browsers.chromium_store(home), agent.authority_path, "agent")
        with browsers.chromium(home) as driver:
            driver.set_script_timeout(WAIT_S)
            driver.get(f"http://localhost:{site.port}/")
            script = """const [url, nonce, done] = arguments;
                import('/src/index.js').then(({ connect }) => connect({ url }))
                    .then(agent => agent.login({ nonce, key: { authorities: [] } })).then(done, error => done({ ...error }))"""
            told = driver.execute_async_script(script, agent.url, nonce)
    message = cms.read(base64.b64decode(told["login"]))
    statement = login.read(message)
    assert (statement.origin, statement.nonce) == (f"http://localhost:{site.port}", nonce)
    (evidence,) = cms.verify(message, None)
    assert evidence.signature == "valid"
    assert evidence.certificate is not None
    assert evidence.certificate.der == base64.b64decode(told["certificate"])


def test_the_example_page_signs_a_file_and_says_when_the_person_does_not(
    tmp_path: Path, site: Site, artefacts: Path
) -> None:
    document = tmp_path / "құжат.bin"
    document.write_bytes(bytes(range(256)) * 4096)
    key = {"key": authority.path("gost2015-individual"), "password": authority.PASSWORD}
    answers = [{**key, "decision": "sign"}, {**key, "decision": "cancel"}]
    home = tmp_path / "home"
    with agents.simulated(tmp_path / "agent", answers, test_authorities=authority.issuing_paths()) as agent:
        browsers.trust(browsers.chromium_store(home), agent.authority_path, "agent")
        with browsers.chromium(home) as driver:
            driver.get(f"http://localhost:{site.port}/examples/sign.html?port={agent.port}")
            wait = WebDriverWait(driver, WAIT_S)
            driver.find_element(By.ID, "sign").click()
            assert "Сначала выберите файл" in driver.find_element(By.ID, "message").text
            driver.find_element(By.ID, "file").send_keys(str(document))
            driver.find_element(By.ID, "sign").click()
            link = wait.until(lambda page: page.find_element(By.ID, "signature"))
            driver.save_screenshot(str(artefacts / "sdk-example.png"))
            octets = driver.execute_async_script(
                "const [url, done] = arguments; fetch(url).then(it => it.arrayBuffer()).then(it => done([...new Uint8Array(it)]))",
                link.get_attribute("href"),
            )
            driver.find_element(By.ID, "sign").click()
            wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, "[data-code=CANCELLED]"))
    (evidence,) = cms.verify(cms.read(bytes(octets)), document.read_bytes())
    assert evidence.signature == "valid"
