"""Policies in TOML files that only root can have written: each of them, and every folder on the way to it."""

import errno
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.policy.base import BadPolicy, Table, parse
from agent.settings import MAX_FILE_BYTES, BadConfig

MAX_FILES = 64
_MAX_LINKS = 40  # as many as the kernel follows
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class OwnedFiles:
    """A file and the files *.toml of a folder. `owner` is the number of the account that must own them; folders are looked at from
    `top` on."""

    file: Path
    folder: Path | None = None
    owner: int = 0
    top: Path = Path("/")

    def tables(self) -> Iterator[Table]:
        """See agent.policy.base.Place."""
        for path in (self.file, *self._in_folder()):
            text = self.read(path)
            if text is not None:
                yield Table(str(path), _parsed(text, path))

    def stamp(self) -> object:
        """Of the names, their contents' ages, and who may write."""
        try:
            found = [self.file, *self._in_folder()]
        except BadPolicy as error:
            return error.detail
        return tuple(_stamp(path) for path in (*found, self.file.parent, self.folder) if path is not None)

    def holds(self, path: Path) -> bool:
        """See agent.policy.base.Place."""
        if self.folder is not None and _is_same(path.parent, self.folder) and is_read(path):
            return True
        return _is_same(path, self.file)

    def read(self, path: Path) -> bytes | None:
        """What stands in the file; None where there is none. Raises BadPolicy."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            _check_links(path)
            return None
        except OSError as error:
            raise BadPolicy(str(path), [f"{path} can't be read: {error.strerror}"]) from error
        try:
            # What was opened is what is looked at: the name may lead elsewhere by now.
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise BadPolicy(str(path), [f"{path} is no file"])
            self._check(found, path)
            self._check_way(path)
            return _read(descriptor)
        except OSError as error:
            raise BadPolicy(str(path), [f"{path} can't be read: {error.strerror}"]) from error
        finally:
            os.close(descriptor)

    def _in_folder(self) -> list[Path]:
        """The files in the folder, by name. Raises BadPolicy."""
        if self.folder is None:
            return []
        try:
            found = sorted(filter(is_read, self.folder.iterdir()))
        except FileNotFoundError:
            _check_links(self.folder)
            return []
        except OSError as error:
            raise BadPolicy(str(self.folder), [f"{self.folder} can't be read: {error.strerror}"]) from error
        if len(found) > MAX_FILES:
            raise BadPolicy(
                str(self.folder), [f"{self.folder} holds {len(found)} files, expected at most {MAX_FILES}"]
            )
        self._check_way(self.folder / "x")
        return found

    def _check_way(self, path: Path) -> None:
        """Every folder that leads to the file, also where links take it on the way. Raises BadPolicy."""
        try:
            for folder in _way(path):
                if folder.is_relative_to(self.top) and folder != self.top:
                    self._check(folder.stat(), folder)
        except OSError as error:
            raise BadPolicy(
                str(path.parent), [f"{path.parent} can't be looked at: {error.strerror}"]
            ) from error

    def _check(self, found: os.stat_result, path: Path) -> None:
        """Raises BadPolicy where somebody else than the owner could have written there."""
        whose = "root" if self.owner == 0 else f"the account {self.owner}"
        if found.st_uid != self.owner:
            raise BadPolicy(str(path), [f"{path} belongs to the account {found.st_uid}, expected {whose}"])
        if found.st_mode & _OTHERS_MAY_WRITE:
            mode = stat.S_IMODE(found.st_mode)
            raise BadPolicy(str(path), [f"{path} may be written by others than {whose} (mode {mode:04o})"])


@dataclass(frozen=True, slots=True)
class TrialFile:
    """A file to be tried out, whoever owns it. It has to be there."""

    file: Path

    def tables(self) -> Iterable[Table]:
        """See agent.policy.base.Place."""
        try:
            with self.file.open("rb") as stream:
                text = stream.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise BadPolicy(str(self.file), [f"{self.file} can't be read: {error.strerror}"]) from error
        return [Table(str(self.file), _parsed(text, self.file))]

    def stamp(self) -> object:
        """See agent.policy.base.Place."""
        return _stamp(self.file)

    def holds(self, path: Path) -> bool:
        """See agent.policy.base.Place."""
        return _is_same(path, self.file)


def is_read(path: Path) -> bool:
    """Of the files in a folder: only what is named as a policy."""
    return path.suffix == ".toml" and path.name[0] != "."


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _way(path: Path) -> Collection[Path]:
    """All folders in which a part of the path is looked up, links followed one by one. OSError."""
    found: dict[Path, None] = {}
    at, rest, links = Path(path.anchor), [*reversed(path.parts[1:])], 0
    while rest:
        found[at] = None
        part = rest.pop()
        if part == "..":
            at = at.parent
        elif (at / part).is_symlink():
            links += 1
            if links > _MAX_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            target = (at / part).readlink()
            at = at / target.anchor
            rest += reversed(target.parts[1:] if target.anchor else target.parts)
        else:
            at /= part
    return found


def _check_links(path: Path) -> None:
    """Of what is not there. Raises BadPolicy where something is, and leads nowhere: it was meant to be a policy."""
    for each in (path, *path.parents):
        if each.is_symlink() and not each.exists():
            raise BadPolicy(str(each), [f"{each} is a link that leads nowhere"])


def _read(descriptor: int) -> bytes:
    """The content, as far as a policy goes and an octet more. Raises OSError."""
    content = bytearray()
    while len(content) <= MAX_FILE_BYTES and (more := os.read(descriptor, MAX_FILE_BYTES)):
        content += more
    return bytes(content)


def _parsed(text: bytes, path: Path) -> dict[str, object]:
    try:
        return parse(text, str(path))
    except BadConfig as error:
        raise BadPolicy(str(path), [error.detail]) from error


def _stamp(path: Path) -> tuple[str, object]:
    try:
        found = path.stat()
    except OSError as error:
        return str(path), errno.errorcode.get(error.errno or 0, "")
    # The time of the last change can't be set: packages give the same age and size to another content.
    times = (found.st_mtime_ns, found.st_ctime_ns)
    return str(path), (*times, found.st_ino, found.st_size, found.st_uid, found.st_mode)
