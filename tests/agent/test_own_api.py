"""The daemon's side of kz.qalamsap.v1: one page's requests, with a stand-in for the workers."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from agent import own_api
from agent.approvals import Approval
from agent.dispatch import Settings
from agent.errors import TimedOut
from agent.origins import Origin
from agent.own_api import OwnConversation, Services
from agent.server.converse import Budget
from agent.spool import Room
from agent.workers import WorkerCrashed
from protocol import prompts, work
from protocol.v1 import codec, limits
from tests.support import stage

MODULE = limits.MODULE
SIGN = {"documents": [{"content": {"text": "a"}}], "format": "cms"}


class Stand:
    """A conversation with a page, and the approvals that came of it. `answers` says what becomes of each."""

    def __init__(self, folder: Path, origin: str | None = "https://a.kz") -> None:
        self.sent: asyncio.Queue[Any] = asyncio.Queue()
        self.approvals: list[Approval] = []
        self.answers: Callable[[Approval], Awaitable[bytes]] = self.waits
        self.can_send = asyncio.Event()
        self.can_send.set()
        self.budget = Budget(64 * 1024 * 1024)
        self.room = Room()
        self.settings = Settings("ru", port=13579)
        services = Services(self, self.settings, "9.9", folder / "spool", self.room)
        self.page = OwnConversation(services, Origin.parse(origin), self.send, self.budget)
        self.count = 0

    async def approve(self, approval: Approval) -> bytes:
        self.approvals.append(approval)
        return await self.answers(approval)

    async def waits(self, approval: Approval) -> bytes:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, octets: Any, is_binary: bool) -> None:
        await self.can_send.wait()
        self.sent.put_nowait(bytes(octets) if is_binary else json.loads(octets))

    def hear(self, frame: Any) -> None:
        octets = frame if isinstance(frame, bytes) else json.dumps(frame).encode()
        assert self.budget.take(len(octets))
        self.page.hear(octets)

    def ask(self, method: str, params: Any = None, request: str = "") -> str:
        self.count += 1
        name = request or f"r{self.count}"
        self.hear({"module": MODULE, "id": name, "method": method, "params": params or {}})
        return name

    async def next(self) -> Any:
        return await asyncio.wait_for(self.sent.get(), 5)

    async def result(self, method: str, params: Any = None) -> Any:
        name = self.ask(method, params)
        reply = await self.next()
        assert reply["id"] == name
        return reply["result"]

    async def error(self, method: str, params: Any = None) -> str:
        self.ask(method, params)
        return str((await self.next())["error"]["code"])

    async def upload(self, octets: bytes) -> str:
        self.ask("upload", {"size": len(octets)})
        opened = await self.next()
        for start in range(0, len(octets), limits.CHUNK_BYTES):
            self.chunk(opened["transfer"], start, octets[start : start + limits.CHUNK_BYTES])
        while "result" not in (reply := await self.next()):
            continue
        return str(reply["result"]["upload"])

    def chunk(self, transfer: int, offset: int, octets: bytes) -> None:
        self.page.hear_binary(codec.pack_chunk_header(transfer, offset) + octets)


def scene(folder: Path, origin: str | None = "https://a.kz") -> Callable[[Callable[[Stand], Any]], None]:
    def play(scenario: Callable[[Stand], Coroutine[Any, Any, None]]) -> None:
        async def whole() -> None:
            stand = Stand(folder, origin)
            try:
                await scenario(stand)
            finally:
                stand.page.end()
                await stand.page.wait_ended()
            assert stand.room.held == 0
            assert stand.budget.held == 0

        asyncio.run(asyncio.wait_for(whole(), 20))

    return play


def test_a_page_learns_what_there_is_and_who_it_is(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        found = await stand.result("capabilities")
        assert (found["agent"], found["version"], found["origin"]) == ("qalamsap", "9.9", "https://a.kz")
        assert "sign" in found["methods"]

    scene(tmp_path)(scenario)


def test_a_request_becomes_an_approval_and_its_reply_comes_back(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        async def answers(approval: Approval) -> bytes:
            approval.notice(prompts.Waiting(2))
            approval.notice(work.Stage("password"))
            approval.notice(prompts.Shown())
            approval.notice(work.Stage("approval"))
            approval.notice(work.Progress(1, 3))
            return b'{"the":"reply"}'

        stand.answers = answers
        name = stand.ask("sign", {**SIGN, "language": "kk"})
        assert [(await stand.next()) for _ in range(6)] == [
            {"module": MODULE, "id": name, "event": "queued", "waiting": 2},
            {"module": MODULE, "id": name, "event": "waiting-for-password"},
            {"module": MODULE, "id": name, "event": "window-shown"},
            {"module": MODULE, "id": name, "event": "waiting-for-approval"},
            {"module": MODULE, "id": name, "event": "signed", "done": 1, "total": 3},
            {"the": "reply"},
        ]
        (approval,) = stand.approvals
        assert (approval.kind, approval.origin, approval.language) == ("site", "https://a.kz", "kk")
        assert approval.port == 13579
        assert json.loads(approval.frame)["params"]["format"] == "cms"

    scene(tmp_path)(scenario)


def test_requests_run_side_by_side_and_each_gets_its_own_reply(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        stand.ask("sign", SIGN, "slow")
        assert (await stand.result("capabilities"))["agent"] == "qalamsap"
        stand.ask("sign", SIGN, "slow")
        reply = await stand.next()
        assert (reply["id"], reply["error"]["code"]) == ("slow", "duplicate-id")
        assert len(stand.approvals) == 1

    scene(tmp_path)(scenario)


def test_a_page_takes_a_request_back(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        is_ended = asyncio.Event()

        async def answers(_: Approval) -> bytes:
            try:
                return await asyncio.Future()
            finally:
                is_ended.set()

        stand.answers = answers
        stand.ask("sign", SIGN, "s")
        await asyncio.sleep(0)
        stand.ask("cancel", {"request": "s"}, "c")
        replies = {reply["id"]: reply for reply in [await stand.next(), await stand.next()]}
        assert replies["c"]["result"] == {"cancelled": True}
        assert replies["s"]["error"]["code"] == "cancelled-by-page"
        assert is_ended.is_set()
        assert await stand.result("cancel", {"request": "s"}) == {"cancelled": False}
        stand.ask("cancel", {"request": "me"}, "me")
        assert (await stand.next())["result"] == {"cancelled": False}

    scene(tmp_path)(scenario)


def test_a_page_that_leaves_ends_what_runs_for_it_and_hears_nothing(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        stand.ask("sign", SIGN)
        await asyncio.sleep(0.01)
        assert not stand.page.is_idle
        stand.page.end()
        await stand.page.wait_ended()
        assert stand.page.is_idle
        assert stand.sent.empty()

    scene(tmp_path)(scenario)


@pytest.mark.parametrize(
    ("error", "code"),
    [(WorkerCrashed("x"), "internal"), (TimedOut("x"), "timed-out"), (KeyError("x"), "internal")],
)
def test_what_goes_wrong_is_a_typed_error(tmp_path: Path, error: Exception, code: str) -> None:
    async def scenario(stand: Stand) -> None:
        async def answers(_: Approval) -> bytes:
            raise error

        stand.answers = answers
        assert await stand.error("sign", SIGN) == code

    scene(tmp_path)(scenario)


def test_what_makes_no_sense_is_told_with_its_place(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        assert await stand.error("sign", {"documents": []}) == "bad-request"
        assert await stand.error("frobnicate") == "unknown-method"
        stand.hear(b'{"module":"kz.qalamsap.v1","id":"x","method":')
        reply = await stand.next()
        assert (reply["id"], reply["error"]["code"]) == ("x", "bad-request")
        stand.hear({"module": MODULE, "method": "capabilities"})
        assert (await stand.next())["id"] is None

    scene(tmp_path)(scenario)


def test_a_long_frame_is_read_too(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        stand.ask("sign", {"documents": [{"content": {"text": "я" * 300_000}}], "format": "cms"})
        await stage.until(lambda: bool(stand.approvals))
        assert len(stand.approvals[0].frame) > own_api.LONG_FRAME_BYTES

    scene(tmp_path)(scenario)


def test_a_paused_agent_says_so_and_still_tells_what_it_can(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        stand.settings.is_paused = True
        assert await stand.error("sign", SIGN) == "paused"
        await stand.result("capabilities")

    scene(tmp_path)(scenario)


@pytest.mark.parametrize("origin", [None, "null", "http://a.kz", "chrome-extension://abc"])
def test_only_sites_may_log_people_in(tmp_path: Path, origin: str | None) -> None:
    async def scenario(stand: Stand) -> None:
        assert await stand.error("login", {"nonce": "A" * 43}) == "not-allowed"
        assert stand.approvals == []

    scene(tmp_path, origin)(scenario)


def test_a_page_that_asks_for_too_much_at_once_is_told_that_the_agent_is_busy(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        for _ in range(own_api.MAX_RUNNING):
            stand.ask("sign", SIGN)
        await asyncio.sleep(0.01)
        assert await stand.error("capabilities") == "busy"

    scene(tmp_path)(scenario)


# --- uploads and downloads ---------------------------------------------------------------------------------------


def test_an_upload_goes_to_the_worker_and_downloads_come_back(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        document = bytes(range(256)) * 3000
        handle = await stand.upload(document)

        async def answers(approval: Approval) -> bytes:
            (held,) = approval.attachments
            assert held.name == handle
            assert approval.shelf is not None
            assert b"".join([piece async for piece in approval.shelf.pieces(held)]) == document
            made = approval.shelf.reserve("made", 300_000)
            await approval.shelf.append(made, b"m" * 300_000)
            return b'{"id":"s"}'

        stand.answers = answers
        stand.ask("sign", {"documents": [{"content": {"upload": handle}}], "format": "cms"})
        assert await stand.next() == {"id": "s"}
        taken = b""
        while len(taken) < 300_000:
            stand.ask("read", {"download": "made", "offset": len(taken), "length": limits.CHUNK_BYTES})
            chunk, reply = await stand.next(), await stand.next()
            assert codec.unpack_chunk(chunk).offset == len(taken)
            assert reply["result"]["octets"] == len(chunk) - limits.CHUNK_HEADER_BYTES
            taken += chunk[limits.CHUNK_HEADER_BYTES :]
        assert taken == b"m" * 300_000
        assert await stand.result("release", {"handles": [handle, "made"]}) == {}
        assert await stand.error("read", {"download": "made", "offset": 0, "length": 1}) == "no-such-handle"
        assert stand.room.held == 0

    scene(tmp_path)(scenario)


def test_an_upload_that_is_released_while_the_worker_reads_it_stays_until_it_is_read(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        document = bytes(range(256)) * 1000
        handle = await stand.upload(document)
        is_released = asyncio.Event()

        async def answers(approval: Approval) -> bytes:
            await is_released.wait()
            assert approval.shelf is not None
            read = b"".join([piece async for piece in approval.shelf.pieces(approval.attachments[0])])
            return json.dumps({"is_whole": read == document}).encode()

        stand.answers = answers
        stand.ask("sign", {"documents": [{"content": {"upload": handle}}], "format": "cms"})
        assert await stand.result("release", {"handles": [handle]}) == {}
        assert (
            await stand.error("sign", {**SIGN, "documents": [{"content": {"upload": handle}}]})
            == "no-such-handle"
        )
        is_released.set()
        assert await stand.next() == {"is_whole": True}
        assert stand.room.held == 0

    scene(tmp_path)(scenario)


def test_an_empty_upload_is_whole_at_once(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        assert await stand.upload(b"")

    scene(tmp_path)(scenario)


def test_uploads_run_side_by_side_but_not_many(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        opened = []
        for _ in range(own_api.MAX_TRANSFERS):
            stand.ask("upload", {"size": 3})
            opened.append((await stand.next())["transfer"])
        assert await stand.error("upload", {"size": 3}) == "busy"
        for transfer in reversed(opened):
            stand.chunk(transfer, 0, b"abc")
        found = [await stand.next() for _ in range(2 * len(opened))]
        assert sum("result" in reply for reply in found) == len(opened)

    scene(tmp_path)(scenario)


@pytest.mark.parametrize(
    ("offset", "octets"),
    [(1, b"abc"), (0, b"a" * 11), (0, b"a" * (limits.CHUNK_BYTES + 1))],
    ids=["out of order", "more than announced", "a chunk too long"],
)
def test_an_upload_that_breaks_the_rules_ends(tmp_path: Path, offset: int, octets: bytes) -> None:
    async def scenario(stand: Stand) -> None:
        name = stand.ask("upload", {"size": 10})
        opened = await stand.next()
        stand.chunk(opened["transfer"], offset, octets)
        if len(octets) > limits.CHUNK_BYTES:
            stand.ask("cancel", {"request": name})  # such a frame is nobody's, so the upload still waits
            replies = [await stand.next(), await stand.next()]
            assert {reply.get("error", {}).get("code") for reply in replies} == {None, "cancelled-by-page"}
        else:
            assert (await stand.next())["error"]["code"] == "bad-request"
        assert not stand.page.wants_binary
        assert stand.room.held == 0
        stand.chunk(opened["transfer"], 0, b"late")  # what was on its way is forgotten
        await stand.result("capabilities")

    scene(tmp_path)(scenario)


def test_a_page_may_not_send_more_than_the_window(tmp_path: Path, monkeypatch: Any) -> None:
    async def scenario(stand: Stand) -> None:
        monkeypatch.setattr(limits, "WINDOW_BYTES", 5)
        stand.ask("upload", {"size": 20})
        opened = await stand.next()
        stand.chunk(opened["transfer"], 0, b"abc")
        stand.chunk(opened["transfer"], 3, b"def")
        replies = [await stand.next(), await stand.next()]
        assert replies[0]["event"] == "upload-received"
        assert replies[1]["error"]["code"] == "bad-request"

    scene(tmp_path)(scenario)


def test_an_upload_that_stalls_ends(tmp_path: Path, monkeypatch: Any) -> None:
    async def scenario(stand: Stand) -> None:
        monkeypatch.setattr(own_api, "CHUNK_GAP_S", 0.05)
        stand.ask("upload", {"size": 20})
        await stand.next()
        assert (await stand.next())["error"]["code"] == "timed-out"
        assert stand.room.held == 0

    scene(tmp_path)(scenario)


def test_an_upload_can_be_taken_back_in_the_middle(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        stand.ask("upload", {"size": 20}, "u")
        opened = await stand.next()
        stand.chunk(opened["transfer"], 0, b"abc")
        await stand.next()
        stand.ask("cancel", {"request": "u"})
        replies = [await stand.next(), await stand.next()]
        assert {reply.get("error", {}).get("code") for reply in replies} == {None, "cancelled-by-page"}
        assert stand.room.held == 0

    scene(tmp_path)(scenario)


def test_an_upload_can_be_taken_back_in_the_very_moment_in_which_a_chunk_comes(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        stand.ask("upload", {"size": 20}, "u")
        opened = await stand.next()
        stand.chunk(opened["transfer"], 0, b"abc")
        stand.ask("cancel", {"request": "u"}, "c")
        replies = {reply["id"]: reply for reply in [await stand.next(), await stand.next()]}
        assert replies["c"]["result"] == {"cancelled": True}
        assert replies["u"]["error"]["code"] == "cancelled-by-page"
        assert stand.room.held == 0

    scene(tmp_path)(scenario)


def test_tiny_chunks_are_written_together(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        octets = bytes(range(256)) * 100
        name = stand.ask("upload", {"size": len(octets)})
        opened = await stand.next()
        for start in range(0, len(octets), 2):
            stand.chunk(opened["transfer"], start, octets[start : start + 2])
        told = []
        while "result" not in (reply := await stand.next()):
            told.append(reply["octets"])
        assert reply["id"] == name
        assert told == sorted(set(told))
        assert len(told) < 10
        held = stand.page._shelf.get(reply["result"]["upload"])
        assert held is not None
        assert await stand.page._shelf.read(held, 0, len(octets)) == octets

    scene(tmp_path)(scenario)


def test_a_chunk_stands_just_before_its_result_however_many_are_asked_for(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        handle = await stand.upload(b"x" * 100)
        names = [stand.ask("read", {"download": handle, "offset": n, "length": 1}) for n in range(10)]
        for number, name in enumerate(names):
            assert codec.unpack_chunk(await stand.next()).offset == number
            assert (await stand.next())["id"] == name

    scene(tmp_path)(scenario)


def test_a_long_request_can_be_taken_back_by_the_very_next_frame(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        stand.ask("sign", {"documents": [{"content": {"text": "я" * 300_000}}], "format": "cms"}, "s")
        stand.ask("cancel", {"request": "s"}, "c")
        replies = {reply["id"]: reply for reply in [await stand.next(), await stand.next()]}
        assert replies["c"]["result"] == {"cancelled": True}
        assert replies["s"]["error"]["code"] == "cancelled-by-page"

    scene(tmp_path)(scenario)


def test_a_disk_without_room_is_told(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        (tmp_path / "spool").touch()  # no folder can be made there
        stand.ask("upload", {"size": 3})
        opened = await stand.next()
        stand.chunk(opened["transfer"], 0, b"abc")
        assert (await stand.next())["error"]["code"] == "storage-failed"

    scene(tmp_path)(scenario)


def test_what_is_not_uploaded_or_not_whole_can_not_be_signed(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        by_nobody = {"documents": [{"content": {"upload": "nobody"}}], "format": "cms"}
        assert await stand.error("sign", by_nobody) == "no-such-handle"
        assert stand.approvals == []

    scene(tmp_path)(scenario)


def test_reading_waits_while_the_page_does_not_take_what_it_asked_for(tmp_path: Path) -> None:
    async def scenario(stand: Stand) -> None:
        handle = await stand.upload(b"x" * 100)
        stand.can_send.clear()
        for _ in range(own_api.MAX_RUNNING):
            stand.ask("read", {"download": handle, "offset": 0, "length": 50})
        await asyncio.sleep(0.05)
        stand.ask("capabilities", None, "one-more")
        stand.can_send.set()
        replies = [await stand.next() for _ in range(2 * own_api.MAX_RUNNING + 1)]
        errors = [reply for reply in replies if isinstance(reply, dict) and "error" in reply]
        assert [(reply["id"], reply["error"]["code"]) for reply in errors] == [("one-more", "busy")]

    scene(tmp_path)(scenario)
