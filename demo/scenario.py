"""`./dev demo`: the agent, its tray icon, the portal with test keys, and a browser that trusts the agent.

With --auto it plays the whole scenario by itself: a headless Chromium for the person's eyes and mouse in the portal, the
agent's real windows on a hidden screen for their hands. Each step is printed, and documents and screenshots are kept.

Everything lives below one folder. The browser has a profile of its own that trusts the agent; nothing else on the computer is
touched.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.localhost import identity
from agent.localhost.private_profile import PrivateProfile, prepare_profile
from demo import screen

ROOT = Path(__file__).resolve().parent.parent
AGENT_PORT = 13579
PORTAL_PORT = 8562  # the number of the order that made the form of the act
READY = re.compile(r"listening on (\w+)://127\.0\.0\.1:(\d+)/")
START_S = 90


class DemoFailed(Exception):
    """A step did not come out as it should."""


def main() -> int:
    options = _options()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, _interrupted)
    try:
        if options.auto:
            from demo import play  # noqa: PLC0415  # selenium is installed for tests and this only

            with screen.hidden_screen() as hidden:
                play.play(options.state, options.out, hidden, options.port)
        else:
            invite(options.state, options.port or AGENT_PORT)
    except screen.MissingProgram as error:
        return _complain(f"this needs programs that are not installed: {error}")
    except (DemoFailed, screen.NoWindow) as error:
        return _complain(str(error))
    except KeyboardInterrupt:
        say("stopped")
    return 0


def say(text: str) -> None:
    print(f"demo: {text}", flush=True)


def _complain(text: str) -> int:
    print(f"demo: {text}", file=sys.stderr)
    return 1


def _interrupted(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo.scenario", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="where everything lives")
    parser.add_argument(
        "--out", type=Path, required=True, help="where --auto leaves documents and screenshots"
    )
    parser.add_argument("--port", type=int, default=0, help="port of the agent")
    parser.add_argument("--auto", action="store_true", help="play the scenario without a person")
    return parser.parse_args()


# --- the cast -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cast:
    """The running programs of the demo."""

    agent_url: str
    portal_url: str
    keys_dir: Path
    authority_path: Path


@contextlib.contextmanager
def cast(
    state: Path, port: int, portal_port: int, environment: Mapping[str, str], *, tray: str
) -> Iterator[Cast]:
    """Starts agent and portal, and stops them after the block. Raises DemoFailed."""
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)
    agent_dir, portal_dir = state / "agent", state / "portal"
    agent = [
        sys.executable,
        "-m",
        "agent",
        "run",
        "--state-dir",
        str(agent_dir),
        "--port",
        str(port),
        "--tray",
        tray,
    ]
    with _program("agent", agent, environment) as (_, agent_port):
        agent_url = f"wss://127.0.0.1:{agent_port}/"
        portal = [
            sys.executable, "-m", "demo", "--data-dir", str(portal_dir), "--port", str(portal_port),
            "--agent-url", agent_url,
        ]  # fmt: skip
        with _program("portal", portal, environment) as (scheme, number):
            trusted = identity.current(agent_dir / "tls")
            if trusted is None:
                raise DemoFailed("the agent has no certificate for browsers to trust")
            yield Cast(
                agent_url, f"{scheme}://127.0.0.1:{number}/", portal_dir / "keys", trusted.authority_path
            )


@contextlib.contextmanager
def _program(name: str, command: list[str], environment: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Runs a program, and gives the scheme and port on which it says that it listens."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        stdin=subprocess.DEVNULL, start_new_session=os.name == "posix",
    )  # fmt: skip
    lines: list[str] = []
    found: list[re.Match[str]] = []
    heard = threading.Event()

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            match = READY.search(line)
            if match and not found:
                found.append(match)
                heard.set()
        heard.set()

    reader = threading.Thread(target=listen, daemon=True)
    reader.start()
    try:
        if not heard.wait(START_S) or not found:
            raise DemoFailed(f"the {name} did not start:\n{''.join(lines[-20:])}")
        yield found[0][1], int(found[0][2])
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)
        reader.join(5)


# --- with a person ----------------------------------------------------------------------------------------------


def invite(state: Path, port: int) -> None:
    """Starts everything, opens the portal in a browser of its own, and waits until it is closed. Raises DemoFailed."""
    environment = dict(os.environ)
    with cast(state, port, PORTAL_PORT, environment, tray="auto") as players:
        profile = prepare_profile(state / "browser", players.authority_path)
        say(f"the agent listens on {players.agent_url}")
        say(f"the portal: {players.portal_url}")
        say(f"test keys:  {players.keys_dir} (password Qwerty12)")
        browser = _browser(profile, players.portal_url)
        if browser is None:
            raise DemoFailed(
                "no Chromium, Chrome or Firefox was found; install one of them and run this again"
            )
        say("a browser with a profile of its own opens; close it, or press Ctrl-C here, to end the demo")
        with subprocess.Popen(
            browser, env=browser_environment(profile), stderr=subprocess.DEVNULL
        ) as process:
            try:
                process.wait()
            finally:
                process.terminate()


def _browser(profile: PrivateProfile, url: str) -> list[str] | None:
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        path = shutil.which(name)
        if path:
            root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
            quiet = ["--no-first-run", "--no-default-browser-check", "--disable-background-networking"]
            return [path, f"--user-data-dir={profile.chromium_profile}", *quiet, *root, url]
    for name in ("firefox-esr", "firefox"):
        path = shutil.which(name)
        if path:
            return [path, "--no-remote", "--profile", str(profile.firefox_profile), url]
    return None


def browser_environment(profile: PrivateProfile) -> dict[str, str]:
    """HOME is where Chromium looks for authorities; the display's key stays where it was."""
    environment = {**os.environ, "HOME": str(profile.home)}
    environment.setdefault("XAUTHORITY", str(Path.home() / ".Xauthority"))
    environment.pop("XDG_DATA_HOME", None)
    environment.pop("XDG_CONFIG_HOME", None)
    return environment


if __name__ == "__main__":
    sys.exit(main())
