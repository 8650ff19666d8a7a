"""Worker processes are started, fed and ended; what they do is up to the test (tests.support.stage)."""

import asyncio
import contextlib
import dataclasses
import hashlib
import json
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from agent import errands, fetch_hosts, workers
from agent.approvals import Approval
from agent.errors import StorageFailed, TimedOut
from agent.grants import SiteBlocked
from agent.http_fetch import FetchSettings, HttpFetch
from agent.rules import Rules
from agent.spool import Room, Shelf
from agent.workers import Paused, WorkerCrashed, Workers
from protocol import work
from tests.support import stage
from tests.support.http_server import Asked, HttpServer, ok, response

pytestmark = pytest.mark.service

RULES = Rules().sent()
FRAME = stage.sign_call().encode()


def approval(frame: bytes = FRAME, origin: str = "https://kds.example.kz") -> Approval:
    return Approval(frame, "site", origin, "kk")


@contextlib.asynccontextmanager
async def open_workers(
    *,
    spare_idle_s: float = 0.0,
    time_limit_s: float = 60.0,
    grace_s: float = 5.0,
    rest_s: float = 0.0,
    open_fetch: Callable[[], errands.StoppableFetch] = errands.NoFetch,
    unlock_minutes: int = 0,
) -> AsyncIterator[tuple[Workers, stage.Director]]:
    director = stage.Director()
    command = stage.worker_command(await director.open())
    made = Workers(
        command,
        rules=RULES,
        spare_idle_s=spare_idle_s,
        time_limit_s=time_limit_s,
        grace_s=grace_s,
        rest_s=rest_s,
        open_fetch=open_fetch,
        unlock_minutes=lambda: unlock_minutes,
    )
    try:
        yield made, director
    finally:
        await made.close()
        await director.close()


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_is_told_who_asks_and_its_reply_comes_back() -> None:
    async def scenario() -> None:
        async with open_workers() as (made, director):
            running = asyncio.ensure_future(made.approve(approval()))
            actor = await director.worker()
            begin = await actor.event("begin")
            assert begin["kind"] == "site"
            assert begin["origin"] == "https://kds.example.kz"
            assert begin["language"] == "kk"
            assert (begin["turn"], begin["waiting"]) == (1, 0)
            assert made.is_asking
            await actor.event("frame")
            await actor.order("shown")
            await actor.order("reply", text="Қол қойылды")
            assert (await running).decode() == "Қол қойылды"
            assert not made.is_asking

    stage.run(scenario())


def test_an_empty_reply_is_a_reply() -> None:
    async def scenario() -> None:
        async with open_workers() as (made, director):
            running = asyncio.ensure_future(made.approve(approval()))
            await (await director.worker()).order("reply", text="")
            assert await running == b""

    stage.run(scenario())


def test_turns_are_counted_and_served_in_order_of_arrival() -> None:
    async def scenario() -> None:
        async with open_workers() as (made, director):
            waiting = [asyncio.ensure_future(made.approve(approval())) for _ in range(3)]
            for turn in (1, 2, 3):
                actor = await director.worker()
                begin = await actor.event("begin")
                assert (begin["turn"], begin["waiting"]) == (turn, 3 - turn)
                assert director.is_quiet
                await actor.order("reply", text=str(turn))
            assert await asyncio.gather(*waiting) == [b"1", b"2", b"3"]

    stage.run(scenario())


def test_a_cancelled_approval_closes_the_workers_input_and_the_next_waits_until_it_is_gone() -> None:
    async def scenario() -> None:
        async with open_workers() as (made, director):
            first = asyncio.ensure_future(made.approve(approval()))
            actor = await director.worker()
            process = (await actor.event("begin"))["process"]
            await actor.event("frame")
            first.cancel()
            second = asyncio.ensure_future(made.approve(approval()))
            following = await director.worker()
            assert not is_running(process)
            await actor.event("end")
            await following.order("reply", text="second")
            assert await second == b"second"
            with pytest.raises(asyncio.CancelledError):
                await first

    stage.run(scenario())


