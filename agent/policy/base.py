"""What a place of policies gives, and how it is checked: the same for files, registry and managed preferences."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from agent.settings import MAX_FILE_BYTES, SETTINGS, BadConfig, checked


class BadPolicy(BadConfig):
    """The policy can't be used, so nothing may be done. `problems` are all that is wrong with it, each with its place; `detail` has the
    first of them, and `place` is its place."""

    code = "bad-policy"

    def __init__(self, place: str, problems: Iterable[str]) -> None:
        self.place = place
        self.problems = tuple(problems)
        more = len(self.problems) - 1
        super().__init__(self.problems[0] + (f" (and {more} more)" if more else ""))


@dataclass(frozen=True, slots=True)
class Value:
    """A value as the program keeps it, and where it was set."""

    value: Any
    place: str


@dataclass(frozen=True, slots=True)
class Table:
    """Settings as they stand in one file or key of the registry, unchecked."""

    place: str
    entries: Mapping[str, Any]


class Place(Protocol):
    """Where policies may stand."""

    def tables(self) -> Iterable[Table]:
        """What stands there, the strongest last; nothing where there is nothing. Raises BadPolicy where it can't be read, or where
        somebody else could have written it."""
        ...

    def stamp(self) -> object:
        """Something that is another one once what stands there was changed. Never raises."""
        ...

    def holds(self, path: Path, /) -> bool:
        """Whether that file is one that is read here."""
        ...


def parse(text: bytes, where: str) -> dict[str, Any]:
    """The table in a TOML file. Raises BadConfig."""
    if len(text) > MAX_FILE_BYTES:
        raise BadConfig(f"{where} is over {MAX_FILE_BYTES} octets")
    try:
        return tomllib.loads(text.decode())
    except (
        ValueError,
        RecursionError,
    ) as error:  # a number of thousands of digits, tables in tables in tables
        raise BadConfig(f"{where} is not TOML: {error}") from error


def gather(tables: Iterable[Table], *, is_whole: bool = True) -> dict[str, Value]:
    """The checked settings of them, those of later ones in place of those of earlier ones; what they must not say together counts only where
    they are the whole policy. Raises BadPolicy with all that is wrong."""
    found: dict[str, Value] = {}
    problems: list[tuple[str, str]] = []
    for table in tables:
        for name, raw in table.entries.items():
            try:
                found[name] = Value(checked(name, raw, table.place), table.place)
            except BadConfig as error:
                problems.append((table.place, error.detail))
    if not problems and is_whole:
        problems.extend(contradictions(found))
    if problems:
        raise BadPolicy(problems[0][0], (text for _, text in problems))
    return found


def contradictions(found: Mapping[str, Value]) -> list[tuple[str, str]]:
    """What settings say that make no sense together, with the place where they do."""
    assert found.keys() <= SETTINGS.keys()
    only = found.get("only_key_folders")
    folders = found.get("key_folders")
    if only is not None and only.value and (folders is None or not folders.value):
        return [(only.place, f"{only.place}: only_key_folders is true, but no policy sets key_folders")]
    return []
