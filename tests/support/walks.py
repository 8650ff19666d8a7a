"""One agent on a hidden screen, the pages that ask it, and the person in front: for journeys through its real windows.

with walks.open_walk(folder, pictures, "--flat-api") as walk, walk.page() as page:
    walks.call(page, basics.MODULE, "sign", {...})
    walk.see("Подписание документов")
    walk.type_password()
    reply = walk.agree(page)
"""

import contextlib
import dataclasses
import itertools
import json
import shutil
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from protocol import handshake
from protocol.v1 import limits
from tests.support import agents, authority, display
from tests.support.agents import RunningAgent
from tests.support.display import Screen
from tray import guard

LIMIT_S = 40
_GUARD_S = guard.DELAY_S + 0.3  # what comes earlier is ignored, and nothing says when that ends
_STEP_S = 0.1

T = TypeVar("T")


def until(condition: Callable[[], T], what: str) -> T:
    """What `condition` gives as soon as that is something. X and files say nothing when they change: polls."""
    end = time.monotonic() + LIMIT_S
    while not (found := condition()):
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(_STEP_S)
    return found


@dataclasses.dataclass
class Walk:
    """`home` is the person's, with one key in their Downloads. `pictures` is where screenshots go."""

    agent: RunningAgent
    screen: Screen
    home: Path
    pictures: Path
    _sites: Iterator[int] = dataclasses.field(default_factory=itertools.count)

    # --- pages -------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def page(self, origin: str = "") -> Iterator[ClientConnection]:
        """A page that has read its greeting; it leaves at the end of the block.

        Usually of a site that never asked before: one that was turned away rests before its next window (agent.turns), with all its
        subdomains.
        """
        origin = origin or f"https://kds.example{next(self._sites)}.kz"
        trust = ssl.create_default_context(cafile=self.agent.authority_path)
        with connect(
            self.agent.url, ssl=trust, origin=Origin(origin), compression=None, max_size=None
        ) as page:
            assert page.recv(LIMIT_S) == handshake.GREETING
            yield page

    # --- what is on the screen ---------------------------------------------------------------------------------

    def see(self, title: str, picture: str = "") -> None:
        """Until a window of this title stands there, with the keyboard, and takes answers."""
        self.screen.wait_for_window(title)
        time.sleep(_GUARD_S)
        if picture:
            self.look(picture)

    def look(self, picture: str) -> None:
        """Keeps what is on the screen."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.screen.screenshot(self.pictures / f"{picture}.png")

    def see_none(self) -> None:
        """Until no window stands there any more."""
        until(lambda: not self.screen.windows(), "the window's end")

    # --- what the person does ----------------------------------------------------------------------------------

    def type_password(self, password: str = authority.PASSWORD) -> None:
        """Where the keyboard is."""
        self.screen.type(password)
        self.screen.press("Return")

    def agree_until(self, wanted: Callable[[], T]) -> T:
        """Agrees as soon as that may be, and gives what is wanted."""

        def agreed() -> T:
            self.screen.press("ctrl+Return")
            return wanted()

        return until(agreed, "the answer")

    def agree(self, page: ClientConnection) -> Any:
        """Agrees, and gives what the page hears then. The window is gone after that."""
        (reply,) = self.agree_until(lambda: heard(page))
        self.see_none()
        return reply

    def refuse(self) -> None:
        """Says no with Esc."""
        self.screen.press("Escape")
        self.see_none()

    # --- what stays --------------------------------------------------------------------------------------------

    @property
    def key_file(self) -> Path:
        """The person's key. This agent trusts the authority that issued it."""
        return self.home / "Downloads" / "GOST512_4f0c2e9d1ab7.p12"

    def diary(self) -> Callable[[], list[str]]:
        """Gives what the journal says has happened from now on: "sign asked", "sign decided approved"."""
        start = len(self._journal())
        return lambda: [_entry(line) for line in self._journal()[start:]]

    def _journal(self) -> list[str]:
        path = self.agent.state_dir / "journal.jsonl"
        return path.read_text("utf-8").splitlines() if path.exists() else []


@contextlib.contextmanager
def open_walk(folder: Path, pictures: Path, *flags: str) -> Iterator[Walk]:
    """The agent, its windows in Russian, and a person with one key; skips where the programs for a screen are not installed."""
    home, state_dir = folder / "home", folder / "state"
    with display.screen() as screen:
        command = [
            sys.executable, "-m", "agent", "run", "--port", "0", "--state-dir", str(state_dir), "--tray", "off",
            "--language", "ru", "--offline", *flags,
        ]  # fmt: skip
        for path in (*authority.root_paths(), *authority.issuing_paths()):
            command += ["--authority", str(path)]
        with agents.running(command, state_dir, screen.environment({"HOME": str(home)})) as agent:
            walk = Walk(agent, screen, home, pictures)
            walk.key_file.parent.mkdir(parents=True)
            shutil.copy(authority.path("gost2015-individual"), walk.key_file)
            yield walk


def call(page: ClientConnection, module: str, method: str, args: Any) -> None:
    """A call in one of NCALayer's dialects with modules."""
    page.send(json.dumps({"module": module, "method": method, "args": args}))


def ask(page: ClientConnection, method: str, params: dict[str, Any], *, request: str = "1") -> None:
    """A request of kz.qalamsap.v1."""
    page.send(json.dumps({"module": limits.MODULE, "id": request, "method": method, "params": params}))


def hear(page: ClientConnection) -> Any:
    """The next frame."""
    return json.loads(page.recv(LIMIT_S))


def heard(page: ClientConnection) -> list[Any]:
    """The next frame, if it comes in a moment."""
    with contextlib.suppress(TimeoutError):
        return [json.loads(page.recv(0.3))]
    return []


def _entry(line: str) -> str:
    entry = json.loads(line)
    return " ".join(entry[name] for name in ("action", "event", "decision") if name in entry)
