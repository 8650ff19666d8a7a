"""What a worker says about an approval, read from a stream that the test fills."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any, cast

import pytest

from agent import approvals
from agent.approvals import Approval, Notice, Reader
from agent.errands import Errands, NoFetch, WorkerInput
from agent.spool import NoRoom, Room, Shelf
from protocol import pipes, prompts, work
from protocol.errors import ProtocolError


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 20))


def approval(**more: Any) -> Approval:
    return Approval(b"frame", "site", "https://a.kz", "ru", **more)


class Sink:
    """A worker's input, as far as it is written to."""

    def __init__(self) -> None:
        self.octets = bytearray()

    def write(self, octets: bytes) -> None:
        self.octets += octets

    async def drain(self) -> None:
        return


def said(*messages: work.FromWorker | bytes) -> asyncio.StreamReader:
    """All that a worker says: messages, and octets that follow them in D frames."""
    stream = asyncio.StreamReader()
    for message in messages:
        if isinstance(message, bytes):
            for start in range(0, len(message), pipes.CHUNK_BYTES):
                piece = message[start : start + pipes.CHUNK_BYTES]
                stream.feed_data(pipes.pack_header(pipes.DATA, len(piece)) + piece)
        else:
            stream.feed_data(pipes.pack_json(work.to_message(message)))
    stream.feed_eof()
    return stream


def reader(stream: asyncio.StreamReader, given: Approval, sink: Sink | None = None) -> Reader:
    worker_input = WorkerInput(cast("asyncio.StreamWriter", sink or Sink()))
    return Reader(stream, Errands(NoFetch(), worker_input), worker_input, given)


def test_it_hears_how_far_the_worker_is_and_then_the_reply() -> None:
    async def scenario() -> None:
        heard: list[Notice] = []
        text = b"r" * 600_000
        stream = said(
            work.Stage("password"),
            prompts.Shown(),
            prompts.Activity(),
            work.Progress(1, 2),
            work.Reply(len(text), "done"),
            text,
        )
        read = reader(stream, approval(notice=heard.append))
        assert await read.read_reply() == (text, "done")
        assert heard == [work.Stage("password"), prompts.Shown(), work.Progress(1, 2)]
        assert read.was_shown

    run(scenario())


def test_what_comes_with_a_reply_lands_on_the_shelf(tmp_path: Path) -> None:
    async def scenario() -> None:
        shelf = Shelf(tmp_path, Room())
        made = b"m" * 300_000
        announced = (work.Attachment("first", len(made)), work.Attachment("second", 0))
        read = reader(said(work.Reply(0, "done", announced), made), approval(shelf=shelf))
        assert await read.read_reply() == (b"", "done")
        first, second = shelf.get("first"), shelf.get("second")
        assert first is not None
        assert second is not None
        assert await shelf.read(first, 0, len(made)) == made
        assert second.is_whole
        await shelf.close()

    run(scenario())


def test_what_is_too_much_for_the_shelf_is_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        shelf = Shelf(tmp_path, Room(), limit=10)
        read = reader(
            said(work.Reply(0, "done", (work.Attachment("a", 11),)), b"x" * 11), approval(shelf=shelf)
        )
        with pytest.raises(NoRoom):
            await read.read_reply()
        await shelf.close()

    run(scenario())


@pytest.mark.parametrize(
    "messages",
    [
        (work.Ready(),),
        (work.NextSignature(1), b"s"),
        (work.Reply(-1, "done"),),
        (work.Reply(approvals.MAX_REPLY_BYTES + 1, "done"),),
        (work.Reply(3, "done"), b"four"),
        (work.Reply(0, "done", (work.Attachment("a", 1),)), b"a"),
    ],
    ids=[
        "no series",
        "no series to sign",
        "less than nothing",
        "more than can be",
        "more than announced",
        "no shelf",
    ],
)
def test_nonsense_is_told(messages: tuple[Any, ...]) -> None:
    async def scenario() -> None:
        with pytest.raises(ProtocolError):
            await reader(said(*messages), approval()).read_reply()

    run(scenario())


