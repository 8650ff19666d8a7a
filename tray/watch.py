"""What a person's hands do, seen before it arrives: what comes too early is ignored, and that somebody is there is told."""

from collections.abc import Callable
from typing import Literal, TypeAlias

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog

from tray import guard

State: TypeAlias = Literal["waiting", "asking", "busy", "done"]

_ACTIVITY_EVERY_S = 1.0
_CONFIRMING_KEYS = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space})
_READING_KEYS = frozenset(
    {
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_PageUp,
        Qt.Key.Key_PageDown,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
        Qt.Key.Key_Tab,
    }
)
_TOUCHES = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.InputMethod,
    }
)
_READING = frozenset({QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.TouchBegin})


class Watch(QObject):
    """Guards a window. `opened` comes when agreement is allowed again, `touched` at most once a second while there is something to
    decide, `read` when the person goes through what is left to read.

    `state` and `is_on_cancel` tell how the window is now, the latter whether the keyboard is on the button that says no.
    """

    opened = Signal()
    touched = Signal()
    read = Signal()

    def __init__(
        self,
        window: QDialog,
        state: Callable[[], State],
        is_on_cancel: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._state = state
        self._is_on_cancel = is_on_cancel
        self._clock = clock
        self._guard = guard.InputGuard(clock)
        self._is_first = True
        self._was_active = False
        self._last_touch = float("-inf")
        self._timer = QTimer(self, singleShot=True, interval=round(guard.DELAY_S * 1000) + 10)
        self._timer.timeout.connect(self.opened)

    @property
    def is_open(self) -> bool:
        """Whether agreement counts."""
        return self._guard.is_open

    def arm(self) -> None:
        """Something has changed: for a moment nobody can have meant it."""
        self._guard.arm()
        self._timer.start()

    def arm_again(self) -> None:
        """Likewise, in a window that the person has seen before: what they type is meant for it."""
        self._is_first = False
        self.arm()

    def begin(self) -> None:
        """From now on it sees every event of the application."""
        _application().installEventFilter(self)
        self._was_active = self._window.isActiveWindow()

    def end(self) -> None:
        _application().removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """True for an event that must not arrive."""
        kind, state = event.type(), self._state()
        if kind in _TOUCHES and state != "waiting":
            self._tell(event, state)
            if (
                isinstance(event, QKeyEvent)
                and kind == QEvent.Type.KeyPress
                and self._is_too_early(event, state)
            ):
                return True
            if kind == QEvent.Type.InputMethod and self._is_first and not self._guard.is_open:
                return True
        elif kind == QEvent.Type.WindowActivate and watched is self._window and not self._was_active:
            self._was_active = True
            self.arm()  # the keyboard came only now, and with it whatever the person was typing elsewhere
        return super().eventFilter(watched, event)

    def _tell(self, event: QEvent, state: State) -> None:
        if state == "done":
            if event.type() in _READING or (isinstance(event, QKeyEvent) and event.key() in _READING_KEYS):
                self.read.emit()
            return
        now = self._clock()
        if now - self._last_touch >= _ACTIVITY_EVERY_S:
            self._last_touch = now
            self.touched.emit()

    def _is_too_early(self, event: QKeyEvent, state: State) -> bool:
        """Whether a key must be ignored: any letter right after the window appeared, agreement after each change."""
        if event.key() == Qt.Key.Key_Escape:
            return False
        if state == "busy" and event.key() in _CONFIRMING_KEYS and not self._is_on_cancel():
            return True
        if self._guard.is_open:
            return event.isAutoRepeat() and event.key() in _CONFIRMING_KEYS - {Qt.Key.Key_Space}
        return self._is_first or event.key() in _CONFIRMING_KEYS


def _application() -> QCoreApplication:
    application = QCoreApplication.instance()
    assert application is not None
    return application