def test_a_worker_may_linger_while_nobody_waits_and_goes_for_the_next_one() -> None:
    async def scenario() -> None:
        async with open_workers(grace_s=0.3) as (made, director):
            first = asyncio.ensure_future(made.approve(approval()))
            actor = await director.worker()
            process = (await actor.event("begin"))["process"]
            await actor.event("frame")
            await actor.order("reply", text="no display", outcome="failed", linger=True)
            assert await first == b"no display"
            assert not made.is_asking
            await asyncio.sleep(1.0)  # more than the grace period
            assert is_running(process)
            second = asyncio.ensure_future(made.approve(approval()))
            following = await director.worker()
            assert not is_running(process)
            await following.order("reply", text="second")
            assert await second == b"second"

    stage.run(scenario())


def test_a_lingering_worker_is_left_its_grace_though_the_next_approval_waits() -> None:
    async def scenario() -> None:
        async with open_workers(grace_s=1.0) as (made, director):
            first = asyncio.ensure_future(made.approve(approval()))
            second = asyncio.ensure_future(made.approve(approval()))
            actor = await director.worker()
            await actor.event("begin")
            await actor.event("frame")
            await actor.order("reply", text="first", linger=True)
            await first
            started = asyncio.get_running_loop().time()
            await (await director.worker()).order("reply", text="second")
            assert await second == b"second"
            assert 0.9 < asyncio.get_running_loop().time() - started < 10.0

    stage.run(scenario())


def test_a_lingering_worker_does_not_keep_the_agent_from_stopping() -> None:
    async def scenario() -> None:
        async with open_workers(grace_s=0.3) as (made, director):
            running = asyncio.ensure_future(made.approve(approval()))
            actor = await director.worker()
            process = (await actor.event("begin"))["process"]
            await actor.event("frame")
            await actor.order("reply", text="x", linger=True)
            await running
            await made.close()
            assert not is_running(process)

    stage.run(scenario())


@pytest.mark.parametrize("how", ["cancelled", "left"])
def test_a_caller_turned_away_rests_and_others_go_past(how: str) -> None:
    async def scenario() -> None:
        async with open_workers(rest_s=1.0) as (made, director):
            first = asyncio.ensure_future(made.approve(approval()))
            actor = await director.worker()
            await actor.event("begin")
            await actor.event("frame")
            if how == "left":
                first.cancel()
            else:
                await actor.order("reply", text="no", outcome="cancelled")
                await first
            started = asyncio.get_running_loop().time()
            again = asyncio.ensure_future(made.approve(approval()))
            other = asyncio.ensure_future(made.approve(approval(origin="https://another.kz")))
            actor = await director.worker()
            assert (await actor.event("begin"))["origin"] == "https://another.kz"
            await actor.order("reply", text="other")
            await other
            await (await director.worker()).order("reply", text="again")
            assert await again == b"again"
            assert asyncio.get_running_loop().time() - started > 0.9

    stage.run(scenario())


def test_a_site_can_not_go_past_its_rest_under_other_names_of_its_own() -> None:
    async def scenario() -> None:
        async with open_workers(rest_s=0.3) as (made, director):
            started = asyncio.get_running_loop().time()
            for origin in ("https://a.shop.com.kz", "https://b.shop.com.kz", "https://x.y.shop.com.kz:8443"):
                running = asyncio.ensure_future(made.approve(approval(origin=origin)))
                actor = await director.worker()
                assert (await actor.event("begin"))["origin"] == origin
                elapsed = asyncio.get_running_loop().time() - started
                await actor.event("frame")
                await actor.order("reply", text="no", outcome="cancelled")
                await running
            assert elapsed > 0.9  # 0.3 after the first no, 0.6 after the second

    stage.run(scenario())


@pytest.mark.parametrize(
    ("kind", "origin", "caller"),
    [
        ("site", "https://example.kz", "site example.kz"),
        ("site", "https://a.b.example.kz:8443", "site example.kz"),
        ("site", "https://a.shop.com.kz", "site shop.com.kz"),
        ("site", "https://portal.moj.gov.kz", "site moj.gov.kz"),
        ("site", "https://gov.kz", "site gov.kz"),  # nobody's own, and yet somebody answers there
        ("site", "http://localhost:3000", "site localhost"),
        ("site", "https://127.0.0.1:8443", "site 127.0.0.1"),
        ("site", "https://[::1]:8443", "site [::1]"),
        ("unprotected", "http://a.example.kz", "unprotected example.kz"),
        ("program", "chrome-extension://abcdef", "program chrome-extension://abcdef"),
        ("program", "", "program "),
        ("file", "", "file "),
        ("command", "", "command "),
    ],
)
def test_whom_the_queue_takes_for_one_and_the_same(kind: work.CallerKind, origin: str, caller: str) -> None:
    assert Approval(FRAME, kind, origin, "kk").caller == caller


