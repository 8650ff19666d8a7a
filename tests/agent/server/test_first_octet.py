"""TLS and plain HTTP on one port: who is told apart by what, and that the rules are the same for both."""

import asyncio
import contextlib
import json
import socket
import ssl
import string

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from agent.server import first_octet
from agent.server.connection import Times
from protocol import handshake
from tests.support import stage

pytestmark = pytest.mark.service

UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
PROBE = '{"module":"kz.digiflow.mobile.extensions","method":"getVersion"}'


def test_every_octet_is_tls_or_a_letter_of_a_method_or_nothing() -> None:
    kinds = {value: first_octet.kind_of(bytes([value])) for value in range(256)}
    assert [value for value, kind in kinds.items() if kind == "tls"] == [0x16]
    assert "".join(chr(value) for value, kind in kinds.items() if kind == "plain") == string.ascii_uppercase
    assert first_octet.kind_of(b"") is None


def test_peeking_waits_and_takes_nothing() -> None:
    async def scenario() -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            looking = asyncio.ensure_future(first_octet.peek(ours))
            await asyncio.sleep(0)
            assert not looking.done()
            theirs.send(b"GET")
            assert await looking == b"G"
            assert await first_octet.peek(ours) == b"G"
            assert ours.recv(10) == b"GET"
            theirs.close()
            assert await first_octet.peek(ours) == b""

    stage.run(scenario())


def test_who_stops_peeking_leaves_the_socket_as_it_was() -> None:
    async def scenario() -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await first_octet.peek(ours)
            assert not asyncio.get_running_loop().remove_reader(ours)

    stage.run(scenario())


def test_both_kinds_are_served_at_once_on_one_port() -> None:
    async def scenario() -> None:
        async with stage.open_stage(plain_websocket=True) as scene:
            plain = await scene.page("http://localhost:8080", url=scene.plain_url)
            secure = await scene.page()
            for page in (plain, secure):
                await page.send(handshake.HEARTBEAT)
                assert await page.recv() == handshake.HEARTBEAT
                await page.send(PROBE)
                assert json.loads(await page.recv()) == {"success": False, "errorCode": "MODULE_NOT_FOUND"}
                await (await page.ping())
            await plain.send(stage.sign_call(data="QUJD" * 300_000))
            actor = await scene.worker()
            begin = await actor.event("begin")
            assert (begin["kind"], begin["origin"]) == ("site", "http://localhost:8080")
            await actor.event("frame")
            await actor.order("reply", text="0123456789", times=100_000)
            assert await plain.recv() == "0123456789" * 100_000
            assert scene.server.connections == 2
            await plain.close(1000)
            assert plain.close_code == 1000

    stage.run(scenario())


def test_a_page_that_came_by_http_is_unprotected_as_ever() -> None:
    async def scenario() -> None:
        async with stage.open_stage(plain_websocket=True) as scene:
            page = await scene.page("http://plain.example.kz", url=scene.plain_url)
            await page.send(stage.sign_call())
            actor = await scene.worker()
            begin = await actor.event("begin")
            assert (begin["kind"], begin["origin"]) == ("unprotected", "http://plain.example.kz")
            await actor.event("frame")
            await actor.order("reply", text="x")
            assert await page.recv() == "x"

    stage.run(scenario())


@pytest.mark.parametrize("host", ["localhost", "[::1]"])
def test_the_other_names_of_this_computer_are_served_plain_too(host: str) -> None:
    if host == "[::1]" and not socket.has_dualstack_ipv6():
        pytest.skip("needs IPv6")

    async def scenario() -> None:
        async with stage.open_stage(plain_websocket=True) as scene:
            await scene.page(url=f"ws://{host}:{scene.server.port}/any/path")

    stage.run(scenario())


