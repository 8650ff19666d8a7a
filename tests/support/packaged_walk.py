"""A person at a computer on which the package is installed: they log in, open a page in their browser, and sign what it asks for.

Run inside a copied machine, as that person; what the page got is printed as JSON:

    python -m tests.support.packaged_walk sign --browser chromium --page-port 8001 --key a.p12 --password ...
    python -m tests.support.packaged_walk look --browser firefox --page-port 8002      the page asks only which tokens there are

The browser is told nothing about the agent: that it trusts it is the package's doing.
"""

import argparse
import base64
import contextlib
import http.server
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from demo.screen import Screen, hidden_screen
from tests.support import browsers
from tests.support.program_lines import next_line
from tests.support.visits import ChromiumTab, FirefoxTab, Tab

START_AT_LOGIN = "/usr/lib/qalamsap/libexec/start-at-login"
AGENT = "wss://127.0.0.1:13579/"
DOCUMENT = "Акт № 1".encode()
LIMIT_S = 90
# What the agent answers without asking anybody.
QUESTION = {"module": "kz.gov.pki.knca.commonUtils", "method": "getActiveTokens", "args": []}
# The page's whole client. What it heard is kept, for whoever drives the browser asks for it again and again.
PAGE = """
<!doctype html><title>page</title><script>
const heard = [];
function ask(call) {
  const socket = new WebSocket("AGENT");
  socket.onmessage = event => {
    heard.push(event.data);
    if (heard.length === 1) socket.send(call);
  };
  socket.onclose = event => heard.push("CLOSED " + event.code);
}
</script>
""".replace("AGENT", AGENT)


@contextlib.contextmanager
def served(port: int) -> Iterator[str]:
    """The page, at that port of this computer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE.encode())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{port}/"
        server.shutdown()


@contextlib.contextmanager
def logged_in(screen: Screen) -> Iterator[subprocess.Popen[str]]:
    """The agent as the desktop starts it. It is stopped at the end, as by the end of a session."""
    with subprocess.Popen(
        [START_AT_LOGIN], env=screen.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as agent:
        try:
            assert agent.stdout is not None
            line = next_line(agent.stdout, LIMIT_S)
            assert line == f"listening on {AGENT}\n", line
            yield agent
        finally:
            agent.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                agent.wait(LIMIT_S)
            agent.kill()


@contextlib.contextmanager
def tab_of(browser: str) -> Iterator[Tab]:
    if browser == "chromium":
        # Its sandbox makes a user namespace, which the kernel allows nobody inside a chroot.
        with browsers.chromium(Path.home(), arguments=["--no-sandbox"]) as driver:
            yield ChromiumTab(driver)
    else:
        with browsers.firefox(Path.home()) as page:
            yield FirefoxTab(page)


def wait_for_words(tab: Tab, count: int) -> list[str]:
    """What the page heard, once that is so much, or its socket is closed."""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        heard: list[str] = json.loads(tab.evaluate("JSON.stringify(heard)"))
        if len(heard) >= count or any(word.startswith("CLOSED") for word in heard):
            return heard
        time.sleep(0.1)
    raise AssertionError(f"the page heard only {heard}")


def sign(tab: Tab, screen: Screen, key: Path, password: str) -> list[str]:
    call = {
        "module": "kz.gov.pki.knca.basics",
        "method": "sign",
        "args": {
            "format": "cms",
            "data": base64.b64encode(DOCUMENT).decode(),
            "signingParams": {"decode": True, "encapsulate": False},
            "signerParams": {"extKeyUsageOids": [], "chain": []},
            "locale": "ru",
        },
    }
    tab.evaluate(f"ask({json.dumps(json.dumps(call))})")
    if len(heard := wait_for_words(tab, 1)) == 1 and not heard[0].startswith("CLOSED"):
        screen.open_key(key, password)
        screen.approve()
    return wait_for_words(tab, 2)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("sign", "look"))
    parser.add_argument("--browser", choices=("chromium", "firefox"), required=True)
    parser.add_argument("--page-port", type=int, required=True)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--password", default="")
    options = parser.parse_args()
    told: dict[str, Any] = {}
    with (
        hidden_screen() as screen,
        logged_in(screen),
        served(options.page_port) as address,
        tab_of(options.browser) as tab,
    ):
        tab.open(address)
        if options.what == "sign":
            told["heard"] = sign(tab, screen, options.key, options.password)
        else:
            tab.evaluate(f"ask({json.dumps(json.dumps(QUESTION))})")
            told["heard"] = wait_for_words(tab, 2)
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
