"""What both tray programs do before Qt is loaded.

Exit codes of `python -m tray`:

    0   answered, or nobody waits for the answer any more
    1   crash: a broken frame, a mistake of ours. Never accompanied by Cancelled
    2   wrong command line
    3   no display to show anything on
    4   PySide6 is not installed, or a system library that it needs is missing

One end can't be put into words: where a library of Qt's own xcb plug-in is missing (libxcb-cursor0, say), Qt aborts the
process (SIGABRT) and prints the library's name to standard error. That is why no window ever lives in the daemon.
"""

import ctypes
import ctypes.util
import importlib
import os
import signal
import sys
import traceback
from types import TracebackType

DONE = 0
CRASH = 1
NO_DISPLAY = 3
NO_QT = 4

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PR_SET_DUMPABLE = 4


class CannotStart(Exception):
    """The program can't show anything; `code` is the exit code, the message is for the log."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def take_stdout() -> int:
    """A descriptor of the real standard output, for frames only; whatever else prints goes to standard error."""
    frames = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return frames


def die_with_parent() -> None:
    """On Linux the kernel ends this process with the thread that started it; elsewhere end of input does.

    The thread, not the process: who starts a window must not do it from a thread that ends before the window does.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def forbid_core_dumps() -> None:
    """No memory image of this process is written or read by others of the person's programs: it may hold a password."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  # not there on Windows

    # One octet rather than none: Linux hands a dump to a program (systemd-coredump, apport) even under a limit of 0, but not
    # under 1, and to no file smaller than an ELF header.
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def crash_quietly() -> None:
    """Makes a mistake in a Qt slot end the process; PySide6 would print it and go on with a window in an unknown state.

    The exception's message is left out of the report: it might quote what was typed.
    """

    def report(kind: type[BaseException], _error: BaseException, trace: TracebackType | None) -> None:
        places = "".join(traceback.format_tb(trace))
        os.write(2, f"tray: {kind.__name__}\n{places}".encode(errors="replace"))
        os._exit(CRASH)

    sys.excepthook = report


def require_display() -> None:
    """Raises CannotStart where Qt would abort the process for want of a display."""
    if sys.platform in {"win32", "darwin"} or os.environ.get("QT_QPA_PLATFORM"):
        return
    if os.environ.get("WAYLAND_DISPLAY"):
        return
    display = os.environ.get("DISPLAY")
    if not display:
        raise CannotStart(NO_DISPLAY, "no display: neither DISPLAY nor WAYLAND_DISPLAY is set")
    if not _x11_answers():
        raise CannotStart(NO_DISPLAY, f"no display: the X server {display} does not answer")


def require_qt() -> None:
    """Raises CannotStart with what to do where Qt can't be imported."""
    try:
        importlib.import_module("PySide6.QtWidgets")
    except ModuleNotFoundError as error:
        raise CannotStart(
            NO_QT, f"{error.name} is not installed: windows need `pip install qalamsap[tray]`"
        ) from error
    except ImportError as error:
        raise CannotStart(NO_QT, f"Qt does not load, a library of the system is missing: {error}") from error


def _x11_answers() -> bool:
    """Whether the X server of DISPLAY takes a connection. True where libX11 is not there to ask: Qt will tell."""
    name = ctypes.util.find_library("X11") if sys.platform != "linux" else "libX11.so.6"
    try:
        x11 = ctypes.CDLL(name or "libX11.so.6")
    except OSError:
        return True
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    connection = x11.XOpenDisplay(None)
    if not connection:
        return False
    x11.XCloseDisplay(connection)
    return True
