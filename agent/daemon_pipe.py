"""A worker's side of the two pipes to its daemon: what comes in, in which order, and what goes out.

Reading is one thread's affair: at first that of the worker itself, up to what the page sent, then one of its own. Messages go
out whole, from whichever thread.
"""

import io
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from agent import logs
from agent.errors import TimedOut, Unreachable
from agent.fetch import LIMITS, Question, unreachable
from agent.user.base import PageLeft, User
from protocol import messages, pipes, prompts, work
from protocol.errors import ProtocolError
from protocol.v1 import codec as own

MAX_FRAME_BYTES = 384 * 1024 * 1024  # a document of 256 MiB in base64 has 342 MiB
MAX_IN_MEMORY_BYTES = 256 * 1024 * 1024  # of attachments; what is more is hashed as it comes, and not kept
SERIES_GAP_S = 120.0  # the longest wait for the next document of a series
_LOOK_S = 0.5  # between two looks at the person while a series waits
_NOTICE_EVERY_S = 0.1  # progress is told no more often
FETCH_GRACE_S = 60.0  # beyond the daemon's own limits: a backstop

Result: TypeAlias = Literal["done", "cancelled", "failed"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Begun:
    """What this worker is for, the page's frame, and what the page sent before it."""

    begin: work.Begin
    frame: bytearray = field(repr=False)
    attachments: Mapping[str, bytes | messages.LargeDocument] = field(repr=False)


class Daemon:
    """The daemon at the other end of two pipes. What is written goes in whole, from whichever thread; one thread reads."""

    def __init__(self, source: io.FileIO, sink: io.FileIO, let_go: Callable[[], None] = lambda: None) -> None:
        """`let_go` is called, from the thread that reads, where the daemon wants an open key closed."""
        self._let_go = let_go
        self._source = source
        self._sink = sink
        self._writing = threading.Lock()
        self._asking = threading.Lock()
        self._questions = 0
        self._boxes: dict[
            int, queue.SimpleQueue[bytes | str | None]
        ] = {}  # an answer, a failure, or a page that left
        self._documents: queue.SimpleQueue[bytes | None] = (
            queue.SimpleQueue()
        )  # of a series; None: the page left
        self._begins: queue.SimpleQueue[Begun | None] = queue.SimpleQueue()
        self._has_left = False
        self._noticed = float("-inf")

    def begin(self) -> Begun | None:
        """What this worker is for; None where it is not needed. Raises ProtocolError."""
        message = self._message(pipes.read_frame(self._source))
        if message is None:
            return None
        try:
            return self._begun(message)
        except _NoMore:
            return None

    def begin_again(self) -> Begun | None:
        """What this worker is for next, after a reply that said that it holds a key; None where it is not needed any more."""
        begins = self._begins = queue.SimpleQueue()  # whoever woke it too late woke nobody
        if self._has_left:
            return None
        self._write(work.Idle())
        return begins.get()

    def wake(self) -> None:
        """Makes `begin_again`, now or later, give None. From any thread."""
        self._begins.put(None)

    def _begun(self, message: work.ToWorker | work.FromWorker) -> Begun:
        """What an approval begins with, and all that follows it. Raises ProtocolError, _NoMore."""
        if not isinstance(message, work.Begin) or not 0 <= message.frame_bytes <= MAX_FRAME_BYTES:
            raise ProtocolError("an approval begins with Begin, and its frame has a sensible length")
        frame = bytearray(message.frame_bytes)
        self._fill(frame)
        return Begun(message, frame, self._attachments(message.attachments))

    def listen(self, user: User) -> None:
        """From now on, in a thread: passes on what the daemon says about the queue, and that the page left; up to the next Begin."""
        threading.Thread(target=self._listen, args=(user,), name="daemon reader", daemon=True).start()

    def pass_on(self, message: prompts.Shown | prompts.Activity) -> None:
        """Tells the daemon what the window told us."""
        self._write(message)

    def reply(self, reply: own.Encoded, result: Result, *, holds_s: int = 0, holds_owner: str = "") -> None:
        """Sends the reply to the page. Where this worker holds a key for so many seconds, `begin_again` comes next."""
        octets = reply.text.encode("utf-8", "replace")
        attachments = tuple(work.Attachment(name, len(content)) for name, content in reply.attachments)
        contents = (content for _, content in reply.attachments)
        message = work.Reply(len(octets), result, attachments, holds_s, holds_owner)
        self._write(message, octets, *contents)

    def notice(self, message: work.Stage | work.Progress) -> None:
        """Tells the daemon how far it is; not each of thousands of steps, but always the last."""
        if isinstance(message, work.Progress) and message.done < message.total:
            now = time.monotonic()
            if now < self._noticed + _NOTICE_EVERY_S:
                return
            self._noticed = now
        self._write(message)

    def fetch(self, question: Question) -> bytes:
        """Has the daemon ask a server (agent.fetch.Fetch), once `listen` was called. From any thread.

        Raises Unreachable, PageLeft.
        """
        if len(question.url) > work.MAX_URL_CHARS:
            raise unreachable("bad-url")
        if len(question.body) > work.MAX_QUESTION_BYTES:
            raise unreachable("too-long")
        box: queue.SimpleQueue[bytes | str | None] = queue.SimpleQueue()
        with self._asking:
            if self._has_left:
                raise PageLeft
            self._questions += 1
            number = self._questions
            self._boxes[number] = box
        try:
            self._write(work.Fetch(number, question.kind, question.url, len(question.body)), question.body)
            answer = box.get(timeout=LIMITS[question.kind].seconds + FETCH_GRACE_S)
        except queue.Empty:
            raise unreachable("too-slow") from None
        finally:
            with self._asking:
                del self._boxes[number]
        if answer is None:
            raise PageLeft
        if isinstance(answer, str):
            raise Unreachable(answer)
        return answer

    def _listen(self, user: User) -> None:
        try:
            while (message := self._message(pipes.read_frame(self._source))) is not None:
                match message:
                    case prompts.Waiting(count):
                        user.wait_behind(count)
                    case work.Fetched():
                        self._hand_over(message)
                    case work.NextDocument():
                        self._take_document(message)
                    case work.LetGo():
                        self._let_go()
                    case work.Begin():
                        self._documents = queue.SimpleQueue()  # what came too late for the last series
                        self._begins.put(self._begun(message))
                        return
        except (ProtocolError, OSError, _NoMore) as error:
            logs.note(_log, logging.ERROR, "the pipe from the daemon broke", error=error)
        self._documents.put(None)
        with self._asking:
            self._has_left = True
            for box in self._boxes.values():
                box.put(None)
        self._begins.put(None)
        user.leave()

    def _hand_over(self, message: work.Fetched) -> None:
        """The answer that follows goes to whoever asked, if they still wait. Raises ProtocolError, _NoMore."""
        if not 0 <= message.body_bytes <= work.MAX_ANSWER_BYTES:
            raise ProtocolError(f"an answer of {message.body_bytes} octets")
        answer = self._data(message.body_bytes)
        with self._asking:
            box = self._boxes.get(message.number)
        if box is not None:
            box.put(message.failure or answer)

    def _take_document(self, message: work.NextDocument) -> None:
        """The document that follows goes to the series. Raises ProtocolError, _NoMore."""
        if not 0 <= message.size <= MAX_FRAME_BYTES:
            raise ProtocolError(f"a document of {message.size} octets")
        self._documents.put(self._data(message.size))

    @staticmethod
    def _message(read: tuple[bytes, bytearray] | None) -> work.ToWorker | work.FromWorker | None:
        if read is None:
            return None
        kind, payload = read
        if kind != pipes.JSON:
            raise ProtocolError(f"a {kind!r} frame from the daemon, a message expected")
        return work.from_message(pipes.unpack_json(payload))

    def documents(self, count: int, still_there: Callable[[], None]) -> Iterator[bytes]:
        """So many documents of a series, each as it comes; `still_there` raises where the person is not.

        Raises PageLeft; TimedOut where the page lets the person's key wait.
        """
        self._write(work.Ready())
        for _ in range(count):
            until = time.monotonic() + SERIES_GAP_S
            while (document := self._document(_LOOK_S)) is None:
                still_there()
                if time.monotonic() > until:
                    raise TimedOut("the page did not send its next document in time")
            yield document

    def _document(self, patience_s: float) -> bytes | None:
        """The next document of a series; None where it is not there yet. Raises PageLeft."""
        try:
            document = self._documents.get(timeout=patience_s)
        except queue.Empty:
            return None
        if document is None:
            raise PageLeft
        return document

    def give_signature(self, signature: bytes) -> None:
        """The signature of the last document of a series."""
        self._write(work.NextSignature(len(signature)), signature)

    def _attachments(
        self, announced: tuple[work.Attachment, ...]
    ) -> dict[str, bytes | messages.LargeDocument]:
        """What the page sent before its frame: octets, or size and digests where it is too much for memory.

        The smallest of what is too much in all are kept beside their digests, as many as there is room for.
        """
        if sum(attachment.size for attachment in announced) <= MAX_IN_MEMORY_BYTES:
            return {attachment.name: self._data(attachment.size) for attachment in announced}
        from agent.operations import large  # noqa: PLC0415  # few pages send so much

        kept = _smallest(announced, MAX_IN_MEMORY_BYTES)
        return {
            attachment.name: large.held(self._data(attachment.size))
            if attachment.name in kept
            else large.hashed(self._incoming(attachment.size), attachment.size)
            for attachment in announced
        }

    def _data(self, size: int) -> bytes:
        """So many octets out of D frames. Raises _NoMore where the pipe ends before, ProtocolError."""
        return self._incoming(size).read()

    def _fill(self, buffer: bytearray) -> None:
        incoming, view = _Incoming(self._source, len(buffer)), memoryview(buffer)
        while view:
            view = view[incoming.readinto(view) :]

    def _incoming(self, size: int) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._source, size), pipes.CHUNK_BYTES)

    def _write(self, message: work.FromWorker, *contents: bytes) -> None:
        with self._writing:
            self._write_all(pipes.pack_json(work.to_message(message)))
            for content in contents:
                view = memoryview(content)
                for start in range(0, len(view), pipes.CHUNK_BYTES):
                    chunk = view[start : start + pipes.CHUNK_BYTES]
                    self._write_all(pipes.pack_header(pipes.DATA, len(chunk)))
                    self._write_all(chunk)

    def _write_all(self, octets: bytes | memoryview) -> None:
        view = memoryview(octets)
        while view:
            view = view[self._sink.write(view) :]