@pytest.mark.parametrize("messages", [(), (prompts.Shown(),), (work.Reply(4, "done"), b"two")])
def test_a_worker_that_ends_before_its_reply_is_no_reply(messages: tuple[Any, ...]) -> None:
    async def scenario() -> None:
        with pytest.raises(asyncio.IncompleteReadError):
            await reader(said(*messages), approval()).read_reply()

    run(scenario())


class Documents:
    """A series of documents, and what came of them."""

    def __init__(self, *documents: bytes) -> None:
        self.documents = list(documents)
        self.heard: list[object] = []

    def agreed(self) -> None:
        self.heard.append("agreed")

    async def next_document(self) -> tuple[int, AsyncIterator[bytes]]:
        if not self.documents:
            await asyncio.Event().wait()
        document = self.documents.pop(0)

        async def pieces() -> AsyncIterator[bytes]:
            yield document

        return len(document), pieces()

    async def signed(self, size: int, pieces: AsyncIterator[bytes]) -> None:
        signature = b"".join([piece async for piece in pieces])
        assert len(signature) == size
        self.heard.append(signature)


def test_documents_of_a_series_go_out_as_the_worker_asks_for_them() -> None:
    async def scenario() -> None:
        series, sink = Documents(b"first", b"second"), Sink()
        stream = asyncio.StreamReader()
        read = reader(stream, approval(series=series), sink)
        reading = asyncio.get_running_loop().create_task(read.read_reply())
        for message, follows in (
            (work.Ready(), b""),
            (work.NextSignature(2), b"s1"),
            (work.NextSignature(2), b"s2"),
        ):
            stream.feed_data(pipes.pack_json(work.to_message(message)))
            if follows:
                stream.feed_data(pipes.pack_header(pipes.DATA, 2) + follows)
            await asyncio.sleep(0.01)
        stream.feed_data(pipes.pack_json(work.to_message(work.Reply(0, "done"))))
        assert await reading == (b"", "done")
        assert series.heard == ["agreed", b"s1", b"s2"]
        assert sink.octets.index(b"first") < sink.octets.index(b"second")

    run(scenario())


def test_a_frame_and_its_attachments_go_out_in_pieces_that_fit(tmp_path: Path) -> None:
    async def scenario() -> None:
        shelf = Shelf(tmp_path, Room())
        held = shelf.reserve("a", 300_000)
        await shelf.append(held, b"a" * 300_000)
        given = Approval(b"f" * 600_000, "site", "https://a.kz", "ru", attachments=(held,), shelf=shelf)
        pieces = [piece async for piece in approvals.octets_of(given)]
        assert b"".join(pieces) == given.frame + b"a" * 300_000
        assert max(map(len, pieces)) <= pipes.CHUNK_BYTES
        await shelf.close()

    run(scenario())


@pytest.mark.parametrize(
    ("kind", "origin", "caller"),
    [
        ("site", "https://kds.example.kz", "site example.kz"),
        ("site", "https://other.example.kz:8443", "site example.kz"),
        ("site", "https://a.gov.kz", "site a.gov.kz"),
        ("site", "http://localhost:8000", "site localhost"),
        ("site", "https://127.0.0.1:8000", "site 127.0.0.1"),
        ("unprotected", "http://example.kz", "unprotected example.kz"),
        ("file", "", "file "),
        ("program", "", "program "),
    ],
)
def test_a_site_is_one_caller_with_all_its_subdomains(kind: Any, origin: str, caller: str) -> None:
    assert Approval(b"", kind, origin, "ru").caller == caller


def test_an_approval_does_not_show_its_frame() -> None:
    assert "secret" not in repr(Approval(b"secret", "site", "https://a.kz", "ru"))
