"""What the icon says by itself: that a window waits which the person may not have seen, and that a key ends soon."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from protocol import control
from tray import words
from tray.texts import Texts

_MAX_NAME = 120
WAITING_AFTER_S = 20.0  # a window that is seen is answered, or at least looked at, by then


@dataclass(frozen=True, slots=True)
class Notice:
    """A message beside the icon. `keys` are those of which it reminds, by fingerprint."""

    title: str
    text: str
    keys: tuple[str, ...] = ()


Done: TypeAlias = Callable[[Notice, bool], None]
"""What became of a notice: whether the person could see it. From any thread."""


class Reminder:
    """Hears each state; says once of each wait for the person that it lasts, from a thread of its own, and of keys what the state says of them.

    `on_told` gets the fingerprints of keys once the person could see the message. One that could not be shown is tried again with a later
    state.
    """

    def __init__(
        self,
        notify: Callable[[Notice], None],
        on_told: Callable[[tuple[str, ...]], None],
        after_s: float = WAITING_AFTER_S,
    ) -> None:
        self._notify = notify
        self._on_told = on_told
        self._after_s = after_s
        self._timer: threading.Timer | None = None
        self._asked: tuple[control.EndingKey, ...] = ()  # these are being shown, or were

    def hear(self, texts: Texts, state: control.State) -> None:
        """What the daemon is doing now."""
        if not state.ending or not state.notifications:
            self._asked = ()
        elif state.ending != self._asked:
            self._asked = state.ending
            self._notify(notice_of(texts, state.ending))
        if state.state != "asking" or not state.notifications:
            self.stop()
        elif self._timer is None:
            notice = Notice(texts("icon.waiting.title"), texts("icon.waiting.text"))
            self._timer = threading.Timer(self._after_s, self._notify, [notice])
            self._timer.daemon = True
            self._timer.start()

    def done(self, notice: Notice, is_shown: bool) -> None:
        """What became of one of the notices."""
        if not notice.keys:
            return
        if is_shown:
            self._on_told(notice.keys)
        else:
            self._asked = ()

    def stop(self) -> None:
        """Nothing is waited for any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def notice_of(texts: Texts, ending: tuple[control.EndingKey, ...]) -> Notice:
    """The reminder of these keys, the soonest first."""
    return Notice(
        ending_title(texts, ending),
        "\n".join([*(ending_line(texts, line) for line in ending), texts("icon.key_ends.advice")]),
        tuple(key for line in ending for key in line.keys),
    )


def ending_title(texts: Texts, ending: tuple[control.EndingKey, ...]) -> str:
    """One sentence on these keys."""
    if len(ending) > 1:
        return texts("icon.key_ends.several")
    days = ending[0].days_left
    return texts("icon.key_ends.title", count=days) if days > 0 else texts("icon.key_ends.soon")


def ending_line(texts: Texts, line: control.EndingKey) -> str:
    """Whose keys end, and when."""
    owner = ", ".join(_shortened(words.clean(name)) for name in (line.owner, line.organisation) if name)
    return texts("icon.key_ends.line", owner=owner, date=words.date(line.until))


def _shortened(name: str) -> str:
    """A certificate may hold a name of any length."""
    return name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 1]}…"
