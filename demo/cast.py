"""The programs of the demo, as child processes: the authorities' simulator, an agent and a portal that know each other.

The portal's test authority comes first: the simulator plays its servers, and the agent trusts it as it trusts the country's. Agent and
portal have the simulator as their proxy, for certificates of the authority name a host that never exists.
"""

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from agent.errors import AgentError
from agent.localhost import identity
from agent.localhost.private_profile import PrivateProfile
from agent.testca.profiles import ADDRESS
from demo import keys, prepare
from demo.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
READY = re.compile(r"listening on (\w+)://127\.0\.0\.1:(\d+)/")
START_S = 90


class DemoFailed(Exception):
    """A step did not come out as it should."""


def say(text: str) -> None:
    print(f"demo: {text}", flush=True)


@dataclass(frozen=True, slots=True)
class Cast:
    """The running programs of the demo. `authority_path` is what browsers have to trust.

    `authorities_url` is the simulator of the authorities' servers, which `authorities_token` leads (docs/simulator.md).
    """

    agent_url: str
    portal_url: str
    keys_dir: Path
    authority_path: Path
    authorities_url: str
    authorities_token: str = field(repr=False)


@contextlib.contextmanager
def cast(
    state: Path, port: int, portal_port: int, environment: Mapping[str, str], *, tray: str
) -> Iterator[Cast]:
    """Starts simulator, agent and portal, and stops them after the block. Raises DemoFailed."""
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)
    agent_dir, portal_dir = state / "agent", state / "portal"
    authority_file = _prepared(portal_dir)
    simulator = [sys.executable, "-m", "agent", "testca", str(portal_dir), "--serve"]
    with running("authorities' simulator", simulator, environment) as simulated:
        authorities_url = f"http://127.0.0.1:{simulated.port}"
        agent = [
            sys.executable, "-m", "agent", "run", "--state-dir", str(agent_dir), "--port", str(port), "--tray", tray,
            "--key-folder", str(portal_dir / "keys"), "--authority", str(authority_file),
            "--proxy", authorities_url, "--fetch-host", urlsplit(ADDRESS).netloc, "--timestamp-url", f"{ADDRESS}/tsp/",
        ]  # fmt: skip
        with running("agent", agent, environment) as agent_process:
            agent_url = f"wss://127.0.0.1:{agent_process.port}/"
            portal = [
                sys.executable, "-m", "demo", "--data-dir", str(portal_dir), "--port", str(portal_port),
                "--agent-url", agent_url, "--authorities-url", authorities_url,
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
                    authorities_url,
                    _token(simulated),
                )


def _token(simulated: "Running") -> str:
    """The simulator prints it before it says that it listens."""
    return next(line.split()[-1] for line in simulated.lines if line.startswith("control token: "))


def _prepared(portal_dir: Path) -> Path:
    """The portal's data, made now where its first start would make it; gives the file with the certificates of its authority."""
    settings = Settings(portal_dir, port=0)
    try:
        prepare.data_dir(settings, at=datetime.now(UTC))
    except (OSError, AgentError) as error:
        raise DemoFailed(f"the portal's folder can't be made: {error}") from error
    return settings.authority_dir / keys.AUTHORITY_FILE


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
