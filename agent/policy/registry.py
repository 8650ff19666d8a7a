"""Policies in the registry of Windows, where group policies and Intune put them. How they stand there goes by the kind of setting:

boolean       REG_DWORD, 0 or 1
number        REG_DWORD
choice, text  REG_SZ
list          REG_MULTI_SZ; REG_SZ with semicolons between, which is what an installer can write; or a key of the setting's name with
              a REG_SZ for each item, in the order of the values' names
table         a key of the setting's name, with a key for each table in it, and a REG_SZ for each of its values
"""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from agent.policy.base import BadPolicy, Table
from agent.settings import SETTINGS

HKEY_CURRENT_USER: Final = "HKEY_CURRENT_USER"
HKEY_LOCAL_MACHINE: Final = "HKEY_LOCAL_MACHINE"
POLICIES: Final = r"Software\Policies\Qalamsap"
DEFAULTS: Final = r"Software\Qalamsap\Defaults"
"""What an installer sets in place of our defaults; below HKEY_LOCAL_MACHINE."""

_MAX_ENTRIES = 1024  # of one key; more is nobody's policy
_EXPECTED = {
    "boolean": "a REG_DWORD of 0 or 1",
    "number": "a REG_DWORD",
    "choice": "a REG_SZ",
    "text": "a REG_SZ",
    "list": "a REG_MULTI_SZ, a REG_SZ with semicolons, or a key with a REG_SZ for each item",
    "table": "a key with a key for each table",
}


@dataclass(frozen=True, slots=True)
class _Key:
    """A key as it was read: values with their types, and the keys below."""

    values: dict[str, tuple[Any, int]]
    keys: dict[str, "_Key"]


@dataclass(frozen=True, slots=True)
class RegistryKey:
    """The settings in a key of the registry. `winreg` is the standard library's module, or what stands in for it."""

    hive: str
    path: str
    winreg: Any = field(default=None, compare=False)

    @property
    def place(self) -> str:
        return f"{self.hive}\\{self.path}"

    def tables(self) -> Iterator[Table]:
        """See agent.policy.base.Place."""
        found = self._read()
        if found is not None:
            yield Table(self.place, self._settings(found))

    def stamp(self) -> object:
        """See agent.policy.base.Place."""
        try:
            return self._read()
        except BadPolicy as error:
            return error.detail

    def holds(self, _path: Path) -> bool:
        """See agent.policy.base.Place."""
        return False

    def _read(self) -> _Key | None:
        """All that stands there; None where there is no such key. Raises BadPolicy."""
        registry = self.winreg or importlib.import_module("winreg")
        try:
            # A program of 32 bits would be led to a key of its own without the flag.
            access = registry.KEY_READ | registry.KEY_WOW64_64KEY
            with registry.OpenKey(getattr(registry, self.hive), self.path, 0, access) as key:
                return _read(registry, key, access, depth=2)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadPolicy(self.place, [f"{self.place} can't be read: {error.strerror}"]) from error
        except _TooMuch as error:
            raise BadPolicy(self.place, [f"{self.place} holds too much"]) from error

    def _settings(self, found: _Key) -> dict[str, Any]:
        """As they would stand in TOML. Raises BadPolicy with all that is wrong."""
        registry = self.winreg or importlib.import_module("winreg")
        settings: dict[str, Any] = {}
        problems: list[str] = []
        for name, (value, kind) in found.values.items():
            known = _known(name)
            try:
                settings[known] = _value(registry, known, value, kind)
            except ValueError:
                problems.append(f"{self.place}: {known} is no value of its kind, expected {_expected(known)}")
        for name, key in found.keys.items():
            known = _known(name)
            if known in settings:
                problems.append(f"{self.place}: {known} is there twice, as a value and as a key")
                continue
            try:
                settings[known] = _under(registry, known, key)
            except ValueError:
                problems.append(f"{self.place}: {known} is no key of its kind, expected {_expected(known)}")
        if problems:
            raise BadPolicy(self.place, problems)
        return settings


class _TooMuch(Exception):
    """More than a policy has."""


def _read(registry: Any, key: Any, access: int, *, depth: int) -> _Key:
    """The key, so many levels deep. Raises OSError, _TooMuch."""
    keys, values, _ = registry.QueryInfoKey(key)
    if keys > _MAX_ENTRIES or values > _MAX_ENTRIES or (keys and not depth):
        raise _TooMuch
    found = [registry.EnumValue(key, number) for number in range(values)]
    below = {}
    for name in [registry.EnumKey(key, number) for number in range(keys)]:
        with registry.OpenKey(key, name, 0, access) as child:
            below[name] = _read(registry, child, access, depth=depth - 1)
    # The nameless value is the key's own, which tools like to leave empty.
    return _Key({name: (value, kind) for name, value, kind in found if name or value}, below)


def _known(name: str) -> str:
    """The registry does not mind upper and lower case."""
    return next((known for known in SETTINGS if known == name.lower()), name)


def _expected(name: str) -> str:
    return _EXPECTED[SETTINGS[name].kind] if name in SETTINGS else "nothing of that name"


def _value(registry: Any, name: str, value: Any, kind: int) -> Any:
    """Raises ValueError where the type does not fit the kind of setting; an unknown name is told of by who checks all."""
    wanted = SETTINGS[name].kind if name in SETTINGS else ""
    if wanted == "boolean" and kind == registry.REG_DWORD and value in (0, 1):
        return bool(value)
    if (wanted == "number" and kind == registry.REG_DWORD) or not wanted:
        return value
    if wanted in ("choice", "text") and kind == registry.REG_SZ:
        return value
    if wanted == "list" and kind == registry.REG_MULTI_SZ:
        return list(value or ())
    if wanted == "list" and kind == registry.REG_SZ:
        return [item.strip() for item in value.split(";") if item.strip()]
    raise ValueError(name)


def _under(registry: Any, name: str, key: _Key) -> Any:
    """The list or the table that stands in a key. Raises ValueError likewise."""
    wanted = SETTINGS[name].kind if name in SETTINGS else ""
    if not wanted:
        return {}
    if wanted == "list" and not key.keys:
        return [_text(registry, key.values[each]) for each in sorted(key.values, key=_order)]
    if wanted == "table" and not key.values and not any(table.keys for table in key.keys.values()):
        return {
            each: {inner: _text(registry, value) for inner, value in table.values.items()}
            for each, table in key.keys.items()
        }
    raise ValueError(name)


def _text(registry: Any, found: tuple[Any, int]) -> str:
    value, kind = found
    if kind != registry.REG_SZ:
        raise ValueError
    return str(value)


def _order(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isascii() and name.isdigit() else (1 << 31, name)
