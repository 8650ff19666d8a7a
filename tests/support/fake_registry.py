"""The part of the standard library's module winreg that reads, over a dictionary: a key is a dictionary, a value a pair of data and type."""

import contextlib
from collections.abc import Iterator
from typing import Any

Key = dict[str, Any]


class FakeRegistry:
    """`keys` are the top keys by hive and path: {"HKEY_LOCAL_MACHINE": {r"Software\\Policies\\Qalamsap": {...}}}."""

    HKEY_LOCAL_MACHINE = "HKEY_LOCAL_MACHINE"
    HKEY_CURRENT_USER = "HKEY_CURRENT_USER"
    KEY_READ = 0x20019
    KEY_WOW64_64KEY = 0x0100
    REG_SZ = 1
    REG_EXPAND_SZ = 2
    REG_BINARY = 3
    REG_DWORD = 4
    REG_MULTI_SZ = 7

    def __init__(self, **keys: dict[str, Key]) -> None:
        self.keys = keys
        self.accesses: set[int] = set()
        self.is_forbidden = False

    @contextlib.contextmanager
    def OpenKey(self, key: Any, path: str, reserved: int, access: int) -> Iterator[Key]:  # its name
        assert reserved == 0
        self.accesses.add(access)
        if self.is_forbidden:
            raise PermissionError(13, "Access is denied")
        below = self.keys.get(key, {}) if isinstance(key, str) else key
        if path not in below:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        yield below[path]

    def QueryInfoKey(self, key: Key) -> tuple[int, int, int]:  # its name
        keys = sum(isinstance(each, dict) for each in key.values())
        return keys, len(key) - keys, 0

    def QueryValueEx(self, key: Key, name: str) -> tuple[Any, int]:  # its name
        if not isinstance(key.get(name), tuple):
            raise FileNotFoundError(2, "The system cannot find the file specified")
        value, kind = key[name]
        return value, kind

    def ExpandEnvironmentStrings(self, text: str) -> str:  # its name
        return text.replace("%SystemDrive%", "C:").replace("%systemroot%", r"C:\Windows")

    def EnumKey(self, key: Key, number: int) -> str:  # its name
        return [name for name, each in key.items() if isinstance(each, dict)][number]

    def EnumValue(self, key: Key, number: int) -> tuple[str, Any, int]:  # its name
        name, (value, kind) = [(name, each) for name, each in key.items() if isinstance(each, tuple)][number]
        return name, value, kind


def text(value: str) -> tuple[str, int]:
    return value, FakeRegistry.REG_SZ


def number(value: int) -> tuple[int, int]:
    return value, FakeRegistry.REG_DWORD


def texts(*values: str) -> tuple[list[str], int]:
    return list(values), FakeRegistry.REG_MULTI_SZ
