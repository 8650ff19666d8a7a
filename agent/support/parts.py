"""The parts of a bundle for support: each a text that is built of what is known to be nobody's, line by line.

The titles are the reader's; what is inside is English, for who helps, but for the examination, which speaks as the person saw it.
"""

import importlib.metadata
import json
import locale
import platform
import stat
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from agent import daemon, event_ids, programs
from agent.config import Config
from agent.doctor import report
from agent.doctor.examination import Computer
from agent.doctor.finding import Finding
from agent.errors import AgentError
from agent.gost import backend
from agent.journal import Journal, JournalBroken
from agent.paths import Paths
from agent.settings import SETTINGS
from agent.support import health, log_lines
from agent.support.redaction import Redaction
from agent.words.texts import Texts

Name: TypeAlias = Literal["program", "examination", "health", "settings", "log", "events", "history", "files"]
NAMES: Final[tuple[Name, ...]] = get_args(Name)

_LIBRARIES: Final = (
    "websockets", "cryptography", "asn1crypto", "lxml", "pyhanko", "pyhanko-certvalidator", "pypdfium2", "urllib3", "PySide6",
    "PySide6_Essentials", "pystray", "Pillow", "reportlab", "uvicorn", "starlette", "tomlkit", "platformdirs", "tuf",
)  # fmt: skip
_KNOWN_EVENTS: Final = frozenset(
    {"asked", "decided", "signed", "timestamped", "checked", "shown", "left", "failed"}
)
_FROM_ENVIRONMENT: Final = ("XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE")
_MAX_WORD = 60


@dataclass(frozen=True, slots=True)
class Part:
    """`file` is its name in the bundle."""

    name: Name
    file: str
    text: str


@dataclass(frozen=True)
class Asked:
    """What a bundle is made of. `found` is the last examination of the computer `one`."""

    one: Computer
    found: Sequence[Finding]
    words: Texts
    at: datetime


def all_parts(asked: Asked, redaction: Redaction) -> tuple[Part, ...]:
    """Every part, each redacted once more, text by text."""
    settings = asked.one.settings
    log = log_lines.read(settings.paths.log, redaction)
    made: tuple[tuple[Name, str, str], ...] = (
        ("program", "program.txt", program(asked.one)),
        ("examination", "examination.txt", report.shareable(asked.words, asked.found, asked.at)),
        ("files", "files.txt", files(settings.paths, asked.one.home)),
        ("events", "events.txt", events(log)),
    )
    tables: tuple[tuple[Name, str, Any], ...] = (
        ("health", "health.json", health.to_json(*health.examine(asked.one))),
        ("settings", "settings.json", shown_settings(settings, asked.one.trouble, redaction)),
        ("history", "history.json", journal(Journal(settings.paths.journal))),
    )
    shown = [Part(name, file, redaction.text(text)) for name, file, text in made]
    shown += [Part(name, file, _json(_cleaned(table, redaction))) for name, file, table in tables]
    # The log was redacted line by line: as a whole, two lines could look like one long number.
    shown.append(Part("log", "log.txt", "".join(f"{line}\n" for line in log.lines)))
    return tuple(sorted(shown, key=lambda part: NAMES.index(part.name)))


def _cleaned(value: Any, redaction: Redaction) -> Any:
    """The table with every text in it redacted; names of members are ours."""
    if isinstance(value, str):
        return redaction.text(value)
    if isinstance(value, dict):
        return {name: _cleaned(item, redaction) for name, item in value.items()}
    return [_cleaned(item, redaction) for item in value] if isinstance(value, list) else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def program(one: Computer) -> str:
    """Versions of the program, the system and libraries."""
    lines = [
        f"qalamsap {daemon.version()}, packaged as: {programs.packaged_as() or 'none'}",
        f"Python {platform.python_version()} ({platform.python_implementation()}), {sys.maxsize.bit_length() + 1} bits",
        f"GOST: {backend.describe()}",
        f"system: {platform.system()} {platform.release()} {platform.machine()}",
        *_distribution(),
        f"language: {'.'.join(filter(None, locale.getlocale()))}",
        f"time zone: {datetime.now().astimezone():%Z%z}",
        *(f"{name}: {_word(one.environment.get(name, ''))}" for name in _FROM_ENVIRONMENT),
        "",
        *(f"{name} {version}" for name, version in sorted(_versions().items())),
    ]
    return "\n".join(lines) + "\n"


def _word(value: str) -> str:
    """What a desktop is called: letters, and a colon between several."""
    if not value:
        return "not set"
    return value if len(value) <= _MAX_WORD and value.replace(":", "").replace("-", "").isalnum() else "?"


