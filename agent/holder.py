"""A key that stays open after its approval, if the person allowed it: how long, and what ends it before (decision 0027).

It is kept by a worker that stays (agent.worker), never by the daemon. Each signature with it is asked for all the same; only the password
is not. It ends after the minutes that were allowed, counted from the yes; when the key file changes or is gone, so that a key that
was taken away with its stick is taken away here, too; when the computer was asleep; and when the daemon says so. An approval that is
under way then gets no signature with it.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from agent import logs
from agent.locked_memory import CannotLock

LOOK_EVERY_S = 1.0
_SLEEP_S = 2.0  # clocks that run apart by so much: the computer slept

_log = logging.getLogger(__name__)

Look: TypeAlias = Callable[[Path], object]


class Held(Protocol):
    """A stored key (agent.operations.approval.StoredKey) that outlives the operations that use it."""

    @property
    def certificate(self) -> Any: ...
    def let_go(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """A key that is open, and the file that it came from."""

    key: Any
    path: str
    storage: str


class Holder:
    """Keeps at most one key open. `hold` makes one that outlives its operation of an opened one, and raises CannotLock or TypeError
    where it can't; `look` gives what changes when a file does, and raises OSError where it is gone. Any thread may call."""

    def __init__(
        self,
        hold: Callable[[Any], Held],
        *,
        look: Look | None = None,
        clock: Callable[[], float] = time.monotonic,
        asleep: Callable[[], float] | None = None,
    ) -> None:
        self.minutes = 0
        """For how long a key may be kept, as the daemon says it for this approval; 0: it may not."""
        self._hold = hold
        self._look = look or look_at
        self._clock = clock
        self._asleep = asleep or asleep_s
        self._lock = threading.Lock()
        self._kept: Kept | None = None
        self._seen: object = None
        self._until = 0.0
        self._slept = 0.0
        self._is_watched = False

    def keep(self, key: Any, path: str, storage: str) -> bool:
        """Keeps the key; `key` itself stays the caller's to wipe. Whether that was possible."""
        if self.minutes <= 0:
            return False
        try:
            seen = self._look(Path(path))
            held = self._hold(key)
        except (OSError, CannotLock, TypeError) as error:
            logs.note(_log, logging.WARNING, "the key can't be kept open", error=error)
            return False
        with self._lock:
            self._drop()
            self._kept = Kept(held, path, storage)
            self._seen = seen
            self._until = self._clock() + 60.0 * self.minutes
            self._slept = self._asleep()
        return True

    def kept(self) -> Kept | None:
        """The key that is open now; looks first whether it may still be."""
        with self._lock:
            if self._kept is not None and (why := self._why_not()):
                logs.note(_log, logging.INFO, "the key was closed", code=why)
                self._drop()
            return self._kept

    def seconds_left(self) -> int:
        """For how long it may still be open; 0 where none is."""
        return max(1, round(self._until - self._clock())) if self.kept() is not None else 0

    @property
    def owner(self) -> str:
        """Whose key is open, as its certificate says; empty where none is."""
        kept = self.kept()
        return str(kept.key.certificate.common_name) if kept is not None else ""

    def let_go(self) -> None:
        """Closes the key, if one is open."""
        with self._lock:
            self._drop()

    def forbid(self) -> None:
        """Closes the key, and keeps none after this approval."""
        self.minutes = 0
        self.let_go()

    def watch(self, closed: Callable[[], None]) -> None:
        """Looks again and again, from a thread of its own, until the key is closed; then calls `closed`. A second watch does nothing."""
        with self._lock:
            if self._is_watched or self._kept is None:
                return
            self._is_watched = True

        def look() -> None:
            while self.kept() is not None:
                time.sleep(LOOK_EVERY_S)
            with self._lock:
                self._is_watched = False
            closed()

        threading.Thread(target=look, name="key watcher", daemon=True).start()

    def _why_not(self) -> str:
        """For who holds the lock: why the key may not be open any more."""
        assert self._kept is not None
        if self._clock() >= self._until:
            return "time-is-up"
        if self._asleep() > self._slept + _SLEEP_S:
            return "the-computer-slept"
        try:
            is_same = self._look(Path(self._kept.path)) == self._seen
        except OSError:
            is_same = False
        return "" if is_same else "the-file-changed"

    def _drop(self) -> None:
        if self._kept is not None:
            self._kept.key.let_go()
        self._kept = None


def look_at(path: Path) -> object:
    """What changes when a file is written or replaced. Raises OSError."""
    status = path.stat()
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def asleep_s() -> float:
    """How long the computer slept since it was started; 0 where the system does not tell."""
    with contextlib.suppress(AttributeError, OSError):
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    return 0.0
