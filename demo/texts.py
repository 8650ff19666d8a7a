"""What the portal says, in Kazakh, Russian and English. The three files hold the same keys; a test keeps them equal."""

import functools
import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal, get_args

Language = Literal["kk", "ru", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT: Language = "ru"
FOLDER = Path(__file__).parent / "texts"
KAZAKHSTAN = timezone(timedelta(hours=5))
"""The whole country keeps UTC+5 since 1 March 2024."""

NARROW_SPACE = "\u202f"


@functools.cache
def load(language: str) -> Mapping[str, str]:
    """All texts of a language by dotted key."""
    with (FOLDER / f"{language}.toml").open("rb") as file:
        return dict(_flat(tomllib.load(file)))


def text(language: str, key: str, **values: object) -> str:
    """The sentence, with its places filled in."""
    return load(language)[key].format(**values)


def choose(accept_language: str) -> Language:
    """The first language of the header (RFC 9110 section 12.5.4) that the portal speaks."""
    wanted = []
    for part in accept_language[:200].split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        wanted.append((-weight, name.split("-")[0].lower()))
    spoken = {str(language): language for language in LANGUAGES}
    ordered = sorted(wanted, key=lambda item: item[0])
    return next((spoken[name] for _, name in ordered if name in spoken), DEFAULT)


def money(tiyn: int) -> str:
    """1234567 -> "12 345,67" with narrow spaces that don't break."""
    whole, rest = divmod(abs(tiyn), 100)
    sign = "−" if tiyn < 0 else ""
    return f"{sign}{whole:,}".replace(",", NARROW_SPACE) + f",{rest:02}"


def date(moment: datetime) -> str:
    return moment.astimezone(KAZAKHSTAN).strftime("%d.%m.%Y")


def date_time(moment: datetime) -> str:
    return moment.astimezone(KAZAKHSTAN).strftime("%d.%m.%Y %H:%M")


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    pairs = []
    for key, value in table.items():
        if isinstance(value, Mapping):
            pairs += _flat(value, f"{prefix}{key}.")
        else:
            pairs.append((f"{prefix}{key}", str(value).strip()))
    return pairs
