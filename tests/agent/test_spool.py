"""What is held for pages in pieces: places on shelves, and the room that all of them share."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from agent import spool
from agent.errors import StorageFailed
from agent.spool import NoRoom, Room, Shelf


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 20))


async def filled(shelf: Shelf, name: str, octets: bytes) -> spool.Held:
    held = shelf.reserve(name, len(octets))
    await shelf.append(held, octets)
    return held


async def whole(shelf: Shelf, held: spool.Held) -> bytes:
    return b"".join([piece async for piece in shelf.pieces(held)])


def test_places_keep_their_octets_apart_whatever_order_they_are_filled_in(tmp_path: Path) -> None:
    async def scenario() -> None:
        shelf = Shelf(tmp_path / "spool", Room())
        first, second = shelf.reserve("a", 6), shelf.reserve("b", 300_000)
        await shelf.append(second, b"x" * 100_000)
        await shelf.append(first, b"abc")
        await shelf.append(second, b"y" * 200_000)
        await shelf.append(first, b"def")
        assert (await whole(shelf, first), first.is_whole) == (b"abcdef", True)
        assert await whole(shelf, second) == b"x" * 100_000 + b"y" * 200_000
        assert await shelf.read(first, 4, 100) == b"ef"
        assert await shelf.read(first, 6, 1) == b""
        assert shelf.get("a") is first
        assert shelf.get("c") is None
        await shelf.close()

    run(scenario())


def test_what_is_held_has_no_name_on_the_disk_and_only_its_owner_reads_the_folder(tmp_path: Path) -> None:
    async def scenario() -> None:
        folder = tmp_path / "spool"
        shelf = Shelf(folder, Room())
        await filled(shelf, "a", b"secret")
        assert list(folder.iterdir()) == []
        assert folder.stat().st_mode & 0o077 == 0
        await shelf.close()

    run(scenario())


def test_more_octets_than_announced_are_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        shelf = Shelf(tmp_path, Room())
        held = shelf.reserve("a", 2)
        with pytest.raises(ValueError):
            await shelf.append(held, b"abc")
        assert held.filled == 0
        await shelf.close()

    run(scenario())


def test_a_page_may_not_have_more_held_than_its_shelf_takes(tmp_path: Path, monkeypatch: Any) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(spool, "MAX_HELD", 2)
        shelf = Shelf(tmp_path, Room(), limit=10)
        shelf.reserve("a", 8)
        with pytest.raises(NoRoom):
            shelf.reserve("b", 3)
        shelf.reserve("c", 1)
        with pytest.raises(NoRoom):
            shelf.reserve("d", 0)
        await shelf.close()

    run(scenario())


def test_all_pages_together_may_not_fill_the_disk(tmp_path: Path) -> None:
    async def scenario() -> None:
        room = Room(limit=20)
        one, other, third = (Shelf(tmp_path, room, owner=owner) for owner in "abc")
        one.reserve("a", 9)
        other.reserve("a", 8)
        with pytest.raises(NoRoom):
            third.reserve("a", 4)
        await one.close()
        assert room.held == 8
        third.reserve("a", 4)
        await other.close()
        await third.close()
        assert room.held == 0

    run(scenario())


def test_one_owner_gets_half_of_the_room_on_however_many_connections(tmp_path: Path) -> None:
    async def scenario() -> None:
        room = Room(limit=20)
        one, other = Shelf(tmp_path, room, owner="a"), Shelf(tmp_path, room, owner="a")
        one.reserve("a", 6)
        with pytest.raises(NoRoom):
            other.reserve("a", 5)
        other.reserve("a", 4)
        await one.close()
        await other.close()
        assert room.held == 0

    run(scenario())


def test_what_was_released_counts_as_long_as_it_lies_on_the_disk(tmp_path: Path) -> None:
    async def scenario() -> None:
        room = Room()
        shelf = Shelf(tmp_path, room)
        first, *_ = [await filled(shelf, name, b"x" * 10) for name in "abcd"]
        await shelf.release("b")
        assert room.held == 40
        await shelf.release("d")
        assert room.held == 30
        await shelf.release("c")
        assert room.held == 10
        assert shelf._file is not None
        assert os.fstat(shelf._file.fileno()).st_size == 10
        last = await filled(shelf, "e", b"y" * 5)
        assert await whole(shelf, first) == b"x" * 10
        assert await whole(shelf, last) == b"y" * 5
        await shelf.release("a")
        assert room.held == 15
        await shelf.release("e")
        assert room.held == 0
        assert os.fstat(shelf._file.fileno()).st_size == 0
        await shelf.close()

    run(scenario())


def test_nobody_moves_about_in_the_file_while_a_cancelled_write_goes_on(
    tmp_path: Path, monkeypatch: Any
) -> None:
    go_on, order = threading.Event(), []
    write = Shelf._write

    def slow(self: Shelf, position: int, octets: bytes) -> None:
        if octets == b"slow":
            go_on.wait(10)
        write(self, position, octets)
        order.append(octets)

    async def scenario() -> None:
        monkeypatch.setattr(Shelf, "_write", slow)
        shelf = Shelf(tmp_path, Room())
        first, second = shelf.reserve("a", 4), shelf.reserve("b", 4)
        writing = asyncio.ensure_future(shelf.append(first, b"slow"))
        await asyncio.sleep(0.05)
        writing.cancel()
        other = asyncio.ensure_future(shelf.append(second, b"next"))
        await asyncio.sleep(0.05)
        assert writing.cancelled()
        assert not other.done()
        go_on.set()
        await other
        assert order == [b"slow", b"next"]
        assert await whole(shelf, second) == b"next"
        assert first.filled == 0
        await shelf.close()

    run(scenario())


def test_released_room_is_used_again_once_nothing_is_held(tmp_path: Path) -> None:
    async def scenario() -> None:
        room = Room()
        shelf = Shelf(tmp_path, room, limit=10)
        await filled(shelf, "a", b"12345678")
        assert await shelf.release("a")
        assert not await shelf.release("a")
        held = await filled(shelf, "b", b"abcdefgh")
        assert await whole(shelf, held) == b"abcdefgh"
        assert room.held == 8
        await shelf.close()

    run(scenario())


def test_what_somebody_reads_stays_though_the_page_released_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        room = Room()
        shelf = Shelf(tmp_path, room)
        held = await filled(shelf, "a", b"first")
        async with shelf.in_use([held]):
            assert await shelf.release("a")
            assert shelf.get("a") is None
            await filled(shelf, "b", b"other")
            assert await whole(shelf, held) == b"first"
            assert room.held == 10
        assert await shelf.release("b")
        assert room.held == 0
        await shelf.close()
        assert room.held == 0

    run(scenario())


def test_a_shelf_that_was_closed_in_use_gives_everything_back_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        room = Room()
        shelf = Shelf(tmp_path, room)
        held = await filled(shelf, "a", b"first")
        async with shelf.in_use([held]):
            await shelf.release("a")
            await shelf.close()
            with pytest.raises(StorageFailed):
                await shelf.read(held, 0, 5)
        assert room.held == 0
        with pytest.raises(NoRoom):
            shelf.reserve("b", 1)

    run(scenario())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_a_typed_error(tmp_path: Path, monkeypatch: Any) -> None:
    full = Path("/dev/full").open("r+b", buffering=0)  # noqa: SIM115  # the shelf closes it

    async def scenario() -> None:
        shelf = Shelf(tmp_path, Room())
        monkeypatch.setattr(spool.tempfile, "TemporaryFile", lambda **_: full)
        held = shelf.reserve("a", 4)
        with pytest.raises(StorageFailed, match=os.strerror(28)):
            await shelf.append(held, b"abcd")
        assert held.filled == 0
        await shelf.close()

    run(scenario())


def test_a_folder_that_can_not_be_made_is_a_typed_error(tmp_path: Path) -> None:
    async def scenario() -> None:
        (tmp_path / "file").touch()
        shelf = Shelf(tmp_path / "file", Room())
        with pytest.raises(StorageFailed):
            await shelf.append(shelf.reserve("a", 1), b"a")
        await shelf.close()

    run(scenario())
