"""One page's queue, without a network."""

import asyncio

import pytest

from agent.origins import Origin
from agent.server import converse
from agent.server.converse import Budget, Conversation, Flooded
from protocol import handshake
from tests.support import stage

PAGE = Origin.parse("https://kds.example.kz")


class Desk:
    """Answers calls when the test says so, and keeps what was sent."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[bytes] = asyncio.Queue()
        self.asked: asyncio.Queue[tuple[bytes, asyncio.Future[bytes]]] = asyncio.Queue()

    async def answer(self, frame: bytes, origin: Origin) -> bytes:
        assert origin == PAGE
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        await self.asked.put((frame, future))
        return await future


def conversation(desk: Desk, budget: Budget) -> Conversation:
    made = Conversation(PAGE, desk.answer, desk.sent.put, budget)
    made.start()
    return made


def say(talk: Conversation, budget: Budget, frame: bytes) -> bytes | None:
    assert budget.take(len(frame))
    return talk.hear(frame)


def test_a_heartbeat_is_echoed_while_a_call_is_answered() -> None:
    async def scenario() -> None:
        desk, budget = Desk(), Budget(1000)
        talk = conversation(desk, budget)
        assert talk.is_idle
        assert say(talk, budget, b"call") is None
        _, future = await desk.asked.get()
        assert not talk.is_idle
        assert say(talk, budget, handshake.HEARTBEAT.encode()) == handshake.HEARTBEAT.encode()
        assert budget.held == len(b"call")
        future.set_result(b"reply")
        assert await desk.sent.get() == b"reply"
        assert budget.held == 0
        talk.end()
        await talk.wait_ended()

    stage.run(scenario())


def test_an_empty_reply_is_not_sent() -> None:
    async def scenario() -> None:
        desk, budget = Desk(), Budget(1000)
        talk = conversation(desk, budget)
        for frame, reply in ((b"first", b""), (b"second", b"reply to the second")):
            say(talk, budget, frame)
            _, future = await desk.asked.get()
            future.set_result(reply)
        assert await desk.sent.get() == b"reply to the second"
        talk.end()
        await talk.wait_ended()

    stage.run(scenario())


def test_calls_beyond_the_queue_are_refused_in_their_place_and_then_the_page_is_cut_off() -> None:
    async def scenario() -> None:
        desk, budget = Desk(), Budget(10**6)
        talk = conversation(desk, budget)
        call = stage.sign_call().encode()
        say(talk, budget, call)
        _, running = await desk.asked.get()
        for _ in range(converse.MAX_CALLS + converse.MAX_REFUSALS):
            say(talk, budget, call)
        with pytest.raises(Flooded):
            say(talk, budget, call)
        running.set_result(b"answered")
        assert await desk.sent.get() == b"answered"
        for _ in range(converse.MAX_CALLS):
            _, future = await desk.asked.get()
            future.set_result(b"answered")
            assert await desk.sent.get() == b"answered"
        for _ in range(converse.MAX_REFUSALS):
            assert b"answered" not in await desk.sent.get()
        assert desk.asked.empty()
        assert budget.held == 0
        talk.end()
        await talk.wait_ended()

    stage.run(scenario())


def test_the_end_cancels_the_call_and_gives_back_what_was_held() -> None:
    async def scenario() -> None:
        desk, budget = Desk(), Budget(1000)
        talk = conversation(desk, budget)
        say(talk, budget, b"running")
        _, future = await desk.asked.get()
        say(talk, budget, b"waiting")
        talk.end()
        talk.end()
        assert budget.held == 0
        await talk.wait_ended()
        assert future.cancelled()
        assert desk.sent.empty()

    stage.run(scenario())


def test_a_reply_that_is_ready_when_the_page_leaves_is_given_back_once() -> None:
    async def scenario() -> None:
        desk, budget = Desk(), Budget(1000)
        talk = conversation(desk, budget)
        say(talk, budget, b"call")
        _, future = await desk.asked.get()
        future.set_result(b"reply")
        talk.end()
        await talk.wait_ended()
        assert budget.held == 0

    stage.run(scenario())


def test_the_budget_says_no_when_it_is_used_up() -> None:
    budget = Budget(10)
    assert budget.take(6)
    assert not budget.take(5)
    assert budget.take(4)
    budget.give_back(10)
    assert budget.held == 0
