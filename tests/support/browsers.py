"""Real browsers for tests, each in a world of its own: private HOME, private profile, no flag that ignores certificates.

    with browsers.chromium(home, public_ports=[port]) as driver:     # a selenium driver
        driver.get(...)
    with browsers.firefox(home) as page:                             # WebDriver BiDi, spoken directly
        page.open(...)

Trust is given as a person or IT would: `browsers.trust(browsers.chromium_store(home), authority)` before the start, or a
policy file in a mount namespace (`tests.support.worlds`), entered with `prefix=world.prefix`.
"""

import base64
import contextlib
import itertools
import json
import os
import queue
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from websockets.sync.client import ClientConnection, connect

from tests.support.worlds import private_environment

# What a page sees of one WebSocket: "OK <first message>", "CLOSED <code>", or "PENDING" while the browser waits for a person.
WEBSOCKET_OUTCOME = """(url, limit_ms) => new Promise(answer => {
  try {
    const socket = new WebSocket(url);
    socket.onmessage = event => { answer('OK ' + event.data); socket.close(); };
    socket.onclose = event => answer('CLOSED ' + event.code);
    setTimeout(() => answer('PENDING'), limit_ms);
  } catch (error) { answer('THROWN ' + error.name); }
})"""
START_S = 60
COMMAND_S = 30


def needs(tool: str) -> str:
    """The path of a program, or a skip that names it."""
    path = shutil.which(tool)
    if path is None:
        pytest.skip(f"needs tool: {tool}")
    return path


# --- trust ------------------------------------------------------------------------------------------------------


def chromium_store(home: Path) -> Path:
    """Where this HOME's Chromium looks for a person's own authorities."""
    return home / ".local/share/pki/nssdb"


def trust(store: Path, authority: Path, name: str = "test site authority") -> None:
    """Puts an authority into an NSS database (made if missing), for TLS servers only."""
    certutil = needs("certutil")
    if not (store / "cert9.db").exists():
        store.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [certutil, "-d", f"sql:{store}", "-N", "--empty-password"], check=True, timeout=COMMAND_S
        )
    subprocess.run(
        [certutil, "-d", f"sql:{store}", "-A", "-n", name, "-t", "C,,", "-i", str(authority)],
        check=True,
        timeout=COMMAND_S,
    )


# --- Chromium ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def chromium(
    home: Path,
    *,
    hosts: Mapping[str, str] | None = None,
    public_ports: Sequence[int] = (),
    arguments: Sequence[str] = (),
    preferences: Mapping[str, object] | None = None,
    headless: bool = True,
    prefix: Sequence[str] = (),
) -> Iterator[webdriver.Chrome]:
    """Starts Debian's Chromium through its own driver.

    `hosts` maps names to addresses (portal.test always is 127.0.0.1); every other name fails to resolve, so nothing leaves
    the machine. `public_ports`: ports of 127.0.0.1 that count as the public network (Local Network Access). `prefix` is
    put before the driver, for a mount namespace. The console is read with `driver.get_log("browser")`.
    """
    binary, driver_path = needs("chromium"), needs("chromedriver")
    home.mkdir(parents=True, exist_ok=True)
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    rules = [
        f"MAP {name} {address}" for name, address in {"portal.test": "127.0.0.1", **(hosts or {})}.items()
    ]
    rules += ["MAP * ~NOTFOUND", "EXCLUDE localhost", "EXCLUDE 127.*", "EXCLUDE [::1]"]
    switches = [
        "--no-first-run",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-dev-shm-usage",
        "--window-size=1280,1000",
        f"--user-data-dir={home / 'chromium-profile'}",
        f"--host-resolver-rules={','.join(rules)}",
        *arguments,
    ]
    if headless:
        switches.append("--headless=new")
    if os.geteuid() == 0:
        switches.append("--no-sandbox")  # Chromium's own sandbox refuses to start as root
    if public_ports:
        overrides = ",".join(f"127.0.0.1:{port}=public" for port in public_ports)
        switches.append(f"--ip-address-space-overrides={overrides}")
    for switch in switches:
        options.add_argument(switch)
    if preferences:
        options.add_experimental_option("prefs", dict(preferences))
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(
        executable_path=_wrapped(driver_path, prefix, home), env=private_environment(home)
    )
    driver = webdriver.Chrome(options=options, service=service)
    try:
        driver.set_page_load_timeout(COMMAND_S)
        driver.set_script_timeout(COMMAND_S)
        yield driver
    finally:
        driver.quit()


def _wrapped(program: str, prefix: Sequence[str], folder: Path) -> str:
    """selenium starts one program, so a prefix becomes a script of its own."""
    if not prefix:
        return program
    script = folder / "driver-in-namespace"
    script.write_text(f'#!/bin/sh\nexec {shlex.join([*prefix, program])} "$@"\n')
    script.chmod(0o700)
    return str(script)


