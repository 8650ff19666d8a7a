"""Octets that come from a page, or go to one, in pieces: held in a file without a name, never in memory.

Each connection has a Shelf: one file, in which every upload and download has its place. The file has no name and goes with the
connection. All shelves together share a Room, so that pages can't fill the disk.

The file is written and read in threads: a disk that takes its time must not hold up the heartbeats of every page.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from agent import paths
from agent.errors import AgentError, StorageFailed

ROOM_BYTES = 4 * 1024 * 1024 * 1024
SHELF_BYTES = 2 * 1024 * 1024 * 1024
MAX_HELD = 20_000  # places on one shelf
PIECE_BYTES = 256 * 1024


class NoRoom(AgentError):
    """More than may be held for pages."""

    code = "too-large"


class Room:
    """How many octets all shelves hold together, and may hold."""

    def __init__(self, limit: int = ROOM_BYTES) -> None:
        self._limit = limit
        self._held = 0

    @property
    def held(self) -> int:
        return self._held

    def take(self, octets: int) -> None:
        """Raises NoRoom."""
        if self._held + octets > self._limit:
            raise NoRoom("the agent holds too much for pages already")
        self._held += octets

    def give_back(self, octets: int) -> None:
        self._held -= octets
        assert self._held >= 0


@dataclass(eq=False, slots=True)
class Held:
    """A place on a shelf: `size` octets, of which `filled` are there."""

    name: str
    size: int
    start: int
    filled: int = 0
    users: int = 0  # who read it now: its octets stay until they are done, though the page released it
    is_released: bool = False

    @property
    def is_whole(self) -> bool:
        return self.filled == self.size


class Shelf:
    """What is held for one connection. Close it when the connection is gone."""

    def __init__(self, folder: Path, room: Room, limit: int = SHELF_BYTES) -> None:
        self._folder = folder
        self._room = room
        self._limit = limit
        self._file: IO[bytes] | None = None
        self._end = 0  # of what was given out, released or not
        self._held: dict[str, Held] = {}
        self._places = 0  # that are held or in use
        self._taken = 0  # octets of them
        self._lock = asyncio.Lock()
        self._is_closed = False

    def get(self, name: str) -> Held | None:
        """What is held under this name."""
        return self._held.get(name)

    def reserve(self, name: str, size: int) -> Held:
        """A new place. Raises NoRoom."""
        if size < 0 or self._end + size > self._limit or self._places >= MAX_HELD or self._is_closed:
            raise NoRoom("one page may not have that much held")
        self._room.take(size)
        self._taken += size
        self._places += 1
        held = Held(name, size, self._end)
        self._end += size
        self._held[name] = held
        return held

    async def append(self, held: Held, octets: bytes) -> None:
        """Adds the next octets to a place. Raises StorageFailed; ValueError where they are more than the place has."""
        if len(octets) > held.size - held.filled:
            raise ValueError("more octets than were announced")
        async with self._lock:
            try:
                await asyncio.to_thread(self._write, held.start + held.filled, octets)
            except OSError as error:
                raise StorageFailed(f"octets of a page can't be held: {error.strerror}") from error
        held.filled += len(octets)

    async def read(self, held: Held, offset: int, length: int) -> bytes:
        """Octets of a place; fewer where it ends before. Raises StorageFailed."""
        length = max(0, min(length, held.filled - offset))
        if not length:
            return b""
        async with self._lock:
            try:
                octets = await asyncio.to_thread(self._read, held.start + offset, length)
            except OSError as error:
                raise StorageFailed(f"octets of a page can't be read: {error.strerror}") from error
        if len(octets) != length:
            raise StorageFailed("octets of a page are gone")
        return octets

    async def pieces(self, held: Held) -> AsyncIterator[bytes]:
        """All octets of a place, in pieces. Raises StorageFailed."""
        for offset in range(0, held.filled, PIECE_BYTES):
            yield await self.read(held, offset, PIECE_BYTES)

    @contextlib.asynccontextmanager
    async def in_use(self, places: Sequence[Held]) -> AsyncIterator[None]:
        """Keeps these places for the length of a block, released or not."""
        for held in places:
            held.users += 1
        try:
            yield
        finally:
            for held in places:
                held.users -= 1
                if held.is_released and not held.users:
                    await self._drop(held)

    async def release(self, name: str) -> bool:
        """Gives up a place; whether there was one. The disk gets it back when nothing is held any more."""
        held = self._held.pop(name, None)
        if held is None:
            return False
        held.is_released = True
        if not held.users:
            await self._drop(held)
        return True

    async def close(self) -> None:
        """Gives up everything."""
        self._is_closed = True
        self._room.give_back(self._taken)
        self._taken = 0
        self._held.clear()
        async with self._lock:
            if self._file is not None:
                await asyncio.to_thread(self._file.close)
                self._file = None

    async def _drop(self, held: Held) -> None:
        if self._is_closed:
            return
        self._room.give_back(held.size)
        self._taken -= held.size
        self._places -= 1
        if self._places:
            return
        async with self._lock:
            if not self._places and self._file is not None:
                self._end = 0
                with contextlib.suppress(OSError):  # then it goes with the file
                    await asyncio.to_thread(self._file.truncate, 0)

    def _write(self, position: int, octets: bytes) -> None:
        file = self._opened()
        file.seek(position)
        view = memoryview(octets)
        while view:
            view = view[file.write(view) :]

    def _read(self, position: int, length: int) -> bytes:
        file = self._opened()
        file.seek(position)
        return file.read(length)

    def _opened(self) -> IO[bytes]:
        if self._is_closed:
            raise OSError(0, "the page is gone")
        if self._file is None:
            paths.make_private(self._folder)
            self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115  # lives with the shelf
        return self._file