def test_what_nobody_was_asked_about_does_not_make_a_caller_welcome_again() -> None:
    async def scenario() -> None:
        async with open_workers(rest_s=0.5) as (made, director):
            for outcome in ("cancelled", "done", "cancelled", "done"):
                started = asyncio.get_running_loop().time()
                running = asyncio.ensure_future(made.approve(approval()))
                actor = await director.worker()
                await actor.event("begin")
                rested = asyncio.get_running_loop().time() - started
                await actor.event("frame")
                if outcome == "cancelled":
                    await actor.order("shown")
                await actor.order("reply", text="x", outcome=outcome)
                await running
            assert rested > 0.95  # twice as long as after the first no

    stage.run(scenario())


def test_a_pause_refuses_those_that_wait_and_not_the_one_that_runs() -> None:
    async def scenario() -> None:
        async with open_workers() as (made, director):
            running = asyncio.ensure_future(made.approve(approval()))
            actor = await director.worker()
            waiting = asyncio.ensure_future(made.approve(approval()))
            await actor.event("begin")
            await actor.event("frame")
            await actor.event("waiting")
            made.refuse_waiting()
            with pytest.raises(Paused):
                await waiting
            assert (await actor.event("waiting"))["count"] == 0
            await actor.order("reply", text="signed")
            assert await running == b"signed"

    stage.run(scenario())


def test_it_signs_from_the_first_signature_until_the_reply() -> None:
    async def scenario() -> None:
        async with open_workers() as (made, director):
            heard = asyncio.Event()
            told = dataclasses.replace(
                approval(), notice=lambda notice: heard.set() if isinstance(notice, work.Progress) else None
            )
            running = asyncio.ensure_future(made.approve(told))
            actor = await director.worker()
            await actor.order("shown")
            assert not made.is_signing
            await actor.order("stage", what="password")
            await heard.wait()
            assert made.is_signing
            await actor.order("reply", text="")
            await running
            assert not made.is_signing

    stage.run(scenario())


# --- a key that stays open ----------------------------------------------------------------------------------------


def signing(origin: str = "https://kds.example.kz") -> Approval:
    return dataclasses.replace(approval(origin=origin), may_meet_key=True)


async def held(made: Workers, director: stage.Director) -> stage.Actor:
    """The worker that holds a key after its first approval, and is idle."""
    running = asyncio.ensure_future(made.approve(signing()))
    actor = await director.worker()
    assert (await actor.event("begin"))["unlock_minutes"] == 10
    await actor.event("frame")
    await actor.order("reply", text="first", holds_s=600)
    assert await running == b"first"
    await actor.order("idle")
    while made._ending:
        await asyncio.wait(made._ending)
    return actor


def test_a_worker_that_holds_a_key_carries_out_the_next_approvals_too() -> None:
    async def scenario() -> None:
        async with open_workers(unlock_minutes=10) as (made, director):
            actor = await held(made, director)
            assert made.held is not None
            assert made.held.owner == "ТЕСТОВ ТЕСТ"
            for text in ("second", "third"):
                running = asyncio.ensure_future(made.approve(signing("https://other.kz")))
                assert (await actor.event("begin"))["origin"] == "https://other.kz"
                await actor.event("frame")
                await actor.order("shown")
                await actor.order("reply", text=text, holds_s=300)
                assert (await running).decode() == text
                await actor.order("idle")
            running = asyncio.ensure_future(made.approve(signing()))
            await actor.event("begin")
            await actor.event("frame")
            await actor.order("reply", text="last")  # it holds the key no longer
            assert await running == b"last"
            assert made.held is None

    stage.run(scenario())


def test_what_is_not_about_signing_never_meets_the_key() -> None:
    async def scenario() -> None:
        async with open_workers(unlock_minutes=10) as (made, director):
            await held(made, director)
            running = asyncio.ensure_future(made.approve(approval()))
            other = await director.worker()
            await other.event("begin")
            await other.order("reply", text="verified")
            assert await running == b"verified"
            assert made.held is not None

    stage.run(scenario())


