"""What the daemon does for a worker that runs: it asks authorities' servers, because a worker has no network.

Fetching blocks, so it is done in threads; the loop only carries messages. When the approval is over nobody waits for answers any
more: what is on its way is stopped.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Protocol

from agent import logs
from agent.errors import Unreachable
from agent.fetch import Failure, Fetch, Question, unreachable
from protocol import pipes, work
from protocol.errors import ProtocolError

MAX_AT_ONCE = 4
MAX_WAITING = 64  # questions that a worker may have asked and got no answer to yet: each is held in memory

_log = logging.getLogger(__name__)


class StoppableFetch(Fetch, Protocol):
    """A Fetch for one approval."""

    def stop(self) -> None:
        """Makes calls, now and later, raise Unreachable. From any thread."""
        ...


class WorkerInput:
    """A worker's standard input. Messages go in whole, each with its octets, from whichever task."""

    def __init__(self, stdin: asyncio.StreamWriter) -> None:
        self._stdin = stdin
        self._lock = asyncio.Lock()

    def close(self) -> None:
        """Nothing more will come."""
        self._stdin.close()

    async def send(self, message: work.ToWorker, octets: bytes = b"") -> None:
        """As fast as the worker takes it. OSError where it takes no more."""
        async with self._lock:
            self._stdin.write(pipes.pack_json(work.to_message(message)))
            view = memoryview(octets)
            for start in range(0, len(view), pipes.CHUNK_BYTES):
                chunk = view[start : start + pipes.CHUNK_BYTES]
                self._stdin.write(pipes.pack_header(pipes.DATA, len(chunk)))
                self._stdin.write(chunk)
                await self._stdin.drain()
            await self._stdin.drain()

    async def send_pieces(self, message: work.ToWorker, pieces: AsyncIterator[bytes]) -> None:
        """A message with octets that come in pieces, each no longer than a frame may be. OSError where it takes no more."""
        async with self._lock:
            self._stdin.write(pipes.pack_json(work.to_message(message)))
            async for piece in pieces:
                self._stdin.write(pipes.pack_header(pipes.DATA, len(piece)))
                self._stdin.write(piece)
                await self._stdin.drain()
            await self._stdin.drain()


class Errands:
    """The errands of one approval."""

    def __init__(self, fetch: StoppableFetch, sink: WorkerInput) -> None:
        self._fetch = fetch
        self._sink = sink
        self._count = 0
        self._bytes = 0
        self._room = asyncio.Semaphore(MAX_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, order: work.Fetch, body: bytes) -> None:
        """Sees to it that the order is carried out, and the worker told."""
        self._count += 1
        is_refused = self._count > work.MAX_FETCHES or len(self._tasks) >= MAX_WAITING
        task = asyncio.get_running_loop().create_task(self._run(order, body, is_refused=is_refused))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Nobody waits any more."""
        self._fetch.stop()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(self, order: work.Fetch, body: bytes, *, is_refused: bool) -> None:
        answer, failure = b"", ""
        try:
            if is_refused:
                raise unreachable("too-many")
            answer = await self._answer(order, body)
        except Unreachable as error:
            failure = error.detail
        outcome = failure.split(":")[0] or "done"
        logs.note(_log, logging.INFO, "fetched", kind=order.kind, octets=len(answer), outcome=outcome)
        try:
            await self._sink.send(work.Fetched(order.number, len(answer), failure), answer)
        except OSError:
            # It died, which its output tells.
            logs.note(_log, logging.DEBUG, "no worker takes the answer", kind=order.kind)

    async def _answer(self, order: work.Fetch, body: bytes) -> bytes:
        """Raises Unreachable."""
        if len(order.url) > work.MAX_URL_CHARS:
            raise unreachable("bad-url")
        async with self._room:
            answer = await asyncio.to_thread(self._fetch, Question(order.kind, order.url, body))
        self._bytes += len(answer)
        if self._bytes > work.MAX_FETCHED_BYTES:
            raise unreachable("too-many")
        return answer


class NoFetch:
    """A StoppableFetch that asks nobody."""

    def __init__(self, failure: Failure = "offline") -> None:
        self._failure = failure

    def __call__(self, _question: Question) -> bytes:
        raise unreachable(self._failure)

    def stop(self) -> None:
        """There is nothing to stop."""


def check(order: work.Fetch) -> None:
    """Raises ProtocolError where the order announces more octets than a question may have."""
    if not 0 <= order.body_bytes <= work.MAX_QUESTION_BYTES:
        raise ProtocolError(f"a question of {order.body_bytes} octets")
