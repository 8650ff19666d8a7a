"""The transport as pages and programs meet it (T1 to T24 of the conformance list), over real sockets and TLS."""

import asyncio
import contextlib
import hashlib
import json
import socket
import ssl

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from agent.server.connection import Times
from agent.server.listener import tls_context
from protocol import handshake
from tests.support import stage

pytestmark = pytest.mark.service

MODULE_NOT_FOUND = {"success": False, "errorCode": "MODULE_NOT_FOUND"}
PROBE = '{"module":"kz.digiflow.mobile.extensions","method":"getVersion"}'


def test_a_page_connects_without_a_subprotocol_and_is_greeted_at_once() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await connect(scene.url, ssl=stage.client_context(), origin="https://a.kz")  # type: ignore[arg-type]
            assert page.subprotocol is None
            assert page.response is not None
            assert "Server" not in page.response.headers
            assert "Sec-WebSocket-Extensions" not in page.response.headers
            assert await page.recv() == '{"result":{"version":"1.4"}}'
            await page.close()

    stage.run(scenario())


@pytest.mark.parametrize("path", ["", "/", "/kz.gov.pki.knca.basics", "/kz.gov.pki.knca", "/?x=1"])
def test_every_path_leads_to_the_same_conversation(path: str) -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page(url=f"wss://127.0.0.1:{scene.server.port}{path}")
            await page.send(PROBE)
            assert json.loads(await page.recv()) == MODULE_NOT_FOUND

    stage.run(scenario())


def test_localhost_and_the_ipv6_loopback_are_served_too() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            await scene.page(url=f"wss://localhost:{scene.server.port}/")
            if socket.has_dualstack_ipv6():
                await scene.page(url=f"wss://[::1]:{scene.server.port}/")

    stage.run(scenario())


def test_a_quiet_page_gets_nothing_after_the_greeting() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            # Whatever the server sent unasked would come before the echo.
            await page.send(handshake.HEARTBEAT)
            assert await page.recv() == handshake.HEARTBEAT
            await page.close()
            with pytest.raises(ConnectionClosed):
                await page.recv()

    stage.run(scenario())


def test_a_call_sent_before_reading_is_answered_after_the_greeting() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await connect(scene.url, ssl=stage.client_context())
            await page.send(PROBE)
            assert await page.recv() == handshake.GREETING
            assert json.loads(await page.recv()) == MODULE_NOT_FOUND
            await page.close()

    stage.run(scenario())


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "file://",
        "http://127.0.0.1:13579",
        "https://KDS.example.kz:443",
        "http://plain.example.kz",
    ],
)
def test_pages_and_programs_of_every_kind_are_greeted(origin: str | None) -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            await scene.page(origin)

    stage.run(scenario())


def test_the_worker_learns_the_canonical_origin() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page("HTTPS://KDS.Example.kz:443")
            await page.send(stage.sign_call())
            actor = await scene.worker()
            begin = await actor.event("begin")
            assert (begin["kind"], begin["origin"]) == ("site", "https://kds.example.kz")
            await actor.order("reply", text="x")
            assert await page.recv() == "x"

    stage.run(scenario())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1"}, 421),
        ({"Host": "127.0.0.1:1"}, 421),
        ({"Host": "127.0.0.1.evil.example:{port}"}, 421),
        ({"Host": "127.0.0.1:{port}", "Origin": "https://a.kz/path"}, 403),
        ({"Host": "127.0.0.1:{port}", "Origin": "https://a.kz https://b.kz"}, 403),
    ],
)
def test_a_wrong_host_or_origin_is_refused(headers: dict[str, str], status: int) -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            answer = await raw_request(
                scene, [(name, value.format(port=scene.server.port)) for name, value in headers.items()]
            )
            assert answer.startswith(f"HTTP/1.1 {status} ".encode())

    stage.run(scenario())


@pytest.mark.parametrize(("name", "status"), [("Host", 400), ("Origin", 403)])
def test_a_doubled_header_is_refused(name: str, status: int) -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            headers = [("Host", f"127.0.0.1:{scene.server.port}"), ("Origin", "https://a.kz")]
            headers.append(next(each for each in headers if each[0] == name))
            assert (await raw_request(scene, headers)).startswith(f"HTTP/1.1 {status} ".encode())

    stage.run(scenario())


