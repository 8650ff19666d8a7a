"""Whether the agent starts when the person logs in.

On Linux a file of the Desktop Application Autostart Specification in the person's own folder; on Windows a value of the Run key of the
person's own registry. Each says how this very program was started, so that a program that moved has to be switched on anew.

A Linux package brings such a file for everybody. A person's own file of the same name takes its place, so whoever wants no start
gets one that is hidden.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from agent import paths
from agent.errors import StorageFailed, UnsupportedOperation

State: TypeAlias = Literal["on", "off", "unsupported"]

_FILE = "qalamsap.desktop"
FOR_EVERYBODY = Path("/etc/xdg/autostart") / _FILE
"""Where a package says it for everybody."""
_RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
_RUN_VALUE = "Qalamsap"


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
            return "on" if _run_value() is not None else "off"
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
                _set_run_value(" ".join(quoted_for_windows(word) for word in self.command) if on else None)
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


def _run_value() -> str | None:
    import winreg  # noqa: PLC0415  # there on Windows only

    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _RUN_KEY) as key:  # type: ignore[attr-defined]  # Windows only
            return str(winreg.QueryValueEx(key, _RUN_VALUE)[0])  # type: ignore[attr-defined]  # likewise
    except FileNotFoundError:
        return None


def _set_run_value(command: str | None) -> None:
    import winreg  # noqa: PLC0415  # there on Windows only

    with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN_KEY) as key:  # type: ignore[attr-defined]  # Windows only
        if command is not None:
            winreg.SetValueEx(key, _RUN_VALUE, 0, winreg.REG_SZ, command)  # type: ignore[attr-defined]  # likewise
        elif _run_value() is not None:
            winreg.DeleteValue(key, _RUN_VALUE)  # type: ignore[attr-defined]  # likewise
