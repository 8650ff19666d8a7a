"""The HTTPS interface as pages meet it: statuses, cookies, who may read, what ends an operation."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from agent.errors import AgentError, CallerForbidden, PolicyUnusable
from agent.origins import Origin
from agent.server.https_api_app import COOKIE, MAX_BEGIN_BYTES, MAX_DOCUMENT_BYTES, Times
from agent.workers import Paused
from tests.support import https_pages, stage
from tests.support.https_pages import ORIGIN, OTHER, Api, Begun, Clerk, signature_of, until, wanted

pytestmark = pytest.mark.service

SHORT = Times(small_body=0.3, stall=0.3)


def serve(
    scenario: Callable[[Api], Awaitable[None]],
    script: https_pages.Script = https_pages.signs,
    *,
    granted: tuple[str, ...] = (),
    times: Times = SHORT,
    refusal: Callable[[Origin], AgentError | None] = lambda _: None,
) -> None:
    async def whole() -> None:
        async with https_pages.open_api(Clerk(script), granted=granted, times=times, refusal=refusal) as api:
            await scenario(api)

    stage.run(whole())


# --- who may read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_it_says_that_it_is_there(method: str) -> None:
    async def scenario(api: Api) -> None:
        answer = await (await api.page(None)).ask(method)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Vary"] == "Origin"
        assert "Server" not in answer.headers

    serve(scenario)


def test_only_a_page_of_a_granted_origin_can_read_that_it_is_there() -> None:
    async def scenario(api: Api) -> None:
        known, unknown = await api.page(ORIGIN), await api.page(OTHER)
        answer = await known.ask("GET")
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        answer = await unknown.ask("GET")
        assert answer.status_code == 200
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        api.granted.clear()
        assert "Access-Control-Allow-Origin" not in (await known.ask("GET")).headers

    serve(scenario, granted=(ORIGIN,))


def test_a_yes_grants_its_operation_and_nothing_else() -> None:
    async def scenario(api: Api) -> None:
        page = await api.page()
        answer = await page.try_begin()
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        begun = Begun(answer.text, answer.cookies[COOKIE])
        assert "Access-Control-Allow-Origin" not in (await page.ask("GET")).headers
        other = await (await api.page(OTHER)).send(begun, b"document")
        assert other.status_code == 401
        assert "Access-Control-Allow-Origin" not in other.headers
        answer = await page.send(begun, b"document")
        assert (answer.status_code, answer.content) == (200, signature_of(b"document"))
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        answer = await page.send(begun, b"more")
        assert (answer.status_code, answer.text) == (401, "finished\n")
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN

    serve(scenario)


@pytest.mark.parametrize("is_granted", [True, False])
def test_a_no_is_read_where_the_site_is_remembered(is_granted: bool) -> None:
    async def scenario(api: Api) -> None:
        answer = await (await api.page()).try_begin()
        assert (answer.status_code, answer.text) == (409, "cancelled\n")
        assert ("Access-Control-Allow-Origin" in answer.headers) is is_granted

    granted = (ORIGIN,) if is_granted else ()
    serve(scenario, https_pages.answers("cancelled"), granted=granted)


@pytest.mark.parametrize(("error", "status"), [(CallerForbidden("no"), 403), (PolicyUnusable("no"), 503)])
def test_whom_the_policy_keeps_out_begins_nothing_and_reads_nothing(error: AgentError, status: int) -> None:
    async def scenario(api: Api) -> None:
        for ask in ("POST", "GET", "OPTIONS"):
            refused = await (await api.page()).ask(ask, "/")
            assert (refused.status_code, refused.text) == (status, f"{error.code}\n")
            assert "Access-Control-Allow-Origin" not in refused.headers
        assert (await (await api.page(OTHER)).begin()) is not None

    serve(scenario, granted=(ORIGIN,), refusal=lambda origin: error if origin.canonical == ORIGIN else None)


def test_a_preflight_is_answered_for_granted_origins_and_for_the_operation_of_one() -> None:
    async def scenario(api: Api) -> None:
        page, other = await api.page(), await api.page(OTHER)
        asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        begun = await page.begin()
        for path in ("/", "/unknown"):
            refused = await page.ask("OPTIONS", path, headers=asks)
            assert refused.status_code == 403
            assert "Access-Control-Allow-Origin" not in refused.headers
        assert (await other.ask("OPTIONS", f"/{begun.identifier}", headers=asks)).status_code == 403
        allowed = await page.ask("OPTIONS", f"/{begun.identifier}", headers=asks)
        assert allowed.status_code == 204
        assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert allowed.headers["Access-Control-Allow-Credentials"] == "true"
        assert "DELETE" in allowed.headers["Access-Control-Allow-Methods"]
        assert allowed.headers["Access-Control-Allow-Headers"] == "content-type"
        assert "Access-Control-Allow-Private-Network" not in allowed.headers
        api.granted.add(ORIGIN)
        assert (await page.ask("OPTIONS", "/", headers=asks)).status_code == 204

    serve(scenario)


@pytest.mark.parametrize(
    "origin", ["null", "file://", "http://kds.example.kz", "no origin", "https://a.kz/x"]
)
def test_pages_that_anybody_may_have_written_are_turned_away(origin: str) -> None:
    async def scenario(api: Api) -> None:
        page = await api.page(origin)
        for answer in (await page.ask("GET"), await page.try_begin(), await page.ask("OPTIONS")):
            assert answer.status_code == 403
            assert "Access-Control-Allow-Origin" not in answer.headers
        assert api.clerk.approvals == []

    serve(scenario)


def test_two_origins_are_refused() -> None:
    async def scenario(api: Api) -> None:
        page = await api.page(None)
        answer = await page.client.request("GET", "/", headers=[("Origin", ORIGIN), ("Origin", ORIGIN)])
        assert answer.status_code == 403

    serve(scenario, granted=(ORIGIN,))


@pytest.mark.parametrize("host", ["evil.example:{port}", "127.0.0.1:1", "127.0.0.1"])
def test_a_page_that_reaches_us_under_another_name_is_refused(host: str) -> None:
    async def scenario(api: Api) -> None:
        answer = await (await api.page()).ask("POST", headers={"Host": host.format(port=api.port)})
        assert answer.status_code == 421
        assert api.clerk.approvals == []

    serve(scenario, granted=(ORIGIN,))


def test_a_program_needs_no_origin_and_gets_the_cookie_all_the_same() -> None:
    async def scenario(api: Api) -> None:
        page = await api.page(None)
        begun = await page.begin()
        assert (await page.send(begun, b"document")).content == signature_of(b"document")
        assert [(each.kind, each.origin) for each in api.clerk.approvals] == [("program", "")]

    serve(scenario)


# --- how an operation begins --------------------------------------------------------------------------------------


def test_the_cookie_is_for_one_operation_and_out_of_reach_of_scripts() -> None:
    async def scenario(api: Api) -> None:
        page = await api.page()
        answer = await page.try_begin(2)
        (cookie,) = answer.headers.get_list("Set-Cookie")
        first, *flags = cookie.split("; ")
        assert first.startswith(f"{COOKIE}=")
        assert set(flags) == {
            f"Path=/{answer.text}", "Max-Age=1920", "Secure", "HttpOnly", "SameSite=None", "Partitioned",
        }  # fmt: skip
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert answer.cookies[COOKIE] not in answer.text

    serve(scenario, https_pages.dawdles)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, (False, False)),
        ({"base64": True, "encapsulateContent": False}, (True, True)),
        ({"base64": "true", "encapsulateContent": "false"}, (True, True)),
        ({"base64": None, "encapsulateContent": None, "more": 1}, (False, False)),
    ],
)
def test_what_is_left_out_is_as_in_the_other_interface(
    members: dict[str, object], expected: tuple[bool, bool]
) -> None:
    async def scenario(api: Api) -> None:
        answer = await (await api.page()).ask("POST", content=json.dumps({"numberOfDocuments": 3, **members}))
        assert answer.status_code == 200
        (approval,) = api.clerk.approvals
        assert approval.announced.count == 3
        assert (approval.announced.is_base64, approval.announced.is_detached) == expected

    serve(scenario, https_pages.dawdles)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "1",
        '{"base64":true}',
        *(wanted(count) for count in (0, -1, 10_001, True, "2", 2.5, None)),
        wanted(1, base64="yes"),
        wanted(1, encapsulateContent=1.5),
        '{"numberOfDocuments":1,"base64":[]}',
        "[" * 10_000,
        "\udcff",
    ],
)
def test_what_makes_no_sense_is_refused_without_a_window(text: str) -> None:
    async def scenario(api: Api) -> None:
        answer = await (await api.page()).ask("POST", content=text.encode("utf-8", "surrogateescape"))
        assert (answer.status_code, answer.text) == (400, "bad-request\n")
        assert api.clerk.approvals == []

    serve(scenario)


def test_a_beginning_is_short_and_comes_soon() -> None:
    async def scenario(api: Api) -> None:
        page = await api.page()
        answer = await page.ask("POST", content=b" " * (MAX_BEGIN_BYTES + 1))
        assert answer.status_code == 413
        reader, _ = await api.post(Begun("", ""), 100, b"{")
        assert b" 408 " in await reader.readline()
        assert api.clerk.approvals == []

    serve(scenario)


@pytest.mark.parametrize(
    ("script", "status"),
    [
        (https_pages.answers("cancelled"), 409),
        (https_pages.answers("timed-out"), 504),
        (https_pages.answers("no-one-to-ask"), 503),
        (https_pages.answers("storage-failed"), 500),
        (https_pages.fails(Paused()), 503),
    ],
)
def test_without_a_yes_the_status_says_why(script: https_pages.Script, status: int) -> None:
    async def scenario(api: Api) -> None:
        answer = await (await api.page()).try_begin()
        assert answer.status_code == status
        assert "Set-Cookie" not in answer.headers

    serve(scenario, script)


def test_a_paused_or_busy_agent_asks_nobody() -> None:
    async def scenario(api: Api) -> None:
        page = await api.page()
        waiting = [asyncio.create_task(page.try_begin()) for _ in range(4)]
        await until(lambda: len(api.clerk.approvals) == 4)
        answer = await page.try_begin()
        assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (429, "busy\n", "5")
        api.settings.is_paused = True
        answer = await page.try_begin()
        assert (answer.status_code, answer.text) == (503, "paused\n")
        for each in waiting:
            each.cancel()
        await asyncio.wait(waiting)

    serve(scenario, https_pages.thinks)


def test_a_page_that_leaves_while_the_person_thinks_takes_its_window_away() -> None:
    async def scenario(api: Api) -> None:
        waiting = asyncio.create_task((await api.page()).try_begin())
        await until(lambda: api.clerk.approvals)
        waiting.cancel()
        await asyncio.wait([waiting])
        await until(lambda: api.clerk.cancelled)

    serve(scenario, https_pages.thinks)


# --- documents ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 2, 3, 999, 1000, 700_001])
@pytest.mark.parametrize("is_base64", [True, False])
def test_a_signature_comes_in_the_form_that_was_asked_for(size: int, is_base64: bool) -> None:
    async def scenario(api: Api) -> None:
        page = await api.page()
        begun = await page.begin(base64=is_base64)
        document = b"\xfe" * size
        answer = await page.send(begun, document)  # the worker is who reads base64
        assert answer.status_code == 200
        expected = signature_of(document)
        assert answer.content == (base64.b64encode(expected) if is_base64 else expected)
        assert answer.headers["Content-Length"] == str(len(answer.content))
        assert answer.headers["Content-Type"].startswith("text/plain" if is_base64 else "application/")

    serve(scenario, times=Times())


def test_a_document_needs_the_cookie_and_the_origin_of_its_operation() -> None:
    async def scenario(api: Api) -> None:
        page = await api.page()
        first, second = await page.begin(), await page.begin()
        mixed = Begun(first.identifier, second.cookie)
        path = f"/{first.identifier}"
        refused = [
            await page.ask("POST", path, content=b"x"),
            await page.send(mixed, b"x"),
            await page.ask("POST", path, content=b"x", headers={"Cookie": f"other={first.cookie}"}),
            await (await api.page(None)).send(first, b"x"),
            await (await api.page(OTHER)).send(first, b"x"),
            await page.send(Begun("unknown", first.cookie), b"x"),
        ]
        assert [(each.status_code, each.text) for each in refused] == [(401, "no-such-operation\n")] * 6
        cookies = f"a=b; {COOKIE}=tossed; {COOKIE}={first.cookie};"
        answer = await page.ask("POST", path, content=b"x", headers={"Cookie": cookies})
        assert answer.content == signature_of(b"x")

    serve(scenario)


def test_a_document_says_how_long_it_is_and_is_not_too_long() -> None:
    async def piecewise() -> AsyncIterator[bytes]:
        yield b"document"

    async def scenario(api: Api) -> None:
        page = await api.page()
        begun = await page.begin()
        assert (await page.send(begun, piecewise())).status_code == 411
        reader, _ = await api.post(begun, MAX_DOCUMENT_BYTES + 1, b"")
        assert b" 413 " in await reader.readline()
        assert (await page.send(begun, b"document")).status_code == 200

    serve(scenario)


def test_one_document_after_the_other() -> None:
    async def scenario(api: Api) -> None:
        page = await api.page()
        begun = await page.begin(2)
        first = asyncio.create_task(page.send(begun, b"one"))
        await asyncio.sleep(0.1)
        assert (await page.send(begun, b"two")).status_code == 429
        first.cancel()
        await asyncio.wait([first])

    serve(scenario, https_pages.dawdles)


@pytest.mark.parametrize(
    ("code", "status"), [("bad-input", 400), ("cancelled", 401), ("timed-out", 504), ("storage-failed", 500)]
)
def test_what_goes_wrong_with_a_document_has_a_status(code: str, status: int) -> None:
    async def scenario(api: Api) -> None:
        page = await api.page()
        begun = await page.begin()
        answer = await page.send(begun, b"document")
        assert (answer.status_code, answer.text) == (status, f"{code}\n")
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN

    serve(scenario, https_pages.agrees_then(code))


def test_a_page_cancels_its_own_operation_and_no_other() -> None:
    async def scenario(api: Api) -> None:
        page = await api.page()
        begun = await page.begin(2)
        path, cookie = f"/{begun.identifier}", {"Cookie": f"{COOKIE}={begun.cookie}"}
        assert (await (await api.page(OTHER)).ask("DELETE", path, headers=cookie)).status_code == 401
        assert (await page.ask("DELETE", path)).status_code == 401
        assert (await page.ask("DELETE", path, headers=cookie)).status_code == 204
        answer = await page.send(begun, b"document")
        assert (answer.status_code, answer.text) == (401, "cancelled-by-page\n")
        await until(lambda: api.clerk.cancelled)

    serve(scenario, https_pages.dawdles)


def test_a_document_that_stops_coming_ends_its_operation() -> None:
    async def scenario(api: Api) -> None:
        page = await api.page()
        begun = await page.begin()
        reader, _ = await api.post(begun, 1000, b"some")
        assert b" 408 " in await reader.readline()
        await until(lambda: api.clerk.cancelled)
        assert (await page.send(begun, b"document")).status_code == 504

    serve(scenario)


@pytest.mark.parametrize("script", [https_pages.signs, https_pages.dawdles], ids=["sending", "waiting"])
def test_a_page_that_leaves_ends_its_operation(script: https_pages.Script) -> None:
    async def scenario(api: Api) -> None:
        page = await api.page()
        begun = await page.begin()
        _, writer = await api.post(begun, 8, b"half" if script is https_pages.signs else b"document")
        await asyncio.sleep(0.1)
        writer.transport.abort()
        await until(lambda: api.clerk.cancelled)
        answer = await page.send(begun, b"document")
        assert (answer.status_code, answer.text) == (401, "left\n")

    serve(scenario, script, times=Times())


def test_a_page_that_leaves_its_signature_half_read_ends_its_operation() -> None:
    async def scenario(api: Api) -> None:
        page = await api.page()
        begun = await page.begin(2)
        document = b"x" * 40_000_000
        reader, writer = await api.post(begun, len(document), document)
        assert b"200" in await reader.readline()
        writer.transport.abort()
        await until(lambda: api.clerk.cancelled)
        assert (await page.send(begun, b"document")).text == "left\n"

    serve(scenario, times=Times())


@pytest.mark.parametrize("method", ["PUT", "PATCH", "GET"])
def test_other_methods_are_refused(method: str) -> None:
    async def scenario(api: Api) -> None:
        assert (await (await api.page()).ask(method, "/some")).status_code == 405

    serve(scenario)