def test_a_request_without_host_is_refused() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            assert (await raw_request(scene, [])).startswith(b"HTTP/1.1 400 ")

    stage.run(scenario())


async def raw_request(
    scene: stage.Scene, headers: list[tuple[str, str]], *, upgrade: bool = True, line: str = "GET / HTTP/1.1"
) -> bytes:
    """All that the server sends in answer to a request made by hand."""
    reader, writer = await asyncio.open_connection("127.0.0.1", scene.server.port, ssl=stage.client_context())
    if upgrade:
        headers = [
            *headers,
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
            ("Sec-WebSocket-Version", "13"),
        ]
    text = "\r\n".join([line, *(f"{name}: {value}" for name, value in headers), "", ""])
    writer.write(text.encode())
    answer = await reader.read()
    writer.close()
    return answer


def test_a_plain_get_shows_the_status_page() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            host = [("Host", f"127.0.0.1:{scene.server.port}")]
            answer = await raw_request(scene, host, upgrade=False)
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK")
            assert b"\r\nServer:" not in head
            assert b"Cache-Control: no-store" in head
            assert "Қаламсап" in body.decode()
            without_body = await raw_request(scene, host, upgrade=False, line="HEAD / HTTP/1.1")
            assert without_body.startswith(b"HTTP/1.1 200 OK")
            assert without_body.endswith(b"\r\n\r\n")

    stage.run(scenario())


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("POST / HTTP/1.1", 405),
        ("OPTIONS / HTTP/1.1", 405),
        ("GET /other HTTP/1.1", 404),
        ("DELETE /x HTTP/1.1", 405),
    ],
)
def test_other_requests_are_refused_without_a_word_in_the_log(
    line: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            host = [("Host", f"127.0.0.1:{scene.server.port}")]
            assert (await raw_request(scene, host, upgrade=False, line=line)).startswith(
                f"HTTP/1.1 {status} ".encode()
            )
            await scene.page()

    stage.run(scenario())
    assert not [record for record in caplog.records if record.levelname in {"WARNING", "ERROR", "CRITICAL"}]


def test_probes_scanners_and_plain_http_neither_kill_nor_spam(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            for greeting in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01garbage", b"\0" * 1000):
                reader, writer = await asyncio.open_connection("127.0.0.1", scene.server.port)
                writer.write(greeting)
                if greeting:
                    with contextlib.suppress(OSError):  # what was not read ends in a reset
                        await reader.read()
                writer.close()
            # A bad certificate in the client's eyes ends the handshake from its side.
            with pytest.raises(ssl.SSLCertVerificationError):
                await connect(scene.url, ssl=ssl.create_default_context())
            # An HTTP request that is none.
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", scene.server.port, ssl=stage.client_context()
            )
            writer.write(b"\0\1\2 what?\r\n\r\n")
            assert await reader.read() == b""
            writer.close()
            await scene.page()

    stage.run(scenario())
    assert not [record for record in caplog.records if record.levelname in {"WARNING", "ERROR", "CRITICAL"}]


def test_old_tls_is_refused_and_http_1_is_negotiated() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            modern = stage.client_context()
            modern.set_alpn_protocols(["h2", "http/1.1"])
            _, writer = await asyncio.open_connection("127.0.0.1", scene.server.port, ssl=modern)
            assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
            writer.close()

    stage.run(scenario())
    context = tls_context(stage.identity().certificate_path, stage.identity().key_path)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.num_tickets == 0


def test_a_handshake_that_takes_too_long_is_dropped() -> None:
    async def scenario() -> None:
        async with stage.open_stage(times=Times(handshake=1.0, closing=0.3)) as scene:
            bare, bare_writer = await asyncio.open_connection("127.0.0.1", scene.server.port)
            slow, slow_writer = await asyncio.open_connection(
                "127.0.0.1", scene.server.port, ssl=stage.client_context()
            )
            slow_writer.write(b"GET / HTTP/1.1\r\nHost:")
            for reader, writer in ((bare, bare_writer), (slow, slow_writer)):
                with contextlib.suppress(OSError):  # a reset says the same
                    assert await reader.read() == b""
                writer.close()

    stage.run(scenario())


def test_binary_messages_are_ignored_whole_or_in_pieces() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send(PROBE.encode())
            await page.send([b"in ", b"pieces"])
            await page.send(PROBE)
            assert json.loads(await page.recv()) == MODULE_NOT_FOUND
            await page.send(handshake.HEARTBEAT)
            assert await page.recv() == handshake.HEARTBEAT

    stage.run(scenario())


@pytest.mark.parametrize(
    "text", ["hello", "", "[]", '{"type":"ping"}', '{"module":"nca","version":"2.3"}', "{" * 5000]
)
def test_nonsense_keeps_the_connection_and_gets_no_status(text: str) -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send(text)
            assert "status" not in json.loads(await page.recv())
            await page.send(handshake.HEARTBEAT)
            assert await page.recv() == handshake.HEARTBEAT

    stage.run(scenario())


def test_the_json_of_old_pages_is_understood() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send('{\n module: "x",\n method: "getVersion",\n args: [""]\n}')
            assert json.loads(await page.recv()) == MODULE_NOT_FOUND
            await page.send('{"module":"x","method":"y","id":7}')
            assert json.loads(await page.recv()) == MODULE_NOT_FOUND

    stage.run(scenario())


def test_set_locale_of_the_oldest_dialect_gets_no_frame() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send('{"method":"setLocale","args":["ru"]}')
            await page.send(PROBE)
            assert json.loads(await page.recv()) == MODULE_NOT_FOUND

    stage.run(scenario())


def test_heartbeats_and_pings_are_answered_while_a_window_is_open() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send(stage.sign_call())
            actor = await scene.busy_worker()
            await actor.order("shown")
            for _ in range(5):
                await page.send(handshake.HEARTBEAT)
                assert await page.recv() == handshake.HEARTBEAT
                await (await page.ping())
            await actor.order("reply", text="signed")
            assert await page.recv() == "signed"

    stage.run(scenario())


def test_answers_come_in_the_order_of_the_calls() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send(stage.sign_call())
            await page.send(PROBE)
            await page.send(stage.sign_call())
            await (await scene.busy_worker()).order("reply", text="first")
            assert await page.recv() == "first"
            assert json.loads(await page.recv()) == MODULE_NOT_FOUND
            await (await scene.busy_worker()).order("reply", text="third")
            assert await page.recv() == "third"

    stage.run(scenario())


def test_two_sockets_are_served_one_window_at_a_time_and_the_first_is_told_who_waits() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            first, second = await scene.page(), await scene.page("https://other.example.kz")
            await first.send(stage.sign_call())
            actor = await scene.busy_worker()
            await second.send(stage.sign_call())
            assert (await actor.event("waiting"))["count"] == 1
            assert scene.director.is_quiet
            assert scene.workers.waiting == 1
            await actor.order("reply", text="to the first")
            assert await first.recv() == "to the first"
            await (await scene.busy_worker()).order("reply", text="to the second")
            assert await second.recv() == "to the second"

    stage.run(scenario())


def test_a_page_that_leaves_takes_its_window_along() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send(stage.sign_call())
            actor = await scene.busy_worker()
            await page.close()
            await actor.event("end")
            await actor.gone()

    stage.run(scenario())


def test_a_page_that_leaves_while_it_waits_is_never_shown() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            first, second, third = [await scene.page() for _ in range(3)]
            await first.send(stage.sign_call())
            actor = await scene.busy_worker()
            await second.send(stage.sign_call(note="of the page that leaves"))
            assert (await actor.event("waiting"))["count"] == 1
            await second.close()
            assert (await actor.event("waiting"))["count"] == 0
            await third.send(stage.sign_call())
            assert (await actor.event("waiting"))["count"] == 1
            await actor.order("reply", text="x")
            next_worker = await scene.worker()
            assert (await next_worker.event("begin"))["turn"] == 2
            await next_worker.event("frame")
            await next_worker.order("reply", text="to the third")
            assert await third.recv() == "to the third"

    stage.run(scenario())


@pytest.mark.parametrize("end", ["crash", "half-reply", "nonsense"])
def test_a_worker_that_crashes_is_an_error_and_never_cancelled(end: str) -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send(stage.sign_call())
            await (await scene.busy_worker()).order(end)
            reply = json.loads(await page.recv())
            assert reply["status"] is False
            assert reply["code"]
            await page.send(stage.sign_call())
            await (await scene.busy_worker()).order("reply", text="the next one works")
            assert await page.recv() == "the next one works"

    stage.run(scenario())


def test_a_request_of_40_mb_reaches_the_worker_in_small_pieces_and_a_large_reply_comes_back() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            call = stage.sign_call(data="QUJD" * (10 * 1024 * 1024))
            await page.send(call)
            actor = await scene.worker()
            await actor.event("begin")
            frame = await actor.event("frame")
            assert frame["octets"] == len(call) > 40_000_000
            assert frame["sha256"] == hashlib.sha256(call.encode()).hexdigest()
            assert frame["largest"] <= 256 * 1024
            await page.send(handshake.HEARTBEAT)
            assert await page.recv() == handshake.HEARTBEAT
            await actor.order("reply", text="0123456789", times=1_000_000)
            assert await page.recv() == "0123456789" * 1_000_000

    stage.run(scenario())


def test_a_message_in_fragments_is_one_call() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            call = stage.sign_call(data="QUJD" * 300_000)
            await page.send([call[start : start + 100_000] for start in range(0, len(call), 100_000)])
            actor = await scene.worker()
            await actor.event("begin")
            assert (await actor.event("frame"))["sha256"] == hashlib.sha256(call.encode()).hexdigest()
            await actor.order("reply", text="x")
            assert await page.recv() == "x"

    stage.run(scenario())


def test_a_close_of_the_page_is_answered_in_kind() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.close(1000)
            assert page.close_code == 1000

    stage.run(scenario())


def test_stopping_tells_every_page_with_1001_and_ends_the_window() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            idle, busy = await scene.page(), await scene.page()
            await busy.send(stage.sign_call())
            actor = await scene.busy_worker()
            closing = asyncio.ensure_future(scene.server.close())
            for page in (idle, busy):
                with pytest.raises(ConnectionClosed):
                    await page.recv()
                assert page.close_code == 1001
            await actor.event("end")
            await closing
            with pytest.raises(OSError):
                await scene.page()

    stage.run(scenario())


def test_the_seventeenth_connection_of_a_site_closes_its_oldest_idle_one() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            context = stage.client_context()
            other = await scene.page("https://other.example.kz", ssl=context)
            pages = [await scene.page(ssl=context) for _ in range(16)]
            await pages[0].send(stage.sign_call())
            actor = await scene.busy_worker()
            newcomer = await scene.page(ssl=context)
            with pytest.raises(ConnectionClosed):
                await pages[1].recv()
            assert pages[1].close_code == 1001
            for page in (other, pages[2], newcomer):
                await page.send(handshake.HEARTBEAT)
                assert await page.recv() == handshake.HEARTBEAT
            await actor.order("reply", text="the busy one was spared")
            assert await pages[0].recv() == "the busy one was spared"

    stage.run(scenario())


def test_where_all_are_busy_a_newcomer_is_told_to_come_later_and_is_gone() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            context = stage.client_context()
            pages = [await scene.page(ssl=context) for _ in range(16)]
            for page in pages:
                await page.send(stage.sign_call())
            actor = await scene.worker()
            waiting = (await actor.event("begin"))["waiting"]
            await actor.event("frame")
            while waiting < 15:
                waiting = (await actor.event("waiting"))["count"]
            # A page never learns the status of a handshake that failed: it opens, and hears why it closes, before any greeting.
            newcomer = await connect(scene.url, ssl=context, origin="https://kds.example.kz")  # type: ignore[arg-type]
            with pytest.raises(ConnectionClosed):
                await newcomer.recv()
            assert (newcomer.close_code, newcomer.close_reason) == (1013, "too many connections")
            assert scene.server.connections == 16
            await stage.until(lambda: len(scene.server._guests) == 16)
            await scene.page("https://other.example.kz", ssl=context)

    stage.run(scenario())


def test_a_peer_from_elsewhere_is_not_let_in() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            ours, theirs = socket.socketpair()
            with theirs:
                scene.server.serve(ours, "192.0.2.7")
                assert theirs.recv(100) == b""
            assert ours.fileno() == -1

    stage.run(scenario())
