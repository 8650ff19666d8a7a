"""Tells when the person locks the screen or lets the computer sleep: then a key that is open is to be closed.

Linux only, by the signals that desktops send over D-Bus. `can_watch` is False where none of them could come: then no key may stay open.
"""

from collections.abc import Callable

from PySide6.QtCore import SLOT, QObject, Slot
from PySide6.QtDBus import QDBusConnection, QDBusMessage

# Interface and signal, and whether its argument says that it begins (True) or ends. Any sender: names differ between desktops.
_OF_SESSION = (
    ("org.freedesktop.ScreenSaver", "ActiveChanged"),
    ("org.gnome.ScreenSaver", "ActiveChanged"),
    ("org.cinnamon.ScreenSaver", "ActiveChanged"),
    ("org.mate.ScreenSaver", "ActiveChanged"),
    ("org.xfce.ScreenSaver", "ActiveChanged"),
)
_OF_SYSTEM = (
    ("org.freedesktop.login1.Session", "Lock"),
    ("org.freedesktop.login1.Manager", "PrepareForSleep"),
)


class SessionWatch(QObject):
    """Calls `on_lock` whenever the session is locked or the computer is about to sleep."""

    def __init__(self, on_lock: Callable[[], None]) -> None:
        super().__init__()
        self._on_lock = on_lock
        self.can_watch = self._listen()

    def _listen(self) -> bool:
        heard = False
        slot = SLOT("hear(QDBusMessage)")
        for bus, signals in (
            (QDBusConnection.sessionBus(), _OF_SESSION),
            (QDBusConnection.systemBus(), _OF_SYSTEM),
        ):
            if bus.isConnected():
                for interface, signal in signals:
                    heard |= bus.connect("", "", interface, signal, self, slot)  # type: ignore[call-overload]  # it takes what SLOT gives, whatever its stub says
        return heard

    @Slot(QDBusMessage)
    def hear(self, message: QDBusMessage) -> None:
        """A signal; those that say that something ended mean nothing here."""
        if message.arguments() in ([], [True]):
            self._on_lock()
