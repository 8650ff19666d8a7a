"""Frames in, replies out, without a network; workers are the stage's."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest

from agent import dispatch
from agent.dispatch import Dispatch, Settings
from agent.origins import Origin
from agent.workers import Workers
from protocol import codec
from tests.support import stage

PAGE = Origin.parse("https://kds.example.kz")
CALL = stage.sign_call().encode()
COMMON = '"module":"kz.gov.pki.knca.commonUtils"'


@contextlib.asynccontextmanager
async def open_desk() -> AsyncIterator[tuple[Dispatch, Settings, stage.Director]]:
    director = stage.Director()
    workers = Workers(stage.worker_command(await director.open()), spare_idle_s=0)
    settings = Settings("ru")
    try:
        yield Dispatch(workers, settings), settings, director
    finally:
        await workers.close()
        await director.close()


@pytest.mark.parametrize(
    ("frame", "reply"),
    [
        ('{"module":"kz.digiflow.mobile.extensions","method":"getVersion"}', {"success": False, "errorCode": "MODULE_NOT_FOUND"}),
        (f'{{{COMMON},"method":"getActiveTokens","args":null}}', {"responseObject": [], "code": "200"}),
        (f'{{{COMMON},"method":"noSuchThing"}}', None),
        ("not JSON", None),
        ("", None),
    ],
)  # fmt: skip
def test_what_needs_no_worker_is_answered_without_one(frame: str, reply: object) -> None:
    async def scenario() -> None:
        async with open_desk() as (desk, _, director):
            found = json.loads(await desk.answer(frame.encode(), PAGE))
            assert reply is None or found == reply
            assert director.is_quiet

    stage.run(scenario())


def test_frames_that_are_no_text_are_answered_too() -> None:
    async def scenario() -> None:
        async with open_desk() as (desk, _, _director):
            for frame in (b"\xff\xfe\x00", b"\x00" * 10, b'{"module":"\xff"}'):
                assert isinstance(json.loads(await desk.answer(frame, PAGE)), dict)

    stage.run(scenario())


def test_a_call_for_the_person_goes_to_a_worker() -> None:
    async def scenario() -> None:
        async with open_desk() as (desk, _, director):
            answering = asyncio.ensure_future(desk.answer(CALL, PAGE))
            actor = await director.worker()
            assert (await actor.event("begin"))["language"] == "ru"
            await actor.order("reply", text="signed")
            assert await answering == b"signed"

    stage.run(scenario())


def test_a_long_frame_goes_to_a_worker_unread() -> None:
    async def scenario() -> None:
        async with open_desk() as (desk, _, director):
            frame = b"this is not JSON at all " * 20_000
            assert len(frame) > dispatch.DECODE_BYTES
            answering = asyncio.ensure_future(desk.answer(frame, PAGE))
            actor = await director.worker()
            await actor.event("begin")
            assert (await actor.event("frame"))["octets"] == len(frame)
            await actor.order("reply", text="the worker's own opinion")
            assert await answering == b"the worker's own opinion"

    stage.run(scenario())


def test_the_language_that_a_page_sets_holds_for_that_page() -> None:
    async def scenario() -> None:
        async with open_desk() as (desk, settings, director):
            await desk.answer(f'{{{COMMON},"method":"changeLocale","args":["kk"]}}'.encode(), PAGE)
            settings.language = "en"
            for page, language in ((PAGE, "kk"), (Origin.parse("https://other.example.kz"), "en")):
                answering = asyncio.ensure_future(desk.answer(CALL, page))
                actor = await director.worker()
                assert (await actor.event("begin"))["language"] == language
                await actor.order("reply", text="x")
                await answering

    stage.run(scenario())


def test_many_pages_that_set_a_language_fill_no_memory() -> None:
    async def scenario() -> None:
        async with open_desk() as (desk, _, _director):
            call = f'{{{COMMON},"method":"changeLocale","args":["kk"]}}'.encode()
            for number in range(dispatch.MAX_LANGUAGES + 10):
                await desk.answer(call, Origin.parse(f"https://site{number}.kz"))
            assert len(desk._languages) == dispatch.MAX_LANGUAGES

    stage.run(scenario())


@pytest.mark.parametrize("frame", [CALL, stage.sign_call(data="A" * dispatch.DECODE_BYTES).encode()])
def test_a_paused_agent_refuses_in_the_dialect_of_the_page_and_shows_nothing(frame: bytes) -> None:
    async def scenario() -> None:
        async with open_desk() as (desk, settings, director):
            settings.is_paused = True
            reply = json.loads(await desk.answer(frame, PAGE))
            assert reply["status"] is False
            assert "paused" in json.dumps(reply)
            assert director.is_quiet
            probe = await desk.answer(b'{"module":"x"}', PAGE)
            assert json.loads(probe)["errorCode"] == "MODULE_NOT_FOUND"

    stage.run(scenario())


@pytest.mark.parametrize("frame", [CALL, stage.sign_call(data="A" * dispatch.DECODE_BYTES).encode()])
def test_a_crashed_worker_is_an_error_of_the_dialect(frame: bytes) -> None:
    async def scenario() -> None:
        async with open_desk() as (desk, _, director):
            answering = asyncio.ensure_future(desk.answer(frame, PAGE))
            await (await director.worker()).order("crash")
            reply = json.loads(await answering)
            assert reply["status"] is False

    stage.run(scenario())


def test_a_mistake_of_ours_is_answered_and_logged_without_the_frame(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(_: object) -> None:
        raise RuntimeError("quotes SGVsbG8= of the frame")

    monkeypatch.setattr(codec, "answer_without_worker", stumble)

    async def scenario() -> None:
        async with open_desk() as (desk, _, _director):
            assert json.loads(await desk.answer(CALL, PAGE))["status"] is False
            monkeypatch.setattr(codec, "decode", stumble)
            assert json.loads(await desk.answer(CALL, PAGE))["success"] is False

    stage.run(scenario())
    assert "internal error" in [record.getMessage().partition(" octets")[0] for record in caplog.records]
    assert "SGVsbG8" not in " ".join(record.getMessage() for record in caplog.records)


def test_a_refusal_speaks_the_dialect_of_the_start_of_the_frame() -> None:
    assert json.loads(dispatch.refuse(CALL, "busy", "too many"))["status"] is False
    assert json.loads(dispatch.refuse(b"", "busy", "too many"))["success"] is False
