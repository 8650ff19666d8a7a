"""An agent that takes its lock, answers at its control endpoint and does nothing else, as one executable file: an AppImage for tests.

FILE version                     says which version it is
FILE run --state-dir DIR ...     runs, unless it is a broken one
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from agent import control, own_sockets, paths
from protocol.control import Command, Refused, State

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 60.0

_TEXT = """#!{python} -I
import sys
VERSION, SAID, BUSY, IS_BROKEN = {version!r}, {said!r}, {busy!r}, {is_broken!r}
if sys.argv[1] == "version":
    print(f"qalamsap {{SAID}}, GOST: native, Python 3")
    sys.exit(0)
sys.path.insert(0, {root!r})
import asyncio
from pathlib import Path
from agent import own_sockets, paths
from agent.control import Endpoint
from agent.instance import Lock
from protocol.control import Refused, State

own_sockets.IS_LOOPBACK = {is_loopback!r}
places = paths.resolve(Path(sys.argv[sys.argv.index("--state-dir") + 1]))
(places.state_dir / "starts").open("a").write(VERSION + " " + " ".join(sys.argv[1:]) + "\\n")

async def serve():
    stop = asyncio.Event()
    def obey(command):
        if BUSY and command.value == "if-idle" and not (places.state_dir / "idle").exists():
            return Refused("an approval runs")
        if command.name == "quit":
            stop.set()
        return State("asking" if (places.state_dir / "asking").exists() else "ready", "ru", VERSION, 1)
    door = Endpoint(places.control_socket, obey)
    await door.open()
    await stop.wait()
    await door.close()

if IS_BROKEN:
    sys.exit(3)
with Lock.take(places.lock):
    asyncio.run(serve())
"""


def write(file: Path, version: str, *, said: str = "", busy: bool = False, is_broken: bool = False) -> Path:
    """A program of that version. `said`: it calls itself another one. `busy`: it does not go before there is a file "idle". `is_broken`: it
    ends at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = _TEXT.format(
        python=sys.executable,
        root=str(ROOT),
        version=version,
        said=said or version,
        busy=busy,
        is_broken=is_broken,
        is_loopback=own_sockets.IS_LOOPBACK,
    )
    file.write_text(text)
    file.chmod(0o755)
    return file


@contextlib.contextmanager
def running(file: Path, state_dir: Path) -> Iterator[None]:
    """While the block runs an agent does, started from that file; whatever agent runs there at the end is told to go."""
    state_dir.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen([str(file), "run", "--state-dir", str(state_dir), "--port", "0"]) as process:
        try:
            wait_until(lambda: version_of(state_dir) != "")
            yield
        finally:
            with contextlib.suppress(control.NotRunning):
                control.ask(paths.resolve(state_dir).control_socket, Command("quit"))
            try:
                process.wait(LIMIT_S)
            finally:
                process.kill()


def version_of(state_dir: Path) -> str:
    """Which version answers there; empty for none."""
    try:
        answer = control.ask(paths.resolve(state_dir).control_socket, Command("query"))
    except control.NotRunning:
        return ""
    assert not isinstance(answer, Refused)
    assert isinstance(answer, State)
    return answer.version


def starts(state_dir: Path) -> list[str]:
    """How agents were started there."""
    return (state_dir / "starts").read_text().splitlines()


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.02)
