"""The HTTPS interface for large documents, as a web application: what KAZTOKEN programs offer beside their socket.

    GET /            200: the interface is there
    POST /           {"numberOfDocuments":2,"base64":true,"encapsulateContent":false} as text: the person is asked; 200 with the
                     identifier of an operation and its cookie
    POST /ID         a document, octets or base64 as was said: 200 with its signature, in the same form
    DELETE /ID       204: the operation is cancelled

Refusals are a status and a word: 400 what was sent makes no sense, 401 the operation is not the caller's or is over, 403 such callers
may not ask, 408 too slow, 409 the person said no, 411 and 413 about lengths, 429 busy, 503 paused or nobody to ask, 504 the person
did not answer.

A page reads an answer only where the person has granted it: its site is remembered (agent.grants), or they have said yes to this very
operation. Without a grant a page does not even learn that the interface is there, and speaks WebSocket.
"""

import asyncio
import base64
import ipaddress
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.errors import AgentError
from agent.origins import Origin
from agent.server import callers
from agent.server.callers import Refusal
from agent.server.https_api_series import (
    CANCELLED_BY_PAGE,
    FINISHED,
    LEFT,
    STOPPING,
    Operation,
    Operations,
    Over,
    Signature,
    Wanted,
)
from protocol import pipes
from protocol.messages import MAX_DOCUMENTS

COOKIE: Final = "operationCookie"
MAX_DOCUMENT_BYTES: Final = 256 * 1024 * 1024
MAX_BEGIN_BYTES: Final = 16 * 1024
RETRY_AFTER_S: Final = 5
_COOKIE_S: Final = 32 * 60  # an operation can't take longer

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",  # nor is it there for who does not ask to read
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Vary": "Origin",
}
_STATUS: Final = {
    "cancelled": 409,
    "bad-input": 400,
    "busy": 429,
    "paused": 503,
    "site-blocked": 403,
    "policy-blocked": 403,
    "policy-forbids": 403,
    "bad-policy": 503,
    "no-one-to-ask": 503,
    STOPPING: 503,
    "timed-out": 504,
}
_ENDED: Final = frozenset({"cancelled", CANCELLED_BY_PAGE, LEFT, FINISHED})

T = TypeVar("T")


class _Refused(Exception):
    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status = status
        self.word = word


@dataclass(frozen=True, slots=True)
class Times:
    """Limits, in seconds. The worker's own are beside them: 2 minutes between documents, 5 for the person."""

    small_body: float = 10.0  # of the request that begins an operation
    stall: float = 15.0  # without an octet of a document


def build(
    operations: Operations,
    is_granted: Callable[[Origin], bool],
    port: int,
    times: Times,
    *,
    refusal: Callable[[Origin], AgentError | None] = lambda _: None,
) -> ASGIApp:
    """The application. `is_granted` tells whether the person has chosen to remember a site, `refusal` why the policy keeps one out."""
    endpoints = _Endpoints(operations, times)
    routes = [
        Route("/", endpoints.greet, methods=["GET"]),
        Route("/", endpoints.begin, methods=["POST"]),
        Route("/{identifier}", endpoints.sign, methods=["POST"]),
        Route("/{identifier}", endpoints.cancel, methods=["DELETE"]),
    ]
    handlers = {_Refused: _refuse, Over: _tell_over, AgentError: _tell_error, ClientDisconnect: _tell_nobody}
    return _Gate(Starlette(routes=routes, exception_handlers=handlers), operations, is_granted, refusal, port)


# --- who may come in, and read -----------------------------------------------------------------------------------


