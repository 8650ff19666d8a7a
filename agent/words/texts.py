"""The words of verdicts and document cards in Kazakh, Russian and English.

A text stands in <language>.toml under a dotted key. One that depends on a number is a table of plural forms, named as in
Unicode's plural rules (UTS #35 part 3): one, few, many, other. The number goes in as `count`. Tables that are chosen by a stable
word (a reason, a role, a format) end with "other", the general text for a word that is new: no raw word is ever shown.
"""

import functools
import tomllib
from collections.abc import Mapping
from datetime import datetime, tzinfo
from importlib import resources
from typing import Any, Literal, get_args

from agent.words import sections
from protocol import letters

Language = Literal["kk", "ru", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
NO_BREAK_SPACE = "\u00a0"

_FORMS = frozenset({"one", "few", "many", "other"})
_KILO = 1024


class Texts:
    """The words of one language: `texts("count.signatures", count=3)` gives the text.

    Moments are told in `zone`; where it is None, in the time zone of this computer.
    """

    def __init__(
        self,
        language: Language,
        entries: Mapping[str, str | Mapping[str, str]],
        zone: tzinfo | None = None,
    ) -> None:
        self.language = language
        self.entries = entries
        self.zone = zone

    def __call__(self, key: str, **values: Any) -> str:
        """The text with `values` put in. KeyError on an unknown key: a mistake in the program."""
        entry = self.entries[key]
        if not isinstance(entry, str):
            entry = entry[plural_form(self.language, values["count"])]
        return entry.format(**values)

    def chosen(self, table: str, word: str) -> str:
        """The text `table.word`; where the word is new to us, the table's general one."""
        key = f"{table}.{word}"
        return self(key if key in self.entries else f"{table}.other")

    def advice(self, reason: str) -> str:
        """What the person can do about a reason; empty where there is nothing."""
        return str(self.entries.get(f"advice.{reason}", ""))

    def section(self, reason: str, document_format: str = "") -> str:
        """Where a standard speaks of a reason: "RFC 5652 §5.4"; empty where none does. The same in every language."""
        return sections.section(reason, document_format)

    def verdict(self, verdict: str, signatures: int, *, is_partial: bool = False) -> str:
        """A sentence or two on what the verdict means for a document with so many signatures; `is_partial` where one of them is
        over a part of it only, so that nothing good may be said of the whole."""
        if not signatures:
            return self("verdict.none")
        if is_partial and verdict == "valid":
            return self("verdict.partial")
        return self(f"verdict.{verdict}.{'single' if signatures == 1 else 'several'}")

    def moment(self, moment: datetime) -> str:
        """dd.mm.yyyy HH:MM with the time zone."""
        local = self._local(moment)
        return f"{local:%d.%m.%Y %H:%M} ({_offset(local)})".replace(" (", f"{NO_BREAK_SPACE}(")

    def date(self, moment: datetime) -> str:
        """dd.mm.yyyy."""
        return f"{self._local(moment):%d.%m.%Y}"

    def period(self, start: datetime, end: datetime) -> str:
        """Two dates with a dash between."""
        return f"{self.date(start)} – {self.date(end)}"

    def _local(self, moment: datetime) -> datetime:
        try:
            return moment.astimezone(self.zone)
        except (OverflowError, OSError, ValueError):
            return moment  # at an end of the calendar, where zones have no times: "never" is the last second of 9999

    def size(self, octets: int) -> str:
        """A size as file managers show it: units of 1024, one decimal below 10."""
        if octets < _KILO:
            return self("count.octets", count=octets)
        value, unit = octets / _KILO, "kilo"
        for larger in ("mega", "giga"):
            if value >= _KILO:
                value, unit = value / _KILO, larger
        shown = f"{value:.1f}" if value < 10 else f"{value:.0f}"
        if self.language != "en":
            shown = shown.replace(".", ",")
        return self(f"unit.{unit}", number=shown).replace(" ", NO_BREAK_SPACE)


def load(language: Language, zone: tzinfo | None = None) -> Texts:
    """The words that come with the program."""
    return Texts(language, _entries(language), zone)


def plain(text: str) -> str:
    """The text with a mark in place of each character that would do something to a terminal rather than be read in it: names in
    certificates and files are a stranger's to choose."""
    return letters.visible(text)


def plural_form(language: Language, count: int) -> str:
    """CLDR's cardinal form of a whole number. A noun after a number does not change in Kazakh, so it has one form here."""
    if language == "ru":
        if count % 10 == 1 and count % 100 != 11:
            return "one"
        return "few" if count % 10 in {2, 3, 4} and count % 100 not in {12, 13, 14} else "many"
    return "one" if language == "en" and count == 1 else "other"


@functools.cache
def _entries(language: Language) -> Mapping[str, str | Mapping[str, str]]:
    source = resources.files("agent.words").joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return dict(_flatten(tomllib.loads(source), ""))


def _flatten(table: Mapping[str, Any], prefix: str) -> list[tuple[str, str | Mapping[str, str]]]:
    found: list[tuple[str, str | Mapping[str, str]]] = []
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, str) or value.keys() <= _FORMS:
            found.append((key, value))
        else:
            found += _flatten(value, f"{key}.")
    return found


def _offset(moment: datetime) -> str:
    """ "UTC+5", "UTC+5:30", "UTC"."""
    offset = moment.utcoffset()
    minutes = 0 if offset is None else round(offset.total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '−'}{hours}" + (f":{rest:02}" if rest else "")
