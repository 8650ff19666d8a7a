"""The operations of the HTTPS interface: series of documents that come one request after the other, each under one yes.

An operation is known by an identifier, which stands in addresses, and by a cookie, which browsers give to its own page only. It is
over when all documents are signed, when somebody took it back, when nobody sends any more, or when something failed; why, in a word,
it goes on to say for a while.
"""

import asyncio
import hmac
import logging
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from agent import logs
from agent.approvals import Approval
from agent.dispatch import Settings
from agent.errors import AgentError
from agent.origins import Origin
from agent.own_api import Busy
from agent.workers import Paused, Workers
from protocol import work

MAX_RUNNING = 16
MAX_OF_CALLER = 4
_KEPT = 128  # operations that are over

FINISHED = "finished"  # all documents are signed
LEFT = "left"  # the page went away
CANCELLED_BY_PAGE = "cancelled-by-page"
STOPPING = "stopping"

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Over(Exception):
    """The operation is over. `code` says why: one of the words above, or of agent.errors."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a page asks for: so many documents, as they are or as base64, and where they shall stand."""

    count: int
    is_base64: bool
    is_detached: bool


class Signature:
    """So many octets, in pieces that come as they are taken. Until all are, the operation waits."""

    def __init__(self, size: int, end: asyncio.Future[str]) -> None:
        self.size = size
        self._end = end
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue(1)
        self._taken = asyncio.Event()

    @property
    def is_taken(self) -> bool:
        return self._taken.is_set()

    async def octets(self) -> AsyncIterator[bytes]:
        """All of it. Raises Over."""
        left = self.size
        while left > 0:
            piece = await _or_over(asyncio.ensure_future(self._pieces.get()), self._end)
            left -= len(piece)
            yield piece
        self._taken.set()

    async def give(self, pieces: AsyncIterator[bytes]) -> None:
        """Hands these over, as fast as they are taken."""
        async for piece in pieces:
            await self._pieces.put(piece)
        await self._taken.wait()


@dataclass(eq=False, slots=True)
class _Upload:
    size: int
    pieces: AsyncIterator[bytes] = field(repr=False)
    answer: asyncio.Future[Signature]

    @property
    def is_answered(self) -> bool:
        """Whether the page has all of its signature."""
        return self.answer.done() and not self.answer.cancelled() and self.answer.result().is_taken


class Operation:
    """One series; what the workers call of it is agent.workers.Series."""

    def __init__(self, caller: Origin, wanted: Wanted) -> None:
        self.caller = caller
        self.wanted = wanted
        self.identifier = secrets.token_urlsafe(16)
        self.cookie = secrets.token_urlsafe(32)
        self.is_agreed = False
        self._left = wanted.count
        self._current: _Upload | None = None
        self._uploads: asyncio.Queue[_Upload] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        self._yes: asyncio.Future[None] = loop.create_future()
        self._end: asyncio.Future[str] = loop.create_future()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        return self._end.done()

    def is_known_by(self, caller: Origin, cookies: Sequence[str]) -> bool:
        """Whether a request with these cookies comes from the page that began it."""
        own = self.cookie.encode()
        matches = [hmac.compare_digest(own, cookie.encode("utf-8", "replace")) for cookie in cookies]
        return any(matches) and caller == self.caller

    def start(self, workers: Workers, settings: Settings) -> None:
        """Asks the person, when it is their turn."""
        approval = Approval(
            frame=b"",
            kind=self.caller.kind,
            origin=self.caller.canonical,
            language=settings.language,
            announced=work.Announced(self.wanted.count, self.wanted.is_detached, self.wanted.is_base64),
            series=self,
            port=settings.port,
            may_meet_key=True,
        )
        self._task = asyncio.get_running_loop().create_task(self._run(workers, approval))

    async def wait_agreed(self) -> None:
        """Until the person says yes. Raises Over."""
        await _or_over(self._yes, self._end)

    async def sign(self, size: int, pieces: AsyncIterator[bytes]) -> Signature:
        """The signature of the next document, which is `size` octets, in pieces that fit into a frame. Raises Over, Busy."""
        if self.is_over:
            raise Over(self._end.result())
        if self._current is not None and not self._current.is_answered:
            raise Busy("one document after the other")
        if not self._left:
            raise Over(FINISHED)
        self._left -= 1
        upload = _Upload(size, pieces, asyncio.get_running_loop().create_future())
        self._current = upload
        self._uploads.put_nowait(upload)
        return await _or_over(upload.answer, self._end)

    def cancel(self, code: str) -> None:
        """Nobody wants it any more."""
        self._finish(code)
        if self._task is not None:
            self._task.cancel()

    async def wait_ended(self) -> None:
        """Until its worker is told, too."""
        if self._task is not None:
            await asyncio.wait([self._task])

    # --- what the workers call -----------------------------------------------------------------------------------

    def agreed(self) -> None:
        self.is_agreed = True
        if not self._yes.done():
            self._yes.set_result(None)

    async def next_document(self) -> tuple[int, AsyncIterator[bytes]]:
        upload = await self._uploads.get()
        return upload.size, upload.pieces

    async def signed(self, size: int, pieces: AsyncIterator[bytes]) -> None:
        assert self._current is not None
        signature = Signature(size, self._end)
        self._current.answer.set_result(signature)
        await signature.give(pieces)

    # -------------------------------------------------------------------------------------------------------------

    async def _run(self, workers: Workers, approval: Approval) -> None:
        code = "internal"
        try:
            code = (await workers.approve(approval)).decode("utf-8", "replace") or FINISHED
        except AgentError as error:
            logs.note(_log, logging.WARNING, "series failed", code=error.code, origin=self.caller.canonical)
            code = error.code
        finally:
            self._finish(code)

    def _finish(self, code: str) -> None:
        if not self._end.done():
            self._end.set_result(code)


async def _or_over(wanted: asyncio.Future[T], end: asyncio.Future[str]) -> T:
    """What is wanted, or Over with what is said at the end."""
    try:
        awaited: list[asyncio.Future[Any]] = [wanted, end]
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        if wanted.done():
            return wanted.result()
    finally:
        wanted.cancel()
    raise Over(end.result())


class Operations:
    """All operations, and for a while those that are over."""

    def __init__(self, workers: Workers, settings: Settings) -> None:
        self._workers = workers
        self._settings = settings
        self._operations: OrderedDict[str, Operation] = OrderedDict()

    def begin(self, caller: Origin, wanted: Wanted) -> Operation:
        """A new one, whose person will be asked. Raises Busy, Paused."""
        if self._settings.is_paused:
            raise Paused("the person paused the agent")
        running = [each for each in self._operations.values() if not each.is_over]
        if len(running) >= MAX_RUNNING or sum(e.caller == caller for e in running) >= MAX_OF_CALLER:
            raise Busy("so many operations run already")
        self._forget()
        operation = Operation(caller, wanted)
        self._operations[operation.identifier] = operation
        operation.start(self._workers, self._settings)
        return operation

    def get(self, identifier: str) -> Operation | None:
        return self._operations.get(identifier)

    async def close(self) -> None:
        """Ends them all."""
        for operation in self._operations.values():
            operation.cancel(STOPPING)
        for operation in self._operations.values():
            await operation.wait_ended()

    def _forget(self) -> None:
        over = [identifier for identifier, each in self._operations.items() if each.is_over]
        for identifier in over[: max(0, len(over) - _KEPT + 1)]:
            del self._operations[identifier]
