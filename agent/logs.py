"""Logs for us: English, and by construction without what a page or a person said.

A log line is an event with its stable number (agent.event_ids) and with facts. Only the facts in FACTS may be logged, each cut to a
harmless form, so a frame, a password or a name can't slip in through a careless message. Errors are logged as the places they passed through and their kind;
their texts can quote what a page sent, and stay out. The libraries' own loggers are silenced below "warning": at "debug"
websockets writes the frames themselves. pyHanko's are below "error": its warnings are remarks on how a document is written.
"""

import contextlib
import logging
import logging.handlers
import os
import re
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType
from typing import Final, TypeAlias

from agent import event_ids, paths

MAX_FILE_BYTES = 1024 * 1024
KEPT_FILES = 3

FACTS: Final = frozenset(
    {"origin", "kind", "dialect", "method", "octets", "code", "status", "count", "waiting", "milliseconds", "port", "process",
     "signal", "outcome", "version", "setting", "source", "path"}
)  # fmt: skip
_MAX_FACT = 200
_MAX_CAUSES = 8
_HARMLESS: Final = re.compile(r"[^\w./:@\[\]+-]", re.ASCII)
_PERSON: Final = re.compile(r"(?<!\d)\d{12}(?!\d)", re.ASCII)  # an IIN or a BIN

_LIBRARIES: Final = {
    "websockets": logging.WARNING, "asyncio": logging.WARNING,
    "pyhanko": logging.ERROR, "pyhanko_certvalidator": logging.ERROR,
}  # fmt: skip

_log = logging.getLogger(__name__)

Fact: TypeAlias = str | int | float | bool | Path | None
ErrorInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


def note(
    logger: logging.Logger, level: int, event: str, /, *, error: BaseException | None = None, **facts: Fact
) -> None:
    """Logs `event` (a constant of the program, never a text from outside) with facts. ValueError for a fact not in FACTS."""
    unknown = facts.keys() - FACTS
    if unknown:
        raise ValueError(f"{min(unknown)!r} is not a fact that may be logged")
    if logger.isEnabledFor(level):
        shown = {name: harmless(value) for name, value in facts.items()}
        line = " ".join([event, *(f"{name}={value}" for name, value in shown.items())])
        extra = {"event_id": event_ids.id_of(event), "event": event, "facts": shown}
        logger.log(level, "%s", line if error is None else f"{line}\n{_story(error)}", extra=extra)


def harmless(value: Fact) -> str:
    """The value in a form that can't break a line, colour a terminal or go on for ever, and that names nobody by number."""
    text = _PERSON.sub("????????????", str(value))
    return _HARMLESS.sub("?", text[:_MAX_FACT]) + ("..." if len(text) > _MAX_FACT else "")


def _story(error: BaseException) -> str:
    """The kind of an error and the places it passed through, innermost first, then the kinds of the errors behind it."""
    places = [
        f"{Path(each.filename).name}:{each.lineno} {each.name}"
        for each in traceback.extract_tb(error.__traceback__)
    ]
    lines = [f"  error {type(error).__name__} at {' < '.join(reversed(places)) or '?'}"]
    cause = error.__cause__ or error.__context__
    while cause is not None and len(lines) < _MAX_CAUSES:
        lines.append(f"  after {type(cause).__name__}")
        cause = cause.__cause__ or cause.__context__
    return "\n".join(lines)


class _Plain(logging.Formatter):
    """Time, number of the event, level, where, event. An error that a library logs is told as `note` tells it, without its text."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(event_id)d %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler may have left the whole text there
        return super().format(record)

    def formatException(self, ei: ErrorInfo) -> str:  # noqa: N802  # the name that logging calls
        return _story(ei[1]) if ei[1] is not None else ""


class _OursOrPlain(logging.Filter):
    """Lets our records through as they are; of a library's record only that there was one, and the kind of its error."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.split(".")[0] not in {"agent", "protocol", "py"}:
            record.msg, record.args = "a warning of the library, text left out", ()
        if not hasattr(record, "event_id"):
            record.event_id = event_ids.UNLISTED
        return True


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """A rotating file that only its owner can read, from its first octet on."""

    def _open(self):  # type: ignore[no-untyped-def]  # noqa: ANN202  # the type of the stream is the base class's own affair
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")


def set_up(
    level: str,
    file: Path | None = None,
    system: logging.Handler | None = None,
    *,
    to_standard_error: bool = True,
    is_quiet: bool = False,
    is_second: bool = False,
) -> None:
    """Sends the program's log to standard error, to `file` if one is given, and to the `system`'s log (agent.system_log) if it is given.

    Called once, at the start. Where the system's log is what standard error leads to, everything would be told twice: then without
    `to_standard_error`. Where it `is_quiet`, standard error gets warnings alone. A process that `is_second` at the file leaves it to the
    first to begin a new one, and goes without where it can't write there. OSError.
    """
    root = logging.getLogger()
    close()
    handlers: list[logging.Handler] = [logging.StreamHandler()] if to_standard_error else []
    for each in handlers:
        each.setLevel(logging.WARNING if is_quiet else logging.NOTSET)
    if system is not None:
        handlers.append(system)
    if file is not None and is_second:
        if os.name != "nt":  # there the first one could not rename what we have open
            with contextlib.suppress(OSError):
                handlers.append(_PrivateFile(file))
    elif file is not None:
        paths.make_private(file.parent)
        handlers.append(_PrivateFile(file, maxBytes=MAX_FILE_BYTES, backupCount=KEPT_FILES))
    for handler in handlers:
        handler.setFormatter(_Plain())
        handler.addFilter(_OursOrPlain())
        root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in ("agent", "protocol"):
        logging.getLogger(name).setLevel(level.upper())
    keep_libraries_quiet()


def keep_libraries_quiet() -> None:
    """From now on the libraries' own loggers are heard from these levels on only, whoever listens."""
    for name, level in _LIBRARIES.items():
        logging.getLogger(name).setLevel(level)


def keep_errors_quiet() -> None:
    """From now on an error that nobody caught is told without its text, which could quote a page or a password."""

    def report(error: BaseException | None) -> None:
        if error is not None:
            note(_log, logging.CRITICAL, "an error that nobody caught", error=error)

    sys.excepthook = lambda _kind, error, _trace: report(error)
    threading.excepthook = lambda given: report(given.exc_value)
    sys.unraisablehook = lambda given: report(given.exc_value)


def close() -> None:
    """Takes away and closes the handlers that `set_up` made."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each.formatter, _Plain)]:
        root.removeHandler(handler)
        handler.close()