def _distribution() -> Iterator[str]:
    try:
        found = platform.freedesktop_os_release()
    except OSError:  # no Linux
        yield f"release: {platform.version()}"
    else:
        yield f"release: {found.get('ID', '?')} {found.get('VERSION_ID', '?')}"
        yield f"libc: {' '.join(platform.libc_ver())}"


def _versions() -> Mapping[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def shown_settings(settings: Config, trouble: str, redaction: Redaction) -> dict[str, Any]:
    """Every setting with its source; of sites, hosts and folders only as many as a redaction lets through."""
    if trouble:
        return {"trouble": redaction.text(health.trouble(trouble))}
    return {
        name: {
            "value": _value(name, getattr(settings, name), redaction),
            "source": settings.sources.get(name, "default"),
        }
        for name in SETTINGS
    }


def _value(name: str, value: Any, redaction: Redaction) -> Any:
    if isinstance(value, bool | int):
        return value
    if isinstance(value, Path):
        return redaction.path(value)
    if name == "journal_path":
        return redaction.path(value) if value else ""
    if name == "proxy":
        return value if value in {"system", "none"} else "<proxy>"
    if name == "fetch_hosts":
        return [f"<host {number}>" for number in range(1, len(value) + 1)]
    if name == "update_url" and value and not value.startswith("https://"):
        return redaction.path(value)
    if isinstance(value, str):
        return redaction.text(value)
    if isinstance(value, Mapping):  # readings of sites
        return {redaction.site(site): str(item) for site, item in value.items()}
    return [_item(item, redaction) for item in value]


def _item(item: Any, redaction: Redaction) -> Any:
    if isinstance(item, Path):
        return redaction.path(item)
    return redaction.site(item) if "://" in item else redaction.text(item)


def journal(book: Journal) -> dict[str, Any]:
    """How many lines of which kind there are, whether the chain holds, which errors there were. No name, no site, no digest."""
    chain: dict[str, Any] = {"is_whole": True}
    try:
        chain["lines"] = book.verify_chain()
    except JournalBroken as broken:
        chain = {"is_whole": False, "broken_at_line": broken.line}
    except OSError as error:
        return {"trouble": f"can't be read: {error.strerror}"}
    counted: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    try:
        for entry in book.entries():
            event = entry.get("event")
            counted[event if event in _KNOWN_EVENTS else "other"] += 1
            if event == "failed":
                codes[_code(entry.get("code"))] += 1
    except AgentError as error:
        return {"trouble": error.detail}
    return {**chain, "events": dict(sorted(counted.items())), "failures": dict(sorted(codes.items()))}


def _code(code: object) -> str:
    """An error's code; somebody may have written anything into the file."""
    is_code = isinstance(code, str) and code.isascii() and code.replace("-", "").isalpha() and code.islower()
    return str(code) if is_code and len(str(code)) <= _MAX_WORD else "other"


def events(log: log_lines.Read) -> str:
    """How often each event stands in the log."""
    lines = [f"from {log.first or '?'} to {log.last or '?'}"]
    counted = sorted(log.events.items(), key=lambda item: event_ids.id_of(item[0]))
    lines += [f"{event_ids.id_of(event)} {count:6} {event}" for event, count in counted]
    return "\n".join(lines) + "\n"


def files(places: Paths, home: Path) -> str:
    """The files that are the program's own, with size, age and who may read them. Others are counted."""
    lines = []
    for folder in dict.fromkeys((places.state_dir, places.config_dir)):
        shown = (
            f"~/{folder.relative_to(home).as_posix()}" if folder.is_relative_to(home) else "<state folder>"
        )
        lines += [f"{shown}:", *_listed(folder, _known(places)), ""]
    return "\n".join(lines)


def _known(places: Paths) -> frozenset[str]:
    ours = [
        getattr(places, name).name
        for name, kind in vars(type(places)).items()
        if isinstance(kind, property) and isinstance(getattr(places, name), Path)
    ]
    rotated = [f"{places.log.name}.{number}" for number in range(1, 10)]
    return frozenset([*ours, *rotated, *(f"{name}.broken" for name in ours), f"{places.journal.name}.end"])


def _listed(folder: Path, known: Iterable[str]) -> Iterator[str]:
    try:
        found = sorted(folder.iterdir())
    except FileNotFoundError:
        yield "  not there"
        return
    except OSError as error:
        yield f"  can't be read: {error.strerror}"
        return
    others = 0
    for path in found:
        if path.name not in known:
            others += 1
            continue
        try:
            status = path.lstat()
        except OSError as error:
            yield f"  {path.name}: {error.strerror}"
            continue
        changed = datetime.fromtimestamp(status.st_mtime, UTC)
        yield f"  {stat.filemode(status.st_mode)} {status.st_size:10} {changed:%Y-%m-%d %H:%M} {path.name}"
    if others:
        yield f"  and {others} more, whose names are left out"
