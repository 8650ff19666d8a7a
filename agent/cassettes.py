"""Recording what pages ask of the person and what came of it, and answering from such a record: `qalamsap record`, `qalamsap replay`.

A cassette is a JSON file of sketches (protocol.cassette): it holds nothing of anybody's, so an integrator can put it beside the tests of
a page. What the agent answers without asking anybody is the same every time, and is not in it.
"""

import asyncio
import dataclasses
import json
import logging
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent import logs, paths
from agent.approvals import Approval, Notice
from agent.errors import BadInput, StorageFailed, UnsupportedOperation
from agent.workers import Workers
from protocol import cassette, flat, prompts, work
from protocol.cassette import Sketch

VERSION = 1
MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_EXCHANGES = 10_000
_PIECE_BYTES = 256 * 1024

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call, what the page was told meanwhile, and the reply; `milliseconds` from the one to the other."""

    call: Sketch
    notices: tuple[str, ...]
    reply: Sketch
    milliseconds: int


@dataclass(slots=True)
class Cassette:
    """Exchanges in the order in which they ended."""

    exchanges: list[Exchange] = field(default_factory=list)

    def to_json(self) -> str:
        value = {"cassette": VERSION, "exchanges": [dataclasses.asdict(each) for each in self.exchanges]}
        return json.dumps(value, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def load(cls, path: Path) -> "Cassette":
        """The cassette in a file. Raises BadInput."""
        try:
            with path.open("rb") as stream:
                content = stream.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise BadInput(f"the cassette can't be read: {error.strerror}") from error
        try:
            exchanges = _exchanges(content)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BadInput(f"{path} is no cassette of version {VERSION}") from error
        return cls(exchanges)


class RecordingWorkers(Workers):
    """Workers whose approvals go onto a cassette, which is written after each."""

    def __init__(self, *arguments: Any, path: Path, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._path = path
        self._cassette = Cassette()
        self._write()

    async def approve(self, approval: Approval) -> bytearray:
        notices: list[str] = []

        def hear(notice: Notice) -> None:
            notices.append(_name_of(notice))
            approval.notice(notice)

        started = time.monotonic()
        reply = await super().approve(dataclasses.replace(approval, notice=hear))
        elapsed = round((time.monotonic() - started) * 1000)
        # What may hold a password is read by nobody here: even how long it is, is nobody's.
        is_secret = approval.is_flat_on and flat.may_be(approval.frame)
        is_wanted = approval.announced is None and not is_secret
        if is_wanted and len(self._cassette.exchanges) < MAX_EXCHANGES:
            call, answer = await asyncio.to_thread(_sketches, approval.frame, bytes(reply))
            self._cassette.exchanges.append(Exchange(call, tuple(notices), answer, elapsed))
            try:
                self._write()
            except StorageFailed as error:
                logs.note(_log, logging.ERROR, "the cassette can't be written", error=error)
        return reply

    def _write(self) -> None:
        """Raises StorageFailed."""
        try:
            paths.write_whole(self._path, self._cassette.to_json().encode())
        except OSError as error:
            raise StorageFailed(f"{self._path} can't be written: {error.strerror}") from error


class ReplayingWorkers(Workers):
    """Workers that start no process: a call is answered like the next one on the cassette that was for the same thing, the last of
    which goes on for all that follow. A call that is not on it is refused in its dialect."""

    def __init__(self, *arguments: Any, recorded: Cassette, speed: float = 0.0, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._recorded = recorded.exchanges
        self._speed = speed
        self._is_used = [False] * len(self._recorded)

    def warm(self) -> None:
        """There is no process to have ready."""

    async def approve(self, approval: Approval) -> bytearray:
        """Raises UnsupportedOperation, and what a Shelf raises."""
        exchange = self._next(cassette.sketch(approval.frame))
        for name in exchange.notices:
            approval.notice(_notice_of(name))
        if self._speed:
            await asyncio.sleep(exchange.milliseconds / 1000 / self._speed)
        reply = cassette.fill(exchange.reply, approval.frame)
        if approval.shelf is not None:
            reply, downloads = cassette.with_downloads(reply, lambda: secrets.token_hex(16))
            for name, size in downloads:
                held = approval.shelf.reserve(name, size)
                while not held.is_whole:
                    await approval.shelf.append(held, bytes(min(_PIECE_BYTES, size - held.filled)))
        return bytearray(reply, "utf-8")

    def _next(self, call: Sketch) -> Exchange:
        alike = [n for n, each in enumerate(self._recorded) if cassette.is_alike(each.call, call)]
        if not alike:
            raise UnsupportedOperation("there is no such call on the cassette")
        number = next((n for n in alike if not self._is_used[n]), alike[-1])
        self._is_used[number] = True
        return self._recorded[number]


def _sketches(call: bytes, reply: bytes) -> tuple[Sketch, Sketch]:
    return cassette.sketch(call), cassette.sketch_reply(reply, call)


def _exchanges(content: bytes) -> list[Exchange]:
    """Raises ValueError, KeyError, TypeError, RecursionError."""
    if len(content) > MAX_FILE_BYTES:
        raise ValueError("too long")
    value = json.loads(content)
    if value["cassette"] != VERSION:
        raise ValueError("another version")
    return [_exchange(each) for each in value["exchanges"]]


def _exchange(value: Any) -> Exchange:
    """Raises ValueError, KeyError, TypeError."""
    notices = tuple(str(name) for name in value["notices"])
    for name in notices:
        _notice_of(name)
    cassette.fill(value["reply"], b"")
    return Exchange(value["call"], notices, value["reply"], int(value["milliseconds"]))


def _name_of(notice: Notice) -> str:
    match notice:
        case prompts.Waiting(count):
            return f"waiting {count}"
        case prompts.Shown():
            return "shown"
        case work.Stage(name):
            return name
        case work.Progress(done, total):
            return f"done {done} {total}"


def _notice_of(name: str) -> Notice:
    """Raises ValueError."""
    match name.split():
        case ["waiting", count]:
            return prompts.Waiting(int(count))
        case ["shown"]:
            return prompts.Shown()
        case ["password"]:
            return work.Stage("password")
        case ["approval"]:
            return work.Stage("approval")
        case ["done", done, total]:
            return work.Progress(int(done), int(total))
        case _:
            raise ValueError(f"{name!r} is nothing that a page is told")