def test_by_default_a_plain_client_is_told_to_use_tls_and_pages_with_tls_notice_nothing() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            with pytest.raises(InvalidStatus) as refusal:
                await connect(scene.plain_url, origin="https://a.kz")  # type: ignore[arg-type]
            assert refusal.value.response.status_code == 400
            typed = await plain_request(scene, "GET / HTTP/1.1", f"Host: 127.0.0.1:{scene.server.port}\r\n")
            assert typed.startswith(b"HTTP/1.1 400 ")
            assert typed.endswith(f"here: https://127.0.0.1:{scene.server.port}/\n".encode())
            assert scene.server.connections == 0
            await scene.page()

    stage.run(scenario())


async def plain_request(scene: stage.Scene, line: str, headers: str, *, tls: bool = False) -> bytes:
    """All that the server sends in answer to a request made by hand."""
    options = {"ssl": stage.client_context()} if tls else {}
    reader, writer = await asyncio.open_connection("127.0.0.1", scene.server.port, **options)  # type: ignore[arg-type]
    writer.write(f"{line}\r\n{headers}\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    ("line", "headers", "status"),
    [
        ("GET / HTTP/1.1", "", 400),
        ("GET / HTTP/1.1", "Host: evil.example:{port}\r\n", 421),
        ("GET / HTTP/1.1", "Host: 127.0.0.1\r\n", 421),
        ("GET / HTTP/1.1", "Host: 127.0.0.1:{port}\r\nHost: 127.0.0.1:{port}\r\n", 400),
        ("GET / HTTP/1.1", "Host: 127.0.0.1:{port}\r\nOrigin: https://a.kz/path\r\n" + UPGRADE, 403),
        (
            "GET / HTTP/1.1",
            "Host: 127.0.0.1:{port}\r\nOrigin: https://a.kz\r\nOrigin: https://a.kz\r\n" + UPGRADE,
            403,
        ),
        ("GET /x HTTP/1.1", "Host: 127.0.0.1:{port}\r\n", 404),
        ("POST / HTTP/1.1", "Host: 127.0.0.1:{port}\r\n", 405),
        ("OPTIONS / HTTP/1.1", "Host: 127.0.0.1:{port}\r\nOrigin: https://a.kz\r\n", 405),
    ],
)
def test_plain_or_tls_what_is_refused_is_refused_with_the_same_words(
    line: str, headers: str, status: int
) -> None:
    async def scenario() -> None:
        async with stage.open_stage(plain_websocket=True) as scene:
            filled = headers.format(port=scene.server.port)
            plain, secure = [await plain_request(scene, line, filled, tls=tls) for tls in (False, True)]
            assert plain.startswith(f"HTTP/1.1 {status} ".encode())
            assert without_date(plain) == without_date(secure)

    stage.run(scenario())


def without_date(answer: bytes) -> list[bytes]:
    return [line for line in answer.split(b"\r\n") if not line.startswith(b"Date: ")]


def test_the_status_page_over_http_leads_to_https() -> None:
    async def scenario() -> None:
        async with stage.open_stage(plain_websocket=True) as scene:
            answer = await plain_request(scene, "GET / HTTP/1.1", f"Host: localhost:{scene.server.port}\r\n")
            assert answer.startswith(b"HTTP/1.1 307 ")
            assert f"\r\nLocation: https://127.0.0.1:{scene.server.port}/\r\n".encode() in answer

    stage.run(scenario())


def test_first_octets_may_come_one_by_one() -> None:
    async def scenario() -> None:
        async with stage.open_stage(plain_websocket=True) as scene:
            reader, writer = await asyncio.open_connection("127.0.0.1", scene.server.port)
            for octet in f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{scene.server.port}\r\n{UPGRADE}\r\n".encode():
                writer.write(bytes([octet]))
                await asyncio.sleep(0)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
            assert (await reader.readexactly(2))[0] == 0x81
            writer.close()

            # The same with a hello that an SSL object writes and we carry octet by octet.
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            hello = stage.client_context().wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
            reader, writer = await asyncio.open_connection("127.0.0.1", scene.server.port)
            while True:
                try:
                    hello.do_handshake()
                except ssl.SSLWantReadError:
                    for octet in outgoing.read():
                        writer.write(bytes([octet]))
                        await asyncio.sleep(0)
                    incoming.write(await reader.read(65536))
                else:
                    break
            assert hello.selected_alpn_protocol() is None
            writer.close()

    stage.run(scenario())


