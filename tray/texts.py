"""The sentences of windows and icon in Kazakh, Russian and English.

A text stands in one of the files texts/<language>/*.toml under a dotted key; each part of the program has a file of its own. One that depends on a number is a table of plural forms, named
as in Unicode's plural rules (UTS #35 part 3): one, few, many, other. The number goes in as `count`.
"""

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from protocol import prompts
from tray import words

_FORMS = frozenset({"one", "few", "many", "other"})
# Tables of texts that are chosen by a word from a message. "other" is such a word there, not a plural form.
CHOSEN = ("storage", "role", "use", "reason", "subject", "trouble", "history.kind", "history.action")


class Texts:
    """The texts of one language: `texts("who.sign", count=3)` gives the sentence."""

    def __init__(self, language: prompts.Language, entries: Mapping[str, str | Mapping[str, str]]) -> None:
        self.language = language
        self.entries = entries

    def __call__(self, key: str, **values: Any) -> str:
        """The text with `values` put in. KeyError on an unknown key: a mistake in the program."""
        entry = self.entries[key]
        if not isinstance(entry, str):
            entry = entry[plural_form(self.language, values["count"])]
        if "count" in values:
            values["count"] = words.number(values["count"], self.language)
        return entry.format(**values)

    def chosen(self, table: str, word: str, **values: Any) -> str:
        """The text `table.word`; where the word is new to us, the table's general one, so that no raw key is ever shown."""
        key = f"{table}.{word}"
        return self(key if key in self.entries else f"{table}.other", **values)

    def problem(self, table: str, code: str) -> str:
        """The sentence (table "error") or the advice (table "advice") for a code of agent.errors."""
        key = f"{table}.{code}"
        return self(key if key in self.entries else f"{table}.internal")


@functools.cache
def load(language: prompts.Language) -> Texts:
    """The texts that come with the program."""
    entries: dict[str, str | Mapping[str, str]] = {}
    for file in resources.files("tray").joinpath("texts", language).iterdir():
        found = dict(_flatten(tomllib.loads(file.read_text(encoding="utf-8")), ""))
        if twice := entries.keys() & found.keys():
            raise ValueError(f"two files have a text {min(twice)}")
        entries |= found
    return Texts(language, entries)


def plural_form(language: prompts.Language, count: int) -> str:
    """CLDR's cardinal form of a whole number. A noun after a number does not change in Kazakh, so it has one form here."""
    if language == "ru":
        if count % 10 == 1 and count % 100 != 11:
            return "one"
        return "few" if count % 10 in {2, 3, 4} and count % 100 not in {12, 13, 14} else "many"
    return "one" if language == "en" and count == 1 else "other"


def _flatten(table: Mapping[str, Any], prefix: str) -> list[tuple[str, str | Mapping[str, str]]]:
    found: list[tuple[str, str | Mapping[str, str]]] = []
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, str) or (value.keys() <= _FORMS and key not in CHOSEN):
            found.append((key, value))
        else:
            found += _flatten(value, f"{key}.")
    return found
