"""Reminders of keys that end soon, above all pages of the desk: those that no icon told the person of.

A desktop may have no place for icons, or nobody who shows messages. What was not told there is due still (agent.key_library), waits, and
is shown whenever the person opens the desk, until they close it.
"""

import logging
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from agent import logs
from agent.errors import StorageFailed
from agent.key_library import KeyLibrary, lines_of
from protocol import control
from protocol.desk import frame

_log = logging.getLogger(__name__)


@dataclass
class Reminders:
    """`send` takes messages for the window, from any thread. Its methods take as long as a file takes: not for a thread that listens."""

    library: KeyLibrary
    send: Callable[[Any], None]
    now: Callable[[], datetime]
    _closed: set[str] = field(default_factory=set)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def opened(self) -> None:
        """The person opened the desk, perhaps once more: says what is due, as much of it as one reminder holds."""
        with self._one_at_a_time:
            self._tell()

    def closed(self, keys: Collection[str]) -> None:
        """They closed what was told of these keys: it counts as told. Says what is due beside it."""
        with self._one_at_a_time:
            self._closed |= set(keys)
            try:
                self.library.note_told(keys, self.now())
            except StorageFailed as error:  # it comes again with the next desk
                logs.note(_log, logging.WARNING, "reminders of keys can't be noted", error=error)
            self._tell()

    def _tell(self) -> None:
        due = [
            each
            for each in self.library.due_reminders(self.now())
            if each.key.fingerprint not in self._closed
        ]
        if due:
            self.send(frame.Ending(lines_of(due)[: control.MOST_ENDING]))
