"""How values are written for people: numbers, sizes, dates, digests, and names that a stranger supplied."""

from collections.abc import Callable
from datetime import datetime
from pathlib import PureWindowsPath

from protocol import letters, prompts

NO_BREAK_SPACE = "\u00a0"
THIN_SPACE = "\u202f"  # the narrow no-break one
MAX_NAME_LENGTH = 500  # characters of a stranger's text that are kept
MAX_PATH_LENGTH = 4096  # as long as Linux allows
_KILO = 1024


def number(value: int, language: prompts.Language) -> str:
    """A whole number with its thousands set apart, from 10,000 on."""
    if abs(value) < 10_000:
        return str(value)
    return f"{value:,}".replace(",", "," if language == "en" else THIN_SPACE)


def size(size_bytes: int, language: prompts.Language, text: Callable[..., str]) -> str:
    """A size as file managers show it: units of 1024, one decimal below 10."""
    if size_bytes < _KILO:
        return text("what.bytes", count=size_bytes)
    value, unit = size_bytes / _KILO, "kilo"
    for larger in ("mega", "giga"):
        if value >= _KILO:
            value, unit = value / _KILO, larger
    shown = f"{value:.1f}" if value < 10 else f"{value:.0f}"
    if language != "en":
        shown = shown.replace(".", ",")
    return text(f"what.unit.{unit}", number=shown).replace(" ", NO_BREAK_SPACE)


def date(moment: str) -> str:
    """dd.mm.yyyy, in this computer's time zone, of an ISO 8601 moment; what can't be read is shown as it came."""
    parsed = _parse(moment)
    return clean(moment) if parsed is None else f"{parsed:%d.%m.%Y}"


def time(moment: str) -> str:
    """dd.mm hh:mm, likewise."""
    parsed = _parse(moment)
    return clean(moment) if parsed is None else f"{parsed:%d.%m %H:%M}"


def time_of_year(moment: str) -> str:
    """dd.mm.yyyy hh:mm, likewise."""
    parsed = _parse(moment)
    return clean(moment) if parsed is None else f"{parsed:%d.%m.%Y %H:%M}"


def is_past(moment: str, now: datetime) -> bool:
    """Whether an ISO 8601 moment lies before `now`; an unreadable one does not."""
    parsed = _parse(moment)
    return parsed is not None and parsed < now


def groups(hexadecimal: str) -> str:
    """A digest or serial number in groups of four, for reading aloud."""
    return " ".join(hexadecimal[start : start + 4] for start in range(0, len(hexadecimal), 4))


def clean(text: str) -> str:
    """A stranger's text with every shapeless character made visible: nothing in it can hide, reorder or break lines."""
    kept = text if len(text) <= MAX_NAME_LENGTH else text[:MAX_NAME_LENGTH] + "…"
    return letters.visible(kept)


def path(text: str) -> str:
    """The path of a file, likewise; one of absurd length loses its middle, never the file's name."""
    half = MAX_PATH_LENGTH // 2
    return letters.visible(text if len(text) <= MAX_PATH_LENGTH else f"{text[:half]} … {text[-half:]}")


def split_path(path: str) -> tuple[str, str]:
    """A path's name and its folder, whichever system's path it is."""
    at = path.rfind("/")
    if PureWindowsPath(path).drive:
        at = max(at, path.rfind("\\"))
    return path[at + 1 :], path[: at + 1]


def _parse(moment: str) -> datetime | None:
    try:
        return datetime.fromisoformat(moment).astimezone()
    except (ValueError, OverflowError):
        return None
