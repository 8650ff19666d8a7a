"""Whether the agent starts when the person logs in.

On Linux a file of the Desktop Application Autostart Specification in the person's own folder; on Windows a value of the Run key of the
person's own registry. Each says how this very program was started, so that a program that moved has to be switched on anew.

A Linux package brings such a file for everybody. A person's own file of the same name takes its place, so whoever wants no start
gets one that is hidden. Windows has no such rule: there the package's entry runs `qalamsap autostart start`, which asks here first.
"""

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from agent import paths
from agent.errors import StorageFailed, UnsupportedOperation

State: TypeAlias = Literal["on", "off", "unsupported"]

_FILE = "qalamsap.desktop"
FOR_EVERYBODY = Path("/etc/xdg/autostart") / _FILE
"""Where a package says it for everybody."""
_RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
_RUN_VALUE = "Qalamsap"
# Where Windows' own settings and its Task Manager note what was switched off there: eight octets of a time after four, the first of them odd.
_APPROVED_KEY = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
_OUR_KEY = r"Software\Qalamsap"
_OUR_VALUE = "Autostart"


@dataclass(frozen=True, slots=True)
class Autostart:
    """The switch. `config_home` is the person's folder of settings, `command` what is started."""

    config_home: Path
    command: Sequence[str]
    for_everybody: Path = FOR_EVERYBODY

    @property
    def file(self) -> Path:
        """The file that switches it on, where a file does."""
        return self.config_home / "autostart" / _FILE

    def state(self) -> State:
        """Whether it is on. Raises StorageFailed."""
        if sys.platform == "win32":  # untested
            return "on" if _is_on_in(RunKeys()) else "off"
        if sys.platform == "darwin":
            return "unsupported"
        text = _text(self.file)
        if text is None:
            text = _text(self.for_everybody)
        return "on" if _is_on(text) else "off"

    def turn(self, *, on: bool) -> None:
        """Switches it. Raises UnsupportedOperation, StorageFailed."""
        if any(not word.isprintable() for word in self.command):
            raise UnsupportedOperation("the program lies at a path that no entry can hold")
        try:
            if sys.platform == "win32":  # untested
                RunKeys().turn(" ".join(quoted_for_windows(word) for word in self.command), on=on)
            elif sys.platform == "darwin":
                raise UnsupportedOperation("no start at login on macOS yet")
            else:
                self._turn_entry(on=on)
        except OSError as error:
            raise StorageFailed(f"start at login can't be changed: {error.strerror}") from error

    def _turn_entry(self, *, on: bool) -> None:
        """Raises OSError, StorageFailed."""
        if _is_on(_text(self.for_everybody)) == on:
            self.file.unlink(missing_ok=True)  # what holds for everybody is as it is wanted
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        hidden = "" if on else "Hidden=true\n"
        paths.write_whole(self.file, (self._entry() + hidden).encode())

    def _entry(self) -> str:
        return (
            "[Desktop Entry]\n"
            "Type=Application\n"
            "Name=Qalamsap\n"
            "Comment=Signs documents for web pages\n"
            "Comment[ru]=Подписывает документы для сайтов\n"
            "Comment[kk]=Сайттарға арналған құжаттарға қол қояды\n"
            f"Exec={' '.join(quoted(word) for word in self.command)}\n"
            "Terminal=false\n"
            "X-GNOME-Autostart-enabled=true\n"
        )


def of_person(command: Sequence[str]) -> Autostart:
    """The switch of whoever runs this."""
    return Autostart(paths.settings_home(), command)


def _text(file: Path) -> str | None:
    """What is in it; None where it is not there. Raises StorageFailed."""
    try:
        return file.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise StorageFailed(f"{file} can't be read") from error


def _is_on(text: str | None) -> bool:
    """Whether an entry starts something. A desktop's own settings switch it off by a line in it."""
    if text is None:
        return False
    lines = {line.replace(" ", "").lower() for line in text.splitlines()}
    return not lines & {"hidden=true", "x-gnome-autostart-enabled=false"}


def quoted(word: str) -> str:
    """A word of an Exec line (Desktop Entry Specification, "The Exec key"): in double quotes, with those characters escaped that
    mean something there, and a percent sign doubled; the string's own backslashes come on top."""
    if word and all(letter.isalnum() or letter in "/._-+:@" for letter in word):
        return word
    escaped = "".join(f"\\{letter}" if letter in '"`$\\' else letter for letter in word.replace("%", "%%"))
    return f'"{escaped}"'.replace("\\", "\\\\")


def quoted_for_windows(word: str) -> str:
    return f'"{word}"' if " " in word else word


@dataclass(frozen=True, slots=True)
class RunKeys:
    """The Run keys of Windows: the person's own, and the computer's, which a package for everybody writes and people can't. That the
    person wants no start is noted in a value of ours, which outlives a package that writes its entry anew. Untested on Windows.

    `winreg` is another than the standard library's only in tests. Every function raises OSError.
    """

    winreg: Any = field(default_factory=lambda: importlib.import_module("winreg"))

    def is_on(self) -> bool:
        """What the person said last wins over every entry."""
        person, computer = self.winreg.HKEY_CURRENT_USER, self.winreg.HKEY_LOCAL_MACHINE
        if self._value(person, _OUR_KEY, _OUR_VALUE) == "off" or self._is_disabled(person):
            return False
        return self._value(person, _RUN_KEY, _RUN_VALUE) is not None or self._is_entered(computer)

    def turn(self, command: str, *, on: bool) -> None:
        """With an entry of the computer's the person needs none: two would start it twice."""
        person = self.winreg.HKEY_CURRENT_USER
        if not on:
            self._put(person, _OUR_KEY, _OUR_VALUE, "off")
            self._delete(person, _RUN_KEY, _RUN_VALUE)
            return
        self._delete(person, _OUR_KEY, _OUR_VALUE)
        self._delete(person, _APPROVED_KEY, _RUN_VALUE)
        if self._is_entered(self.winreg.HKEY_LOCAL_MACHINE):
            self._delete(person, _RUN_KEY, _RUN_VALUE)
        else:
            self._put(person, _RUN_KEY, _RUN_VALUE, command)

    def _is_entered(self, hive: int) -> bool:
        return self._value(hive, _RUN_KEY, _RUN_VALUE) is not None and not self._is_disabled(hive)

    def _is_disabled(self, hive: int) -> bool:
        """Whether Windows' own settings switched it off."""
        noted = self._value(hive, _APPROVED_KEY, _RUN_VALUE)
        return isinstance(noted, bytes) and bool(noted) and noted[0] % 2 == 1

    def _value(self, hive: int, key: str, name: str) -> object:
        """None where it is not there."""
        try:
            with self.winreg.OpenKey(hive, key) as opened:
                found: object = self.winreg.QueryValueEx(opened, name)[0]
                return found
        except FileNotFoundError:
            return None

    def _put(self, hive: int, key: str, name: str, text: str) -> None:
        with self.winreg.CreateKey(hive, key) as opened:
            self.winreg.SetValueEx(opened, name, 0, self.winreg.REG_SZ, text)

    def _delete(self, hive: int, key: str, name: str) -> None:
        if self._value(hive, key, name) is None:
            return
        with self.winreg.CreateKey(hive, key) as opened:
            self.winreg.DeleteValue(opened, name)


def _is_on_in(keys: RunKeys) -> bool:
    """Raises StorageFailed."""
    try:
        return keys.is_on()
    except OSError as error:
        raise StorageFailed(f"start at login can't be read: {error.strerror}") from error
