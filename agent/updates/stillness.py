"""Nothing is replaced while somebody looks at a window of ours, or an approval runs, or a key is open.

The agent itself decides whether it can go: it is told to quit if it is idle, and does so or says why not, in one step. Between a question
and a command a page could have asked for a signature.
"""

import contextlib
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from agent import control, paths
from agent.control import NotRunning
from agent.instance import AlreadyRunning, Lock, is_anything_shown, is_held, leads_elsewhere
from agent.paths import Paths
from agent.updates import windows_profiles
from agent.updates.errors import Busy
from protocol.control import Command, Refused, State
from protocol.errors import ProtocolError

ENDS_WITHIN_S = 60.0  # the agent, once it has said that it goes: its workers and windows first
ASK_EVERY_S = 2.0
MOST_WINDOWS = 4096  # of one person that are looked at: who has more wants us to look for ever
_STEP_S = 0.05

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Still:
    """`words`: the command of the agent that ran, from "run" on; empty where none did."""

    words: tuple[str, ...] = ()


@contextlib.contextmanager
def of_person(places: Paths, *, wait_s: float = 0.0) -> Iterator[Still]:
    """While the block runs, neither the agent nor the desk of this person does, and neither can start.

    Raises Busy where it is not still within `wait_s` seconds; then nobody was disturbed.
    """
    with contextlib.ExitStack() as stack:

        def enter() -> Still:
            try:
                return _enter(places, stack)
            except Busy:
                stack.close()
                raise

        yield waiting(enter, wait_s)


def waiting(work: Callable[[], T], wait_s: float) -> T:
    """What `work` gives, tried again and again for so long. Raises Busy as it does in the end."""
    until = time.monotonic() + wait_s
    while True:
        try:
            return work()
        except Busy:
            if time.monotonic() >= until:
                raise
            time.sleep(min(ASK_EVERY_S, max(_STEP_S, until - time.monotonic())))


def require_of_everybody(homes: Iterable[Path]) -> None:
    """Asks the agents of all people whose homes these are; for root. Raises Busy where one is not idle. It may be so a moment later: what
    installs for the whole computer lets agents go on with what they have loaded."""
    mine = paths.resolve().control_socket
    with contextlib.suppress(
        ValueError
    ):  # where the state folder does not lie in the home, nobody can tell where others' lie
        below = mine.relative_to(Path.home())
        for home in homes:
            _require_idle(home / below)


def require_nobody_at_work(homes: Iterable[Path]) -> None:
    """Looks into the profiles of all people, for who runs the computer and for an installer that ends everybody's agents and windows
    (Windows). Raises Busy where a window is open, an approval runs or a key is open, and where that can't be seen. It may be so a moment
    later."""
    for home in homes:
        places = paths.resolve(paths.state_in_profile(home))
        try:
            _require_no_link(home, places.state_dir)
            _require_unused(places, home)
        except FileNotFoundError:
            continue  # they have never used it
        except OSError as error:
            raise Busy(f"{home}: whether anybody signs there can't be seen: {error.strerror}") from error


def _require_unused(places: Paths, home: Path) -> None:
    """Raises Busy, OSError."""
    windows = [places.desk_lock]
    with contextlib.suppress(FileNotFoundError):
        _require_no_link(home, places.shown)
        windows += itertools.islice(
            (file for file in places.shown.iterdir() if file.suffix == ".lock"), MOST_WINDOWS
        )
    if len(windows) > MOST_WINDOWS:
        raise Busy(f"{home}: there are more windows than anybody has")
    if any(map(is_held, windows)):
        raise Busy(f"{home}: a window is open")
    if not is_held(places.lock):
        return
    with contextlib.suppress(FileNotFoundError):
        _require_no_link(home, places.control_socket)
    try:
        answer = control.ask(places.control_socket, Command("query", "if-idle"))
    except (NotRunning, ProtocolError) as error:
        raise Busy(f"{home}: an agent runs that can't be asked") from error
    if isinstance(answer, Refused) or _is_at_work(answer):
        raise Busy(f"{home}: an approval runs, a window is open or a key is")


def _require_no_link(home: Path, path: Path) -> None:
    """A person may lead who looks into their profile elsewhere: to another computer that is told who asks, or to a pipe. They may do so just
    after we looked, too; it makes it harder. Raises Busy, OSError."""
    place = home
    for part in path.relative_to(home).parts:
        place /= part
        if leads_elsewhere(place):
            raise Busy(f"{home}: whether anybody signs there can't be seen: {place} leads elsewhere")


def _enter(places: Paths, stack: contextlib.ExitStack) -> Still:
    try:
        stack.enter_context(Lock.take(places.desk_lock))
    except AlreadyRunning as error:
        raise Busy("the agent's own window is open") from error
    if is_anything_shown(places.shown):
        raise Busy("a command has a window open")
    words = words_of_agent(places.lock)
    was_running = _ask_to_go(places)
    until = time.monotonic() + (ENDS_WITHIN_S if was_running else 0.0)
    while True:
        try:
            stack.enter_context(Lock.take(places.lock))
        except AlreadyRunning as error:
            if time.monotonic() >= until:
                raise Busy(
                    "the agent does not end" if was_running else "an agent runs that can't be asked"
                ) from error
            time.sleep(_STEP_S)
        else:
            return Still(words or ("run",)) if was_running else Still()


def _ask_to_go(places: Paths) -> bool:
    """Whether an agent ran, which goes now. Raises Busy."""
    try:
        answer = control.ask(places.control_socket, Command("quit", "if-idle"))
    except NotRunning:
        return False  # where one runs all the same its lock says so
    except ProtocolError as error:
        raise Busy("the agent that runs is of another version, and does not understand") from error
    if isinstance(answer, Refused):
        raise Busy(answer.reason)
    return True


def words_of_agent(lock: Path) -> tuple[str, ...]:
    """How the agent that holds the lock was started, from its command on; empty where the system does not tell."""
    try:
        number = int(lock.read_text("ascii"))
        words = [os.fsdecode(word) for word in Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")[:-1]]
    except (OSError, ValueError):
        return ()
    return tuple(words[words.index("run") :]) if "run" in words else ()


def is_nobody_there(places: Paths) -> bool:
    """Whether no agent of this person runs."""
    try:
        Lock.take(places.lock).release()
    except (AlreadyRunning, OSError):
        return False
    return True


def _require_idle(socket: Path) -> None:
    try:
        answer = control.ask(socket, Command("query"))
    except (NotRunning, ProtocolError):
        return
    if isinstance(answer, State) and _is_at_work(answer):
        raise Busy("somebody's agent is in the middle of an approval, or holds a key open")


def _is_at_work(state: State) -> bool:
    return bool(state.state in ("asking", "signing") or state.waiting or state.unlocked_until)


def homes_of_people() -> tuple[Path, ...]:
    """Of all accounts; on Windows the profiles. Raises Busy where that can't be told."""
    if sys.platform == "win32":
        try:
            return windows_profiles.folders()
        except OSError as error:
            raise Busy(f"who has a profile on this computer can't be read: {error.strerror}") from error
    import pwd  # noqa: PLC0415  # Windows has none

    return tuple(
        dict.fromkeys(Path(entry.pw_dir) for entry in pwd.getpwall() if entry.pw_dir not in ("", "/"))
    )
