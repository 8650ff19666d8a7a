"""Pages of the HTTPS interface for large documents, and somebody in the workers' place who signs whatever comes.

async with https_pages.open_api(clerk) as api:
    page = api.page()
    begun = await page.begin(2)
    answer = await page.send(begun, b"document")
"""

import asyncio
import contextlib
import dataclasses
import json
import re
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from agent.approvals import Approval
from agent.dispatch import Settings
from agent.server.https_api import HttpsApi
from agent.server.https_api_app import COOKIE
from agent.server.listener import tls_context
from tests.support import stage
from tests.support.agents import RunningAgent

ORIGIN = "https://kds.example.kz"
OTHER = "https://other.kz"
PORT_LINE = re.compile(r"HTTPS interface listens port=(\d+)")


def port_of(agent: RunningAgent) -> int:
    """Where an agent that was started with --https-api listens for this interface."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for line in list(agent.log):
            if found := PORT_LINE.search(line):
                return int(found[1])
        time.sleep(0.05)
    raise AssertionError("no HTTPS interface:\n" + "".join(agent.log))


def wanted(count: int = 1, **more: Any) -> str:
    """The text that begins an operation."""
    return json.dumps({"numberOfDocuments": count, "base64": False, "encapsulateContent": False, **more})


# --- in the workers' place ------------------------------------------------------------------------------------

Script = Callable[[Approval], Awaitable[bytes]]


def signature_of(document: bytes) -> bytes:
    """What stands for a signature here."""
    return b"signed:" + document


async def pieces_of(octets: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(octets), size):
        yield octets[start : start + size]


async def signs(approval: Approval) -> bytes:
    """Says yes, and signs all that was announced."""
    approval.series.agreed()
    for _ in range(approval.announced.count):
        size, pieces = await approval.series.next_document()
        document = b"".join([piece async for piece in pieces])
        assert len(document) == size
        signature = signature_of(document)
        await approval.series.signed(len(signature), pieces_of(signature))
    return b""


async def thinks(approval: Approval) -> bytes:
    """Never comes to a decision."""
    await asyncio.Event().wait()
    raise AssertionError


async def dawdles(approval: Approval) -> bytes:
    """Says yes, takes the first document, and never comes to an end of it."""
    approval.series.agreed()
    _, pieces = await approval.series.next_document()
    async for _ in pieces:
        pass
    return await thinks(approval)


def answers(code: str) -> Script:
    """Ends before anything is signed."""

    async def script(approval: Approval) -> bytes:
        return code.encode()

    return script


def agrees_then(code: str) -> Script:
    """Says yes, takes a document, and ends like this."""

    async def script(approval: Approval) -> bytes:
        approval.series.agreed()
        _, pieces = await approval.series.next_document()
        async for _ in pieces:
            pass
        return code.encode()

    return script


def fails(error: Exception) -> Script:
    async def script(approval: Approval) -> bytes:
        raise error

    return script


@dataclasses.dataclass
class Clerk:
    """Stands in the workers' place. `script` may be changed between operations."""

    script: Script = signs
    approvals: list[Approval] = dataclasses.field(default_factory=list)
    cancelled: int = 0

    async def approve(self, approval: Approval) -> bytes:
        self.approvals.append(approval)
        try:
            return await self.script(approval)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


# --- pages ----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Begun:
    """An operation that the person agreed to."""

    identifier: str
    cookie: str


@dataclasses.dataclass
class Page:
    client: httpx.AsyncClient
    origin: str | None = ORIGIN

    async def ask(self, method: str, path: str = "/", **more: Any) -> httpx.Response:
        headers = {**({"Origin": self.origin} if self.origin else {}), **more.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **more)

    async def try_begin(self, count: int = 1, **more: Any) -> httpx.Response:
        return await self.ask("POST", content=wanted(count, **more))

    async def begin(self, count: int = 1, **more: Any) -> Begun:
        answer = await self.try_begin(count, **more)
        assert answer.status_code == 200, answer.text
        return Begun(answer.text, answer.cookies[COOKIE])

    async def send(
        self, begun: Begun, document: bytes | AsyncIterator[bytes], **headers: str
    ) -> httpx.Response:
        own = {"Cookie": f"{COOKIE}={begun.cookie}", **headers}
        return await self.ask("POST", f"/{begun.identifier}", content=document, headers=own)


@dataclasses.dataclass
class Api:
    """The interface on a free port, with TLS."""

    server: HttpsApi
    settings: Settings
    clerk: Clerk
    granted: set[str]
    stack: contextlib.AsyncExitStack

    @property
    def port(self) -> int:
        return self.server.port

    async def page(self, origin: str | None = ORIGIN) -> Page:
        client = httpx.AsyncClient(
            base_url=f"https://127.0.0.1:{self.port}",
            verify=stage.client_context(),
            timeout=20,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # a test says which ones it sends
        )
        return Page(await self.stack.enter_async_context(client), origin)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A bare connection, for what no browser would send."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=stage.client_context(), server_hostname="127.0.0.1"
        )
        self.stack.callback(writer.close)
        return reader, writer

    async def post(
        self, begun: Begun, length: int, body: bytes
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Sends a document by such a connection: so many octets are announced, and these are sent."""
        reader, writer = await self.connect()
        head = (
            f"POST /{begun.identifier} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nOrigin: {ORIGIN}\r\n"
            f"Cookie: {COOKIE}={begun.cookie}\r\nContent-Length: {length}\r\n\r\n"
        )
        writer.write(head.encode())
        writer.write(body)
        await writer.drain()
        return reader, writer


async def until(condition: Callable[[], object]) -> None:
    """Until it holds; the scenario's own limit is the end of all patience."""
    while not condition():  # noqa: ASYNC110  # what is waited for is not this loop's to announce
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def open_api(
    clerk: Clerk | None = None,
    *,
    granted: Iterable[str] = (),
    context: ssl.SSLContext | None = None,
    **more: Any,
) -> AsyncIterator[Api]:
    """Serves on a free port until the end of the block."""
    clerk = clerk or Clerk()
    settings = Settings("ru")
    remembered = set(granted)
    own = stage.identity()
    server = HttpsApi(
        clerk,
        settings,
        lambda origin: origin.canonical in remembered,
        **more,  # type: ignore[arg-type]
    )
    server.use(context or tls_context(own.certificate_path, own.key_path))
    server.listen(0)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(server.close)
        yield Api(server, settings, clerk, remembered, stack)
