"""Frames in, replies out, without a network; workers are the stage's."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest

from agent import dispatch
from agent.dispatch import Dispatch, Settings
from agent.origins import Origin
from agent.rules import Rules
from agent.workers import Workers
from protocol import codec
from tests.support import stage

PAGE = Origin.parse("https://kds.example.kz")
CALL = stage.sign_call().encode()
COMMON = '"module":"kz.gov.pki.knca.commonUtils"'


@contextlib.asynccontextmanager
async def open_desk() -> AsyncIterator[tuple[Dispatch, Settings, stage.Director]]:
    director = stage.Director()
    workers = Workers(stage.worker_command(await director.open()), rules=Rules().sent(), spare_idle_s=0)
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


# --- the first dialect, whose frames hold passwords ------------------------------------------------------------------

PASSWORD = "Qwerty12-of-a-key"
FLAT = json.dumps({"method": "getKeys", "args": ["PKCS12", "/k/a.p12", PASSWORD, "SIGN"]}).encode()
FLAT_LONG = FLAT.replace(b"SIGN", b"S" * dispatch.DECODE_BYTES)


@pytest.fixture
def reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads JSON in this process fails."""

    def never(_frame: object) -> None:
        raise AssertionError("the daemon reads a frame that may hold a password")

    monkeypatch.setattr("protocol.json_text.read", never)


def remembered(thing: object, seen: set[int]) -> str:
    """All that an object holds, and what that holds: as text."""
    if id(thing) in seen or isinstance(thing, type | asyncio.AbstractEventLoop):
        return ""
    seen.add(id(thing))
    inner: list[object] = []
    if isinstance(thing, dict):
        inner = [*thing.keys(), *thing.values()]
    elif isinstance(thing, list | tuple | set | frozenset):
        inner = list(thing)
    else:
        inner = [
            getattr(thing, name, None)
            for name in (*getattr(thing, "__dict__", {}), *getattr(thing, "__slots__", ()))
        ]
    own = (
        thing.decode("utf-8", "replace")
        if isinstance(thing, bytes | bytearray)
        else str(thing)
        if isinstance(thing, str)
        else ""
    )
    return own + "".join(remembered(each, seen) for each in inner)


@pytest.mark.usefixtures("reads_nothing")
@pytest.mark.parametrize("frame", [FLAT, FLAT_LONG, b'{"module":null,"method":"signXml"}', b"not JSON"])
def test_where_it_is_on_what_may_be_of_it_goes_to_a_worker_unread(
    frame: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with open_desk() as (desk, settings, director):
            settings.is_flat_on = True
            answering = asyncio.ensure_future(desk.answer(frame, PAGE))
            actor = await director.worker()
            begun = await actor.event("begin")
            assert (await actor.event("frame"))["octets"] == len(frame)
            assert begun["is_flat_on"] is True
            await actor.order("reply", text='{"result":"","errorCode":"NONE"}')
            assert await answering == b'{"result":"","errorCode":"NONE"}'
            del answering
            assert PASSWORD not in remembered(desk, set())

    with caplog.at_level("DEBUG"):
        stage.run(scenario())
    assert PASSWORD not in caplog.text
    assert "getKeys" not in caplog.text


@pytest.mark.parametrize("is_on", [True, False])
def test_what_names_another_module_is_answered_as_ever(is_on: bool) -> None:
    async def scenario() -> None:
        async with open_desk() as (desk, settings, director):
            settings.is_flat_on = is_on
            probe = await desk.answer(
                b'{"module":"kz.digiflow.mobile.extensions","method":"getVersion"}', PAGE
            )
            assert json.loads(probe)["errorCode"] == "MODULE_NOT_FOUND"
            tokens = await desk.answer(f'{{{COMMON},"method":"getActiveTokens"}}'.encode(), PAGE)
            assert json.loads(tokens)["code"] == "200"
            assert director.is_quiet

    stage.run(scenario())


def test_what_is_remembered_is_found() -> None:
    assert PASSWORD in remembered({"calls": [(FLAT, None)]}, set())


def test_where_it_is_off_the_module_is_not_found_and_the_password_nowhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        async with open_desk() as (desk, _, director):
            assert json.loads(await desk.answer(FLAT, PAGE))["errorCode"] == "MODULE_NOT_FOUND"
            assert director.is_quiet
            assert PASSWORD not in remembered(desk, set())

    with caplog.at_level("DEBUG"):
        stage.run(scenario())
    assert PASSWORD not in caplog.text


@pytest.mark.usefixtures("reads_nothing")
def test_set_locale_sets_the_language_and_is_not_answered() -> None:
    async def scenario() -> None:
        async with open_desk() as (desk, settings, director):
            settings.is_flat_on = True
            assert await desk.answer(b'{"method":"setLocale","args":["kk"]}', PAGE) == b""
            assert await desk.answer(b'{"method":"setLocale","args":["tlh"]}', PAGE) == b""
            assert director.is_quiet
            answering = asyncio.ensure_future(desk.answer(FLAT, PAGE))
            actor = await director.worker()
            assert (await actor.event("begin"))["language"] == "kk"
            await actor.order("reply", text="x")
            await answering

    stage.run(scenario())


@pytest.mark.usefixtures("reads_nothing")
@pytest.mark.parametrize("frame", [FLAT, FLAT_LONG])
def test_an_unread_frame_is_refused_unread(frame: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with open_desk() as (desk, settings, director):
            settings.is_flat_on = True
            answering = asyncio.ensure_future(desk.answer(frame, PAGE))
            await (await director.worker()).order("crash")
            assert json.loads(await answering)["errorCode"] == "COMMON"
            settings.is_paused = True
            assert json.loads(await desk.answer(frame, PAGE))["errorCode"] == "COMMON"
            assert json.loads(dispatch.refuse(frame, "busy", "too many"))["errorCode"] == "COMMON"

    with caplog.at_level("DEBUG"):
        stage.run(scenario())
    assert PASSWORD not in caplog.text