def websocket_in_chromium(driver: webdriver.Chrome, url: str, limit_ms: int = 8000) -> str:
    """What the open page gets when it opens a WebSocket: "OK hello", "CLOSED 1006", "PENDING"."""
    script = f"const [url, limit, done] = arguments; ({WEBSOCKET_OUTCOME})(url, limit).then(done)"
    outcome: str = driver.execute_async_script(script, url, limit_ms)
    return outcome


def console_of(driver: webdriver.Chrome) -> str:
    """The console since the last call, one text: net errors name their reason here and nowhere else."""
    return "\n".join(entry["message"] for entry in driver.get_log("browser"))


# --- Firefox ----------------------------------------------------------------------------------------------------

QUIET_PREFERENCES: Mapping[str, object] = {
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.systemAddon.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
    "remote.active-protocols": 1,  # WebDriver BiDi
}


class BidiError(Exception):
    """The browser refused a command."""


class FirefoxPage:
    """One tab of a running Firefox, driven by WebDriver BiDi (w3c.github.io/webdriver-bidi) without geckodriver."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self.console: list[str] = []
        session = self.command("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": False}})
        self.version: str = session["capabilities"]["browserVersion"]
        self.command("session.subscribe", events=["log.entryAdded"])
        self.context: str = self.command("browsingContext.getTree")["contexts"][0]["context"]

    def command(self, method: str, **parameters: object) -> Any:
        """Sends one command and gives its result; console lines that come meanwhile are kept."""
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._connection.recv(timeout=COMMAND_S))
            if message.get("id") == number:
                if message["type"] == "error":
                    raise BidiError(f"{message['error']}: {message['message']}")
                return message["result"]
            if message.get("method") == "log.entryAdded":
                self.console.append(message["params"].get("text") or "")

    def open(self, url: str) -> None:
        """Goes to a page and waits until it is loaded; raises BidiError where it can't be (an untrusted certificate)."""
        self.command("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page; a promise is awaited."""
        answer = self.command(
            "script.evaluate", expression=expression, target={"context": self.context}, awaitPromise=True
        )
        if answer["type"] == "exception":
            raise BidiError(answer["exceptionDetails"]["text"])
        return answer["result"].get("value")

    def websocket(self, url: str, limit_ms: int = 8000) -> str:
        """What the open page gets when it opens a WebSocket: "OK hello", "CLOSED 1015", "PENDING"."""
        outcome: str = self.evaluate(f"({WEBSOCKET_OUTCOME})({json.dumps(url)}, {limit_ms})")
        return outcome

    def screenshot(self, path: Path) -> None:
        """Writes a PNG of what is seen of the page."""
        answer = self.command("browsingContext.captureScreenshot", context=self.context)
        path.write_bytes(base64.b64decode(answer["data"]))


@contextlib.contextmanager
def firefox(
    home: Path,
    *,
    profile: Path | None = None,
    local_names: Sequence[str] = ("portal.test",),
    preferences: Mapping[str, object] | None = None,
    headless: bool = True,
    prefix: Sequence[str] = (),
) -> Iterator[FirefoxPage]:
    """Starts Firefox ESR with a profile of its own (`home`/firefox-profile, or one that exists).

    `local_names` resolve to 127.0.0.1. Preferences are added to the profile's user.js.
    """
    binary = needs("firefox-esr")
    folder = profile or home / "firefox-profile"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {**QUIET_PREFERENCES, "network.dns.localDomains": ",".join(local_names), **(preferences or {})}
    with (folder / "user.js").open("a", encoding="utf-8") as script:
        script.writelines(f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in wanted.items())
    command = [
        *prefix,
        binary,
        "--no-remote",
        "--profile",
        str(folder),
        "--remote-debugging-port=0",
        "about:blank",
    ]
    if headless:
        command.append("--headless")
    process = subprocess.Popen(
        command,
        env={**private_environment(home), "MOZ_CRASHREPORTER_DISABLE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        with connect(f"{_bidi_address(process)}/session", max_size=2**26, compression=None) as connection:
            page = FirefoxPage(connection)
            try:
                yield page
            finally:
                with contextlib.suppress(Exception):
                    page.command("browser.close")
    finally:
        _end(process)


def _bidi_address(process: subprocess.Popen[str]) -> str:
    """Waits for the line in which Firefox says where it listens, and keeps reading so that it never blocks."""
    found: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            if "WebDriver BiDi listening on " in line:
                found.put(line.rsplit(" ", 1)[1].strip())
        found.put(None)

    threading.Thread(target=read, name="firefox-errors", daemon=True).start()
    address = found.get(timeout=START_S)
    if address is None:
        raise BidiError("firefox ended before it listened")
    return address


def _end(process: subprocess.Popen[str]) -> None:
    """Waits for the browser's own end; after that, its whole session, which is ours alone, is killed."""
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(15)
    finally:
        assert process.stderr is not None
        with contextlib.suppress(OSError, ValueError):
            process.stderr.close()