def test_who_sends_nothing_or_stops_after_the_first_octet_is_cut_in_time() -> None:
    async def scenario() -> None:
        async with stage.open_stage(times=Times(handshake=0.5, closing=0.3), plain_websocket=True) as scene:
            for first in (b"", b"G", b"\x16"):
                reader, writer = await asyncio.open_connection("127.0.0.1", scene.server.port)
                writer.write(first)
                with contextlib.suppress(OSError):  # a reset says the same
                    assert await reader.read() == b""
                writer.close()
            await scene.page(url=scene.plain_url)

    stage.run(scenario())


@pytest.mark.parametrize("garbage", [b"\0", b"get / HTTP/1.1\r\n\r\n", b"\x80\x2e\x01", b" ", b"\xff" * 5000])
def test_what_is_neither_is_closed_at_once_without_a_word(
    garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with stage.open_stage(plain_websocket=True) as scene:
            reader, writer = await asyncio.open_connection("127.0.0.1", scene.server.port)
            writer.write(garbage)
            with contextlib.suppress(OSError):  # what was not read ends in a reset
                async with asyncio.timeout(5):  # the time for a handshake is 10
                    assert await reader.read() == b""
            writer.close()

    stage.run(scenario())
    assert not [record for record in caplog.records if record.levelname in {"WARNING", "ERROR", "CRITICAL"}]


def test_a_crowd_that_sends_nothing_is_counted_and_gone_when_the_server_stops() -> None:
    async def scenario() -> None:
        async with stage.open_stage(plain_websocket=True) as scene:
            crowd = [await asyncio.open_connection("127.0.0.1", scene.server.port) for _ in range(72)]
            # The next one finds no room, not even to be refused.
            late, late_writer = await asyncio.open_connection("127.0.0.1", scene.server.port)
            assert await late.read() == b""
            late_writer.close()
            await scene.server.close()
            for reader, writer in crowd:
                with contextlib.suppress(OSError):
                    assert await reader.read() == b""
                writer.close()

    stage.run(scenario())


def test_stopping_tells_pages_of_both_kinds_with_1001() -> None:
    async def scenario() -> None:
        async with stage.open_stage(plain_websocket=True) as scene:
            pages = [await scene.page(url=scene.plain_url), await scene.page()]
            closing = asyncio.ensure_future(scene.server.close())
            for page in pages:
                with pytest.raises(ConnectionClosed):
                    await page.recv()
                assert page.close_code == 1001
            await closing

    stage.run(scenario())


def test_a_page_has_one_allowance_of_connections_for_both_kinds() -> None:
    async def scenario() -> None:
        async with stage.open_stage(plain_websocket=True) as scene:
            pages = [await scene.page(url=scene.plain_url) for _ in range(16)]
            newcomer = await scene.page()
            with pytest.raises(ConnectionClosed):
                await pages[0].recv()
            assert pages[0].close_code == 1001
            await newcomer.send(handshake.HEARTBEAT)
            assert await newcomer.recv() == handshake.HEARTBEAT

    stage.run(scenario())


def test_a_socket_that_was_accepted_elsewhere_is_told_apart_too() -> None:
    async def scenario() -> None:
        async with stage.open_stage(plain_websocket=True) as scene:
            with socket.create_server(("127.0.0.1", 0)) as listener:
                theirs = socket.create_connection(listener.getsockname())
                accepted, address = listener.accept()
            scene.server.serve(accepted, address[0])
            # It came by another port, but ours is the one that it must name.
            await scene.page(url=scene.plain_url, sock=theirs)

    stage.run(scenario())
