"""Octets that come from a page, or go to one, in pieces: held in a file without a name, never in memory.

Each connection has a Shelf: one file, in which every upload and download has its place. The file has no name and goes with the
connection. All shelves together share a Room, so that pages can't fill the disk.

The file is written and read in threads: a disk that takes its time must not hold up the heartbeats of every page.
"""

import asyncio
import contextlib
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

from agent import paths
from agent.errors import AgentError, StorageFailed

ROOM_BYTES = 4 * 1024 * 1024 * 1024
SHELF_BYTES = 2 * 1024 * 1024 * 1024
MAX_HELD = 20_000  # places on one shelf
PIECE_BYTES = 256 * 1024

T = TypeVar("T")


class NoRoom(AgentError):
    """More than may be held for pages."""

    code = "too-large"


class Room:
    """How many octets all shelves hold together, and may hold. One owner gets half of it at most: others want some, too."""

    def __init__(self, limit: int = ROOM_BYTES) -> None:
        self._limit = limit
        self._held: Counter[str] = Counter()

    @property
    def held(self) -> int:
        return self._held.total()

    def take(self, octets: int, owner: str) -> None:
        """Raises NoRoom."""
        if self._held[owner] + octets > self._limit // 2 or self.held + octets > self._limit:
            raise NoRoom("the agent holds too much for pages already")
        self._held[owner] += octets

    def give_back(self, octets: int, owner: str) -> None:
        self._held[owner] -= octets
        assert self._held[owner] >= 0
        if not self._held[owner]:
            del self._held[owner]


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

    @property
    def is_gone(self) -> bool:
        """Whether nobody needs it any more."""
        return self.is_released and not self.users


class Shelf:
    """What is held for one connection of an owner. Close it when the connection is gone."""

    def __init__(self, folder: Path, room: Room, limit: int = SHELF_BYTES, *, owner: str = "") -> None:
        self._folder = folder
        self._room = room
        self._limit = limit
        self._owner = owner
        self._file: IO[bytes] | None = None
        self._end = 0  # of the file, written so far or not; so much of the room is taken
        self._held: dict[str, Held] = {}
        self._order: list[Held] = []  # as they lie in the file, the last of them not gone
        self._places = 0  # that are held or in use
        self._lock = asyncio.Lock()  # two threads must not move about in one file
        self._is_closed = False

    def get(self, name: str) -> Held | None:
        """What is held under this name."""
        return self._held.get(name)

    def reserve(self, name: str, size: int) -> Held:
        """A new place. Raises NoRoom."""
        if size < 0 or self._end + size > self._limit or self._places >= MAX_HELD or self._is_closed:
            raise NoRoom("one page may not have that much held")
        self._room.take(size, self._owner)
        self._places += 1
        held = Held(name, size, self._end)
        self._end += size
        self._held[name] = held
        self._order.append(held)
        return held

    async def append(self, held: Held, octets: bytes) -> None:
        """Adds the next octets to a place. Raises StorageFailed; ValueError where they are more than the place has."""
        if len(octets) > held.size - held.filled:
            raise ValueError("more octets than were announced")
        try:
            await self._in_thread(self._write, held.start + held.filled, octets)
        except OSError as error:
            raise StorageFailed(f"octets of a page can't be held: {error.strerror}") from error
        held.filled += len(octets)

    async def read(self, held: Held, offset: int, length: int) -> bytes:
        """Octets of a place; fewer where it ends before. Raises StorageFailed."""
        length = max(0, min(length, held.filled - offset))
        if not length:
            return b""
        try:
            octets = await self._in_thread(self._read, held.start + offset, length)
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
            await self._clear(sum(held.is_gone for held in places))

    async def release(self, name: str) -> bool:
        """Gives up a place; whether there was one. Room and disk get it back when nothing that lies behind it is held any more."""
        held = self._held.pop(name, None)
        if held is None:
            return False
        held.is_released = True
        await self._clear(int(held.is_gone))
        return True

    async def close(self) -> None:
        """Gives up everything."""
        self._is_closed = True
        self._room.give_back(self._end, self._owner)
        self._end = 0
        self._held.clear()
        self._order.clear()
        await self._in_thread(self._close)

    async def _clear(self, gone: int) -> None:
        """After so many places more are gone: gives back what is behind the last that is not."""
        self._places -= gone
        if self._is_closed or not gone:
            return
        while self._order and self._order[-1].is_gone:
            self._order.pop()
        end = self._order[-1].start + self._order[-1].size if self._order else 0
        if end < self._end:
            self._room.give_back(self._end - end, self._owner)
            self._end = end
            with contextlib.suppress(OSError):  # then it goes with the file
                await self._in_thread(self._cut)

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """Whoever waits may be cancelled; the next one waits until the thread is done all the same."""
        await self._lock.acquire()
        try:
            running = asyncio.get_running_loop().run_in_executor(None, work, *arguments)
        except BaseException:
            self._lock.release()
            raise
        running.add_done_callback(self._thread_done)
        return await asyncio.shield(running)

    def _thread_done(self, running: asyncio.Future[Any]) -> None:
        self._lock.release()
        if not running.cancelled():
            running.exception()  # looked at here, for perhaps nobody waits for it any more

    def _cut(self) -> None:
        if self._file is not None and not self._is_closed:
            self._file.truncate(self._end)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

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