@pytest.mark.parametrize("when", ["idle", "at its last window", "busy"])
def test_a_key_is_closed_when_the_person_says_so(when: str) -> None:
    async def scenario() -> None:
        async with open_workers(unlock_minutes=10) as (made, director):
            if when == "at its last window":
                running = asyncio.ensure_future(made.approve(signing()))
                actor = await director.worker()
                await actor.event("begin")
                await actor.event("frame")
                await actor.order("reply", text="first", holds_s=600)
                await running
            else:
                actor = await held(made, director)
            if when == "busy":
                running = asyncio.ensure_future(made.approve(signing()))
                await actor.event("begin")
                await actor.event("frame")
            made.lock()
            made.lock()
            assert made.held is None
            if when == "busy":
                await actor.event("let-go")
                await actor.event("let-go")
                await actor.order("reply", text="still signed", holds_s=600)
                assert await running == b"still signed"
            await actor.event("end")
            await actor.gone()
            assert made.held is None

    stage.run(scenario())


def test_a_lock_reaches_the_approval_that_opens_the_key() -> None:
    async def scenario() -> None:
        async with open_workers(unlock_minutes=10) as (made, director):
            running = asyncio.ensure_future(made.approve(signing()))
            actor = await director.worker()
            await actor.event("begin")
            await actor.event("frame")
            made.lock()
            await actor.event("let-go")
            await actor.order("reply", text="signed", holds_s=600)  # a worker that did not hear it in time
            assert await running == b"signed"
            assert made.held is None
            await actor.event("end")

    stage.run(scenario())


def test_a_late_question_of_the_last_approval_costs_nobody_the_key() -> None:
    async def scenario() -> None:
        async with open_workers(unlock_minutes=10) as (made, director):
            running = asyncio.ensure_future(made.approve(signing()))
            actor = await director.worker()
            await actor.event("begin")
            await actor.event("frame")
            await actor.order("reply", text="first", holds_s=600)
            await running
            await actor.order("fetch", number=1, url="http://ocsp.pki.gov.kz", body="is it revoked?")
            await actor.order("idle")
            while made._ending:
                await asyncio.wait(made._ending)
            assert made.held is not None

    stage.run(scenario())


def test_a_key_that_is_closed_by_itself_is_forgotten() -> None:
    async def scenario() -> None:
        async with open_workers(unlock_minutes=10) as (made, director):
            actor = await held(made, director)
            assert made._holder is not None
            watching = made._holder.watching
            await actor.order("crash")
            await asyncio.wait([watching])
            assert made.held is None
            running = asyncio.ensure_future(made.approve(signing()))
            await (await director.worker()).order("reply", text="by another")
            assert await running == b"by another"

    stage.run(scenario())


def test_a_key_that_is_closed_in_the_very_moment_costs_nobody_their_approval() -> None:
    async def scenario() -> None:
        async with open_workers(unlock_minutes=10) as (made, director):
            actor = await held(made, director)
            running = asyncio.ensure_future(made.approve(signing()))
            await actor.event("begin")
            await actor.order("crash")  # before anything was shown
            await (await director.worker()).order("reply", text="by another")
            assert await running == b"by another"
            assert made.held is None

    stage.run(scenario())


def test_a_holder_that_dies_before_the_eyes_of_the_person_is_a_crash() -> None:
    async def scenario() -> None:
        async with open_workers(unlock_minutes=10) as (made, director):
            actor = await held(made, director)
            running = asyncio.ensure_future(made.approve(signing()))
            await actor.event("begin")
            await actor.event("frame")
            await actor.order("stage", what="approval")
            await actor.order("crash")
            with pytest.raises(WorkerCrashed):
                await running
            assert made.held is None

    stage.run(scenario())


def test_a_window_that_stands_too_long_gives_its_place_and_its_key_to_the_next_approval() -> None:
    async def scenario() -> None:
        async with open_workers(unlock_minutes=10, grace_s=0.2) as (made, director):
            running = asyncio.ensure_future(made.approve(signing()))
            actor = await director.worker()
            await actor.event("begin")
            await actor.event("frame")
            await actor.order("reply", text="first", holds_s=600)  # and its window stays
            await running
            running = asyncio.ensure_future(made.approve(signing()))
            await actor.event("end")
            await (await director.worker()).order("reply", text="by another")
            assert await running == b"by another"
            assert made.held is None

    stage.run(scenario())


def test_an_agent_that_stops_closes_the_key() -> None:
    async def scenario() -> None:
        async with open_workers(unlock_minutes=10) as (made, director):
            actor = await held(made, director)
            await made.close()
            await actor.event("end")
            await actor.gone()

    stage.run(scenario())


