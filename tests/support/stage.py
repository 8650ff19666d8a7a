"""A stage for the daemon's parts: a real server on a real socket with real worker processes that do what the test says.

async with stage.open_stage() as scene:
    page = await scene.page()
    await page.send(stage.sign_call())
    worker = await scene.worker()          # the process that was given the call
    await worker.order("reply", text="signed")
    assert await page.recv() == "signed"
"""

import asyncio
import atexit
import contextlib
import datetime as dt
import functools
import json
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection, connect

from agent.dispatch import Dispatch, Settings
from agent.localhost import authority
from agent.localhost.identity import Identity
from agent.own_api import OwnConversation, Services
from agent.rules import Rules
from agent.server.connection import BUDGET_BYTES, Times
from agent.server.listener import Server, tls_context
from agent.server.status_page import StatusPage
from agent.workers import Workers
from protocol import handshake

FAKE_WORKER = Path(__file__).with_name("fake_worker.py")
LIMIT_S = 30.0

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine to its end, or to the end of all patience."""

    async def limited() -> T:
        async with asyncio.timeout(LIMIT_S):
            return await work

    return asyncio.run(limited())


async def until(condition: Callable[[], bool]) -> None:
    """Waits for what nobody tells of."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


@functools.cache
def identity() -> Identity:
    """A TLS identity for this run."""
    folder = tempfile.TemporaryDirectory(prefix="qalamsap-tls-")
    atexit.register(folder.cleanup)
    return authority.issue(Path(folder.name) / "tls", dt.datetime.now(dt.UTC))


def client_context() -> ssl.SSLContext:
    """A browser that trusts our authority."""
    return ssl.create_default_context(cafile=identity().authority_path)


def sign_call(data: str = "SGVsbG8=", **more: object) -> str:
    """A frame that needs a worker."""
    arguments = {
        "format": "cms",
        "data": data,
        "signingParams": {"decode": "true", "encapsulate": "true"},
        "signerParams": {},
        "locale": "ru",
    }
    call = {"module": "kz.gov.pki.knca.basics", "method": "sign", "args": arguments, **more}
    return json.dumps(call)


class Actor:
    """One fake worker process that was given a call."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def event(self, name: str) -> dict[str, Any]:
        """The next thing that the worker reports, which must be this."""
        line = await self._reader.readline()
        assert line, f"the worker ended, {name!r} expected"
        facts: dict[str, Any] = json.loads(line)
        assert facts["event"] == name, facts
        return facts

    async def order(self, name: str, **facts: object) -> None:
        self._writer.write(json.dumps({"order": name, **facts}).encode() + b"\n")
        await self._writer.drain()

    async def gone(self) -> None:
        """Until the process is gone; it may say no more."""
        assert await self._reader.read() == b""


class Director:
    """Where the fake workers report."""

    def __init__(self) -> None:
        self._actors: asyncio.Queue[Actor] = asyncio.Queue()
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self) -> int:
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        await self._actors.put(Actor(reader, writer))

    async def worker(self) -> Actor:
        """The next worker that got a call; `begin` and `frame` are still to be heard of it."""
        return await self._actors.get()

    @property
    def is_quiet(self) -> bool:
        """Whether no worker waits to be met."""
        return self._actors.empty()

    async def close(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def worker_command(port: int) -> tuple[str, ...]:
    return (sys.executable, str(FAKE_WORKER), str(port))


class Scene:
    """The server and what stands behind it."""

    def __init__(self, server: Server, workers: Workers, settings: Settings, director: Director) -> None:
        self.server = server
        self.workers = workers
        self.settings = settings
        self.director = director
        self._pages = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        return f"wss://127.0.0.1:{self.server.port}/"

    @property
    def plain_url(self) -> str:
        return f"ws://127.0.0.1:{self.server.port}/"

    async def worker(self) -> Actor:
        return await self.director.worker()

    async def busy_worker(self) -> Actor:
        """The next worker, once it has the whole call."""
        actor = await self.director.worker()
        await actor.event("begin")
        await actor.event("frame")
        return actor

    async def page(
        self, origin: str | None = "https://kds.example.kz", *, url: str = "", **options: Any
    ) -> ClientConnection:
        """A connected page that has read its greeting."""
        options = {"ping_interval": None, "max_size": None, "compression": None, **options}
        if "ssl" not in options and not url.startswith("ws:"):
            options["ssl"] = client_context()
        connection = await connect(url or self.url, origin=origin, **options)  # type: ignore[arg-type]
        self._pages.push_async_callback(connection.close)
        assert await connection.recv() == handshake.GREETING
        return connection

    async def close(self) -> None:
        await self._pages.aclose()


@contextlib.asynccontextmanager
async def open_stage(
    *,
    times: Times | None = None,
    budget_bytes: int = BUDGET_BYTES,
    time_limit_s: float = 60.0,
    grace_s: float = 5.0,
    spare_idle_s: float = 0.0,
    page: StatusPage | None = None,
    plain_websocket: bool = False,
) -> AsyncIterator[Scene]:
    """A server on a free port, its dispatch, its workers."""
    director = Director()
    command = worker_command(await director.open())
    workers = Workers(
        command, rules=Rules().sent(), time_limit_s=time_limit_s, grace_s=grace_s, spare_idle_s=spare_idle_s
    )
    settings = Settings("ru")
    spool = identity().authority_path.parent / "spool"  # goes when the identity goes
    server = Server(
        Dispatch(workers, settings).answer,
        page or StatusPage("1.2.3"),
        open_own=functools.partial(OwnConversation, Services(workers, settings, "1.2.3", spool)),
        plain_websocket=plain_websocket,
        times=times,
        budget_bytes=budget_bytes,
    )
    server.use(tls_context(identity().certificate_path, identity().key_path))
    server.listen(0)
    scene = Scene(server, workers, settings, director)
    try:
        yield scene
    finally:
        await scene.close()
        await server.close()
        await workers.close()
        await director.close()
