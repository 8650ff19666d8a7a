"""kz.qalamsap.v1, the interface for new pages (docs/api/v1.md): requests with ids, side by side, on the socket of one page.

What needs no worker is answered here: what the agent can do, uploads and downloads, cancelling. All else becomes an approval like
any other and waits its turn. Octets of uploads go to a Shelf (agent.spool) and from there to the worker; nothing looks into them.

Frames go out in one order, through an outbox: what happened to a request is never told after its result.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from agent import logs, spool
from agent.approvals import QUIET_LIMIT_S, Approval, Notice
from agent.dispatch import Page, Settings
from agent.errors import AgentError, TimedOut
from agent.spool import Held, Room, Shelf
from agent.workers import Paused
from protocol import prompts, work
from protocol.v1 import codec, limits, replies, requests
from protocol.v1.codec import BadChunk, BadRequest, Message

MAX_RUNNING = 64  # requests of one page
MAX_TRANSFERS = 4  # uploads of one page at the same time
CHUNK_GAP_S = 60.0  # the longest wait for the next chunk of an upload
UNSEEN_LIMIT_S = 2 * 60.0  # for what the person is never asked about, while nobody else is served
LONG_FRAME_BYTES = 256 * 1024  # a longer one is read in a thread
MAX_UNSENT = 256  # frames; with more, progress is not told
_HANDLE_BYTES = 16

_log = logging.getLogger(__name__)

Send: TypeAlias = Callable[[bytes, bool], Awaitable[None]]
"""Sends a frame: its octets, and whether it is binary. Waits while the page does not read."""


class Budget(Protocol):
    """How many octets of pages are held in memory."""

    def take(self, octets: int) -> bool: ...
    def give_back(self, octets: int) -> None: ...


class Approver(Protocol):
    """Who has approvals carried out: agent.workers.Workers."""

    async def approve(self, approval: Approval) -> bytes | bytearray: ...


class Busy(AgentError):
    """So much runs already."""

    code = "busy"


class Stopped(AgentError):
    """The page took a request back."""

    code = "cancelled-by-page"


class NoSuchHandle(AgentError):
    """An upload or download that is not there, or not whole."""

    code = "no-such-handle"


class BadTransfer(AgentError):
    """A page does not keep to the rules of uploads."""

    code = "bad-request"


class NotAllowed(AgentError):
    """This caller may not ask for that."""

    code = "not-allowed"


@dataclass(frozen=True, slots=True)
class Services:
    """What the conversations of all pages share. Octets that pages send lie in files below `folder`."""

    workers: Approver
    settings: Settings
    version: str
    folder: Path
    room: Room = field(default_factory=Room)
    refusal: Callable[[Page], AgentError | None] = lambda _: None
    """Why a page may ask for nothing here, by policy."""


@dataclass(eq=False, slots=True)
class _Upload:
    held: Held
    announced: int = 0  # octets that came, written or not
    # Those that came and are not written: in one buffer, for a list of tiny chunks would outgrow the budget.
    arrived: bytearray = field(default_factory=bytearray)
    is_broken: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False, slots=True)
class _Frame:
    octets: bytes
    is_binary: bool = False
    sent: "asyncio.Future[None] | None" = None


class OwnConversation:
    """One page's requests. `hear` each frame, `end` it when the page is gone, then `wait_ended`."""

    def __init__(self, services: Services, page: Page, send: Send, budget: Budget) -> None:
        self._services = services
        self._page = page
        self._send = send
        self._budget = budget
        self._shelf = Shelf(services.folder, services.room, owner=f"{page.kind} {page.canonical}")
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._taken_back: set[str] = set()
        self._uploads: dict[int, _Upload] = {}
        self._transfers = 0
        self._decoding = asyncio.Lock()  # in order: a request may be taken back by the very next frame
        self._reading = asyncio.Lock()  # one chunk at a time: each stands just before its result
        self._outbox: asyncio.Queue[_Frame] = asyncio.Queue()
        self._is_over = False
        self._sender = asyncio.get_running_loop().create_task(self._send_all())

    @property
    def is_idle(self) -> bool:
        return not self._tasks

    @property
    def wants_binary(self) -> bool:
        """Whether binary frames mean something now."""
        return bool(self._uploads)

    def hear(self, frame: bytes) -> None:
        """Takes a text frame that is for this module. It was taken from the budget; it is given back when it is answered."""
        if len(self._tasks) >= MAX_RUNNING:
            logs.note(_log, logging.WARNING, "too many requests run", origin=self._page.canonical)
            self._say(self._failure(frame, "busy", "too many requests run on this connection"))
            self._budget.give_back(len(frame))
            return
        task = asyncio.get_running_loop().create_task(self._serve(frame))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._done(done, len(frame)))

    def hear_binary(self, frame: bytes) -> None:
        """Takes a binary frame; one that belongs to no upload is forgotten."""
        try:
            chunk = codec.unpack_chunk(frame)
        except BadChunk:
            return
        upload = self._uploads.get(chunk.transfer)
        if upload is None:
            return
        if (
            chunk.offset != upload.announced
            or len(chunk.octets) > limits.CHUNK_BYTES
            or upload.announced + len(chunk.octets) > upload.held.size
            or upload.announced + len(chunk.octets) - upload.held.filled > limits.WINDOW_BYTES
            or not self._budget.take(len(chunk.octets))
        ):
            upload.is_broken = True
            upload.changed.set()
            del self._uploads[chunk.transfer]
            return
        upload.announced += len(chunk.octets)
        upload.arrived += chunk.octets
        upload.changed.set()

    def end(self) -> None:
        """The page is gone: what runs for it is cancelled, which ends its worker and window."""
        self._is_over = True
        for task in self._tasks:
            task.cancel()
        self._sender.cancel()

    async def wait_ended(self) -> None:
        """Until nothing runs any more and nothing is held. Only after `end`."""
        await asyncio.wait([*self._tasks, self._sender])
        await self._shelf.close()

    # --- one request ---------------------------------------------------------------------------------------------

    async def _serve(self, frame: bytes) -> None:
        message: Message | None = None
        try:
            message = await self._read(frame)
            self._running[message.id] = _current()
            self._let_in()
            self._say(await self._answer(message, frame))
        except BadRequest as bad:
            self._say(bad.reply(self._language(None), self._services.settings.port))
        except asyncio.CancelledError:
            if message is None or self._is_over or message.id not in self._taken_back:
                raise
            _current().uncancel()
            self._say(self._error(message, Stopped.code))
        except AgentError as error:
            logs.note(_log, logging.WARNING, "request failed", code=error.code, origin=self._page.canonical)
            self._say(self._failure_of(message, frame, error))
        except Exception as error:  # noqa: BLE001  # a page gets an answer whatever we did wrong
            logs.note(_log, logging.ERROR, "internal error", error=error, origin=self._page.canonical)
            self._say(self._failure(frame, "internal"))
        finally:
            if message is not None and self._running.get(message.id) is _current():
                del self._running[message.id]
                self._taken_back.discard(message.id)

    def _let_in(self) -> None:
        """Raises what the policy has against the page."""
        if (refusal := self._services.refusal(self._page)) is not None:
            raise refusal

    async def _read(self, frame: bytes) -> Message:
        """Raises BadRequest."""
        async with self._decoding:
            if len(frame) > LONG_FRAME_BYTES:
                message = await asyncio.to_thread(codec.decode, frame)
            else:
                message = codec.decode(frame)
        if message.id in self._running:
            raise BadRequest(message.id, "duplicate-id", "a request with this id runs already")
        logs.note(
            _log,
            logging.INFO,
            "call",
            origin=self._page.canonical,
            dialect="v1",
            method=message.method,
        )
        return message

    async def _answer(self, message: Message, frame: bytes) -> str:
        """The reply. Raises AgentError."""
        match message.params:
            case requests.CapabilitiesParams():
                return codec.result_text(message.id, self._capabilities())
            case requests.CancelParams(request):
                return codec.result_text(message.id, replies.CancelResult(self._cancel(request, message.id)))
            case requests.UploadParams(size):
                return codec.result_text(message.id, await self._upload(message.id, size))
            case requests.ReadParams(download, offset, length):
                async with self._reading:
                    octets = await self._shelf.read(
                        self._place(download), offset, min(length, limits.CHUNK_BYTES)
                    )
                    await self._send_chunk(codec.pack_chunk_header(0, offset) + octets)
                    return codec.result_text(message.id, replies.ReadResult(len(octets)))
            case requests.ReleaseParams(handles):
                for handle in handles:
                    await self._shelf.release(handle)
                return codec.result_text(message.id, replies.ReleaseResult())
            case _:
                return await self._approve(message, frame)

    def _capabilities(self) -> replies.CapabilitiesResult:
        return codec.capabilities(self._services.version, self._page.canonical)

    def _cancel(self, request: str, asking: str) -> bool:
        task = self._running.get(request)
        if task is None or request == asking:
            return False
        self._taken_back.add(request)
        task.cancel()
        return True

    async def _approve(self, message: Message, frame: bytes) -> str:
        """Raises AgentError."""
        if self._services.settings.is_paused:
            raise Paused("the person paused the agent")
        if isinstance(message.params, requests.LoginParams) and self._page.kind != "site":
            raise NotAllowed("only sites that come by https may log people in")
        places = tuple(self._place(handle) for handle in codec.handles_of(message))
        is_unseen = isinstance(message.params, requests.VerifyParams | requests.TimestampParams)
        async with self._shelf.in_use(places):
            approval = Approval(
                frame=frame,
                kind=self._page.kind,
                origin=self._page.canonical,
                language=self._language(message),
                attachments=places,
                shelf=self._shelf,
                notice=lambda notice: self._tell(message.id, notice),
                port=self._services.settings.port,
                quiet_limit_s=UNSEEN_LIMIT_S if is_unseen else QUIET_LIMIT_S,
                may_meet_key=isinstance(message.params, requests.SignParams | requests.LoginParams),
            )
            return (await self._services.workers.approve(approval)).decode()

    def _tell(self, request: str, notice: Notice) -> None:
        match notice:
            case prompts.Waiting(count):
                event: replies.Event = replies.Queued(count)
            case prompts.Shown():
                event = replies.WindowShown()
            case work.Stage("password"):
                event = replies.WaitingForPassword()
            case work.Stage():
                event = replies.WaitingForApproval()
            case work.Progress(done, total):
                if self._outbox.qsize() > MAX_UNSENT:
                    return
                event = replies.SignedSoFar(done, total)
        self._say(codec.event_text(request, event))

    # --- uploads -------------------------------------------------------------------------------------------------

    def _place(self, handle: str) -> Held:
        held = self._shelf.get(handle)
        if held is None or not held.is_whole:
            raise NoSuchHandle("there is no such upload or download, or it is not whole")
        return held

    async def _upload(self, request: str, size: int) -> replies.UploadResult:
        """Raises AgentError."""
        if len(self._uploads) >= MAX_TRANSFERS:
            raise Busy("too many uploads run on this connection")
        if size > limits.MAX_UPLOAD_BYTES:
            raise spool.NoRoom(f"an upload has at most {limits.MAX_UPLOAD_BYTES} octets")
        held = self._shelf.reserve(secrets.token_hex(_HANDLE_BYTES), size)
        upload = _Upload(held)
        self._transfers += 1
        number = self._transfers
        self._uploads[number] = upload
        try:
            await self._receive(request, number, upload)
        except BaseException:
            await self._shelf.release(held.name)
            raise
        finally:
            self._uploads.pop(number, None)
            self._budget.give_back(len(upload.arrived))
        return replies.UploadResult(held.name, size)

    async def _receive(self, request: str, number: int, upload: _Upload) -> None:
        held = upload.held
        opened = replies.UploadOpen(number, limits.CHUNK_BYTES, limits.WINDOW_BYTES)
        self._say(codec.event_text(request, opened))
        while not held.is_whole:
            try:
                async with asyncio.timeout(CHUNK_GAP_S):
                    await upload.changed.wait()
            except TimeoutError:
                raise TimedOut("the next chunk of an upload did not come in time") from None
            upload.changed.clear()
            octets, upload.arrived = bytes(upload.arrived), bytearray()
            try:
                await self._shelf.append(held, octets)
            finally:
                self._budget.give_back(len(octets))
            if octets:
                self._say(codec.event_text(request, replies.UploadReceived(held.filled)))
            if upload.is_broken and not (held.is_whole or upload.arrived):
                raise BadTransfer("a chunk of an upload came out of order, too long, or too early")

    # --- words and sending ---------------------------------------------------------------------------------------

    def _language(self, message: Message | None) -> prompts.Language:
        own = self._services.settings.language
        return codec.language_of(message, own) if message is not None else own

    def _error(self, message: Message, code: str, detail: str = "") -> str:
        return codec.error_text(
            message.id, code, self._language(message), self._services.settings.port, detail
        )

    def _failure(self, frame: bytes, code: str, detail: str = "") -> str:
        return codec.failure_text(frame, code, self._language(None), self._services.settings.port, detail)

    def _failure_of(self, message: Message | None, frame: bytes, error: AgentError) -> str:
        if message is None:
            return self._failure(frame, error.code, error.detail)
        return self._error(message, error.code, error.detail)

    def _say(self, text: str) -> None:
        if not self._is_over:
            self._outbox.put_nowait(_Frame(text.encode("utf-8", "replace")))

    async def _send_chunk(self, chunk: bytes) -> None:
        """Until it is on its way: a page that asks for more than it takes must wait."""
        sent = asyncio.get_running_loop().create_future()
        self._outbox.put_nowait(_Frame(chunk, is_binary=True, sent=sent))
        await sent

    async def _send_all(self) -> None:
        while True:
            frame = await self._outbox.get()
            await self._send(frame.octets, frame.is_binary)
            if frame.sent is not None and not frame.sent.done():
                frame.sent.set_result(None)

    def _done(self, task: asyncio.Task[None], octets: int) -> None:
        self._tasks.discard(task)
        self._budget.give_back(octets)
        with contextlib.suppress(asyncio.CancelledError):
            task.result()


def _current() -> asyncio.Task[None]:
    task = asyncio.current_task()
    assert task is not None
    return task
