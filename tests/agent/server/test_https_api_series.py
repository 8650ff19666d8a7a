"""Operations of the HTTPS interface: what a page may do with one, and how it ends."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from agent.dispatch import Settings
from agent.errors import TimedOut
from agent.origins import Origin
from agent.server import https_api_series
from agent.server.https_api_series import Busy, Operation, Operations, Over, Wanted
from agent.workers import Paused, WorkerCrashed
from protocol import work
from tests.support import https_pages, stage
from tests.support.https_pages import Clerk, pieces_of, signature_of

pytestmark = pytest.mark.service

SITE = Origin.parse("https://kds.example.kz")
OTHER = Origin.parse("https://other.kz")
ONE = Wanted(1, is_base64=False, is_detached=True)


def run(scenario: Coroutine[Any, Any, None]) -> None:
    stage.run(scenario)


def operations(clerk: Clerk) -> Operations:
    return Operations(clerk, Settings("kk", port=13579))  # type: ignore[arg-type]


async def signature(operation: Operation, document: bytes) -> bytes:
    found = await operation.sign(len(document), pieces_of(document))
    return b"".join([piece async for piece in found.octets()])


def test_documents_are_signed_one_after_the_other_under_one_yes() -> None:
    async def scenario() -> None:
        clerk = Clerk()
        operation = operations(clerk).begin(SITE, Wanted(2, is_base64=True, is_detached=False))
        await operation.wait_agreed()
        assert operation.is_agreed
        for document in (b"one", b"\x00" * 5000):
            assert await signature(operation, document) == signature_of(document)
        await operation.wait_ended()
        assert operation.is_over
        (approval,) = clerk.approvals
        assert (approval.kind, approval.origin, approval.language) == ("site", SITE.canonical, "kk")
        assert approval.announced == work.Announced(2, is_detached=False, is_base64=True)
        assert approval.frame == b""

    run(scenario())


def test_it_is_over_after_the_last_document() -> None:
    async def scenario() -> None:
        operation = operations(Clerk()).begin(SITE, ONE)
        await signature(operation, b"one")
        with pytest.raises(Over) as over:
            await operation.sign(3, pieces_of(b"two"))
        assert over.value.code == https_api_series.FINISHED

    run(scenario())


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (https_pages.answers("cancelled"), "cancelled"),
        (https_pages.answers("timed-out"), "timed-out"),
        (https_pages.fails(Paused()), "paused"),
        (https_pages.fails(TimedOut()), "timed-out"),
        (https_pages.fails(WorkerCrashed()), "internal"),
    ],
)
def test_without_a_yes_it_ends_with_the_reason(script: https_pages.Script, code: str) -> None:
    async def scenario() -> None:
        operation = operations(Clerk(script)).begin(SITE, ONE)
        with pytest.raises(Over) as over:
            await operation.wait_agreed()
        assert over.value.code == code
        assert not operation.is_agreed

    run(scenario())


def test_what_goes_wrong_with_a_document_ends_it() -> None:
    async def scenario() -> None:
        operation = operations(Clerk(https_pages.agrees_then("bad-input"))).begin(SITE, ONE)
        with pytest.raises(Over) as over:
            await operation.sign(3, pieces_of(b"one"))
        assert over.value.code == "bad-input"

    run(scenario())


def test_two_documents_at_once_are_one_too_many() -> None:
    async def scenario() -> None:
        wanted = Wanted(2, is_base64=False, is_detached=True)
        operation = operations(Clerk(https_pages.dawdles)).begin(SITE, wanted)
        first = asyncio.ensure_future(operation.sign(3, pieces_of(b"one")))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await operation.sign(3, pieces_of(b"two"))
        operation.cancel("left")
        with pytest.raises(Over):
            await first

    run(scenario())


def test_a_cancelled_one_tells_its_worker_and_whoever_waits_for_a_signature() -> None:
    async def scenario() -> None:
        clerk = Clerk(https_pages.dawdles)
        operation = operations(clerk).begin(SITE, ONE)
        waiting = asyncio.ensure_future(operation.sign(3, pieces_of(b"one")))
        await operation.wait_agreed()
        operation.cancel("cancelled-by-page")
        with pytest.raises(Over) as over:
            await waiting
        assert over.value.code == "cancelled-by-page"
        await operation.wait_ended()
        assert clerk.cancelled == 1

    run(scenario())


def test_a_signature_that_is_half_taken_ends_with_its_operation() -> None:
    async def scenario() -> None:
        operation = operations(Clerk()).begin(SITE, ONE)
        found = await operation.sign(5000, pieces_of(b"x" * 5000))
        octets = found.octets()
        await anext(octets)
        operation.cancel("left")
        with pytest.raises(Over):
            async for _ in octets:
                pass
        assert not found.is_taken

    run(scenario())


def test_it_is_known_by_origin_and_cookie_together() -> None:
    async def scenario() -> None:
        operation = Operation(SITE, ONE)
        other = Operation(SITE, ONE)
        assert operation.is_known_by(SITE, [operation.cookie])
        assert operation.is_known_by(SITE, ["", "қате", operation.cookie])
        for caller, cookies in (
            (SITE, []),
            (SITE, [other.cookie]),
            (SITE, [operation.cookie[:-1]]),
            (OTHER, [operation.cookie]),
            (Origin("program"), [operation.cookie]),
        ):
            assert not operation.is_known_by(caller, cookies)
        assert len({operation.identifier, operation.cookie, other.identifier, other.cookie}) == 4
        assert min(map(len, (operation.identifier, operation.cookie))) >= 22  # 128 bits

    run(scenario())


def test_a_paused_agent_begins_none() -> None:
    async def scenario() -> None:
        settings = Settings("ru", is_paused=True)
        with pytest.raises(Paused):
            Operations(Clerk(), settings).begin(SITE, ONE)  # type: ignore[arg-type]

    run(scenario())


def test_a_caller_has_a_few_at_once_and_all_together_not_many() -> None:
    async def scenario() -> None:
        all_of_them = operations(Clerk(https_pages.thinks))
        own = [all_of_them.begin(SITE, ONE) for _ in range(https_api_series.MAX_OF_CALLER)]
        with pytest.raises(Busy):
            all_of_them.begin(SITE, ONE)
        own[0].cancel("left")
        all_of_them.begin(SITE, ONE)
        for number in range(https_api_series.MAX_RUNNING - https_api_series.MAX_OF_CALLER):
            all_of_them.begin(Origin.parse(f"https://{number}.kz"), ONE)
        with pytest.raises(Busy):
            all_of_them.begin(OTHER, ONE)
        await all_of_them.close()

    run(scenario())


def test_those_that_are_over_are_remembered_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(https_api_series, "_KEPT", 2)

    async def scenario() -> None:
        all_of_them = operations(Clerk(https_pages.answers("cancelled")))
        begun = []
        for _ in range(4):
            begun.append(all_of_them.begin(SITE, ONE))
            await begun[-1].wait_ended()
        known = [all_of_them.get(each.identifier) is not None for each in begun]
        assert known == [False, False, True, True]
        assert all_of_them.get("nobody") is None

    run(scenario())


def test_all_end_when_the_agent_stops() -> None:
    async def scenario() -> None:
        clerk = Clerk(https_pages.thinks)
        all_of_them = operations(clerk)
        operation = all_of_them.begin(SITE, ONE)
        waiting = asyncio.ensure_future(operation.wait_agreed())
        await asyncio.sleep(0)
        await all_of_them.close()
        with pytest.raises(Over) as over:
            await waiting
        assert over.value.code == https_api_series.STOPPING
        assert clerk.cancelled == 1

    run(scenario())
