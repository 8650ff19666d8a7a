"""One page's calls: heartbeats are echoed at once, calls are answered one after the other, in order.

The reader hands over each frame and goes on; it never waits for an answer. Pages match answers by order alone, so a call
that is refused because too many wait gets its reply at its place in the queue.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from agent import dispatch, logs
from agent.origins import Origin
from protocol import handshake

MAX_CALLS = 16  # that may wait, beside the one that is being answered
MAX_REFUSALS = 64  # ready refusals beside them; a page that goes on after so many is cut off

_HEARTBEAT: Final = handshake.HEARTBEAT.encode()

_log = logging.getLogger(__name__)

Octets: TypeAlias = bytes | bytearray
Answer: TypeAlias = Callable[[bytes, Origin], Awaitable[Octets]]
Send: TypeAlias = Callable[[Octets], Awaitable[None]]


class Flooded(Exception):
    """The page goes on calling though it was refused many times."""


class Budget:
    """How many octets of unanswered frames the agent holds for all pages together."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0

    @property
    def held(self) -> int:
        return self._held

    def take(self, octets: int) -> bool:
        """Whether there was room for so many more; if so they are held."""
        if self._held + octets > self._limit:
            return False
        self._held += octets
        return True

    def give_back(self, octets: int) -> None:
        self._held -= octets
        assert self._held >= 0


class Conversation:
    """The queue of one page. `start` it, `hear` each text frame, `end` it when the page is gone.

    A frame that is heard has been taken from the budget by the caller; the conversation gives it back once it is answered.
    """

    def __init__(self, origin: Origin, answer: Answer, send: Send, budget: Budget) -> None:
        self._origin = origin
        self._answer = answer
        self._send = send
        self._budget = budget
        self._calls: asyncio.Queue[tuple[bytes, bytes | None]] = (
            asyncio.Queue()
        )  # frame, and its refusal if it has one
        self._waiting_calls = 0
        self._is_answering = False
        self._held = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        return not self._is_answering and self._calls.empty()

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._answer_all())

    def hear(self, frame: bytes) -> bytes | None:
        """Takes a text frame: what to send back at once, if anything. Raises Flooded."""
        if frame == _HEARTBEAT:
            self._budget.give_back(len(frame))
            return _HEARTBEAT
        if self._calls.qsize() >= MAX_CALLS + MAX_REFUSALS:
            self._budget.give_back(len(frame))
            raise Flooded
        if self._waiting_calls >= MAX_CALLS:
            self._budget.give_back(len(frame))
            logs.note(_log, logging.WARNING, "too many calls wait", origin=self._origin.canonical)
            self._calls.put_nowait(
                (b"", dispatch.refuse(frame, "busy", "too many requests wait on this connection"))
            )
            return None
        self._held += len(frame)
        self._waiting_calls += 1
        self._calls.put_nowait((frame, None))
        return None

    def end(self) -> None:
        """The page is gone: the call under way is cancelled, which ends its worker and window; the rest is dropped."""
        if self._task is not None:
            self._task.cancel()
        self._budget.give_back(self._held)
        self._held = 0

    async def wait_ended(self) -> None:
        """Until the call under way has let go. Only after `end`."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _answer_all(self) -> None:
        while True:
            await self._answer_next()

    async def _answer_next(self) -> None:
        # A function of its own, so that a long frame is not kept while the next call is waited for.
        frame, refusal = await self._calls.get()
        self._is_answering = True
        try:
            reply = refusal if refusal is not None else await self._answer_one(frame)
            del frame
            if reply:
                await self._send(reply)
        finally:
            self._is_answering = False

    async def _answer_one(self, frame: bytes) -> Octets:
        self._waiting_calls -= 1
        reply = await self._answer(frame, self._origin)
        octets = min(len(frame), self._held)  # `end` may have given it back meanwhile
        self._held -= octets
        self._budget.give_back(octets)
        return reply
