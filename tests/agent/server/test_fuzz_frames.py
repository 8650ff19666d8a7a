"""A real server under frames that no honest page sends: one answer to each, in order, and the connection lives on.

A short run each time; a long one with QALAMSAP_FUZZ_FRAMES=100000 (tests.support.fuzzing).
"""

import json
import random
from collections import Counter
from collections.abc import Iterator

from websockets.asyncio.client import ClientConnection

from protocol import codec, common_utils, handshake
from protocol.v1 import codec as own
from tests.support import fuzzing, stage

COUNT = 1500
LIMIT_S = 3600.0


def test_every_frame_gets_one_answer_and_the_next_one_its_own(monkeypatch) -> None:
    monkeypatch.setattr(stage, "LIMIT_S", LIMIT_S)
    met: Counter[str] = Counter()

    async def scenario() -> None:
        async with stage.open_stage() as scene:
            scene.settings.is_paused = True  # no worker is needed to refuse
            page = await scene.page()
            for number, (name, frame, _) in enumerate(fuzzing.frames(COUNT)):
                if own.is_own(frame):
                    continue  # may be told of what goes on (tests of agent.own_api)
                chance = random.Random(frame)
                answers = await answers_to(page, frame, chance, number)
                try:
                    check(answers, frame, met)
                except Exception as error:
                    raise AssertionError(name) from error

    stage.run(scenario())
    print(dict(met))
    assert {"common-utils", "basics", "accessory", "none", "not-json", "silent", "binary"} <= met.keys()


async def answers_to(
    page: ClientConnection, frame: bytes, chance: random.Random, number: int
) -> list[str | bytes] | None:
    """What came for a frame before the answer to a call that was sent after it; None for a binary frame that got nothing."""
    is_text = chance.random() > 0.05
    pieces = list(pieces_of(frame, chance))
    await page.send(pieces if len(pieces) > 1 else frame, text=is_text)
    mark = f"after-{number}"
    await page.send(json.dumps({"module": common_utils.MODULE, "method": "getActiveTokens", "uuid": mark}))
    answers: list[str | bytes] = []
    while True:
        answer = await page.recv()
        if isinstance(answer, str) and f'"uuid":"{mark}"' in answer:
            break
        answers.append(answer)
    if is_text:
        return answers
    assert answers == []
    return None


def pieces_of(frame: bytes, chance: random.Random) -> Iterator[bytes]:
    """A frame in fragments, as a browser may send it: cut anywhere, even within a letter."""
    if chance.random() < 0.7:
        yield frame
        return
    cuts = sorted(chance.randrange(len(frame) + 1) for _ in range(chance.randrange(1, 4)))
    for start, end in zip([0, *cuts], [*cuts, len(frame)], strict=True):
        yield frame[start:end]


def check(answers: list[str | bytes] | None, frame: bytes, met: Counter[str]) -> None:
    if answers is None:
        met["binary"] += 1
        return
    if frame == handshake.HEARTBEAT.encode():
        assert answers == [handshake.HEARTBEAT]
        return
    assert len(answers) <= 1, answers
    reply = answers[0] if answers else ""
    assert isinstance(reply, str)
    met[fuzzing.check_reply(frame, reply, codec.Context(), may_be_unread=True)] += 1
