"""What the keyboard is set to, for the two warnings beside a password: Caps Lock, and letters that are not Latin."""

import ctypes
import sys
from collections.abc import Callable

_XKB_USE_CORE_KEYBOARD = 0x0100
_XKB_CAPS_LOCK = 0x01  # first indicator of every keymap
_VK_CAPITAL = 0x14

Probe = Callable[[], bool]


def caps_lock_probe(platform: str) -> Probe | None:
    """A function that tells whether Caps Lock is on, where the system can be asked (X11, Windows); `platform` is Qt's name.

    Elsewhere the warning comes with the first letter typed: see `betrays_caps_lock`.
    """
    if platform == "xcb":
        return _x11_probe()
    if sys.platform == "win32":
        return lambda: bool(ctypes.windll.user32.GetKeyState(_VK_CAPITAL) & 1)
    return None


def betrays_caps_lock(typed: str, *, with_shift: bool) -> bool | None:
    """Whether a typed letter could only come out this way with Caps Lock on. None where it tells nothing."""
    if len(typed) != 1 or not typed.isalpha() or typed.upper() == typed.lower():
        return None
    return typed.isupper() != with_shift


def is_foreign(typed: str) -> bool:
    """Whether a typed letter is not of the Latin alphabet without accents, in which key passwords are written."""
    return len(typed) == 1 and typed.isalpha() and not typed.isascii()


def _x11_probe() -> Probe | None:
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return None
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XkbGetIndicatorState.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.POINTER(ctypes.c_uint)]
    connection = x11.XOpenDisplay(None)
    if not connection:
        return None

    def is_on() -> bool:
        lamps = ctypes.c_uint()
        x11.XkbGetIndicatorState(connection, _XKB_USE_CORE_KEYBOARD, ctypes.byref(lamps))
        return bool(lamps.value & _XKB_CAPS_LOCK)

    return is_on
