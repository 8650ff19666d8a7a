"""The owner's record of what was asked and signed: JSON lines, each holding the SHA-256 of the line before it.

    {"previous":"…","time":"…","event":"asked","id":"…","kind":"site","origin":"https://…","action":"sign","count":2,…}
    {"previous":"…","time":"…","event":"decided","id":"…","decision":"approved","certificate":"…","owner":"…"}
    {"previous":"…","time":"…","event":"signed","id":"…",…}

`asked` is written before a window opens, `decided` when the person has said yes or no (`left_out` has the digests of documents that a yes
is not about), and `signed` before the signature leaves the process; `left` and `failed` end an operation otherwise. A timestamp on a
signature that was there is `asked`, then `timestamped`; a file on this computer that a page has compared with a signature is `asked`,
then `checked`; what a certificate says, told to a page that had path and password from the person, is `asked`, then `shown`. There is
no document, no signature, no password and no path in it.

The chain shows damage and careless edits, and a second file beside it that its end was cut off or that it is gone; neither stops the owner of the
files, who can write both anew. A line
that a power cut tore is kept, closed and chained over, and `verify_chain` names it. Standard library only: the daemon reads
the last signatures from here.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from agent import locks, paths
from agent.errors import AgentError, StorageFailed
from protocol.control import Receipt

Event: TypeAlias = Literal["asked", "decided", "signed", "timestamped", "checked", "shown", "left", "failed"]

FIRST = "0" * 64  # what the first line gives as the hash of the line before it
_BLOCK_BYTES = 64 * 1024
_MAX_RECENT_BYTES = 8 * 1024 * 1024  # how far back `recent` looks


class JournalBroken(AgentError):
    """The chain does not hold. `line` counts from 1."""

    code = "journal-broken"

    def __init__(self, line: int, detail: str) -> None:
        super().__init__(f"line {line}: {detail}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal at `path`. Nothing is opened before it is needed."""

    path: Path

    def write(self, event: Event, operation_id: str, at: datetime, facts: Mapping[str, Any]) -> None:
        """Adds one line, and returns when it is on the disk. Raises StorageFailed; then nothing was added."""
        entry = {"time": at.isoformat(timespec="seconds"), "event": event, "id": operation_id, **facts}
        try:
            with locks.held(self.path):
                _append(self.path, entry)
        except OSError as error:
            raise StorageFailed(f"the journal can't be written: {error.strerror}") from error

    def recent(self, count: int) -> tuple[Receipt, ...]:
        """The last signatures, newest first. Reads without the lock; what can't be read is passed over."""
        found: list[Receipt] = []
        for line in _lines_from_end(self.path):
            receipt = _receipt(line)
            if receipt is not None:
                found.append(receipt)
            if len(found) >= count:
                break
        return tuple(found)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Every entry, oldest first, with all its facts; a line that is none is passed over. Raises StorageFailed."""
        try:
            with self.path.open("rb") as stream:
                for line in stream:
                    with contextlib.suppress(ValueError):
                        entry = json.loads(line)
                        if isinstance(entry, dict):
                            yield entry
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageFailed(f"the journal can't be read: {error.strerror}") from error

    def verify_chain(self) -> int:
        """How many lines there are. Raises JournalBroken at the first that does not follow from the one before it, or that is missing at
        the end."""
        previous = FIRST
        number = octets = 0
        end = _read_end(self.path)
        is_whole = end is None
        try:
            with self.path.open("rb") as stream:
                for number, line in enumerate(stream, start=1):
                    _check(number, line, previous)
                    previous = _hash(line)
                    octets += len(line)
                    is_whole = is_whole or (octets, previous) == end
        except FileNotFoundError:
            number = 0
        if not is_whole:
            raise JournalBroken(number + 1, "records at the end are missing")
        return number


def _append(path: Path, entry: Mapping[str, Any]) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "r+b", buffering=0) as stream:
        size = stream.seek(0, os.SEEK_END)
        last = _last_line(stream, size)
        torn = b"" if not last or last.endswith(b"\n") else b"\n"
        previous = _hash(last + torn) if last else FIRST
        text = json.dumps({"previous": previous, **entry}, ensure_ascii=False, separators=(",", ":"))
        line = text.encode() + b"\n"
        try:
            _write_all(stream, torn + line)
            os.fsync(stream.fileno())
            paths.replace_private(_end_of(path), f"{size + len(torn + line)} {_hash(line)}\n".encode())
        except OSError:
            stream.truncate(size)  # half a line would break the chain
            raise


def _end_of(path: Path) -> Path:
    """Where it stands how far the journal reached at the last entry, and the hash of that."""
    return path.with_name(f"{path.name}.end")


def _read_end(path: Path) -> tuple[int, str] | None:
    """None where nothing was noted: a journal of before, or none."""
    try:
        octets, digest = _end_of(path).read_text("ascii").split()
        return int(octets), digest
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise JournalBroken(1, "what is known of its end can't be read") from error


def _write_all(stream: Any, octets: bytes) -> None:
    view = memoryview(octets)
    while view:
        view = view[stream.write(view) :]


def _last_line(stream: Any, size: int) -> bytes:
    """The last line with its end, or without one where it is torn; empty for an empty file."""
    tail = b""
    start = size
    while start > 0 and b"\n" not in tail[:-1]:
        length = min(_BLOCK_BYTES, start)
        start -= length
        stream.seek(start)
        tail = _read_exactly(stream, length) + tail
    return tail[tail[:-1].rfind(b"\n") + 1 :]


def _read_exactly(stream: Any, length: int) -> bytes:
    parts = []
    while length > 0:
        part = stream.read(length)
        if not part:
            raise OSError(0, "the journal became shorter while it was read")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _check(number: int, line: bytes, previous: str) -> None:
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise JournalBroken(number, "not a whole entry") from error
    if not isinstance(entry, dict) or entry.get("previous") != previous or not line.endswith(b"\n"):
        raise JournalBroken(number, "does not follow from the line before it")


def _lines_from_end(path: Path) -> Iterator[bytes]:
    """The lines of the file, the last one first, as far back as is worth reading; nothing where there is no file."""
    try:
        stream = path.open("rb")
    except OSError:
        return
    with stream:
        start = stream.seek(0, os.SEEK_END)
        limit = max(0, start - _MAX_RECENT_BYTES)
        rest = b""
        while start > limit:
            length = min(_BLOCK_BYTES, start)
            start -= length
            stream.seek(start)
            first, *lines = (stream.read(length) + rest).split(b"\n")
            yield from reversed(lines)
            rest = first
        if start == 0:
            yield rest


def _receipt(line: bytes) -> Receipt | None:
    try:
        entry = json.loads(line)
        if entry["event"] != "signed":
            return None
        return Receipt(str(entry["time"]), str(entry["site"]), str(entry["owner"]), int(entry["count"]))
    except (ValueError, KeyError, TypeError):
        return None


def digests_of(digests: Sequence[str], count: int | None = None) -> dict[str, Any]:
    """The facts about documents: how many, and the digest of each in hex; `count` where not all of them are given."""
    return {"count": len(digests) if count is None else count, "digests": list(digests)}
