"""What can be mended at the press of a button: a fixed command of ours for each repair, and what came of it.

The window names a finding, never a command. A key file is named to the command by its path, which was found by us.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent import control, paths
from agent.control import NotRunning
from agent.doctor.finding import Finding, Repair
from agent.errors import BadInput
from agent.paths import Paths
from protocol.control import Command
from protocol.errors import ProtocolError

LIMIT_S: Final = 90.0
START_LIMIT_S: Final = 20.0
_STEP_S = 0.25
_MAX_DETAIL = 2000
_GRACE_S = 5.0
_started: "list[subprocess.Popen[bytes]]" = []  # agents that run on; whoever started one is to know when it ends

_COMMANDS: Final[dict[Repair, tuple[str, ...]]] = {
    "start-agent": ("run",),
    "restart-agent": ("restart",),
    "resume-agent": ("resume",),
    "install-trust": ("trust", "install"),
    "renew-trust": ("trust", "renew"),
    "make-private": ("doctor", "--make-private"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the command did it, and what it said."""

    is_done: bool
    detail: str = ""


def words_of(finding: Finding, places: Paths) -> tuple[str, ...]:
    """What follows the program's name; nothing where there is no repair. The person's usual agent needs no folder."""
    if not finding.repair:
        return ()
    words = _COMMANDS[finding.repair]
    place = () if places == paths.resolve() else ("--state-dir", str(places.state_dir))
    if finding.repair == "make-private":
        return (*words, finding.path, *place)
    return (*words, *place)


def mend(finding: Finding, places: Paths, command: Sequence[str], limit_s: float = LIMIT_S) -> Outcome:
    """Runs the command of the repair, and waits for its end; the agent, once started, goes on by itself.

    Raises: BadInput where the finding has no repair.
    """
    words = words_of(finding, places)
    if not words:
        raise BadInput("nothing can be mended here")
    if finding.repair == "start-agent":
        return _start([*command, *words], places)
    try:
        done = subprocess.run(
            [*command, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=paths.CODE_ROOT,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(is_done=False, detail=f"not done within {limit_s:.0f} seconds")
    except OSError as error:
        return Outcome(is_done=False, detail=f"the command can't be started: {error.strerror}")
    said = done.stdout.decode("utf-8", "replace").strip()[-_MAX_DETAIL:]
    return Outcome(done.returncode == 0, said)


def _start(command: Sequence[str], places: Paths, limit_s: float = START_LIMIT_S) -> Outcome:
    """Starts the agent, and waits until it answers."""
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=paths.CODE_ROOT,
            start_new_session=True,
        )
    except OSError as error:
        return Outcome(is_done=False, detail=f"the agent can't be started: {error.strerror}")
    for _ in range(round(limit_s / _STEP_S)):
        try:
            status = child.wait(_STEP_S)
        except subprocess.TimeoutExpired:
            if _answers(places):
                _started.append(child)
                return Outcome(is_done=True)
        else:
            return Outcome(is_done=False, detail=f"the agent ended with {status}; its log says why")
    child.terminate()
    try:
        child.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    return Outcome(is_done=False, detail="the agent did not come up in time; its log says why")


def _answers(places: Paths) -> bool:
    try:
        control.ask(places.control_socket, Command("query"))
    except (NotRunning, ProtocolError):
        return False
    return True


def shortened(text: str, home: Path) -> str:
    """The text with the person's home as ~."""
    return text.replace(str(home), "~")
