"""Recording and replaying, with stand-ins for workers."""

import asyncio
import dataclasses
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from agent.approvals import Approval, Notice
from agent.cassettes import Cassette, Exchange, RecordingWorkers, ReplayingWorkers
from agent.errors import BadInput, StorageFailed, UnsupportedOperation
from agent.rules import Rules
from agent.spool import Room, Shelf
from agent.workers import Workers
from protocol import cassette, prompts, work

RULES = Rules().sent()
SIGN = {
    "module": "kz.gov.pki.knca.basics",
    "method": "sign",
    "args": {"format": "cms", "data": "secret words"},
}
CANCELLED = {"body": {}, "status": True}
SIGNED = {"body": {"result": ["-----BEGIN CMS-----\nMIIB\n-----END CMS-----\n"]}, "status": True}


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 20))


def approval(call: Any, heard: list[Notice] | None = None, shelf: Shelf | None = None) -> Approval:
    return Approval(
        json.dumps(call).encode(),
        "site",
        "https://a.kz",
        "ru",
        notice=(heard if heard is not None else []).append,
        shelf=shelf,
    )


async def _signs(_: Workers, given: Approval) -> bytearray:
    given.notice(prompts.Waiting(1))
    given.notice(work.Stage("password"))
    given.notice(prompts.Shown())
    given.notice(work.Progress(1, 1))
    return bytearray(json.dumps(SIGNED).encode())


def recorded(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Notice]:
    heard: list[Notice] = []

    async def scenario() -> None:
        workers = RecordingWorkers(("none",), rules=RULES, path=path, spare_idle_s=0)
        monkeypatch.setattr(Workers, "approve", _signs)
        assert json.loads(await workers.approve(approval(SIGN, heard))) == SIGNED
        await workers.close()

    run(scenario())
    return heard


def test_what_was_recorded_is_replayed_with_filler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cassette.json"
    heard = recorded(path, monkeypatch)
    assert "secret words" not in path.read_text("utf-8")

    async def scenario() -> None:
        workers = ReplayingWorkers(("none",), rules=RULES, recorded=Cassette.load(path), spare_idle_s=0)
        again: list[Notice] = []
        reply = json.loads(
            await workers.approve(approval({**SIGN, "args": {**SIGN["args"], "data": "x"}}, again))
        )  # type: ignore[dict-item]
        assert reply["status"] is True
        (text,) = reply["body"]["result"]
        assert text.startswith("-----BEGIN CMS-----\n")
        assert len(text) == len(SIGNED["body"]["result"][0])  # type: ignore[index]
        assert again == heard
        await workers.close()

    run(scenario())


def exchange(call: Any, reply: Any, milliseconds: int = 0) -> Exchange:
    text = json.dumps(call)
    return Exchange(cassette.sketch(text), (), cassette.sketch_reply(json.dumps(reply), text), milliseconds)


def test_calls_are_answered_in_order_and_the_last_answer_goes_on() -> None:
    async def scenario() -> None:
        found = Cassette([exchange(SIGN, CANCELLED), exchange(SIGN, SIGNED)])
        workers = ReplayingWorkers(("none",), rules=RULES, recorded=found, spare_idle_s=0)
        replies = [json.loads(await workers.approve(approval(SIGN))) for _ in range(3)]
        assert replies[0] == CANCELLED
        assert "result" in replies[1]["body"]
        assert replies[2] == replies[1]

    run(scenario())


def test_a_call_that_is_not_on_it_is_refused() -> None:
    async def scenario() -> None:
        workers = ReplayingWorkers(
            ("none",), rules=RULES, recorded=Cassette([exchange(SIGN, SIGNED)]), spare_idle_s=0
        )
        with pytest.raises(UnsupportedOperation):
            await workers.approve(approval({**SIGN, "method": "getKeyInfo"}))

    run(scenario())


def test_it_can_take_as_long_as_it_did() -> None:
    async def scenario() -> None:
        workers = ReplayingWorkers(
            ("none",),
            rules=RULES,
            recorded=Cassette([exchange(SIGN, SIGNED, 200)]),
            speed=2.0,
            spare_idle_s=0,
        )
        started = asyncio.get_running_loop().time()
        await workers.approve(approval(SIGN))
        assert asyncio.get_running_loop().time() - started >= 0.1

    run(scenario())


def test_downloads_are_there_to_be_read(tmp_path: Path) -> None:
    async def scenario() -> None:
        call = {"module": "kz.qalamsap.v1", "id": "a", "method": "sign", "params": {}}
        reply = {
            "module": "kz.qalamsap.v1",
            "id": "a",
            "result": {"signatures": [{"download": "d", "size": 600_000}]},
        }
        shelf = Shelf(tmp_path, Room())
        workers = ReplayingWorkers(
            ("none",), rules=RULES, recorded=Cassette([exchange(call, reply)]), spare_idle_s=0
        )
        found = json.loads(await workers.approve(approval({**call, "id": "b"}, shelf=shelf)))
        assert found["id"] == "b"
        (piece,) = found["result"]["signatures"]
        held = shelf.get(piece["download"])
        assert held is not None
        assert held.filled == 600_000
        await shelf.close()

    run(scenario())


def test_a_place_that_can_not_be_written_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        RecordingWorkers(("none",), rules=RULES, path=tmp_path / "no" / "cassette.json")


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"cassette":2,"exchanges":[]}', '{"cassette":1,"exchanges":[{}]}',
     '{"cassette":1,"exchanges":[{"call":null,"notices":["what"],"reply":null,"milliseconds":1}]}',
     '{"cassette":1,"exchanges":[{"call":null,"notices":[],"reply":{"object":7},"milliseconds":1}]}'],
)  # fmt: skip
def test_what_is_no_cassette_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "cassette.json"
    path.write_text(content, "utf-8")
    with pytest.raises(BadInput):
        Cassette.load(path)


def test_a_cassette_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        Cassette.load(tmp_path / "none.json")


def test_what_may_hold_a_password_is_not_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cassette.json"
    call = {"method": "getKeys", "args": ["PKCS12", "/k/a.p12", "Qwerty12", "SIGN"]}

    async def scenario() -> None:
        workers = RecordingWorkers(("none",), rules=RULES, path=path, spare_idle_s=0)
        monkeypatch.setattr(Workers, "approve", _signs)
        assert await workers.approve(dataclasses.replace(approval(call), is_flat_on=True))
        await workers.close()

    run(scenario())
    assert Cassette.load(path).exchanges == []
