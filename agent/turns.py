"""Whose turn it is: approvals are served one at a time, and a page that pesters does not shut out the others.

Among those that wait, the caller who was served longest ago goes first, then who came first; so the calls of one caller keep their
order, and a page with a hundred of them can't keep another from its one. A caller whom the person has just turned away rests
for a moment before its next window, twice as long each time in a row: a page that asks again at once does not
own the screen, and there is time to reach for "pause". The others go past. Nobody is refused for it.

So many callers are remembered. Who rests is never forgotten for the sake of others, and who was turned away a while ago only where all
were: fresh names buy nobody a fresh start.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.errors import AgentError

REST_S = 1.0
MAX_REST_S = 8.0
FORGET_S = 60.0  # without being turned away, until a caller is as good as new
MAX_CALLERS = 256  # that are remembered; more only while more of them rest, which each window makes one of


@dataclass(eq=False, slots=True)
class _Waiting:
    caller: str
    turn: asyncio.Future[None]


@dataclass(slots=True)
class _Caller:
    """What is remembered of a caller; moments of the loop's clock."""

    served: int = 0  # the number of its last turn
    refusals: int = 0
    rests_until: float = field(default=float("-inf"))

    def is_remembered(self, now: float) -> bool:
        """Whether its next rest would be longer than a first one."""
        return self.refusals > 0 and now < self.rests_until + FORGET_S


class Turns:
    """The queue. Each `wait` that returns is followed by one `release`."""

    def __init__(self, rest_s: float = REST_S) -> None:
        self._rest_s = rest_s
        self._queue: list[_Waiting] = []
        self._callers: OrderedDict[str, _Caller] = OrderedDict()
        self._is_taken = False
        self._served = 0
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many wait."""
        return len(self._queue)

    async def wait(self, caller: str, on_wait: Callable[[], None] = lambda: None) -> None:
        """Until it is this caller's turn; `on_wait` is called if that is not at once.

        Raises what `refuse_waiting` is given meanwhile.
        """
        waiting = _Waiting(caller, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._call_next()
        if not waiting.turn.done():
            on_wait()
        try:
            await waiting.turn
        except asyncio.CancelledError:
            if waiting in self._queue:
                self._queue.remove(waiting)
            elif not waiting.turn.cancelled() and waiting.turn.exception() is None:
                self.release()  # it had been called in the very same moment
            raise

    def release(self) -> None:
        """The turn is over."""
        self._is_taken = False
        self._call_next()

    def turned_away(self, caller: str) -> None:
        """The person said no to this caller, or it went away from its open window."""
        now = asyncio.get_running_loop().time()
        known = self._known(caller)
        known.refusals = known.refusals + 1 if known.is_remembered(now) else 1
        known.rests_until = now + min(self._rest_s * 2 ** (known.refusals - 1), MAX_REST_S)

    def welcomed(self, caller: str) -> None:
        """The person said yes to this caller."""
        self._known(caller).refusals = 0

    def refuse_waiting(self, error: Callable[[], AgentError]) -> None:
        """Those that wait get an error each in place of their turn."""
        refused, self._queue = self._queue, []
        for waiting in refused:
            if not waiting.turn.done():
                waiting.turn.set_exception(error())

    def _known(self, caller: str) -> _Caller:
        known = self._callers.setdefault(caller, _Caller())
        self._callers.move_to_end(caller)
        while len(self._callers) > MAX_CALLERS and (least := self._least_missed(caller)) is not None:
            del self._callers[least]
        return known

    def _least_missed(self, caller: str) -> str | None:
        """Whom to forget for the sake of this caller: who has been silent longest of those that do not rest, and was not turned away
        lately if there is such a one."""
        now = asyncio.get_running_loop().time()
        idle = [
            (name, known)
            for name, known in self._callers.items()
            if name != caller and known.rests_until <= now
        ]
        harmless = (name for name, known in idle if not known.is_remembered(now))
        return next(harmless, idle[0][0] if idle else None)

    def _call_next(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        # One that was cancelled in this very moment is still in the queue: it takes itself out as soon as it runs.
        waiting = [each for each in self._queue if not each.turn.done()]
        if self._is_taken or not waiting:
            return
        loop = asyncio.get_running_loop()
        ready = [each for each in waiting if self._rests_until(each) <= loop.time()]
        if not ready:
            self._timer = loop.call_at(min(map(self._rests_until, waiting)), self._call_next)
            return
        called = min(ready, key=lambda each: self._callers.get(each.caller, _Caller()).served)
        self._queue.remove(called)
        self._served += 1
        self._known(called.caller).served = self._served
        self._is_taken = True
        called.turn.set_result(None)

    def _rests_until(self, waiting: _Waiting) -> float:
        known = self._callers.get(waiting.caller)
        return known.rests_until if known is not None else float("-inf")
