"""The handler that `agent.logs.set_up` is given for the system's log.

It never waits and never raises: a log that is full or gone must not hold up a signature. What could not be told is counted, and the number
goes with the next entry that can (`lost`).
"""

import logging
import os
import socket
import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from agent import logs
from agent.system_log import entry, journald, syslog
from agent.system_log.entry import Entry

if TYPE_CHECKING:
    from agent.system_log.windows_events import Reporter

Tell: TypeAlias = Callable[[Entry], None]
"""Tells one entry to the system's log. OSError."""


def begin(level: str, file: Path | None = None, *, is_usual: bool, is_second: bool = False) -> None:
    """Sets up the logs of a process (agent.logs), with the system's among them where the agent `is_usual`: a simulation, or an agent
    that lives in a folder of its own, has its own file alone. OSError."""
    found = system_log() if is_usual else None
    to_standard_error = found is None or not is_journal()
    logs.set_up(level, file, found, to_standard_error=to_standard_error, is_second=is_second)


def begin_command(*, is_usual: bool) -> None:
    """The same for what a person starts: the system is told of every event, and they see warnings alone, as they would without."""
    found = system_log() if is_usual else None
    if found is not None:
        logs.set_up("info", None, found, is_quiet=True)


class SystemLog(logging.Handler):
    """Hands each record to `tell`."""

    def __init__(self, tell: Tell, close: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._tell = tell
        self._close = close
        self.lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        told = entry.of(record, self._story(record))
        if self.lost:
            told = replace(told, facts={**told.facts, "lost": str(self.lost)})
        try:
            self._tell(told)
        except OSError:
            self.lost += 1
        else:
            self.lost = 0

    def _story(self, record: logging.LogRecord) -> str:
        """Of an error of a library: the formatter tells it without its text."""
        if self.formatter is None or not isinstance(record.exc_info, tuple):
            return ""
        return self.formatter.formatException(record.exc_info)

    def close(self) -> None:
        self._close()
        super().close()


def system_log(
    journal: Path = journald.SOCKET,
    syslogs: Sequence[Path] = syslog.SOCKETS,
    windows: "Callable[[], Reporter] | None" = None,
) -> SystemLog | None:
    """The log of this system; None where it has none that we know."""
    if sys.platform == "win32" or windows is not None:
        return _by_event_log(windows)
    if _is_socket(journal):
        return _by_socket(journal, journald.datagram)
    found = next((place for place in syslogs if _is_socket(place)), None)
    return _by_socket(found, syslog.datagram) if found is not None else None


def _by_event_log(open_: "Callable[[], Reporter] | None") -> SystemLog | None:
    from agent.system_log import windows_events  # noqa: PLC0415  # ctypes, which only Windows needs

    try:
        reporter = (open_ or windows_events.open_reporter)()
    except OSError:
        return None
    return SystemLog(lambda told: windows_events.report(told, reporter))


def is_journal(descriptor: int = 2, place: Path = journald.STANDARD_OUTPUT) -> bool:
    """Whether what is written there ends in the journal anyway: a service's standard error is a socket that journald serves."""
    if not hasattr(socket, "AF_UNIX"):
        return False
    try:
        with socket.socket(fileno=os.dup(descriptor)) as stream:
            return stream.family == socket.AF_UNIX and stream.getpeername() == str(place)
    except OSError:
        return False


def _is_socket(place: Path) -> bool:
    try:
        return stat.S_ISSOCK(place.stat().st_mode)  # /dev/log is a link where journald serves it
    except OSError:
        return False


def _by_socket(place: Path, form: Callable[[Entry], bytes]) -> SystemLog:
    sink = _Sink(place)
    return SystemLog(lambda told: sink.send(form(told)), sink.close)


class _Sink:
    """Datagrams to a Unix socket. They are addressed one by one: who serves it may be started anew."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._socket: Any = None

    def send(self, datagram: bytes) -> None:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
        self._socket.sendto(datagram, str(self._place))

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
