"""`./dev demo`: the agent, its tray icon, the portal with test keys, and a browser that trusts the agent.

With --auto it plays the whole scenario by itself: a headless Chromium for the person's eyes and mouse in the portal, the
agent's real windows on a hidden screen for their hands. Each step is printed, and documents and screenshots are kept.

Everything lives below one folder. The browser has a profile of its own that trusts the agent; nothing else on the computer is
touched.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from agent.localhost.private_profile import PrivateProfile, prepare_profile
from demo import screen
from demo.cast import DemoFailed, browser_environment, cast, say

AGENT_PORT = 13579
PORTAL_PORT = 8562  # the number of the order that made the form of the act


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


if __name__ == "__main__":
    sys.exit(main())
