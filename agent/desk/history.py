"""The page of what was asked and signed: searches the journal, checks its chain, and has it written as a file.

A file that is looked for is read in a thread of its own: it may be large, and the person may think better of it.
"""

import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from agent import file_digests, history, paths
from agent.desk.base import Desk, FileNotWritten, shortened
from agent.errors import AgentError, BadInput, StorageFailed, TimedOut
from agent.file_digests import FileDigests, Stopped
from agent.history import Operation, Query
from agent.journal import Journal, JournalBroken
from protocol.desk import frame
from protocol.desk import history as page

EXPORT_LIMIT_S = 300.0
_MAX_DIGEST = 128  # characters: more than any that is computed here has
_TELL_EVERY_S = 0.2
_STOP_S = 3.0
_ABOUT: Sequence[page.About] = ("signed", "inside", "asked", "left-out")
"""What is said of a file that several of these are true of: the first one."""


def make(desk: Desk) -> "HistoryPage":
    return HistoryPage(desk)


@dataclass
class HistoryPage:
    """See agent.desk.base.Page. Operations are kept until the journal's file changes, and what was read of a file until that does."""

    desk: Desk
    _operations: tuple[Operation, ...] = ()
    _seen: tuple[int, int] = (-1, -1)
    _file: "_Known | None" = None
    _reader: "_Reader | None" = None
    _guard: threading.RLock = field(default_factory=threading.RLock)  # a reader answers from its own thread
    _journal: Journal = field(init=False)

    def __post_init__(self) -> None:
        self._journal = Journal(self.desk.paths.journal)

    def opened(self) -> None:
        """The window asks by itself: it knows what it looks for."""

    def take(self, message: Any) -> None:
        match message:
            case page.Find():
                self._find(message)
            case page.Check():
                self._check()
            case page.Export():
                self._export(message)

    def close(self) -> None:
        if (reader := self._reader) is not None:
            reader.stop()
            reader.wait()
        self._operations = ()

    # --- searching ------------------------------------------------------------------------------------------------

    def _find(self, asked: page.Find) -> None:
        query_of(asked.search)  # complains before anything is begun
        if self._reader is not None:
            self._reader.stop()
            self._reader = None
        with self._guard:
            self._read()
            if not asked.search.file:
                self._answer(asked, None)
                return
            sizes = history.digest_sizes(self._operations)
            known = self._file
        if known is not None and known.serves(asked, sizes):
            self._answer(asked, known.digests)
            return
        self._reader = _Reader(self.desk, asked, sizes, self._was_read)
        self._reader.start()

    def _was_read(self, asked: page.Find, known: "_Known") -> None:
        """The reader's thread."""
        with self._guard:
            self._file = known
        self._answer(asked, known.digests)

    def _answer(self, asked: page.Find, digests: FileDigests | None) -> None:
        with self._guard:
            operations = self._operations
        found = tuple(history.search(operations, query_of(asked.search, digests)))
        start = max(0, asked.start)
        rows = tuple(_row(operation, digests) for operation in found[start : start + page.MAX_ROWS])
        about, times = about_file(operations, digests) if digests is not None else ("", 0)
        self.desk.send(page.Found(asked.question, len(found), start, rows, about, times))

    def _read(self) -> None:
        try:
            status = self.desk.paths.journal.stat()
        except OSError:
            self._operations, self._seen = (), (-1, -1)
            return
        seen = (status.st_mtime_ns, status.st_size)
        if seen != self._seen:
            self._operations = history.operations(self._journal)
            self._seen = seen

    # --- the rest -------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        try:
            answer = page.Checked(self._journal.verify_chain())
        except JournalBroken as broken:
            answer = page.Checked(broken.line - 1, broken.line)
        except OSError as error:
            raise StorageFailed(f"the journal can't be read: {error.strerror}") from error
        self.desk.send(answer)

    def _export(self, asked: page.Export) -> None:
        """By the command, in a process of its own: drawing loads libraries that the desk needs for nothing else."""
        search = asked.search
        query_of(search)  # complains before anything is started
        flags = [
            f"--{asked.form}={asked.path}",
            f"--language={self.desk.language}",
            "--state-dir",
            str(self.desk.paths.state_dir),
        ]
        filters = {name: getattr(search, name) for name in ("since", "until", "outcome", "file")}
        flags += [f"--{name}={value}" for name, value in filters.items() if value]
        command = [*self.desk.command, "history", *flags, "--", *search.text.split()]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                cwd=paths.CODE_ROOT,
                timeout=EXPORT_LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise TimedOut("the file was not written in time") from error
        except OSError as error:
            raise FileNotWritten(f"the command can't be started: {error.strerror}") from error
        if done.returncode:
            raise FileNotWritten(_last_line(done.stderr))
        self.desk.send(page.Exported(asked.path))


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of a file: its digests of these sizes."""

    path: str
    sizes: frozenset[int]
    digests: FileDigests

    def serves(self, asked: page.Find, sizes: frozenset[int]) -> bool:
        """Whether it answers that question, too. Of rows that come in pieces all are about what was read at first."""
        if self.path != asked.search.file or not sizes <= self.sizes:
            return False
        return asked.start > 0 or file_digests.identity_of(Path(self.path)) == self.digests.identity


class _Reader:
    """Reads a file for one question, in a thread of its own, until somebody stops it. Then nothing more is said of it."""

    def __init__(
        self,
        desk: Desk,
        asked: page.Find,
        sizes: frozenset[int],
        was_read: Callable[[page.Find, _Known], None],
    ) -> None:
        self._desk = desk
        self._asked = asked
        self._sizes = sizes
        self._was_read = was_read
        self._is_stopped = threading.Event()
        self._speaking = threading.Lock()
        self._told = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="reader of the page history", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._speaking:  # a word that has begun comes before what is asked next
            self._is_stopped.set()

    def wait(self) -> None:
        """Until it has ended, or a moment later at most: a disk may take its time."""
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        path = self._asked.search.file
        try:
            digests = file_digests.of_file(Path(path), self._sizes, self._go_on)
            self._say(lambda: self._was_read(self._asked, _Known(path, self._sizes, digests)))
        except Stopped:
            return
        except AgentError as error:
            trouble = frame.Trouble("history", error.code, shortened(error.detail))
            self._say(lambda: self._desk.send(trouble))
        except BaseException:
            self._say(lambda: self._desk.send(frame.Trouble("history", "internal")))
            raise

    def _say(self, act: Callable[[], None]) -> None:
        with self._speaking:
            if not self._is_over():
                act()

    def _is_over(self) -> bool:
        return self._is_stopped.is_set() or self._desk.has_ended.is_set()

    def _go_on(self, done: int, total: int) -> bool:
        if self._is_over():
            return False
        now = time.monotonic()
        if now >= self._told + _TELL_EVERY_S:
            self._told = now
            self._desk.send(page.Reading(self._asked.question, done, total))
        return True


def query_of(search: page.Search, digests: FileDigests | None = None) -> Query:
    """The search as the journal's readers know it, for a file with these digests. Raises BadInput where a day is none."""
    try:
        since, until = (date.fromisoformat(day) if day else None for day in (search.since, search.until))
    except ValueError as error:
        raise BadInput("a day is not written as YYYY-MM-DD") from error
    outcomes = frozenset({search.outcome} if search.outcome else ())
    return Query(search.text, since, until, outcomes, digests.all if digests is not None else None)


