"""Waiting for what a window does by itself: until it has done it, however busy the computer is."""

import time
from collections.abc import Callable

from PySide6.QtTest import QTest

LIMIT_S = 20.0


def until(condition: Callable[[], bool]) -> bool:
    """Lets the window go on until the condition holds. False where it never does."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end:
            return False
        QTest.qWait(10)
    return True
