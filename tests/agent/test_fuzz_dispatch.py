"""The daemon's desk under frames that no honest page sends, with workers that answer, fail or die.

A short run each time; a long one with QALAMSAP_FUZZ_FRAMES=1000000 (tests.support.fuzzing).
"""

import asyncio
import logging
import random
from collections import Counter
from typing import cast

import pytest

from agent.approvals import Approval
from agent.dispatch import Dispatch, Settings
from agent.errors import AgentError, StorageFailed, TimedOut
from agent.origins import Origin
from agent.workers import WorkerCrashed, Workers
from protocol.v1 import codec as own
from tests.support import fuzzing

COUNT = 3000
PAGE = Origin.parse("https://kds.example.kz")


class SomeWorkers:
    """Workers as the desk knows them, without processes."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.context = fuzzing.Maker(chance).context()

    async def approve(self, approval: Approval) -> bytes:
        luck = self.chance.random()
        if luck < 0.1:
            raise WorkerCrashed("it ended early")
        if luck < 0.2:
            raise self.chance.choice(_FAILURES)
        # As any reply of a worker: octets in UTF-8.
        return fuzzing.answered(bytes(approval.frame), self.context, self.chance).encode("utf-8", "replace")


_FAILURES: tuple[AgentError, ...] = (TimedOut("30 min"), StorageFailed("disk full"))


def test_every_frame_gets_the_answer_that_is_due(caplog: pytest.LogCaptureFixture) -> None:
    met: Counter[str] = Counter()

    async def scenario() -> None:
        for name, frame, context in fuzzing.frames(COUNT):
            if own.is_own(frame):
                continue  # the connection takes these elsewhere (agent.own_api)
            workers = SomeWorkers(random.Random(frame))
            workers.context = context
            settings = Settings(
                context.language,
                is_paused=workers.chance.random() < 0.1,
                port=context.port,
                sites={PAGE.canonical: context.readings},
                is_flat_on=context.is_flat_on,
                tokens=context.tokens,
            )
            desk = Dispatch(cast("Workers", workers), settings)
            reply = await desk.answer(frame, PAGE)
            try:
                assert isinstance(reply, bytes)
                met[fuzzing.check_reply(frame, reply.decode(), context, may_be_unread=True)] += 1
                broken = [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]
                assert all("worker crashed" in line for line in broken), broken
            except Exception as error:
                raise AssertionError(name) from error
            caplog.clear()

    asyncio.run(scenario())
    print(dict(met))
    assert {"common-utils", "basics", "accessory", "none", "not-json", "silent"} <= met.keys()
