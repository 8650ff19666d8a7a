"""A new AppImage in the place of the old one: one file for another, and back again if the new one does not start.

    1  the new file is put beside the old one, and asked for its version
    2  the agent goes, if it is idle
    3  the old file is kept under another name, the new one takes its name, each in one step of the file system
    4  the agent is started, and has to answer at its control endpoint with the new version
    5  the old file is thrown away; or, where 4 failed, takes its name again and is started

Whatever ends this program in between, a whole AppImage stands under the name, and a note says how far it got (agent.updates.interrupted).
"""

import contextlib
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent import control, workers
from agent.control import NotRunning
from agent.errors import StorageFailed
from agent.paths import Paths
from agent.updates import interrupted, stillness
from agent.updates.errors import InstallFailed
from agent.updates.interrupted import Note, new_of, previous_of
from agent.updates.versions import Version, parse
from protocol.control import Command, State
from protocol.errors import ProtocolError

TRIAL_S = 60.0
STARTS_WITHIN_S = 60.0
_STEP_S = 0.05
_ELSEWHERE = "/"  # a folder of the old image would keep it mounted


class TakenBack(InstallFailed):
    """The new version did not start; the old one is in its place again, and runs if it ran before."""

    def __init__(self, version: str) -> None:
        super().__init__(f"version {version} did not start: the one before is in its place again")
        self.version = version


@dataclass(frozen=True, slots=True)
class Times:
    """How long things may take."""

    trial_s: float = TRIAL_S
    start_s: float = STARTS_WITHIN_S


def swap(
    new: Path,
    current: Path,
    version: Version,
    places: Paths,
    *,
    wait_s: float = 0.0,
    times: Times | None = None,
) -> None:
    """Puts the file `new`, which is `version`, in the place of `current`.

    Raises Busy, StorageFailed, InstallFailed: nothing was changed. TakenBack: it was, and was changed back.
    """
    limits = times or Times()
    with _beside(new, current) as made:
        _try(made, version, limits.trial_s)
        # Before the agent goes: who ran is told to who has to settle it.
        words = stillness.words_of_agent(places.lock)
        with _storing(current):
            interrupted.write(places, Note(version.text, current, words))
        words = ()
        try:
            with stillness.of_person(places, wait_s=wait_s) as still, _storing(current):
                words = still.words
                interrupted.write(places, Note(version.text, current, words))
                _keep(current, previous_of(current))
                made.replace(current)
        except Exception:  # nothing was changed
            with contextlib.suppress(OSError):
                interrupted.clear(places, current)
            _start_again(current, words)
            raise
    _prove(current, words, version, places, limits.start_s)


def recover(places: Paths, *, wait_s: float = 0.0, times: Times | None = None) -> Version | None:
    """Settles an update that was cut short, if there is one. The version that it brought, where that runs, or where no agent ran before.

    Raises Busy, StorageFailed: it is not settled yet. TakenBack: the version before is in its place again.
    """
    try:
        note = interrupted.read(places)
        is_swapped = note is not None and interrupted.is_swapped(note.file)
        version = parse(note.version) if note is not None else None
    except (OSError, ValueError) as error:
        raise StorageFailed("an update was cut short, and what is left of it can't be read") from error
    if note is None or version is None:
        return None
    if not is_swapped:
        if note.words and stillness.is_nobody_there(places):
            _start_again(note.file, note.words)
        with _storing(note.file):
            interrupted.clear(places, note.file)
        return None
    if _answering(places) == note.version:
        with _storing(note.file):
            interrupted.clear(places, note.file)
        return version
    with stillness.of_person(places, wait_s=wait_s) as still:
        words = still.words or note.words
    _prove(note.file, words, version, places, (times or Times()).start_s)
    return version


def _prove(current: Path, words: tuple[str, ...], version: Version, places: Paths, seconds: float) -> None:
    """The new file stays if an agent of it answers, or none ran before. Raises TakenBack, StorageFailed."""
    if words and not _starts(current, words, version, places, seconds):
        with _storing(current):
            previous_of(current).replace(current)
            _start_again(current, words)
            interrupted.clear(places, current)
        raise TakenBack(version.text)
    with contextlib.suppress(OSError):  # the next start does it
        interrupted.clear(places, current)


def _start_again(program: Path, words: tuple[str, ...]) -> None:
    """The agent that ran before, if one did."""
    if words and (child := _launch(program, words)) is not None:
        _let_go(child)


@contextlib.contextmanager
def _beside(new: Path, current: Path) -> Iterator[Path]:
    """A copy of the new file in the folder of the current one, as executable as that; gone at the end. Raises StorageFailed."""
    made = new_of(current)
    try:
        with _storing(current):
            made.unlink(missing_ok=True)
            with (
                new.open("rb") as source,
                made.open("xb") as target,
            ):  # never through a link that somebody left there
                shutil.copyfileobj(source, target, 1024 * 1024)
                target.flush()
                os.fsync(
                    target.fileno()
                )  # before it takes the name: else a power cut could leave an empty file there
            made.chmod(stat.S_IMODE(current.stat().st_mode) | stat.S_IXUSR)
        yield made
    finally:
        made.unlink(missing_ok=True)


def _keep(current: Path, kept: Path) -> None:
    """The current file under another name, too; the name it has is never empty. OSError."""
    kept.unlink(missing_ok=True)
    try:
        kept.hardlink_to(current)
    except OSError:  # a file system without such links
        half = kept.with_name(
            f"{kept.name}.half"
        )  # a copy that was cut short must not pass for the version before
        half.unlink(missing_ok=True)
        shutil.copy2(current, half)
        half.replace(kept)


def _try(program: Path, version: Version, seconds: float) -> None:
    """Raises InstallFailed where the program does not say that it is this version."""
    try:
        done = subprocess.run(
            [str(program), "version"], capture_output=True, timeout=seconds, check=False,
            stdin=subprocess.DEVNULL, env=workers.environment(), cwd=_ELSEWHERE,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallFailed(f"version {version} can't be started on this computer") from error
    words = done.stdout.decode(errors="replace").split()
    if done.returncode != 0 or len(words) < 2 or words[1].rstrip(",") != version.text:
        raise InstallFailed(f"version {version} does not run on this computer, or is another one")


def _starts(program: Path, words: tuple[str, ...], version: Version, places: Paths, seconds: float) -> bool:
    """Whether the agent answers, in this version. One that does not is ended."""
    child = _launch(program, words)
    until = time.monotonic() + seconds
    while child is not None and time.monotonic() < until and child.poll() is None:
        if _answering(places) == version.text:
            _let_go(child)
            return True
        time.sleep(_STEP_S)
    if child is not None and child.poll() is None:
        child.terminate()
        try:
            child.wait(stillness.ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    return False


def _answering(places: Paths) -> str:
    """The version of the agent that answers; empty for none."""
    try:
        answer = control.ask(places.control_socket, Command("query"))
    except (NotRunning, ProtocolError):
        return ""
    return answer.version if isinstance(answer, State) else ""


def _launch(program: Path, words: tuple[str, ...]) -> "subprocess.Popen[bytes] | None":
    """The agent, on its own from now on."""
    try:
        return subprocess.Popen(
            [str(program), *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=workers.environment(), cwd=_ELSEWHERE, start_new_session=True,
        )  # fmt: skip
    except OSError:
        return None


def _let_go(child: "subprocess.Popen[bytes]") -> None:
    """It outlives us; Popen takes that for an oversight, and says so."""
    child.returncode = 0


@contextlib.contextmanager
def _storing(current: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFailed(f"{current} can't be replaced: {error.strerror}") from error
