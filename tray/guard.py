"""A moment in which nothing can be agreed to: a window that appears under a person's typing must not take it for a yes."""

import time
from collections.abc import Callable

DELAY_S = 0.7


class InputGuard:
    """Closed for DELAY_S after each `arm`. Who asks `is_open` decides what to ignore meanwhile."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._opens_at = float("inf")  # closed until something is on the screen

    def arm(self) -> None:
        self._opens_at = self._clock() + DELAY_S

    @property
    def is_open(self) -> bool:
        return self._clock() >= self._opens_at
