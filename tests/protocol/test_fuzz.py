"""The decoder under frames that no honest page sends: it never breaks, and each gets the answer that is due, or none where none is.

A short run each time; a long one with QALAMSAP_FUZZ_FRAMES=1000000 (tests.support.fuzzing).
"""

import json
import random
from collections import Counter
from typing import Any

import pytest

from protocol import codec
from protocol.errors import BadCall
from protocol.v1 import limits as own
from tests.support import fuzzing

COUNT = 6000
LENIENT_COUNT = 1500


@pytest.mark.slow
def test_every_frame_gets_the_answer_that_is_due() -> None:
    met: Counter[str] = Counter()
    for name, frame, context in fuzzing.frames(COUNT):
        chance = random.Random(frame)
        try:
            met[fuzzing.check_reply(frame, fuzzing.answered(frame, context, chance), context)] += 1
            for code in ("busy", "paused", "internal"):
                reply = codec.failure_reply(frame, code, "why", context)
                fuzzing.check_reply(frame, reply, context, may_be_unread=True)
        except Exception as error:
            raise AssertionError(name) from error
    print(dict(met))
    assert {"common-utils", "basics", "accessory", "own", "none", "not-json", "silent"} <= met.keys()


def test_what_org_json_reads_means_what_it_says() -> None:
    """A request in the lenient dialect is the same call as in standard JSON, or the same refusal."""
    run = fuzzing.Run.of(LENIENT_COUNT)
    met = 0
    for number in range(run.first, run.first + run.count):
        maker = fuzzing.Maker(random.Random(f"{run.seed} lenient {number}"))
        message, context = maker.request(), maker.context()
        if maker.chance.random() < 0.5:
            message = maker.twisted(message)
        if message.get("module") == own.MODULE or not _is_plain(message):
            continue
        text = maker.lenient(message)
        assert _read(text, context) == _read(json.dumps(message), context), f"frame {number}: {text}"
        met += 1
    assert met > run.count // 4


def _is_plain(value: Any, depth: int = 0) -> bool:
    """Whether both dialects can say it: no constants that JSON lacks, no halves of letters, not nested beyond what is read."""
    match value:
        case dict():
            return depth < 60 and all(_is_plain(k) and _is_plain(v, depth + 1) for k, v in value.items())
        case list():
            return depth < 60 and all(_is_plain(part, depth + 1) for part in value)
        case float() | int():
            return abs(value) < 2**63
        case str():
            return not any("\ud800" <= letter <= "\udfff" or letter == "\x00" for letter in value)
        case _:
            return True


def _read(text: str, context: codec.Context) -> object:
    try:
        return codec.decode(text, context)
    except BadCall as bad:
        return bad.reply


def test_the_same_seed_makes_the_same_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QALAMSAP_FUZZ_FRAMES", raising=False)
    first, second = ([frame for _, frame, _ in fuzzing.frames(50)] for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ('{"code":"200","message":"done"}', "says something"),
        ('{"code":"200","status":true}', "where"),
        ('{"code":200}', "where"),
        ("", "silence"),
        ('{"code":"500","message":NaN}', "no JSON"),
        ('{"code":"500","code":"500"}', "twice"),
        ('{"success":false,"errorCode":"MODULE_NOT_FOUND"}', "where"),
    ],
)
def test_a_broken_rule_is_noticed(reply: str, why: str) -> None:
    frame = b'{"module":"kz.gov.pki.knca.commonUtils","method":"getActiveTokens"}'
    with pytest.raises(AssertionError, match=why):
        fuzzing.check_reply(frame, reply, codec.Context())


def test_an_answer_where_silence_is_due_is_noticed() -> None:
    with pytest.raises(AssertionError, match="where silence is due"):
        fuzzing.check_reply(b'{"method":"setLocale","args":["ru"]}', '{"errorCode":"NONE"}', codec.Context())
