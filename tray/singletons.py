"""Keeps None, True and False alive.

PySide6 6.12 gives back a reference to None after nearly every call without having taken one, and now and then one to True. Since
3.12 Python does not count references to them; an older one counts down to none, and dies of it in the midst of a busy window.
"""

import ctypes
import sys

COUNTED_BEFORE = (3, 12)
_ENOUGH = 1 << 60  # a reference for each nanosecond of 36 years


def hold() -> None:
    """Gives each of them more references than can ever be lost. To be called once, before Qt is loaded."""
    # A build that traces references, for debugging, keeps its counter elsewhere.
    if sys.version_info >= COUNTED_BEFORE or hasattr(sys, "getobjects") or sys.maxsize < _ENOUGH:
        return
    for value in (None, True, False):
        # The counter is what every object of CPython begins with.
        ctypes.c_ssize_t.from_address(id(value)).value += _ENOUGH
