"""How often somebody may try a password."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

ATTEMPTS = 5
WINDOW = timedelta(minutes=5)
# A guesser with many numbers must not fill the memory.
KEPT_NAMES = 10_000


@dataclass(slots=True)
class LoginLimiter:
    """Failures by name within a sliding window; endpoints run in threads, hence the lock."""

    _failures: OrderedDict[str, list[datetime]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def wait_until(self, name: str, at: datetime) -> datetime | None:
        """When the next attempt is allowed; None means now."""
        with self._lock:
            recent = self._recent(name, at)
            return recent[-ATTEMPTS] + WINDOW if len(recent) >= ATTEMPTS else None

    def failed(self, name: str, at: datetime) -> None:
        with self._lock:
            self._failures[name] = [*self._recent(name, at), at]
            self._failures.move_to_end(name)
            while len(self._failures) > KEPT_NAMES:
                self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        with self._lock:
            self._failures.pop(name, None)

    def _recent(self, name: str, at: datetime) -> list[datetime]:
        return [failure for failure in self._failures.get(name, []) if at - failure < WINDOW]
