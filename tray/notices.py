"""What the icon says by itself: that a window waits which the person may not have seen."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from protocol import control
from tray.texts import Texts

WAITING_AFTER_S = 20.0  # a window that is seen is answered, or at least looked at, by then


@dataclass(frozen=True, slots=True)
class Notice:
    title: str
    text: str


class Reminder:
    """Hears each state, and says once of each wait for the person that it lasts. `notify` is called from a thread of its own."""

    def __init__(self, notify: Callable[[Notice], None], after_s: float = WAITING_AFTER_S) -> None:
        self._notify = notify
        self._after_s = after_s
        self._timer: threading.Timer | None = None

    def hear(self, texts: Texts, state: control.State) -> None:
        """What the daemon is doing now."""
        if state.state != "asking" or not state.notifications:
            self.stop()
        elif self._timer is None:
            notice = Notice(texts("icon.waiting.title"), texts("icon.waiting.text"))
            self._timer = threading.Timer(self._after_s, self._notify, [notice])
            self._timer.daemon = True
            self._timer.start()

    def stop(self) -> None:
        """Nothing is waited for any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
