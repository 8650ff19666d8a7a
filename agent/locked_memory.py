"""Octets in memory that is not written to a swap file, a dump or a child: for a key that stays open for a while.

Linux is tested; Windows is written from its documentation. Elsewhere memory can't be locked, and a key is not kept open.
"""

import contextlib
import ctypes
import mmap
import sys
from types import TracebackType
from typing import NoReturn, Self

# mman.h of Linux
_MADV_DONTDUMP = 16
_MADV_WIPEONFORK = 18


class CannotLock(Exception):
    """The system does not let this process lock so much memory."""


class LockedBuffer:
    """So many octets, zero at first. `view` is where they are; after `wipe` there is nothing to be seen and no way to write."""

    def __init__(self, size: int) -> None:
        """Raises CannotLock."""
        self._memory = _pages(-(-size // mmap.PAGESIZE) * mmap.PAGESIZE)
        self._whole = memoryview(self._memory)
        self.view = self._whole[:size]
        if not _lock(self._memory):
            self._release()
            raise CannotLock(f"{size} octets can't be locked in memory")

    @property
    def is_wiped(self) -> bool:
        return self._memory.closed

    def wipe(self) -> None:
        """Overwrites the octets and gives the memory back. Can be called twice."""
        if not self.is_wiped:
            self._whole[:] = bytes(len(self._whole))
            self._release()

    def _release(self) -> None:
        self.view.release()
        self._whole.release()
        self._memory.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return "<LockedBuffer>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a LockedBuffer can't be pickled")


def can_lock() -> bool:
    """Whether this system lets such a process lock memory at all."""
    try:
        LockedBuffer(mmap.PAGESIZE).wipe()
    except CannotLock:
        return False
    return True


def _pages(size: int) -> mmap.mmap:
    if sys.platform == "win32":
        return mmap.mmap(-1, size)
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def _lock(memory: mmap.mmap) -> bool:
    pointer = ctypes.c_char.from_buffer(memory)
    address = ctypes.c_void_p(ctypes.addressof(pointer))
    del pointer  # which would keep the memory from being closed
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        return bool(kernel.VirtualLock(address, ctypes.c_size_t(len(memory))))
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "mlock") or libc.mlock(address, ctypes.c_size_t(len(memory))) != 0:
        return False
    if sys.platform == "linux":
        for advice in (_MADV_DONTDUMP, _MADV_WIPEONFORK):
            with contextlib.suppress(OSError):  # an older kernel does without
                memory.madvise(advice)
    return True
