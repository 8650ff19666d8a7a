"""The tray icon drawn by pystray, for systems where that has a menu: Windows, macOS, Linux with AppIndicator.

Not tried by us on Windows and macOS so far: only with pystray's dummy back-end.
"""

import io
import sys
import threading
from collections.abc import Callable
from importlib import resources
from typing import Any

from protocol import control
from tray import menu, startup
from tray.icon import OnCommand
from tray.notices import Done, Notice

_SIZE = 64  # pystray scales it to what the system wants
_MAX_TITLE_LENGTH = 127  # Windows takes no more
# Systems whose tray is always there; AppIndicator does not say whether a panel shows what it is given.
_SURE_OF_A_PLACE = frozenset({"win32", "darwin"})


class PystrayFace:
    """See tray.icon.Face."""

    def __init__(self, on_command: OnCommand) -> None:
        # pystray picks its back-end at import, and fails there or in its constructor in ways of its own for each.
        try:
            import pystray  # noqa: PLC0415  # see above
        except ImportError as error:
            raise startup.CannotStart(
                startup.NO_QT, f"{error.name or error}: the tray icon needs `pip install qalamsap[tray]`"
            ) from error
        if not pystray.Icon.HAS_MENU:
            raise startup.CannotStart(
                startup.NO_DISPLAY, f"pystray has no menu here ({pystray.Icon.__module__})"
            )
        self._pystray = pystray
        self._on_command = on_command
        self.done: Done = lambda _notice, _is_shown: None
        self._is_shown = False
        self._icon: Any = None
        self._first = threading.Event()
        self._view: menu.View | None = None
        self._is_over = False

    def show(self, view: menu.View) -> None:
        self._view = view
        if self._icon is not None:
            self._draw()
        self._first.set()

    def notify(self, notice: Notice) -> None:
        can_show = self._icon is not None and self._pystray.Icon.HAS_NOTIFICATION
        if can_show:
            try:
                self._icon.notify(notice.text, notice.title)
            except OSError as error:  # the system refuses it
                sys.stderr.write(f"tray: no message can be shown: {error}\n")
                can_show = False
        self.done(notice, can_show and self._is_shown)

    def quit(self) -> None:
        self._is_over = True
        self._first.set()
        if self._icon is not None:
            self._icon.stop()

    def run(self) -> int:
        self._first.wait()
        if self._is_over or self._view is None:
            return startup.DONE
        self._icon = self._pystray.Icon(
            "qalamsap", _picture(self._view), title_of(self._view), self._menu(self._view.entries)
        )
        self._icon.run(self._when_ready)
        return startup.DONE

    def _when_ready(self, icon: Any) -> None:
        icon.visible = True
        self._is_shown = sys.platform in _SURE_OF_A_PLACE
        self._on_command(control.Command("icon", "shown" if self._is_shown else "hidden"))

    def _draw(self) -> None:
        assert self._view is not None
        self._icon.icon = _picture(self._view)
        self._icon.title = title_of(self._view)
        self._icon.menu = self._menu(self._view.entries)  # which has it drawn anew

    def _menu(self, entries: tuple[menu.Entry, ...]) -> Any:
        return self._pystray.Menu(*(self._item(entry) for entry in entries))

    def _item(self, entry: menu.Entry) -> Any:
        if not entry.label:
            return self._pystray.Menu.SEPARATOR
        label = entry.label.replace("&", "&&") if sys.platform == "win32" else entry.label
        if entry.entries:
            return self._pystray.MenuItem(label, self._menu(entry.entries))
        return self._pystray.MenuItem(
            label,
            self._sender(entry),
            checked=None if entry.is_checked is None else lambda _item: bool(entry.is_checked),
            radio=entry.is_checked is not None and not entry.is_switch,
            enabled=entry.command is not None,
            default=self._view is not None
            and entry.command == self._view.opening,  # a click on the icon itself
        )

    def _sender(self, entry: menu.Entry) -> Callable[[Any, Any], None]:
        def send(_icon: Any, _item: Any) -> None:
            if entry.command is not None:
                self._on_command(entry.command)

        return send


def title_of(view: menu.View) -> str:
    """The tooltip, as short as every system takes it."""
    return view.tooltip[:_MAX_TITLE_LENGTH]


def _picture(view: menu.View) -> Any:
    from PIL import Image  # noqa: PLC0415  # only pystray wants it

    return Image.open(
        io.BytesIO(resources.files("tray").joinpath("assets", f"{view.picture}-{_SIZE}.png").read_bytes())
    )
