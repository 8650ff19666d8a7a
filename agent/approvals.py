"""An approval as the daemon has it: what a worker is started for, and what it is told and tells.

The worker itself is started, fed and ended by agent.workers.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from agent import errands, logs, origins
from agent.errands import Errands, WorkerInput
from agent.origins import Origin
from agent.spool import Held, Shelf
from protocol import pipes, prompts, work
from protocol.errors import ProtocolError
from protocol.readings import USUAL, Readings

QUIET_LIMIT_S = 10 * 60.0  # until the person is asked: before that they see nothing that they could end
MAX_REPLY_BYTES = 384 * 1024 * 1024  # a document of 256 MiB inside its signature, in lines of base64
MAX_SIGNATURE_BYTES = MAX_REPLY_BYTES  # of a series

_log = logging.getLogger(__name__)

Notice: TypeAlias = prompts.Shown | prompts.Waiting | work.Stage | work.Progress


class Series(Protocol):
    """The documents of an approval that come after the yes (protocol.work), as the workers see who sends them."""

    def agreed(self) -> None:
        """The person said yes."""
        ...

    async def next_document(self) -> tuple[int, AsyncIterator[bytes]]:
        """The size of the next document and its octets in pieces, as soon as it comes."""
        ...

    async def signed(self, size: int, pieces: AsyncIterator[bytes]) -> None:
        """The size of the last document's signature, and its octets in pieces, all of which must be taken."""
        ...


@dataclass(frozen=True, slots=True)
class Approval:
    """What a worker is started for: a page's frame, and who sent it.

    `attachments` are places on the `shelf`, which also takes what comes with the reply, under the names that the reply calls it by.
    `notice` hears how far it is. What is `announced` comes from the `series`. `readings`, `is_flat_on` and `port` as in protocol.work.Begin.
    `quiet_limit_s` is how long it may take until the person is asked. Where it is about signing it `may_meet_key`: a worker that holds an open
    key may carry it out; all else, however hostile, is read by a worker without one.
    """

    frame: bytes = field(repr=False)
    kind: work.CallerKind
    origin: str
    language: prompts.Language
    attachments: tuple[Held, ...] = ()
    shelf: Shelf | None = None
    notice: Callable[[Notice], None] = lambda _: None
    announced: work.Announced | None = None
    series: Series | None = None
    readings: Readings = USUAL
    is_flat_on: bool = False
    port: int = 0
    quiet_limit_s: float = QUIET_LIMIT_S
    may_meet_key: bool = False

    @property
    def caller(self) -> str:
        """Whom the queue takes for one and the same: a site with all its subdomains and ports, for those cost its owner nothing."""
        if self.kind not in ("site", "unprotected"):
            return f"{self.kind} {self.origin}"
        origin = Origin.parse(self.origin)
        return f"{self.kind} {origins.registrable(origin) or origin.host}"


async def octets_of(approval: Approval) -> AsyncIterator[bytes]:
    """The frame and then each attachment, in pieces that fit into a D frame."""
    view = memoryview(approval.frame)
    for start in range(0, len(view), pipes.CHUNK_BYTES):
        yield bytes(view[start : start + pipes.CHUNK_BYTES])
    for held in approval.attachments:
        assert approval.shelf is not None
        async for piece in approval.shelf.pieces(held):
            yield piece


@dataclass(frozen=True, slots=True)
class Holds:
    """For how many seconds a worker keeps a key open after its reply, and whose; 0: it does not."""

    seconds: int = 0
    owner: str = ""


