"""An update that was cut short. A note on the disk tells of it, from before anything is changed until it is settled; what was left is put in
order by the next update (agent.updates.swap.recover), or by the next agent that starts, whichever comes first.

An agent of the new version settles it by serving. Where it was started once, and did not get so far, the next start puts the version before
in its place again, and starts that one.
"""

import contextlib
import dataclasses
import datetime as dt
import filecmp
import json
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent import logs, workers
from agent.errors import StorageFailed
from agent.instance import AlreadyRunning, Lock
from agent.paths import Paths, write_private
from agent.updates.record import Outcome, Records

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Note:
    """`version` is to take the place of `file`. `words`: the command of the agent that ran before, empty where none did. `is_tried`: an
    agent of that version began, and nobody knows what became of it."""

    version: str
    file: Path
    words: tuple[str, ...] = ()
    is_tried: bool = False


def new_of(file: Path) -> Path:
    """Where the next version lies before it takes the place of the file."""
    return file.with_name(f".{file.name}.new")


def previous_of(file: Path) -> Path:
    """Where the version before lies until the next one is proven."""
    return file.with_name(f".{file.name}.previous")


def read(places: Paths) -> Note | None:
    """None where no update was cut short. A note that makes no sense is none. Raises OSError."""
    try:
        found = json.loads(_file(places).read_bytes())
        file, words = Path(found["file"]), tuple(map(str, found["words"]))
        note = Note(str(found["version"]), file, words, found["is_tried"] is True)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return note if note.file.is_absolute() else None


def write(places: Paths, note: Note) -> None:
    """On the disk when it returns. Raises OSError."""
    found = {**dataclasses.asdict(note), "file": str(note.file)}
    write_private(_file(places), json.dumps(found).encode())


def forget(places: Paths) -> None:
    """There is nothing to settle any more. Raises OSError."""
    _file(places).unlink(missing_ok=True)


def clear(places: Paths, file: Path) -> None:
    """What stands in the file's place stays there; all that was left beside it goes. Raises OSError."""
    for left in (previous_of(file), new_of(file)):
        left.unlink(missing_ok=True)
    forget(places)


def is_swapped(file: Path) -> bool:
    """Whether another version stands in the file's place than the one that was kept. Raises OSError."""
    kept = previous_of(file)
    if kept.is_symlink() or not kept.is_file():
        return False
    return not (kept.samefile(file) or filecmp.cmp(kept, file, shallow=False))


@dataclass(frozen=True, slots=True)
class Start:
    """What an agent that starts has to do. `program`: the version before, which is to be started in its place. `settle` is to be called once
    it serves."""

    program: Path | None = None
    settle: Callable[[], None] = lambda: None


def at_start(places: Paths, version: str, now: Callable[[], dt.datetime]) -> Start:
    """For an agent of that version, before it does anything else. Raises nothing: it starts all the same where nothing can be done."""
    try:
        note = read(places)
        if note is None:
            return Start()
        # Where an update is under way it sees to all itself; and an agent that runs already is none that starts.
        with Lock.take(_lock(places)), Lock.take(places.lock):
            return _begun(places, note, version, now)
    except AlreadyRunning:
        return Start()
    except (OSError, StorageFailed) as error:
        logs.note(_log, logging.WARNING, "an update was cut short", error=error)
        return Start()


def _begun(places: Paths, note: Note, version: str, now: Callable[[], dt.datetime]) -> Start:
    """Raises OSError, StorageFailed."""
    if not is_swapped(note.file):
        clear(places, note.file)
        return Start()
    if version != note.version:
        return Start()  # another copy of the program: nothing is known of that file
    if not note.is_tried:
        write(places, dataclasses.replace(note, is_tried=True))
        return Start(settle=lambda: _settle(places, note, now))
    previous_of(note.file).replace(note.file)
    note_taken_back(places, note.version, now)
    clear(places, note.file)
    return Start(program=note.file)


def note_taken_back(places: Paths, version: str, now: Callable[[], dt.datetime]) -> None:
    """Remembers that this version does not start here. Raises StorageFailed."""
    records = Records(places.updates_record)
    bad = tuple(dict.fromkeys((*records.read().bad, version)))
    records.note(now(), "failed", version=version, code="install-failed", bad=bad)
    logs.note(_log, logging.ERROR, "an update was taken back", version=version)


def note_settled(places: Paths, version: str, now: Callable[[], dt.datetime]) -> None:
    """Remembers that this version runs here. Raises StorageFailed."""
    outcome: Outcome = "installed"
    Records(places.updates_record).note(now(), outcome, version=version)
    logs.note(_log, logging.INFO, "an update was cut short", outcome=outcome, version=version)


def _settle(places: Paths, note: Note, now: Callable[[], dt.datetime]) -> None:
    try:
        with contextlib.suppress(AlreadyRunning), Lock.take(_lock(places)):
            clear(places, note.file)
            note_settled(places, note.version, now)
    except (OSError, StorageFailed) as error:
        logs.note(_log, logging.WARNING, "an update was cut short", error=error)


def become(program: Path, words: Sequence[str]) -> None:
    """This process goes on as that program. Raises OSError."""
    os.chdir("/")  # a folder of this image would keep it mounted
    os.execve(program, [str(program), *words], workers.environment())  # noqa: S606  # no shell is wanted


def _file(places: Paths) -> Path:
    return places.updates / "swap.json"


def _lock(places: Paths) -> Path:
    return places.updates / "lock"
