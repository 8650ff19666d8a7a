"""One agent per person, and who holds the port when it is not us."""

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from agent import paths
from agent.errors import AgentError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_NAME_SURROGATE = 0x20000000  # of Windows' reparse tags: those that stand for another place
_LISTENING = "0A"  # TCP_LISTEN in /proc/net/tcp


class AlreadyRunning(AgentError):
    """Another agent of this person runs, with the same state folder."""

    code = "already-running"


class PortBusy(AgentError):
    """Another program holds the port. `detail` names it where the system tells."""

    code = "port-busy"


@dataclass(frozen=True, slots=True)
class Holder:
    """The program that holds a port. The process is unknown (0, empty name) where it belongs to somebody else."""

    user_id: int
    process_id: int = 0
    name: str = ""

    def __str__(self) -> str:
        if self.process_id:
            return f"{self.name or 'a program'} (process {self.process_id})"
        return f"a program of the user with id {self.user_id}"


class Lock:
    """The person's one lock file, held until `release` or the end of the process, however it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> Self:
        """Raises AlreadyRunning where another process holds it. OSError where it can't be written."""
        paths.make_private(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            _lock(descriptor)
        except OSError as error:
            owner = (
                os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() if os.name == "posix" else ""
            )
            os.close(descriptor)
            raise AlreadyRunning(
                f"the agent runs already{f' as process {owner}' if owner.isdigit() else ''}; qalamsap open shows its window"
            ) from error
        os.truncate(descriptor, 0)
        os.write(descriptor, b"%d\n" % os.getpid())
        return cls(descriptor)

    def release(self) -> None:
        if self._descriptor >= 0:
            _unlock(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


@contextlib.contextmanager
def shown(folder: Path) -> Iterator[None]:
    """While the block runs, `is_anything_shown` says so of that folder: a command of the person's has a window open."""
    file = folder / f"{os.getpid()}.lock"
    try:
        lock = Lock.take(file)
    except (OSError, AlreadyRunning):
        # Whoever can't say that they are here shows their window all the same.
        yield
        return
    with lock:
        try:
            yield
        finally:
            try:
                file.unlink(missing_ok=True)
            except OSError:  # Windows removes no open file
                lock.release()
                with contextlib.suppress(OSError):  # then a later look clears it away
                    file.unlink(missing_ok=True)


def is_anything_shown(folder: Path) -> bool:
    """Whether a process is in `shown` there. What processes that were killed left is cleared away. OSError."""
    for file in folder.glob("*.lock"):
        try:
            Lock.take(file).release()
        except AlreadyRunning:
            return True
        file.unlink(missing_ok=True)
    return False


def is_held(path: Path) -> bool:
    """Whether a process holds that lock file, which may be another person's: nothing is made or changed there. OSError where that can't be
    told, as where a link lies there."""
    try:
        if leads_elsewhere(path):
            raise OSError(errno.ELOOP, "a link lies where a lock should")
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return False
    try:
        _lock(descriptor)
        _unlock(descriptor)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def leads_elsewhere(path: Path) -> bool:
    """Whether a link lies there, or what Windows calls a junction or a mount point. OSError."""
    status = path.lstat()
    return stat.S_ISLNK(status.st_mode) or bool(getattr(status, "st_reparse_tag", 0) & _NAME_SURROGATE)


def _lock(descriptor: int) -> None:
    """Raises OSError where it is taken."""
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # untested
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unlock(descriptor: int) -> None:
    """Before the file is closed: Windows takes its time about that otherwise."""
    if sys.platform == "win32":
        os.lseek(descriptor, 0, os.SEEK_SET)
        with contextlib.suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)  # untested


def port_busy(port: int) -> PortBusy:
    """The error for a port that could not be taken, naming the program that holds it where the system tells."""
    holder = who_holds(port)
    return PortBusy(f"port {port} is held by {holder or 'another program'}")


def who_holds(port: int, proc: Path = Path("/proc")) -> Holder | None:
    """The program that listens on `port` of this computer; None where that can't be known. Linux only."""
    for table in ("tcp", "tcp6"):
        found = _listener(proc / "net" / table, port)
        if found is not None:
            user_id, inode = found
            return _process_with(inode, user_id, proc)
    return None


def _listener(table: Path, port: int) -> tuple[int, str] | None:
    """User id and inode of the listening socket in a table of proc(5)'s /proc/net/tcp form."""
    try:
        lines = table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return None
    for line in lines:
        fields = line.split()
        if len(fields) > 9 and fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
            return int(fields[7]), fields[9]
    return None


def _process_with(inode: str, user_id: int, proc: Path) -> Holder:
    wanted = f"socket:[{inode}]"
    for folder in proc.glob("[0-9]*"):
        # A process may end, or belong to somebody else, while we look.
        with contextlib.suppress(OSError):
            if any(str(link.readlink()) == wanted for link in (folder / "fd").iterdir()):
                name = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
                return Holder(user_id, int(folder.name), name)
    return Holder(user_id)