# --- who is not asked about -----------------------------------------------------------------------------------------


def test_who_is_blocked_is_told_so_and_starts_nothing() -> None:
    async def scenario() -> None:
        made = Workers(
            ("false",), rules=RULES, is_blocked=lambda each: each.origin == "https://kds.example.kz"
        )
        with pytest.raises(SiteBlocked):
            await made.approve(approval())
        with pytest.raises(WorkerCrashed):
            await made.approve(approval(origin="https://other.kz"))
        await made.close()

    stage.run(scenario())


def test_who_is_blocked_while_they_wait_gets_no_window() -> None:
    async def scenario() -> None:
        blocked: set[str] = set()
        async with open_workers() as (made, director):
            made._is_blocked = lambda each: each.origin in blocked
            first = asyncio.ensure_future(made.approve(approval(origin="https://other.kz")))
            actor = await director.worker()
            waiting = asyncio.ensure_future(made.approve(approval()))
            await actor.event("begin")
            await actor.event("frame")
            await actor.event("waiting")
            blocked.add("https://kds.example.kz")
            await actor.order("reply", text="done")
            await first
            with pytest.raises(SiteBlocked):
                await waiting
            assert director.is_quiet

    stage.run(scenario())


def test_a_spare_that_keeps_dying_is_not_started_for_every_page() -> None:
    async def scenario() -> None:
        made = Workers((sys.executable, "-c", "raise SystemExit(3)"), rules=RULES, spare_idle_s=60)
        made.warm()
        first = made._spare
        assert first is not None
        await (await first).wait()
        for _ in range(20):
            made.warm()
        assert made._spare is first
        await made.close()

    stage.run(scenario())


def test_a_worker_that_does_not_end_is_killed() -> None:
    async def scenario() -> None:
        async with open_workers(grace_s=0.2) as (made, director):
            running = asyncio.ensure_future(made.approve(approval()))
            actor = await director.worker()
            process = (await actor.event("begin"))["process"]
            await actor.event("frame")
            await actor.order("ignore-end")
            await actor.event("ignoring")
            running.cancel()
            await actor.event("end")
            await actor.gone()
            await made.close()
            assert not is_running(process)

    stage.run(scenario())


def test_an_approval_that_takes_too_long_ends() -> None:
    async def scenario() -> None:
        async with open_workers(time_limit_s=2.0) as (made, director):
            running = asyncio.ensure_future(made.approve(approval()))
            actor = await director.worker()
            await actor.event("begin")
            await actor.event("frame")
            await actor.event("end")
            with pytest.raises(TimedOut):
                await running

    stage.run(scenario())


def test_what_the_person_does_not_see_ends_sooner_than_what_they_do() -> None:
    async def scenario() -> None:
        async with open_workers() as (made, director):
            hidden = dataclasses.replace(approval(), quiet_limit_s=1.0)
            running = asyncio.ensure_future(made.approve(hidden))
            actor = await director.worker()
            for name in ("begin", "frame", "end"):
                await actor.event(name)
            with pytest.raises(TimedOut):
                await running
            running = asyncio.ensure_future(made.approve(hidden))
            actor = await director.worker()
            await actor.event("begin")
            await actor.order("stage", what="password")
            await asyncio.sleep(1.2)
            await actor.order("reply", text="in time")
            assert await running == b"in time"

    stage.run(scenario())


def test_an_upload_that_can_not_be_read_ends_its_approval(tmp_path: Path) -> None:
    async def scenario() -> None:
        shelf = Shelf(tmp_path, Room())
        held = shelf.reserve("a", 3)
        await shelf.append(held, b"abc")
        await shelf.close()
        async with open_workers() as (made, director):
            asked = dataclasses.replace(approval(), attachments=(held,), shelf=shelf)
            running = asyncio.ensure_future(made.approve(asked))
            await (await director.worker()).event("begin")
            with pytest.raises(StorageFailed):
                await running

    stage.run(scenario())


@pytest.mark.parametrize("command", [("/nonexistent/worker",), (sys.executable, "-c", "raise SystemExit(3)")])
def test_a_worker_that_can_not_work_is_a_crash(command: tuple[str, ...]) -> None:
    async def scenario() -> None:
        made = Workers(command, rules=RULES, spare_idle_s=0)
        with pytest.raises(WorkerCrashed):
            await made.approve(approval(FRAME * 20_000))
        await made.close()

    stage.run(scenario())


