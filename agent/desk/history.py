"""The page of what was asked and signed: searches the journal, checks its chain, and has it written as a file."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from agent import history, paths
from agent.desk.base import Desk, FileNotWritten
from agent.errors import BadInput, StorageFailed, TimedOut
from agent.history import Operation, Query
from agent.journal import Journal, JournalBroken
from protocol.desk import history as page

EXPORT_LIMIT_S = 300.0


def make(desk: Desk) -> "HistoryPage":
    return HistoryPage(desk)


@dataclass
class HistoryPage:
    """See agent.desk.base.Page. Operations are kept until the journal's file changes."""

    desk: Desk
    _operations: tuple[Operation, ...] = ()
    _seen: tuple[int, int] = (-1, -1)
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
        self._operations = ()

    def _find(self, asked: page.Find) -> None:
        self._read()
        found = tuple(history.search(self._operations, query_of(asked.search)))
        start = max(0, asked.start)
        rows = tuple(_row(operation) for operation in found[start : start + page.MAX_ROWS])
        self.desk.send(page.Found(asked.question, len(found), start, rows))

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
        filters = {name: getattr(search, name) for name in ("since", "until", "outcome")}
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


def query_of(search: page.Search) -> Query:
    """The search as the journal's readers know it. Raises BadInput where a day is none."""
    try:
        since, until = (date.fromisoformat(day) if day else None for day in (search.since, search.until))
    except ValueError as error:
        raise BadInput("a day is not written as YYYY-MM-DD") from error
    return Query(search.text, since, until, frozenset({search.outcome} if search.outcome else ()))


def _row(operation: Operation) -> page.Row:
    return page.Row(
        time=operation.asked_at.isoformat(),
        kind=operation.kind,
        site=operation.site,
        action=operation.action,
        count=operation.count,
        outcome=operation.outcome,
        code=operation.code,
        owner=operation.owner,
        certificate=operation.certificate,
        digests=operation.digests[: page.MAX_DIGESTS],
    )


def _last_line(octets: bytes) -> str:
    lines: Sequence[str] = octets.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "the file was not written"
