"""The program's log, for a bundle: only lines that the program itself wrote, put together anew out of their known parts.

A line that is none of ours, an event or a fact that we don't know, does not go into a bundle: what it is, nobody can say.
"""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, get_args, get_type_hints

from agent import event_ids, logs
from agent.event_ids import EVENTS
from agent.support.redaction import Redaction
from protocol.control import Command

MAX_LINES: Final = 5000
MAX_LINE_CHARS: Final = 2000
MAX_CHARS: Final = 1_000_000  # of all lines: they go to a window in one message

_LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (?:(?P<id>\d{4}) )?(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) "
    r"(?P<place>[A-Za-z_][\w.]{0,80}): (?P<rest>.*)",
    re.ASCII,
)
_STORY = re.compile(r"  (?:error|after) [A-Za-z_]\w*(?: at [\w.:<> ()?-]+)?", re.ASCII)
_FACT = re.compile(r"(?P<name>[a-z]+)=(?P<value>\S*)", re.ASCII)
_NUMBERS = frozenset(
    {"octets", "status", "count", "waiting", "milliseconds", "port", "process", "signal", "lost"}
)
_NUMBER = re.compile(r"-?\d{1,9}", re.ASCII)
_COMMANDS = frozenset(get_args(get_type_hints(Command)["name"]))
_METHOD = re.compile(r"[A-Za-z.]{0,60}", re.ASCII)
_WORD = re.compile(r"[\w./:@\[\]+-]*(?:\.\.\.)?", re.ASCII)
_LIBRARY = "a warning of the library, text left out"
_BY_LENGTH = sorted(EVENTS, key=len, reverse=True)


@dataclass
class Read:
    """The last lines, oldest first; how often each event was logged, in all that was read; and when the first and last were."""

    lines: list[str]
    events: Counter[str] = field(default_factory=Counter)
    first: str = ""
    last: str = ""


def read(log: Path, redaction: Redaction) -> Read:
    """The log at `log` with its older files. A file that is not there is passed over, one that can't be read is a line of its own."""
    kept: deque[str] = deque(maxlen=MAX_LINES)
    found = Read([])
    for path in _files(log):
        try:
            with path.open("r", encoding="utf-8", errors="replace") as stream:
                for line in _cut(stream):
                    shown = _shown(line, redaction, found)
                    if shown:
                        kept.append(shown)
        except FileNotFoundError:
            continue
        except OSError as error:
            kept.append(f"({path.name} can't be read: {error.strerror})")
    length = sum(map(len, kept))
    while length > MAX_CHARS:
        length -= len(kept.popleft())
    found.lines = list(kept)
    return found


def _files(log: Path) -> Sequence[Path]:
    """The oldest first."""
    older = [log.with_name(f"{log.name}.{number}") for number in range(logs.KEPT_FILES, 0, -1)]
    return (*older, log)


def _cut(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line.rstrip("\n")[:MAX_LINE_CHARS]


def _shown(line: str, redaction: Redaction, found: Read) -> str:
    """The line as it may be shown; empty for one that may not."""
    if _STORY.fullmatch(line):
        return redaction.text(line)
    parts = _LINE.fullmatch(line)
    event = event_of(parts["rest"]) if parts else ""
    if parts is None or not event:
        redaction.taken_out["line"] += 1
        return ""
    found.events[event] += 1
    found.first = found.first or parts["time"]
    found.last = parts["time"]
    facts = _facts(parts["rest"].removeprefix(event), redaction)
    number = event_ids.id_of(event)
    place = redaction.text(parts["place"])
    return " ".join([f"{parts['time']} {number} {parts['level']} {place}: {event}", *facts])


def event_of(rest: str) -> str:
    """The event that a line begins with; empty for none of ours."""
    if rest == _LIBRARY:
        return rest
    return next((event for event in _BY_LENGTH if rest == event or rest.startswith(f"{event} ")), "")


def _facts(text: str, redaction: Redaction) -> Iterator[str]:
    for word in text.split():
        fact = _FACT.fullmatch(word)
        if fact is None or fact["name"] not in {*logs.FACTS, "lost"}:
            redaction.taken_out["line"] += 1
            continue
        yield f"{fact['name']}={_value(fact['name'], fact['value'], redaction)}"


def _value(name: str, value: str, redaction: Redaction) -> str:
    if name == "origin":
        return redaction.site(value)
    if name == "path":
        return redaction.path(value)
    if name in _NUMBERS and not _NUMBER.fullmatch(value):
        return "?"
    if name == "method" and value not in _COMMANDS and not _METHOD.fullmatch(value):
        return "?"
    # What `note` writes is ASCII, and what it writes of these facts is one of our own words.
    return redaction.text(value) if _WORD.fullmatch(value) else "?"