def test_a_spare_stands_ready_and_is_used_once() -> None:
    async def scenario() -> None:
        async with open_workers(spare_idle_s=60) as (made, director):
            made.warm()
            spare = made._spare
            assert spare is not None
            process = (await spare).pid
            made.warm()
            assert made._spare is spare
            running = asyncio.ensure_future(made.approve(approval()))
            actor = await director.worker()
            assert (await actor.event("begin"))["process"] == process
            await actor.order("reply", text="x")
            await running
            assert made._spare is not None
            assert (await made._spare).pid != process

    stage.run(scenario())


def test_a_spare_that_died_is_not_used() -> None:
    async def scenario() -> None:
        async with open_workers(spare_idle_s=60) as (made, director):
            made.warm()
            assert made._spare is not None
            dead = await made._spare
            dead.kill()
            await dead.wait()
            running = asyncio.ensure_future(made.approve(approval()))
            actor = await director.worker()
            assert (await actor.event("begin"))["process"] != dead.pid
            await actor.order("reply", text="x")
            assert await running == b"x"

    stage.run(scenario())


def test_a_spare_is_dropped_when_nothing_happens() -> None:
    async def scenario() -> None:
        async with open_workers(spare_idle_s=0.3) as (made, _):
            made.warm()
            assert made._spare is not None
            process = await made._spare
            assert await process.wait() == 0
            assert made._spare is None

    stage.run(scenario())


def test_closing_ends_the_spare() -> None:
    async def scenario() -> None:
        async with open_workers(spare_idle_s=60) as (made, _):
            made.warm()
            assert made._spare is not None
            process = await made._spare
            await made.close()
            assert process.returncode is not None
            made.warm()
            assert made._spare is None

    stage.run(scenario())


def test_an_approval_cancelled_while_its_worker_starts_leaves_none_behind() -> None:
    async def scenario() -> None:
        async with open_workers() as (made, director):
            running = asyncio.ensure_future(made.approve(approval()))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            await made.close()
            assert director.is_quiet

    stage.run(scenario())


def fetching_from(server: HttpServer) -> Callable[[], HttpFetch]:
    settings = FetchSettings((fetch_hosts.parse_rule(server.place),), proxy="none")
    return lambda: HttpFetch(settings)


def test_a_worker_has_the_daemon_ask_servers_for_it() -> None:
    answer = bytes(range(256)) * 200

    async def scenario() -> None:
        with HttpServer(lambda asked: ok(answer) if asked.body else response(404)) as server:
            async with open_workers(open_fetch=fetching_from(server)) as (made, director):
                running = asyncio.ensure_future(made.approve(approval()))
                actor = await director.worker()
                await actor.event("begin")
                await actor.event("frame")
                await actor.order("fetch", number=1, url=server.url("/ocsp"), body="question")
                told = await actor.event("fetched")
                assert (told["number"], told["failure"], told["octets"]) == (1, "", len(answer))
                assert told["sha256"] == hashlib.sha256(answer).hexdigest()
                await actor.order("fetch", number=2, url=server.url("/a.crl"), kind="crl")
                told = await actor.event("fetched")
                assert (told["number"], told["failure"]) == (2, "status: 127.0.0.1 404")
                await actor.order("fetch", number=3, url="http://evil.example/")
                assert (await actor.event("fetched"))["failure"] == "not-allowed: evil.example"
                await actor.order("reply", text="signed")
                assert await running == b"signed"
            assert server.asked[0].body == b"question"

    stage.run(scenario())


@pytest.mark.parametrize("how", ["cancelled", "replied"])
def test_what_is_still_fetched_ends_with_the_approval(how: str) -> None:
    async def scenario() -> None:
        is_asked = threading.Event()

        def answer(_: Asked) -> Iterator[bytes]:
            is_asked.set()
            return server.drip(b"HTTP/1.1 200 OK\r\nX: ", b"x")

        with HttpServer(answer) as server:
            async with open_workers(open_fetch=fetching_from(server)) as (made, director):
                running = asyncio.ensure_future(made.approve(approval()))
                actor = await director.worker()
                await actor.event("begin")
                await actor.event("frame")
                await actor.order("fetch", number=1, url=server.url(), body="?")
                assert await asyncio.to_thread(is_asked.wait, 10)
                started = asyncio.get_running_loop().time()
                if how == "cancelled":
                    running.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await running
                    await actor.event("end")
                else:
                    await actor.order("reply", text="signed")
                    assert await running == b"signed"
            # No thread is left that would keep the daemon from stopping.
            await asyncio.get_running_loop().shutdown_default_executor()
            assert asyncio.get_running_loop().time() - started < 5

    stage.run(scenario())


