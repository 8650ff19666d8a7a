"""What a connection does with messages that are too long, too many, too slow, and with a page that does not read."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State

from agent.server import connection
from agent.server import limits as guests
from agent.server.connection import Times
from agent.server.limits import PER_OWNER
from protocol import handshake
from tests.support import stage

pytestmark = pytest.mark.service


async def closes_with(page: ClientConnection, code: int) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            await page.recv()
    assert page.close_code == code


@pytest.fixture
def small_frames(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(connection, "MAX_FRAME_BYTES", 1024 * 1024)
    return 1024 * 1024


def test_a_message_over_the_limit_gets_an_error_before_the_close(small_frames: int) -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send("x" * (small_frames + 1))
            assert "status" not in json.loads(await page.recv())
            await closes_with(page, 1009)

    stage.run(scenario())


def test_a_fragmented_message_over_the_limit_gets_the_error_of_its_dialect(small_frames: int) -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            call = stage.sign_call(data="QUJD" * small_frames)
            with contextlib.suppress(ConnectionClosed):  # the close may reach it while it is still sending
                await page.send([call[start : start + 300_000] for start in range(0, len(call), 300_000)])
            assert json.loads(await page.recv())["status"] is False
            await closes_with(page, 1009)

    stage.run(scenario())


def test_a_message_just_under_the_limit_is_served(small_frames: int) -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            overhead = len(stage.sign_call(data=""))
            await page.send(stage.sign_call(data="A" * (small_frames - overhead)))
            await (await scene.busy_worker()).order("reply", text="served")
            assert await page.recv() == "served"

    stage.run(scenario())


def test_large_requests_of_all_pages_together_are_bounded() -> None:
    async def scenario() -> None:
        async with stage.open_stage(budget_bytes=1024 * 1024) as scene:
            first, second = await scene.page(), await scene.page()
            await first.send(stage.sign_call(data="A" * 700_000))
            actor = await scene.busy_worker()
            await second.send(stage.sign_call(data="A" * 700_000))
            json.loads(await second.recv())
            await closes_with(second, 1013)
            await actor.order("reply", text="the first is served")
            assert await first.recv() == "the first is served"
            third = await scene.page()
            await third.send(stage.sign_call(data="A" * 700_000))
            await (await scene.busy_worker()).order("reply", text="there is room again")
            assert await third.recv() == "there is room again"

    stage.run(scenario())


def test_what_a_page_sends_after_it_was_told_to_go_is_counted_too() -> None:
    async def scenario() -> None:
        async with stage.open_stage(times=Times(closing=20.0)) as scene:
            page = await scene.page()
            page.transport.pause_reading()  # it does not hear that it should go
            for _ in range(PER_OWNER):
                await scene.page()
            page.transport.write(Frame(Opcode.TEXT, b"x" * 1_000_000).serialize(mask=True)[:500_000])
            await stage.until(lambda: scene.server._budget.held == 500_000)
            page.transport.abort()
            await stage.until(lambda: scene.server._budget.held == 0)

    stage.run(scenario())


SITE = "https://kds.example.kz"
FAREWELL = Frame(Opcode.CLOSE, (1013).to_bytes(2, "big") + b"too many connections").serialize(mask=False)


def request_of_a_page(scene: stage.Scene) -> bytes:
    return (
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{scene.server.port}\r\nOrigin: {SITE}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


@contextlib.asynccontextmanager
async def turned_away(
    scene: stage.Scene, more: bytes = b""
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection for which there is no room, and that was told so; it says `more` in one breath with its request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", scene.server.port, ssl=stage.client_context())
    writer.write(request_of_a_page(scene) + more)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    assert await reader.readexactly(len(FAREWELL)) == FAREWELL
    yield reader, writer
    writer.transport.abort()


@pytest.fixture
def one_of_a_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guests, "PER_OWNER", 1)


@pytest.mark.usefixtures("one_of_a_site")
def test_one_that_is_turned_away_and_goes_is_gone_at_once() -> None:
    async def scenario() -> None:
        async with stage.open_stage(times=Times(quiet=60.0, closing=60.0)) as scene:
            page = await scene.page(SITE)
            await page.send(stage.sign_call())
            await scene.busy_worker()
            async with turned_away(scene) as (reader, writer):
                assert len(scene.server._guests) == 2
                writer.write(Frame(Opcode.CLOSE, (1013).to_bytes(2, "big")).serialize(mask=True))
                assert await reader.read() == b""
                await stage.until(lambda: len(scene.server._guests) == 1)

    stage.run(scenario())


@pytest.mark.usefixtures("one_of_a_site")
def test_one_that_is_turned_away_and_said_before_that_it_goes_is_gone_without_an_error() -> None:
    async def scenario() -> None:
        errors: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: errors.append(context))
        async with stage.open_stage(times=Times(quiet=60.0, closing=60.0)) as scene:
            page = await scene.page(SITE)
            await page.send(stage.sign_call())
            await scene.busy_worker()
            context = stage.client_context()
            reader, writer = await asyncio.open_connection("127.0.0.1", scene.server.port, ssl=context)
            await stage.until(lambda: len(scene.server._guests) == 2)
            writer.write(request_of_a_page(scene) + Frame(Opcode.CLOSE, b"").serialize(mask=True))
            await reader.read()
            await stage.until(lambda: len(scene.server._guests) == 1)
            writer.transport.abort()
        assert not errors

    stage.run(scenario())


@pytest.mark.usefixtures("one_of_a_site")
def test_one_that_is_turned_away_and_stays_is_dropped_in_its_time() -> None:
    async def scenario() -> None:
        async with stage.open_stage(times=Times(closing=0.3)) as scene:
            page = await scene.page(SITE)
            await page.send(stage.sign_call())
            await scene.busy_worker()
            async with turned_away(scene):
                await stage.until(lambda: len(scene.server._guests) == 1)
            assert scene.server.connections == 1

    stage.run(scenario())


@pytest.mark.usefixtures("one_of_a_site")
@pytest.mark.parametrize("in_one_breath", [False, True])
def test_one_that_is_turned_away_and_talks_on_holds_nothing_and_is_dropped_in_its_time(
    in_one_breath: bool,
) -> None:
    async def scenario() -> None:
        async with stage.open_stage(times=Times(closing=1.0)) as scene:
            page = await scene.page(SITE)
            await page.send(stage.sign_call())
            await scene.busy_worker()
            held = scene.server._budget.held
            whole = memoryview(Frame(Opcode.TEXT, b"x" * 16_000_000).serialize(mask=True))
            start = 100 * in_one_breath
            async with turned_away(scene, bytes(whole[:start])) as (_, writer):
                most = held
                while len(scene.server._guests) == 2:
                    if writer.transport.get_write_buffer_size() < 1_000_000 and start < len(whole):
                        writer.write(whole[start : start + 10_000])
                        start += 10_000
                    await asyncio.sleep(0.001)
                    most = max(most, scene.server._budget.held)
            assert most - held <= connection._FAREWELL_BYTES
            assert scene.server._budget.held == held

    stage.run(scenario())


def test_a_message_over_the_limit_in_the_middle_of_a_long_reply_closes_without_a_word() -> None:
    wire = connection._Wire(lambda: b"too big")
    wire.state = State.OPEN
    wire.send_text(b"the beginning", fin=False)
    wire.fail(CloseCode.MESSAGE_TOO_BIG)
    sent = b"".join(wire.data_to_send())
    assert b"too big" not in sent
    assert CloseCode.MESSAGE_TOO_BIG.to_bytes(2, "big") in sent


def test_a_message_that_trickles_in_is_cut_off() -> None:
    async def scenario() -> None:
        async with stage.open_stage(times=Times(message=0.2, closing=0.5)) as scene:
            page = await scene.page()
            whole = Frame(Opcode.TEXT, b"x" * 1000).serialize(mask=True)
            page.transport.write(whole[:500])
            await closes_with(page, 1008)

    stage.run(scenario())


def test_pings_and_a_long_silence_are_no_trickle() -> None:
    async def scenario() -> None:
        async with stage.open_stage(times=Times(message=0.05)) as scene:
            page = await scene.page()
            # A dialogue that lasts far longer than a message may: the clock must not run between messages.
            end = asyncio.get_running_loop().time() + 0.3
            while asyncio.get_running_loop().time() < end:
                await (await page.ping(b"payload"))
                await page.send(handshake.HEARTBEAT)
                assert await page.recv() == handshake.HEARTBEAT

    stage.run(scenario())


def test_a_flood_of_calls_is_refused_in_order_and_then_cut_off() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send(stage.sign_call())
            actor = await scene.busy_worker()
            for _ in range(16 + 2):  # two more than may wait
                await page.send('{"module":"x","method":"y"}')
            await page.send(handshake.HEARTBEAT)
            assert await page.recv() == handshake.HEARTBEAT
            await actor.order("reply", text="first")
            assert await page.recv() == "first"
            replies = [json.loads(await page.recv()) for _ in range(18)]
            assert all(reply == {"success": False, "errorCode": "MODULE_NOT_FOUND"} for reply in replies)
            await page.send(stage.sign_call())
            actor = await scene.busy_worker()
            for _ in range(16):
                await page.send(stage.sign_call())
            await page.send(stage.sign_call())
            await actor.order("reply", text="again")
            assert await page.recv() == "again"
            for _ in range(16):
                await (await scene.busy_worker()).order("reply", text="served")
                assert await page.recv() == "served"
            refused = json.loads(await page.recv())
            assert refused["status"] is False
            await page.send(stage.sign_call())
            await scene.busy_worker()
            for _ in range(16 + 64 + 1):
                await page.send(stage.sign_call())
            await closes_with(page, 1008)

    stage.run(scenario())


def test_a_page_that_does_not_read_is_not_read_from() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            page.transport.pause_reading()
            beat = Frame(Opcode.TEXT, handshake.HEARTBEAT.encode()).serialize(mask=True)
            written = 0
            # The pipe to the server fills up, for it stops to read while its echoes are not taken.
            while page.transport.get_write_buffer_size() < 1024 * 1024 and written < 64 * 1024 * 1024:
                page.transport.write(beat * 10_000)
                written += len(beat) * 10_000
                await asyncio.sleep(0)
            assert page.transport.get_write_buffer_size() >= 1024 * 1024
            other = await scene.page()
            await other.send(handshake.HEARTBEAT)
            assert await other.recv() == handshake.HEARTBEAT
            page.transport.abort()

    stage.run(scenario())


def test_a_protocol_error_ends_the_connection_with_its_code() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            page.transport.write(Frame(Opcode.TEXT, b"not masked").serialize(mask=False))
            await closes_with(page, 1002)

    stage.run(scenario())


def test_a_page_whose_socket_breaks_takes_its_window_along() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send(stage.sign_call())
            actor = await scene.busy_worker()
            page.transport.abort()
            await actor.event("end")

    stage.run(scenario())


def test_a_message_in_a_great_many_tiny_fragments_is_one_call_and_costs_little() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            text = '{"module":"' + "x" * 20_000 + '"}'
            pieces = [text[at : at + 1] for at in range(len(text))]
            await page.send([piece for each in pieces for piece in (each, "")])
            assert json.loads(await page.recv()) == {"success": False, "errorCode": "MODULE_NOT_FOUND"}
            (connected,) = scene.server._guests.all()
            assert connected._fragments == b""
            assert scene.server._budget.held == 0

    stage.run(scenario())
