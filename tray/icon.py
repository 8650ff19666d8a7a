"""The tray icon: shows what the daemon is doing, and passes on what the person picks from its menu.

Two back-ends behind one small interface. pystray where its own back-end can show a menu: Windows, macOS, and Linux with
AppIndicator. Qt elsewhere, and on Linux whenever it is installed: pystray's plain X11 back-end has no menu and fails on Cyrillic
titles, its other one needs system packages that a plain environment does not see.
"""

import importlib.util
import sys
from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias

from protocol import control
from tray import menu, notices, startup, texts, wire

Backend: TypeAlias = Literal["qt", "pystray"]
OnCommand: TypeAlias = Callable[[control.Command], None]


class Face(Protocol):
    """An icon on the screen. `show`, `notify` and `quit` may be called from any thread, `run` belongs to the main one.

    It says by itself (the command "icon") whether it is seen: a panel may come later, or go.
    """

    done: notices.Done

    def show(self, view: menu.View) -> None: ...

    def notify(self, notice: notices.Notice) -> None:
        """Shows a message beside the icon, for a while, and tells `done` of the face whether a person could see it. From any thread."""
        ...

    def run(self) -> int:
        """Shows the icon from the first `show` on, until `quit`; gives the exit code."""
        ...

    def quit(self) -> None: ...


def run(frames: int, wanted: str) -> int:
    """The program: reads States, shows each, writes Commands, and ends with its input."""
    writer = wire.Writer(frames)
    face = _make(
        choose(sys.platform, wanted, _is_installed), lambda command: writer.send(control.to_message(command))
    )

    reminder = notices.Reminder(
        face.notify,
        lambda keys: writer.send(control.to_message(control.Command("reminded", " ".join(keys)))),
    )
    face.done = reminder.done

    def receive(message: control.Message) -> None:
        if isinstance(message, control.State):
            words = texts.load(message.language)
            face.show(menu.view_of(words, message))
            reminder.hear(words, message)

    reader = wire.Reader(wire.standard_input(), control.from_message, receive, face.quit)
    reader.start()
    code = face.run()
    reminder.stop()
    reader.let_be()
    return code


def choose(platform: str, wanted: str, is_installed: Callable[[str], bool]) -> Backend:
    """Which back-end to use; `wanted` is one of them, or "auto"."""
    if wanted != "auto":
        return "qt" if wanted == "qt" else "pystray"
    if platform in {"win32", "darwin"}:
        return "pystray" if is_installed("pystray") else "qt"
    return "qt" if is_installed("PySide6") or not is_installed("pystray") else "pystray"


def _make(backend: Backend, on_command: OnCommand) -> Face:
    if backend == "pystray":
        from tray import icon_pystray  # noqa: PLC0415  # importing pystray may fail or load a toolkit

        return icon_pystray.PystrayFace(on_command)
    startup.require_display()
    startup.require_qt()
    from tray import icon_qt  # noqa: PLC0415  # loads Qt, which must not happen before the checks

    return icon_qt.QtFace(on_command)


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
