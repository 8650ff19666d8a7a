"""Whether there is a place for tray icons on the screen now: a panel may come after us when a person logs in, and go or start anew later.

On Linux it is a host that registered with the StatusNotifierWatcher on the session bus, or else a tray of X11; elsewhere Qt is asked.
"""

from collections.abc import Callable

from PySide6.QtCore import SLOT, QObject, QTimer, Signal, Slot
from PySide6.QtDBus import (
    QDBusConnection,
    QDBusMessage,
    QDBusPendingCall,
    QDBusPendingCallWatcher,
    QDBusServiceWatcher,
    QDBusVariant,
)
from PySide6.QtWidgets import QSystemTrayIcon

WATCHER = "org.kde.StatusNotifierWatcher"
_WATCHER_PATH = "/StatusNotifierWatcher"
_NOTIFICATIONS = ("org.freedesktop.Notifications", "/org/freedesktop/Notifications")
_HOST_SIGNALS = ("StatusNotifierHostRegistered", "StatusNotifierHostUnregistered")
_LOOK_EVERY_MS = 5_000  # for trays of X11; on the bus each change is told
_ANSWER_LIMIT_MS = 3_000


class TrayHost(QObject):
    """`changed` says whether there is a place, after `start` and at each change. It never waits for a panel: one that hangs is none."""

    changed = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.is_there = False
        self.is_on_bus = False
        """Icon and messages go over D-Bus."""
        self._is_known = False
        self._question = 0
        self._bus = QDBusConnection.sessionBus()
        self._names: QDBusServiceWatcher | None = None
        self._timer = QTimer(self, interval=_LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Looks, and goes on looking."""
        if self._bus.isConnected():
            self._names = QDBusServiceWatcher(
                WATCHER, self._bus, QDBusServiceWatcher.WatchModeFlag.WatchForOwnerChange, self
            )
            self._names.serviceOwnerChanged.connect(lambda *_: self.look())
            for signal in _HOST_SIGNALS:
                self._bus.connect("", _WATCHER_PATH, WATCHER, signal, self, SLOT("hear(QDBusMessage)"))  # type: ignore[call-overload]  # it takes what SLOT gives, whatever its stub says
        self._timer.start()
        self.look()

    @Slot(QDBusMessage)
    def hear(self, _message: QDBusMessage) -> None:
        """A panel came or went."""
        self.look()

    def look(self) -> None:
        """Finds out how it is now."""
        self._question += 1
        self.is_on_bus = self._bus.isConnected() and _has_owner(self._bus, WATCHER)
        if not self.is_on_bus:
            self._tell(QSystemTrayIcon.isSystemTrayAvailable())
            return
        message = QDBusMessage.createMethodCall(
            WATCHER, _WATCHER_PATH, "org.freedesktop.DBus.Properties", "Get"
        )
        message.setArguments([WATCHER, "IsStatusNotifierHostRegistered"])
        question = self._question

        def hear(answer: QDBusMessage | None) -> None:
            if question == self._question:  # nothing newer was asked
                self._tell(answer is not None and _truth(answer))

        _ask(self, self._bus, message, hear)

    def _tell(self, is_there: bool) -> None:
        if not self._is_known or is_there != self.is_there:
            self._is_known, self.is_there = True, is_there
            self.changed.emit(is_there)


class MessageServer(QObject):
    """Whether somebody shows messages that go over D-Bus: without, they vanish and nobody is told."""

    def __init__(self) -> None:
        super().__init__()
        self._bus = QDBusConnection.sessionBus()

    def ask(self, hear: Callable[[bool], None]) -> None:
        """Calls `hear` soon, with whether there is one."""
        message = QDBusMessage.createMethodCall(*_NOTIFICATIONS, _NOTIFICATIONS[0], "GetServerInformation")
        _ask(self, self._bus, message, lambda answer: hear(answer is not None))


def _ask(
    parent: QObject, bus: QDBusConnection, message: QDBusMessage, hear: Callable[[QDBusMessage | None], None]
) -> None:
    """Calls `hear` with the answer, or with None where there is none in time."""
    call: QDBusPendingCall = bus.asyncCall(message, _ANSWER_LIMIT_MS)
    watcher = QDBusPendingCallWatcher(call, parent)

    def finished() -> None:
        reply = watcher.reply()
        watcher.deleteLater()
        hear(reply if reply.type() == QDBusMessage.MessageType.ReplyMessage else None)

    watcher.finished.connect(finished)


def _has_owner(bus: QDBusConnection, name: str) -> bool:
    return bool(bus.interface().isServiceRegistered(name).value())


def _truth(answer: QDBusMessage) -> bool:
    values = answer.arguments()
    found = values[0] if values else False
    return bool(found.variant() if isinstance(found, QDBusVariant) else found)
