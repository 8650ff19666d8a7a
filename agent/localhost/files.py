"""Files written whole or not at all, with their final permissions from the first moment; folders that can be taken back."""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

PUBLIC = 0o644
PRIVATE = 0o600


def write_atomically(path: Path, octets: bytes, mode: int) -> None:
    """Replaces the file or makes it; a reader sees the old octets or the new ones, a crash leaves either.

    A file that was there keeps its owner and permissions, and a symbolic link stays one: its target is replaced.
    """
    target = Path(os.path.realpath(path))
    before = _status(target)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".qalamsap-")  # 0600 until the end
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
            if os.name == "posix":
                if before is not None:
                    os.fchown(descriptor, before.st_uid, before.st_gid)
                os.fchmod(descriptor, mode if before is None else before.st_mode & 0o7777)
            file.flush()
            os.fsync(descriptor)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Makes a rename in this folder survive a power cut, on systems where a folder can be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_if_there(path: Path) -> bytes | None:
    """The octets of a file, or None where there is none. Every other trouble is an OSError."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def missing_folders(folder: Path) -> tuple[Path, ...]:
    """The folders that `make_folders` would make, outermost first."""
    missing: list[Path] = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    return tuple(reversed(missing))


def make_folders(folder: Path, mode: int = 0o755) -> None:
    """Makes the folder and its parents with exactly this mode, whatever the umask; those that exist stay as they are."""
    for missing in missing_folders(folder):
        missing.mkdir(mode=mode)
        missing.chmod(mode)


def remove_empty_folders(folders: tuple[Path, ...]) -> None:
    """Removes folders that are empty, innermost first; what somebody else put something into stays."""
    for folder in sorted(folders, key=lambda each: len(each.parts), reverse=True):
        with contextlib.suppress(OSError):
            folder.rmdir()


def sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None
