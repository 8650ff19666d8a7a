"""kz.qalamsap.v1 under requests that no honest page sends, with binary frames at random: each ends in one result or error.

A short run each time; a long one with QALAMSAP_FUZZ_FRAMES=1000000 (tests.support.fuzzing).
"""

import asyncio
import json
import logging
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agent.approvals import Approval
from agent.errors import StorageFailed, TimedOut
from agent.own_api import OwnConversation
from agent.workers import WorkerCrashed
from protocol import codec as codecs
from protocol import prompts, work
from protocol.v1 import codec, limits
from tests.agent.test_own_api import Stand
from tests.support import fuzzing

COUNT = 5000
PATIENCE_S = 10
EVENTS = (prompts.Waiting(2), work.Stage("password"), prompts.Shown(), work.Progress(1, 3))


def test_every_request_ends_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    met: Counter[str] = Counter()

    async def scenario() -> None:
        stand = Stand(tmp_path)
        run = fuzzing.Run.of(COUNT)
        for number in range(run.first, run.first + run.count):
            chance = random.Random(f"{run.seed} own {number}")
            frame = request(fuzzing.Maker(chance))
            if not codec.is_own(frame):
                continue
            name = f"seed {run.seed}, frame {number}: {frame[:400]!r}"
            stand.answers = worker(chance)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    check(await told(stand, frame, chance), met)
                broken = [
                    each.getMessage() for each in caplog.records if "internal error" in each.getMessage()
                ]
                assert not broken, broken
            except Exception as error:
                raise AssertionError(name) from error
            caplog.clear()
        stand.page.end()
        await stand.page.wait_ended()
        assert stand.budget.held == 0
        assert stand.room.held == 0

    caplog.set_level(logging.ERROR)
    asyncio.run(scenario())
    print(dict(met))
    assert {
        "result",
        "error bad-request",
        "error unknown-method",
        "error no-such-handle",
        "event",
    } <= met.keys()


def request(maker: fuzzing.Maker) -> bytes:
    """A request of this module, whole or not."""
    message: dict[str, Any] = {}
    while message.get("module") != limits.MODULE:
        message = maker.request()
    luck = maker.chance.random()
    if luck < 0.3:
        return json.dumps(message).encode()
    if luck < 0.7:
        # The envelope stays, or few of them would be ours.
        twisted = {**message, "params": maker.twisted(message.get("params"))}
        return json.dumps(twisted).encode()
    text = json.dumps(maker.twisted(message), ensure_ascii=False)
    octets = maker.encoded(text)
    return maker.damaged(octets) if luck < 0.85 else octets


def worker(chance: random.Random) -> Any:
    """What carries out an approval: it tells how far it is, and answers, fails or dies."""

    async def answers(approval: Approval) -> bytes:
        for event in EVENTS:
            if chance.random() < 0.5:
                approval.notice(event)
        await asyncio.sleep(0)
        luck = chance.random()
        if luck < 0.1:
            raise WorkerCrashed("it ended early")
        if luck < 0.2:
            raise chance.choice((TimedOut("30 min"), StorageFailed("disk full")))
        context = codecs.Context(language="ru", new_name=lambda: "name")
        return fuzzing.answered(bytes(approval.frame), context, chance).encode("utf-8", "replace")

    return answers


async def told(stand: Stand, frame: bytes, chance: random.Random) -> list[dict[str, Any]]:
    """All text frames that came for a request, until nothing runs any more."""
    stand.hear(frame)
    await asyncio.sleep(0)
    while not stand.page.is_idle:
        if stand.page.wants_binary:
            stand.page.hear_binary(chunk(stand.page, chance))
        await asyncio.sleep(0)
    frames: list[dict[str, Any]] = []
    while not any("result" in each or "error" in each for each in frames) or not stand.sent.empty():
        answer = await stand.sent.get()
        if isinstance(answer, dict):
            frames.append(answer)
    return frames


def chunk(page: OwnConversation, chance: random.Random) -> bytes:
    """A binary frame: junk, or a chunk of the transfer that runs, in its place or not."""
    if chance.random() < 0.2:
        return chance.randbytes(chance.randrange(20))
    transfer, upload = next(iter(page._uploads.items()))
    offset = upload.announced if chance.random() < 0.9 else chance.randrange(2**33)
    return codec.pack_chunk_header(transfer, offset) + chance.randbytes(chance.randrange(1, 6))


def check(frames: list[dict[str, Any]], met: Counter[str]) -> None:
    """Events, and at the end the one result or error, all under one id."""
    *events, last = frames
    assert len({each["id"] for each in frames}) == 1
    for event in events:
        assert list(event)[:3] == ["module", "id", "event"]
        met["event"] += 1
    fuzzing.strict(json.dumps(last))
    fuzzing.check_own(last)
    met["result" if "result" in last else f"error {last['error']['code']}"] += 1
