"""The programs of the demo, as child processes: an agent and a portal that know each other."""

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.localhost import identity
from agent.localhost.private_profile import PrivateProfile

ROOT = Path(__file__).resolve().parent.parent
READY = re.compile(r"listening on (\w+)://127\.0\.0\.1:(\d+)/")
START_S = 90


class DemoFailed(Exception):
    """A step did not come out as it should."""


def say(text: str) -> None:
    print(f"demo: {text}", flush=True)


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
        sys.executable, "-m", "agent", "run", "--state-dir", str(agent_dir), "--port", str(port), "--tray", tray,
        "--key-folder", str(portal_dir / "keys"),
    ]  # fmt: skip
    with running("agent", agent, environment) as agent_process:
        agent_url = f"wss://127.0.0.1:{agent_process.port}/"
        portal = [
            sys.executable, "-m", "demo", "--data-dir", str(portal_dir), "--port", str(portal_port),
            "--agent-url", agent_url,
        ]  # fmt: skip
        with running("portal", portal, environment) as served:
            trusted = identity.current(agent_dir / "tls")
            if trusted is None:
                raise DemoFailed("the agent has no certificate for browsers to trust")
            yield Cast(
                agent_url,
                f"{served.scheme}://127.0.0.1:{served.port}/",
                portal_dir / "keys",
                trusted.authority_path,
            )


@dataclass(frozen=True, slots=True)
class Running:
    """A program that listens. `lines` grows while it runs: all that it printed."""

    process: subprocess.Popen[str]
    scheme: str
    port: int
    lines: list[str]


@contextlib.contextmanager
def running(name: str, command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Running]:
    """Runs a program that says on which port it listens, for the length of a block. Raises DemoFailed."""
    process = subprocess.Popen(
        list(command), cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
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
        yield Running(process, found[0][1], int(found[0][2]), lines)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)
        reader.join(5)
        assert process.stdout is not None
        process.stdout.close()


def browser_environment(profile: PrivateProfile) -> dict[str, str]:
    """HOME is where Chromium looks for authorities; the display's key stays where it was."""
    environment = {**os.environ, "HOME": str(profile.home)}
    environment.setdefault("XAUTHORITY", str(Path.home() / ".Xauthority"))
    environment.pop("XDG_DATA_HOME", None)
    environment.pop("XDG_CONFIG_HOME", None)
    return environment