class _NoMore(Exception):
    """The daemon went away in the middle of something."""


class _Incoming(io.RawIOBase):
    """What is announced to follow in D frames, as a file that can be read once. Raises _NoMore, ProtocolError."""

    def __init__(self, source: io.FileIO, size: int) -> None:
        super().__init__()
        self._source = source
        self._left = size
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._piece and self._left:
            self._piece = memoryview(self._next())
        view = memoryview(buffer)
        count = min(len(view), len(self._piece))
        view[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        self._left -= count
        return count

    def _next(self) -> bytearray:
        read = pipes.read_frame(self._source)
        if read is None:
            raise _NoMore
        kind, payload = read
        if kind != pipes.DATA or not 0 < len(payload) <= self._left:
            raise ProtocolError("octets were announced, and something else came")
        return payload


def _smallest(announced: tuple[work.Attachment, ...], room: int) -> frozenset[str]:
    """The names of as many as there is room for, the smallest first."""
    found = []
    for attachment in sorted(announced, key=lambda each: each.size):
        room -= attachment.size
        if room < 0:
            break
        found.append(attachment.name)
    return frozenset(found)


def take_pipes() -> tuple[io.FileIO, io.FileIO]:
    """The real standard input and output, unbuffered. What else reads gets nothing, what else prints goes to standard error."""
    source, sink = os.dup(0), os.dup(1)  # not inherited by the window
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return io.FileIO(source, "rb"), io.FileIO(sink, "wb")
