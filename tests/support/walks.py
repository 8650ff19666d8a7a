"""One agent on a hidden screen, the pages that ask it, and the person in front: for journeys through its real windows.

with walks.open_walk(folder, "--flat-api") as walk, walk.page() as page:
    page.send(...)
    walk.see("Подписание документов")
    walk.open_key()
    answer = walk.agree(page)
"""

import contextlib
import dataclasses
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
SITE = "https://kds.example.kz"
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

    # --- pages -------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def page(self, origin: str = SITE) -> Iterator[ClientConnection]:
        """A page that has read its greeting; it leaves at the end of the block."""
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

    def agree(self, page: ClientConnection) -> Any:
        """Agrees as soon as that may be, and gives what the page hears then. The window is gone after that."""
        return json.loads(self.agree_for(lambda: _heard(page)))

    def agree_for(self, wanted: Callable[[], T]) -> T:
        """Agrees as soon as that may be, until there is what is wanted. The window is gone after that."""

        def agreed() -> T:
            self.screen.press("ctrl+Return")
            return wanted()

        found = until(agreed, "the answer")
        self.see_none()
        return found

    def refuse(self) -> None:
        """Says no with Esc."""
        self.screen.press("Escape")
        self.see_none()

    # --- what stays --------------------------------------------------------------------------------------------

    def key_file(self) -> Path:
        """The person's key, of a test authority that this agent trusts."""
        return self.home / "Downloads" / "GOST512_4f0c2e9d1ab7.p12"

    def journal(self, *, since: int = 0) -> list[dict[str, Any]]:
        """Its lines."""
        path = self.agent.state_dir / "journal.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines[since:]]

    def told(self, *, since: int) -> list[str]:
        """What the journal says has happened: action and event, and the decision."""
        return [
            " ".join(word for word in (line["action"], line["event"], line.get("decision", "")) if word)
            for line in self.journal(since=since)
        ]


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
            walk.key_file().parent.mkdir(parents=True)
            shutil.copy(authority.path("gost2015-individual"), walk.key_file())
            yield walk


def ask(page: ClientConnection, method: str, params: dict[str, Any], *, request: str = "1") -> None:
    """A request of kz.qalamsap.v1."""
    page.send(
        json.dumps({"module": limits.MODULE, "id": request, "method": method, "params": params})
    )


def replies(page: ClientConnection) -> Iterator[dict[str, Any]]:
    """What the page hears from now on."""
    while True:
        yield json.loads(page.recv(LIMIT_S))


def _heard(page: ClientConnection) -> str:
    with contextlib.suppress(TimeoutError):
        return str(page.recv(0.3))
    return ""