class _Gate:
    """ASGI middleware: Host, peer and Origin, and the headers of every answer."""

    def __init__(
        self,
        app: ASGIApp,
        operations: Operations,
        is_granted: Callable[[Origin], bool],
        refusal: Callable[[Origin], AgentError | None],
        port: int,
    ) -> None:
        self._app = app
        self._operations = operations
        self._is_granted = is_granted
        self._refusal = refusal
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        request = Headers(scope=scope)
        origin = self._caller(scope, request)
        if isinstance(origin, Refusal):
            await PlainTextResponse(origin.text, origin.status, _HEADERS)(scope, receive, send)
            return
        scope["state"]["caller"] = origin
        # Until the person says yes an operation that begins is nobody's, so this is asked again when the answer is there.
        scope["state"]["operation"] = self._operations.get(scope["path"].removeprefix("/"))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    found.setdefault(name, value)
                if self._may_read(origin, scope["state"]["operation"]):
                    found["Access-Control-Allow-Origin"] = request["Origin"].strip()
                    found["Access-Control-Allow-Credentials"] = "true"
            await send(message)

        if scope["method"] == "OPTIONS":
            await self._preflight(origin, scope["state"]["operation"])(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)

    def _caller(self, scope: Scope, request: Headers) -> Origin | Refusal:
        peer = scope["client"]
        if peer is None or not ipaddress.ip_address(peer[0]).is_loopback:
            return Refusal(403, "Only from this computer.\n")
        refusal = callers.host_refusal(request.getlist("Host"), self._port, 443)
        if refusal is not None:
            return refusal
        origin = callers.origin_of(request.getlist("Origin"))
        if isinstance(origin, Origin) and origin.kind not in ("site", "program"):
            return Refusal(403, "Only https pages, and those of this computer.\n")
        if isinstance(origin, Origin) and (refused := self._refusal(origin)) is not None:
            return Refusal(_STATUS.get(refused.code, 403), f"{refused.code}\n")
        return origin

    def _may_read(self, origin: Origin, operation: Operation | None) -> bool:
        if origin.kind != "site":
            return False  # a program reads whatever its headers say, and is never remembered
        is_own = operation is not None and operation.is_agreed and operation.caller == origin
        return is_own or self._is_granted(origin)

    def _preflight(self, origin: Origin, operation: Operation | None) -> Response:
        if not self._may_read(origin, operation):
            return PlainTextResponse("not-allowed\n", 403)
        allowed = {
            "Access-Control-Allow-Methods": "GET, POST, DELETE",
            "Access-Control-Allow-Headers": "content-type",
            "Access-Control-Max-Age": "0",  # a grant has an end
        }
        return Response(status_code=204, headers=allowed)


# --- what can be asked -------------------------------------------------------------------------------------------


class _Endpoints:
    def __init__(self, operations: Operations, times: Times) -> None:
        self._operations = operations
        self._times = times

    async def greet(self, _request: Request) -> Response:
        return PlainTextResponse("Qalamsap\n")

    async def begin(self, request: Request) -> Response:
        wanted = _read_wanted(await self._small_body(request))
        operation = self._operations.begin(request.state.caller, wanted)
        try:
            await _unless(operation.wait_agreed(), _until_gone(request))
        except (ClientDisconnect, asyncio.CancelledError):
            operation.cancel(LEFT)
            raise
        request.state.operation = operation
        return PlainTextResponse(operation.identifier, headers={"Set-Cookie": _cookie(operation)})

    async def sign(self, request: Request) -> Response:
        operation = _own_operation(request)
        size = _document_size(request, operation.wanted)
        body = _Body(request, self._times.stall)
        try:
            signature = await _unless(operation.sign(size, body.pieces()), body.pump())
        except (ClientDisconnect, asyncio.CancelledError):
            operation.cancel(LEFT)
            raise
        except _Refused:
            operation.cancel("timed-out")
            raise
        return _SignatureResponse(operation, signature)

    async def cancel(self, request: Request) -> Response:
        operation = _own_operation(request)
        operation.cancel(CANCELLED_BY_PAGE)
        return Response(status_code=204)

    async def _small_body(self, request: Request) -> bytes:
        body = bytearray()
        try:
            async with asyncio.timeout(self._times.small_body):
                async for piece in request.stream():
                    body += piece
                    if len(body) > MAX_BEGIN_BYTES:
                        raise _Refused(413, "too-large")
        except TimeoutError:
            raise _Refused(408, "too-slow") from None
        return bytes(body)


