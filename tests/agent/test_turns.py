"""Who is served next."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from agent.errors import AgentError
from agent.turns import Turns
from tests.support import stage

Waiter = asyncio.Task[None]


def scenario(what: Callable[[], Coroutine[Any, Any, None]]) -> None:
    stage.run(what())


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Log:
    """Waits for callers, and notes whose turn it was."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.served: list[str] = []

    def wait(self, name: str) -> Waiter:
        async def note() -> None:
            await self.turns.wait(name.rstrip("0123456789"))
            self.served.append(name)

        return asyncio.ensure_future(note())


def test_calls_of_one_caller_keep_their_order() -> None:
    async def what() -> None:
        log = Log(Turns())
        for number in range(4):
            log.wait(f"a{number}")
        for _ in range(4):
            await settle()
            log.turns.release()
        assert log.served == ["a0", "a1", "a2", "a3"]
        assert len(log.turns) == 0

    scenario(what)


def test_a_caller_with_many_calls_does_not_keep_another_waiting() -> None:
    async def what() -> None:
        log = Log(Turns())
        for number in range(5):
            log.wait(f"a{number}")
        await settle()
        log.wait("b1")
        log.wait("b2")
        await settle()
        for _ in range(4):
            log.turns.release()
            await settle()
        assert log.served == ["a0", "b1", "a1", "b2", "a2"]

    scenario(what)


def test_one_who_was_turned_away_rests_longer_each_time_and_is_welcome_again() -> None:
    async def what() -> None:
        turns = Turns(rest_s=0.1)
        loop = asyncio.get_running_loop()
        rests = []
        for _ in range(3):
            turns.turned_away("a")
            started = loop.time()
            await turns.wait("a")
            rests.append(loop.time() - started)
            turns.release()
        assert [
            round(rest, 1) >= expected for rest, expected in zip(rests, (0.1, 0.2, 0.4), strict=True)
        ] == [True] * 3
        turns.welcomed("a")
        turns.turned_away("a")
        started = loop.time()
        await turns.wait("a")
        assert loop.time() - started < 0.3

    scenario(what)


def test_without_rest_nobody_waits() -> None:
    async def what() -> None:
        turns = Turns(rest_s=0.0)
        turns.turned_away("a")
        waits: list[bool] = []
        await turns.wait("a", lambda: waits.append(True))
        assert waits == []

    scenario(what)


def test_who_gives_up_makes_room_wherever_it_stands() -> None:
    async def what() -> None:
        log = Log(Turns())
        first, second, third = log.wait("a1"), log.wait("a2"), log.wait("a3")
        await settle()
        second.cancel()
        await settle()
        assert len(log.turns) == 1
        log.turns.release()  # a3 is called ...
        third.cancel()  # ... and gives up in the same moment
        await settle()
        log.wait("b1")
        await settle()
        assert log.served == ["a1", "b1"]
        assert first.done()

    scenario(what)


def test_those_that_wait_can_be_refused() -> None:
    async def what() -> None:
        log = Log(Turns())
        log.wait("a1")
        waiting = [log.wait("a2"), log.wait("b1")]
        await settle()
        log.turns.refuse_waiting(AgentError)
        for each in waiting:
            with pytest.raises(AgentError):
                await each
        log.turns.release()
        log.wait("c1")
        await settle()
        assert log.served == ["a1", "c1"]

    scenario(what)


def test_a_thousand_callers_are_not_all_remembered() -> None:
    async def what() -> None:
        turns = Turns(rest_s=0.0)
        for number in range(1000):
            turns.turned_away(f"site {number}")
        assert len(turns._callers) <= 256

    scenario(what)


def test_fresh_names_push_out_nobody_who_rests_or_was_turned_away_lately() -> None:
    async def what() -> None:
        for rest_s in (5.0, 0.0):
            turns = Turns(rest_s)
            turns.turned_away("pest")
            for number in range(1000):
                turns.welcomed(f"fresh {number}")
            assert len(turns._callers) == 256
            turns.turned_away("pest")
            assert turns._callers["pest"].refusals == 2

    scenario(what)


def test_those_that_rest_are_all_kept_and_forgotten_when_they_have_rested() -> None:
    async def what() -> None:
        turns = Turns(rest_s=0.2)
        for number in range(300):
            turns.turned_away(f"pest {number}")
        turns.turned_away("one more")
        assert len(turns._callers) == 301
        await asyncio.sleep(0.3)
        turns.welcomed("somebody")
        assert len(turns._callers) == 256
        assert "pest 0" not in turns._callers
        assert {"one more", "somebody"} <= turns._callers.keys()

    scenario(what)


def test_a_page_that_leaves_with_the_turn_and_with_others_waiting_leaves_no_hole() -> None:
    async def what() -> None:
        turns = Turns()

        async def serve() -> None:
            await turns.wait("a")
            try:
                await asyncio.Event().wait()
            finally:
                turns.release()

        leaving = [asyncio.ensure_future(serve()) for _ in range(3)]
        await settle()
        for each in leaving:
            each.cancel()  # all at once: the others are called while their turn is cancelled already
        found = await asyncio.gather(*leaving, return_exceptions=True)
        assert [type(each) for each in found] == [asyncio.CancelledError] * 3
        assert len(turns) == 0
        await asyncio.wait_for(turns.wait("b"), 1)

    scenario(what)
