"""What the icon says by itself: that a window waits which the person may not have seen, and that a key ends soon."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from protocol import control
from tray import words
from tray.texts import Texts

MOST_KEYS = 3  # that a message names
WAITING_AFTER_S = 20.0  # a window that is seen is answered, or at least looked at, by then


@dataclass(frozen=True, slots=True)
class Notice:
    title: str
    text: str


class Reminder:
    """Hears each state; says once of each wait for the person that it lasts, from a thread of its own, and of keys what the state says of them."""

    def __init__(self, notify: Callable[[Notice], None], after_s: float = WAITING_AFTER_S) -> None:
        self._notify = notify
        self._after_s = after_s
        self._timer: threading.Timer | None = None
        self._told: tuple[control.EndingKey, ...] = ()

    def hear(self, texts: Texts, state: control.State) -> None:
        """What the daemon is doing now."""
        if state.ending != self._told:
            self._told = state.ending
            self._tell_of_keys(texts, state)
        if state.state != "asking" or not state.notifications:
            self.stop()
        elif self._timer is None:
            notice = Notice(texts("icon.waiting.title"), texts("icon.waiting.text"))
            self._timer = threading.Timer(self._after_s, self._notify, [notice])
            self._timer.daemon = True
            self._timer.start()

    def _tell_of_keys(self, texts: Texts, state: control.State) -> None:
        if not state.ending or not state.notifications:
            return
        lines = [
            texts("icon.key_ends.line", owner=words.clean(key.owner), date=words.date(key.until))
            for key in state.ending[:MOST_KEYS]
        ]
        title = texts("icon.key_ends.title", count=state.ending[0].days_left)
        self._notify(Notice(title, "\n".join([*lines, texts("icon.key_ends.advice")])))

    def stop(self) -> None:
        """Nothing is waited for any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
