"""Frames of kz.qalamsap.v1 on a page's socket, and long replies: over real sockets, with real worker processes."""

import asyncio
import hashlib
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from agent.server import connection
from protocol import handshake
from protocol.v1 import codec, limits
from tests.support import stage

SIGN = {"documents": [{"content": {"text": "a"}}], "format": "cms"}


def own(method: str, params: Any, request: str) -> str:
    return json.dumps({"module": limits.MODULE, "id": request, "method": method, "params": params})


async def upload(page: ClientConnection, octets: bytes) -> str:
    await page.send(own("upload", {"size": len(octets)}, "u"))
    opened = json.loads(await page.recv())
    for start in range(0, len(octets), limits.CHUNK_BYTES):
        header = codec.pack_chunk_header(opened["transfer"], start)
        await page.send(header + octets[start : start + limits.CHUNK_BYTES])
    while "result" not in (reply := json.loads(await page.recv())):
        continue
    return str(reply["result"]["upload"])


def test_an_upload_reaches_the_worker_and_what_it_made_comes_back_in_chunks() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            octets = bytes(range(256)) * 4000
            handle = await upload(page, octets)
            await page.send(own("sign", {**SIGN, "documents": [{"content": {"upload": handle}}]}, "s"))
            worker = await scene.busy_worker()
            facts = await worker.event("attachment")
            assert (facts["name"], facts["sha256"]) == (handle, hashlib.sha256(octets).hexdigest())
            await worker.order("stage", what="password")
            assert json.loads(await page.recv())["event"] == "waiting-for-password"
            assert json.loads(await page.recv())["event"] == "signed"
            await worker.order("reply", text='{"id":"s"}', attachments={"made": 300_000})
            assert json.loads(await page.recv()) == {"id": "s"}
            await page.send(own("read", {"download": "made", "offset": 262_144, "length": 262_144}, "r"))
            chunk = await page.recv()
            assert isinstance(chunk, bytes)
            assert codec.unpack_chunk(chunk).offset == 262_144
            assert json.loads(await page.recv())["result"] == {"octets": 300_000 - 262_144}

    stage.run(scenario())


def test_calls_of_both_kinds_share_a_socket_and_old_ones_keep_their_order() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send(stage.sign_call())
            worker = await scene.busy_worker()
            await page.send(own("capabilities", {}, "c"))
            assert json.loads(await page.recv())["id"] == "c"
            await page.send('{"module":"no.such.module"}')
            await page.send(handshake.HEARTBEAT)
            assert await page.recv() == handshake.HEARTBEAT
            await worker.order("reply", text="signed")
            assert await page.recv() == "signed"
            assert json.loads(await page.recv())["errorCode"] == "MODULE_NOT_FOUND"

    stage.run(scenario())


def test_a_page_that_leaves_ends_its_request() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send(own("sign", SIGN, "s"))
            worker = await scene.busy_worker()
            await page.close()
            await worker.event("end")

    stage.run(scenario())


def test_a_cancelled_request_ends_its_worker_and_leaves_the_socket() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send(own("sign", SIGN, "s"))
            worker = await scene.busy_worker()
            await page.send(own("cancel", {"request": "s"}, "c"))
            replies = {reply["id"]: reply for reply in [json.loads(await page.recv()) for _ in range(2)]}
            assert replies["c"]["result"] == {"cancelled": True}
            assert replies["s"]["error"]["code"] == "cancelled-by-page"
            await worker.event("end")

    stage.run(scenario())


def test_a_worker_that_dies_is_an_error_with_the_id() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send(own("sign", SIGN, "s"))
            worker = await scene.busy_worker()
            await worker.order("crash")
            reply = json.loads(await page.recv())
            assert (reply["id"], reply["error"]["code"]) == ("s", "internal")

    stage.run(scenario())


def test_one_page_at_a_time_is_asked_whichever_way_it_calls() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            first, second = await scene.page(), await scene.page("https://other.kz")
            await first.send(stage.sign_call())
            worker = await scene.busy_worker()
            await second.send(own("sign", SIGN, "s"))
            assert json.loads(await second.recv()) == {
                "module": limits.MODULE,
                "id": "s",
                "event": "queued",
                "waiting": 1,
            }
            await worker.order("reply", text="signed")
            assert await first.recv() == "signed"
            other = await scene.busy_worker()
            await other.order("reply", text='{"id":"s"}')
            assert json.loads(await second.recv()) == {"id": "s"}

    stage.run(scenario())


@pytest.mark.parametrize("size", [12, limits.CHUNK_HEADER_BYTES + limits.CHUNK_BYTES + 1, 3_000_000])
def test_binary_messages_that_are_no_chunk_are_forgotten_during_an_upload_too(size: int) -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send(own("upload", {"size": 3}, "u"))
            opened = json.loads(await page.recv())
            await page.send(bytes(size))
            await page.send([bytes(size), bytes(size)])
            header = codec.pack_chunk_header(opened["transfer"], 0)
            await page.send([header, b"a", b"bc"])  # a chunk in fragments is one message
            assert json.loads(await page.recv())["event"] == "upload-received"
            assert json.loads(await page.recv())["result"]["size"] == 3

    stage.run(scenario())


def test_a_long_reply_comes_whole_and_heartbeats_meanwhile_after_it() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page(max_queue=1)
            await page.send(stage.sign_call())
            worker = await scene.busy_worker()
            times = 40 * connection._FRAGMENT_BYTES // 10
            await worker.order("reply", text="0123456789", times=times)
            await stage.until(lambda: scene.server._budget.held == 0)
            await page.send(handshake.HEARTBEAT)
            reply = await page.recv()
            assert (len(reply), reply[:10], reply[-10:]) == (10 * times, "0123456789", "0123456789")
            assert await page.recv() == handshake.HEARTBEAT

    stage.run(scenario())


def test_a_long_reply_comes_in_fragments() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            await page.send(stage.sign_call())
            worker = await scene.busy_worker()
            await worker.order("reply", text="0123456789", times=connection._FRAGMENT_BYTES // 4)
            fragments = [fragment async for fragment in page.recv_streaming()]
            assert [len(fragment) for fragment in fragments] == [1024 * 1024, 1024 * 1024, 512 * 1024]

    stage.run(scenario())


def test_a_page_that_leaves_in_the_middle_of_a_long_reply_is_forgotten() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page(max_queue=1)
            await page.send(stage.sign_call())
            worker = await scene.busy_worker()
            await worker.order("reply", text="0123456789", times=8 * 1024 * 1024)
            await asyncio.sleep(0.2)
            page.transport.abort()
            await stage.until(lambda: not scene.server.connections)

    stage.run(scenario())
