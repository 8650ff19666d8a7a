"""A lock between our processes, for files that several of them write."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from agent import paths
from agent.errors import StorageFailed

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

WAIT_S = 10.0  # a holder writes a line or two; one that takes longer hangs
_STEP_S = 0.01


@contextlib.contextmanager
def held(path: Path, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Holds the lock of the file at `path` while the block runs; the lock is a file of its own beside it.

    Raises StorageFailed if the lock can't be had in `wait_s` seconds, OSError if the folder can't be written.
    """
    paths.make_private(path.parent)
    lock = path.with_name(f"{path.name}.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        _wait_for(descriptor, path.name, time.monotonic() + wait_s)
        yield
    finally:
        os.close(descriptor)  # lets go of the lock


def _wait_for(descriptor: int, name: str, until: float) -> None:
    # Neither system can wait for a lock with a time limit, so this asks again and again.
    while not is_taken(descriptor):
        if time.monotonic() > until:
            raise StorageFailed(f"another process holds {name}")
        time.sleep(_STEP_S)


def is_taken(descriptor: int) -> bool:
    """Takes the lock of an open file if it is free; says whether we have it now. It lasts until the file is closed."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # untested
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