class Reader:
    """Reads what a worker says, up to its reply."""

    def __init__(
        self, stdout: asyncio.StreamReader, running: Errands, sink: WorkerInput, approval: Approval
    ) -> None:
        self._stdout = stdout
        self._running = running
        self._sink = sink
        self._approval = approval
        self._sending: asyncio.Task[None] | None = None
        self.was_shown = False
        self.holds = Holds()

    async def read_reply(self) -> tuple[bytearray, str]:
        """The octets of the reply, and how the approval ended.

        Raises IncompleteReadError where the output ends before, ProtocolError for nonsense, NoRoom, StorageFailed.
        """
        started = time.monotonic()
        try:
            while not isinstance(message := await self._message(), work.Reply):
                if isinstance(message, prompts.Shown):
                    elapsed_ms = round((time.monotonic() - started) * 1000)
                    logs.note(_log, logging.INFO, "window shown", milliseconds=elapsed_ms)
                    self.was_shown = True
                await self._hear(message)
        finally:
            if self._sending is not None:
                self._sending.cancel()
                await asyncio.wait([self._sending])
        if not 0 <= message.reply_bytes <= MAX_REPLY_BYTES:
            raise ProtocolError(f"a reply of {message.reply_bytes} octets")
        self.holds = Holds(max(0, message.holds_s), message.holds_owner)
        reply = await _read_data(self._stdout, message.reply_bytes)
        for attachment in message.attachments:
            await self._keep(attachment)
        logs.note(_log, logging.INFO, "worker replied", outcome=message.outcome, octets=len(reply))
        return reply, message.outcome

    async def _message(self) -> work.FromWorker | work.ToWorker:
        return work.from_message(pipes.unpack_json(await _read_frame(self._stdout, pipes.JSON)))

    async def _hear(self, message: work.FromWorker | work.ToWorker) -> None:
        match message:
            case prompts.Shown() | work.Stage() | work.Progress():
                self._approval.notice(message)
            case work.Fetch():
                errands.check(message)
                self._running.take(message, bytes(await _read_data(self._stdout, message.body_bytes)))
            case work.Ready() if self._approval.series is not None:
                self._approval.series.agreed()
                self._send_next(self._approval.series)
            case work.NextSignature() if self._approval.series is not None:
                if not 0 <= message.size <= MAX_SIGNATURE_BYTES:
                    raise ProtocolError(f"a signature of {message.size} octets")
                await self._approval.series.signed(message.size, _read_pieces(self._stdout, message.size))
                self._send_next(self._approval.series)
            case prompts.Activity():
                pass
            case _:
                raise ProtocolError(f"a worker says {type(message).__name__} where it does not belong")

    def _send_next(self, series: Series) -> None:
        async def send() -> None:
            size, pieces = await series.next_document()
            with contextlib.suppress(OSError):  # it died, which its output tells
                await self._sink.send_pieces(work.NextDocument(size), pieces)

        self._sending = asyncio.get_running_loop().create_task(send())

    async def _keep(self, attachment: work.Attachment) -> None:
        """Puts what comes with a reply on the shelf."""
        shelf = self._approval.shelf
        if shelf is None or not 0 <= attachment.size <= MAX_REPLY_BYTES:
            raise ProtocolError(f"an attachment of {attachment.size} octets")
        held = shelf.reserve(attachment.name, attachment.size)
        async for piece in _read_pieces(self._stdout, attachment.size):
            await shelf.append(held, piece)


async def read_idle(stdout: asyncio.StreamReader) -> bool:
    """Waits until a worker that holds a key says that it is idle. False where it ends, or talks nonsense.

    What it said before of the last approval, or asked for it too late, is passed over.
    """
    try:
        while True:
            message = work.from_message(pipes.unpack_json(await _read_frame(stdout, pipes.JSON)))
            if isinstance(message, work.Idle):
                return True
            if isinstance(message, work.Fetch):
                errands.check(message)
                await _read_data(stdout, message.body_bytes)
    except (ProtocolError, asyncio.IncompleteReadError, OSError):
        return False


async def _read_data(stdout: asyncio.StreamReader, length: int) -> bytearray:
    """So many octets, out of as many D frames as they take."""
    data = bytearray()
    async for piece in _read_pieces(stdout, length):
        data += piece
    return data


async def _read_pieces(stdout: asyncio.StreamReader, length: int) -> AsyncIterator[bytes]:
    """The same in pieces. Raises ProtocolError where more come."""
    left = length
    while left:
        piece = await _read_frame(stdout, pipes.DATA)
        left -= len(piece)
        if left < 0:
            raise ProtocolError("more octets than were announced")
        yield piece


async def _read_frame(stdout: asyncio.StreamReader, kind: bytes) -> bytes:
    found, length = pipes.unpack_header(await stdout.readexactly(pipes.HEADER_BYTES))
    if found != kind:
        raise ProtocolError(f"a frame of kind {found!r}, expected {kind!r}")
    return await stdout.readexactly(length)