@pytest.mark.parametrize("stated", [-1, 65537])
def test_a_worker_that_announces_nonsense_is_a_crash(stated: int) -> None:
    async def scenario() -> None:
        async with open_workers() as (made, director):
            running = asyncio.ensure_future(made.approve(approval()))
            await (await director.worker()).order("fetch", number=1, url="http://a.kz/", stated=stated)
            with pytest.raises(WorkerCrashed):
                await running

    stage.run(scenario())


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs tool: /proc")
def test_the_daemon_holds_two_pipes_of_a_worker_and_nothing_else_of_it() -> None:
    async def scenario() -> None:
        async with open_workers() as (made, director):
            before = pipes_of_this_process()
            running = asyncio.ensure_future(made.approve(approval()))
            actor = await director.worker()
            await actor.event("begin")
            assert len(pipes_of_this_process() - before) == 2
            await actor.order("reply", text="x")
            await running

    stage.run(scenario())


def pipes_of_this_process() -> set[str]:
    """Pipes, and the socket pairs that asyncio uses for standard input in place of one."""
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(link.readlink())
            if target.startswith("pipe:"):
                found.add(target)
    return found


def test_the_environment_of_a_child_holds_what_finds_files_and_display_and_nothing_that_loads_code() -> None:
    given = {
        "HOME": "/home/a", "DISPLAY": ":0", "XDG_RUNTIME_DIR": "/run/user/1", "LC_TIME": "kk_KZ.UTF-8", "LANG": "C",
        "LD_PRELOAD": "x.so", "PYTHONPATH": "/tmp", "QT_PLUGIN_PATH": "/tmp", "PASSWORD": "secret", "PYTHONSTARTUP": "x",
        "QT_QPA_PLATFORM": "offscreen", "SSLKEYLOGFILE": "/tmp/keys",
    }  # fmt: skip
    assert workers.environment(given) == {
        name: given[name]
        for name in ("HOME", "DISPLAY", "XDG_RUNTIME_DIR", "LC_TIME", "LANG", "QT_QPA_PLATFORM")
    }


def test_an_approval_does_not_show_its_frame() -> None:
    assert "SGVsbG8" not in repr(approval())


def test_another_command_line_counts_for_the_next_worker_and_for_the_spare() -> None:
    async def scenario() -> None:
        async with open_workers(spare_idle_s=60) as (made, _):
            made.warm()
            spare = made._spare
            assert spare is not None
            process = await spare
            made.use(made._command, RULES)
            assert made._spare is spare
            made.use((*made._command, "unused"), RULES)
            assert made._spare is None
            assert await process.wait() == 0

    stage.run(scenario())


def test_other_rules_count_for_the_next_approval_and_keep_the_spare() -> None:
    async def scenario() -> None:
        strict = dataclasses.replace(RULES, formats=("cms",), known=("https://a.kz",), key_folders=())
        async with open_workers(spare_idle_s=60) as (made, director):
            made.warm()
            spare = made._spare
            made.use(made._command, strict)
            assert made._spare is spare
            for rules in (strict, RULES):
                made.use(made._command, rules)
                running = asyncio.ensure_future(made.approve(approval()))
                actor = await director.worker()
                found = (await actor.event("begin"))["rules"]
                assert found == json.loads(json.dumps(dataclasses.asdict(rules)))
                await actor.order("reply", text="signed")
                assert await running == b"signed"

    stage.run(scenario())


@pytest.mark.parametrize("what", ["command line", "rules"])
def test_another_command_line_closes_the_key_that_is_open(what: str) -> None:
    async def scenario() -> None:
        async with open_workers(unlock_minutes=10) as (made, director):
            actor = await held(made, director)
            if what == "rules":
                made.use(made._command, dataclasses.replace(RULES, max_documents=1))
            else:
                made.use((*made._command, "unused"), RULES)
            assert made.held is None
            await actor.event("end")
            await actor.gone()

    stage.run(scenario())
