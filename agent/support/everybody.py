"""The agents of all people of a computer, as root's monitoring sees them: who has one, and whether it answers.

Only the state is asked, by the control endpoint, which lets root in. What a person's process answers is taken for what it is: a stranger's
word, read with limits, and never printed but as one of our own codes. Linux only.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent import control, paths
from agent.doctor import running
from agent.doctor.finding import Finding
from agent.errors import AgentError
from agent.support import health
from agent.support.health import Check
from protocol.control import Command, Refused, State

LIMIT_S: Final = 5.0
_STATE_FOLDER: Final = Path(".local") / "state" / paths.APPLICATION
_SESSIONS: Final = Path("/run/user")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has used the agent on this computer."""

    name: str
    user_id: int
    home: Path

    @property
    def socket(self) -> Path:
        return self.home / _STATE_FOLDER / "control.sock"


def people(sessions: Path = _SESSIONS) -> tuple[Person, ...]:
    """Everybody whose home has a state folder of ours; nobody where the system has no list of people.

    Accounts of a domain stand in no list (sssd tells of them only when they are named), so whoever is logged in is asked for as well.
    """
    try:
        import pwd  # noqa: PLC0415  # Windows has none
    except ImportError:
        return ()
    entries = pwd.getpwall()
    listed = {entry.pw_uid for entry in entries}
    for session in sessions.glob("[0-9]*"):
        with contextlib.suppress(KeyError, ValueError, OverflowError):
            if int(session.name) not in listed:
                entries.append(pwd.getpwuid(int(session.name)))
    found = (Person(entry.pw_name, entry.pw_uid, Path(entry.pw_dir)) for entry in entries)
    return tuple(person for person in found if _may_use_it(person))


def _may_use_it(person: Person) -> bool:
    """Whether there is a state folder of theirs; True where that can't be told, for to root a home on a server may be closed."""
    try:
        return (person.home / _STATE_FOLDER).is_dir()
    except OSError:
        return True


def checks(
    them: Iterable[Person], *, sessions: Path = _SESSIONS, limit_s: float = LIMIT_S
) -> tuple[Check, ...]:
    """One look at each. An agent of somebody who is not logged in need not run."""
    return tuple(_of(person, sessions, limit_s) for person in them)


def _of(person: Person, sessions: Path, limit_s: float) -> Check:
    try:
        (person.home / _STATE_FOLDER).stat()
    except PermissionError:
        return _check(person, "unknown", "closed", "their home is closed to root")
    except OSError:
        pass  # what answers there, or does not, says the rest
    found = asked(lambda: control.ask(person.socket, Command("query"), limit_s), limit_s)
    if found is None:
        return _check(person, "critical", "silent", "does not answer")
    if found.code == "stopped" and not sessions.is_dir():
        return _check(person, "unknown", "stopped", "stopped; this system does not tell who is logged in")
    if found.code == "stopped" and not (sessions / str(person.user_id)).is_dir():
        return _check(person, "ok", "away", "not logged in")
    state = health.AGENT_STATES.get(found.code, "critical")
    return _check(person, state, found.code, found.code)


def _check(person: Person, state: health.State, code: str, text: str) -> Check:
    return Check("agent", state, code, f"{person.name}: {text}")


def asked(ask: Callable[[], State | Refused], limit_s: float) -> Finding | None:
    """What the agent says of itself; None where it says nothing for so long: who dribbles octets holds nobody up."""
    answers: list[Finding] = []

    def work() -> None:
        try:
            answers.append(running.agent(ask)[0])
        except AgentError:
            return

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(limit_s)
    return answers[0] if answers else None


def can_look() -> bool:
    """Whether it is known on this system where other people's agents are to be asked."""
    return sys.platform == "linux"


def may_look() -> bool:
    """Whether this process may ask other people's agents."""
    return os.name == "posix" and os.geteuid() == 0


def named(them: Sequence[Person], name: str) -> tuple[Person, ...]:
    """The one of that name; none where there is no such person with an agent."""
    return tuple(person for person in them if person.name == name)
