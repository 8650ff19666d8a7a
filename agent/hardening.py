"""What a process that holds a key does to itself at its start: no core dump, no looking in, no life without its parent.

Each step does what the system has; none of them is needed for the program to work. Linux is tested, the others are written from
their documentation and marked.
"""

import contextlib
import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PR_SET_DUMPABLE = 4


def protect() -> None:
    """No core dumps, no ptrace by other programs of the person (Linux), new files for the owner only."""
    os.umask(0o077)
    if sys.platform != "win32":
        import resource  # noqa: PLC0415  # not on Windows

        # One octet, not none: under a limit of 0 Linux still hands a dump to a program that collects them, under 1 it does not.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    if sys.platform == "linux":
        _prctl(_PR_SET_DUMPABLE, 0)


def die_with_parent() -> None:
    """Ends this process when its parent ends, and on Windows its children with it.

    On Linux it is the thread that started this process whose end counts. A parent that ended before this call is not noticed:
    end of input tells of it.
    """
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if sys.platform == "win32":
        _own_job()


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))


def _own_job() -> None:
    """Puts this process into a job object that ends every process in it when its last handle closes. Untested.

    JOBOBJECT_EXTENDED_LIMIT_INFORMATION with LimitFlags JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE (0x2000); the flags stand at octet 16
    in both layouts, the whole has 144 octets with pointers of 8 octets and 112 with pointers of 4. The handle is left open
    on purpose: Windows closes it when this process ends.
    """
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined,unused-ignore]
    kernel.CreateJobObjectW.restype = ctypes.c_void_p
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    job = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))
    size = 144 if ctypes.sizeof(ctypes.c_void_p) == 8 else 112
    limits = ctypes.create_string_buffer(size)
    ctypes.c_uint32.from_buffer(limits, 16).value = 0x2000
    kernel.SetInformationJobObject(job, 9, limits, size)
    kernel.AssignProcessToJobObject(job, ctypes.c_void_p(kernel.GetCurrentProcess()))
