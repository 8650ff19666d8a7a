"""Puts key files on the disk: whole or not at all, for their owner only, and never over a file that was there."""

import contextlib
import os
from pathlib import Path

from agent import paths
from agent.errors import KeyNotKept
from agent.keystores import catalog


def write_new(path: Path, octets: bytes) -> None:
    """Makes the file. Raises: KeyNotKept where there is something of that name, or it can't be written; then nothing is left."""
    try:
        # Takes the name first, which fails where it is taken, also by a link.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise KeyNotKept("there is a file of that name already, and it is not overwritten") from error
    except (OSError, ValueError) as error:
        raise _not_kept(error) from error
    try:
        _put(path, octets)
    except BaseException as error:
        with contextlib.suppress(OSError):
            path.unlink()
        if isinstance(error, OSError):
            raise _not_kept(error) from error
        raise


def replace(path: Path, before: bytes, octets: bytes) -> None:
    """Puts `octets` in the place of `before`, in one step. Raises: KeyNotKept; then the file is as it was.

    Raises: BrokenKeyStore where it can't be read any more.
    """
    if catalog.load(path) != before:
        raise KeyNotKept("the key file changed meanwhile")
    try:
        # Where a link stands, what it leads to is replaced, and not the link.
        _put(path.resolve(), octets)
    except OSError as error:
        raise _not_kept(error) from error


def _put(path: Path, octets: bytes) -> None:
    """Replaces the file in one step, and returns when that is on the disk. OSError."""
    paths.replace_private(path, octets)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """The new name, too, outlives a power cut, where the file system can promise that."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _not_kept(error: OSError | ValueError) -> KeyNotKept:
    # The reason only: the path may name the person.
    reason = error.strerror if isinstance(error, OSError) else None
    return KeyNotKept(f"the key file can't be written: {reason or type(error).__name__}")