def about_file(operations: Sequence[Operation], digests: FileDigests) -> tuple[page.About, int]:
    """What all operations say of a file, and how many of them say it."""
    counted = Counter(_about(operation, digests) for operation in operations)
    for about in _ABOUT:
        if counted[about]:
            return about, counted[about]
    return "unknown", 0


def _about(operation: Operation, digests: FileDigests) -> page.About:
    """What one operation has to do with a file."""
    if operation.is_signature and not digests.whole.isdisjoint(operation.digests):
        return "signed"
    if operation.is_signature and not digests.inside.isdisjoint(operation.digests):
        return "inside"
    if not digests.all.isdisjoint(operation.left_out):
        return "left-out"
    return "asked" if operation.is_about(digests.all) else ""


def _row(operation: Operation, digests: FileDigests | None) -> page.Row:
    return page.Row(
        time=operation.asked_at.isoformat(),
        kind=shortened(operation.kind),
        site=shortened(operation.site),
        action=shortened(operation.action),
        count=operation.count,
        outcome=operation.outcome,
        code=shortened(operation.code),
        owner=shortened(operation.owner),
        certificate=shortened(operation.certificate, _MAX_DIGEST),
        digests=_shown(operation.digests),
        left_out=len(operation.left_out),
        left_out_digests=_shown(operation.left_out),
        about=_about(operation, digests) if digests is not None else "",
    )


def _shown(digests: Sequence[str]) -> tuple[str, ...]:
    return tuple(shortened(digest, _MAX_DIGEST) for digest in digests[: page.MAX_DIGESTS])


def _last_line(octets: bytes) -> str:
    lines: Sequence[str] = octets.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "the file was not written"