class _Body:
    """A document that comes in: read as fast as its pieces are taken."""

    def __init__(self, request: Request, stall_s: float) -> None:
        self._request = request
        self._stall_s = stall_s
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(1)

    async def pump(self) -> None:
        """Reads it, then waits for the page to go away. Raises _Refused, ClientDisconnect; never returns."""
        stream = self._request.stream()
        while True:
            try:
                async with asyncio.timeout(self._stall_s):
                    piece = await anext(stream)
            except TimeoutError:
                raise _Refused(408, "too-slow") from None
            except StopAsyncIteration:
                break
            for start in range(0, len(piece), pipes.CHUNK_BYTES):
                await self._pieces.put(piece[start : start + pipes.CHUNK_BYTES])
        await self._pieces.put(None)
        await _until_gone(self._request)

    async def pieces(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece


class _SignatureResponse(StreamingResponse):
    """A signature on its way. An operation whose page does not take it is over."""

    def __init__(self, operation: Operation, signature: Signature) -> None:
        is_text = operation.wanted.is_base64
        size = (signature.size + 2) // 3 * 4 if is_text else signature.size
        super().__init__(
            _in_base64(signature.octets()) if is_text else signature.octets(),
            headers={"Content-Length": str(size)},
            media_type="text/plain" if is_text else "application/pkcs7-signature",
        )
        self._operation = operation
        self._signature = signature

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            if not self._signature.is_taken:
                self._operation.cancel(LEFT)


def _read_wanted(body: bytes) -> Wanted:
    """Raises _Refused."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise _Refused(400, "bad-request") from None
    if not isinstance(found, dict):
        raise _Refused(400, "bad-request")
    count = found.get("numberOfDocuments")
    if type(count) is not int or not 0 < count <= MAX_DOCUMENTS:
        raise _Refused(400, "bad-request")
    is_around = _boolean(found, "encapsulateContent", otherwise=True)  # as basics.sign has it
    return Wanted(count, _boolean(found, "base64", otherwise=False), not is_around)


def _boolean(found: dict[str, Any], name: str, *, otherwise: bool) -> bool:
    """A member that may be missing, or null, or text: pages make these of booleans. Raises _Refused."""
    value = found.get(name)
    if value is None:
        return otherwise
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise _Refused(400, "bad-request")


def _document_size(request: Request, wanted: Wanted) -> int:
    """What the request says of its length. Raises _Refused."""
    stated = request.headers.get("Content-Length", "")
    if not stated.isdecimal() or "Transfer-Encoding" in request.headers:
        raise _Refused(411, "length-required")
    limit = (MAX_DOCUMENT_BYTES + 2) // 3 * 4 if wanted.is_base64 else MAX_DOCUMENT_BYTES
    if len(stated) > 12 or int(stated) > limit:
        raise _Refused(413, "too-large")
    return int(stated)


def _own_operation(request: Request) -> Operation:
    """The operation that a request is for and belongs to. Raises _Refused, and tells nothing of other pages' operations."""
    operation: Operation | None = request.state.operation
    if operation is None or not operation.is_known_by(request.state.caller, _cookies(request)):
        raise _Refused(401, "no-such-operation")
    return operation


def _cookies(request: Request) -> Sequence[str]:
    """The values of our cookie: programs of other ports can set it, too, and a browser sends them all."""
    pairs = [
        each.strip().partition("=") for line in request.headers.getlist("Cookie") for each in line.split(";")
    ]
    return [value for name, _, value in pairs if name == COOKIE]


def _cookie(operation: Operation) -> str:
    # For one address, gone with the browser, and kept apart for each site that embeds others (CHIPS): a browser that lets no other
    # cookies of third parties through lets these.
    return (
        f"{COOKIE}={operation.cookie}; Path=/{operation.identifier}; Max-Age={_COOKIE_S}; "
        "Secure; HttpOnly; SameSite=None; Partitioned"
    )


async def _until_gone(request: Request) -> None:
    """Until the page goes away, once its body is read. Raises ClientDisconnect; never returns."""
    while (await request.receive())["type"] != "http.disconnect":
        continue
    raise ClientDisconnect


async def _unless(wanted: Coroutine[Any, Any, T], other: Coroutine[Any, Any, None]) -> T:
    """What is wanted, or what the other raises before."""
    loop = asyncio.get_running_loop()
    getting, watching = loop.create_task(wanted), loop.create_task(other)
    try:
        await asyncio.wait([getting, watching], return_when=asyncio.FIRST_COMPLETED)
        if not getting.done():
            watching.result()
        return await getting
    finally:
        getting.cancel()
        watching.cancel()
        await asyncio.wait([getting, watching])
        if not watching.cancelled():
            watching.exception()  # the page that leaves when it has what it wanted is no error


async def _in_base64(octets: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same as one line of base64."""
    rest = b""
    async for piece in octets:
        rest += piece
        whole = len(rest) // 3 * 3
        if whole:
            yield base64.b64encode(rest[:whole])
        rest = rest[whole:]
    if rest:
        yield base64.b64encode(rest)


# --- refusals ----------------------------------------------------------------------------------------------------


async def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, _Refused)
    return _say(error.status, error.word)


async def _tell_over(request: Request, error: Exception) -> Response:
    """Before the yes a status of its own for each reason; afterwards what ended the operation well or on purpose is one."""
    assert isinstance(error, Over)
    is_ended = request.state.operation is not None and error.code in _ENDED
    return _say(401 if is_ended else _STATUS.get(error.code, 500), error.code)


async def _tell_nobody(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)


async def _tell_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, AgentError)
    return _say(_STATUS.get(error.code, 500), error.code)


def _say(status: int, word: str) -> Response:
    extra = {"Retry-After": str(RETRY_AFTER_S)} if status in (429, 503) else {}
    return PlainTextResponse(f"{word}\n", status, extra)
