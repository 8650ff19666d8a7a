"""A worker: one process for one approval. It reads a page's frame from the daemon, asks the person, signs, answers and exits.

It speaks frames (protocol.pipes, protocol.work) on its standard input and output, and reads them in one order only: Begin, the page's
frame, then news about the queue until the input ends. End of input before the reply means that nobody waits any more: the window goes,
the journal gets a line, and nothing is signed. A spare worker has its window started and its modules loaded while it waits for
Begin; that is why it is fast when it is needed.

This process holds keys and passwords, and so it has no network and keeps to itself (agent.hardening). What it must ask of an
authority's server, the daemon asks for it.
"""

import contextlib
import importlib
import io
import logging
import os
import queue
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agent import hardening, logs, paths
from agent.config import DEFAULT_TIMESTAMP_URL
from agent.errors import AgentError, BadInput, Unreachable, UnsupportedOperation, UserCancelled
from agent.fetch import LIMITS, Fetch, Question, unreachable
from agent.grants import Grants
from agent.journal import Journal
from agent.origins import Origin
from agent.recent_keys import RecentKeys
from agent.user import scripted, window
from agent.user.base import PageLeft, User
from protocol import codec, messages, pipes, prompts, work
from protocol.errors import BadCall, ProtocolError

if TYPE_CHECKING:
    from agent.certificate import Certificate

MAX_FRAME_BYTES = 256 * 1024 * 1024
FETCH_GRACE_S = 60.0  # beyond the daemon's own limits: a backstop

_Result = Literal["done", "cancelled", "failed"]
_NEEDED_LATER = (
    "agent.operations.sign",
    "agent.operations.making.cms",
    "agent.operations.key_info",
    "agent.keystores.catalog",
    "publicsuffixlist",
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """How a worker was started. With `answers` a scripted person is asked, and `test_authorities` are test authorities too.

    Key files in `key_folders` are offered before all others. `authorities` are files and folders with certificates that the
    operator trusts, beside those in the folder for them. An empty `ocsp_url`: whom a certificate names; nobody if `is_offline`.
    """

    answers: Path | None = None
    state_dir: Path | None = None
    test_authorities: tuple[Path, ...] = ()
    key_folders: tuple[Path, ...] = ()
    authorities: tuple[Path, ...] = ()
    timestamp_url: str = DEFAULT_TIMESTAMP_URL
    ocsp_url: str = ""
    is_offline: bool = False
    window_command: Sequence[str] = window.command_of_tray(sys.executable)
    limits: window.Limits = field(default_factory=window.Limits)


def main(options: Options) -> int:
    """Serves one approval on standard input and output; the exit code is 0 unless something broke."""
    source, sink = _take_pipes()
    hardening.protect()
    hardening.die_with_parent()
    logs.set_up("info")
    logs.keep_errors_quiet()
    daemon = _Daemon(source, sink)
    try:
        return _serve(options, daemon)
    except Exception as error:  # noqa: BLE001
        # The last fence: the texts of errors may quote what a page sent, and stay out of the log; the daemon answers the page.
        logs.note(_log, logging.ERROR, "the worker crashed", error=error)
        return 1


def _serve(options: Options, daemon: "_Daemon") -> int:
    answers = scripted.load(options.answers) if options.answers else ()
    waiting_window = None if answers else _start_window(options, daemon)
    try:
        for module in _NEEDED_LATER:
            importlib.import_module(module)
        begun = daemon.begin()
        if begun is None:
            return 0
        begin, frame = begun
        user: User = waiting_window or scripted.ScriptedUser(scripted.answer_of_turn(answers, begin.turn))
        daemon.listen(user)
        reply, result = _reply_to(frame, begin, user, options, daemon.fetch)
        daemon.reply(reply, result)
    except PageLeft:
        logs.note(_log, logging.INFO, "the page left")
    finally:
        if waiting_window is not None:
            waiting_window.close()
    return 0


def _start_window(options: Options, daemon: "_Daemon") -> window.WindowUser:
    user = window.WindowUser(options.window_command, limits=options.limits, notice=daemon.pass_on)
    with contextlib.suppress(AgentError):  # asking tries once more, and says what is wrong
        user.start()
    return user


def _reply_to(
    frame: bytearray, begin: work.Begin, user: User, options: Options, fetch: Fetch
) -> tuple[str, _Result]:
    """The reply in the page's dialect. Raises PageLeft."""
    try:
        call = codec.decode(frame)
    except BadCall as bad:
        return bad.reply, "failed"
    frame.clear()  # the documents are out of it, and it may be long
    outcome = codec.answer_without_worker(call) or _carry_out(call.request, begin, user, options, fetch)
    match outcome:
        case messages.Cancelled():
            result: _Result = "cancelled"
        case messages.Failed():
            result = "failed"
        case _:
            result = "done"
    return codec.encode(call, outcome), result


def _carry_out(
    request: messages.Request, begin: work.Begin, user: User, options: Options, fetch: Fetch
) -> messages.Outcome:
    """Performs the operation, and tells the window how it ended."""
    try:
        outcome = _perform(request, begin, user, options, fetch)
    except UserCancelled:
        return messages.Cancelled()
    except AgentError as error:
        logs.note(_log, logging.WARNING, "the operation failed", error=error, code=error.code)
        user.tell(prompts.Finished(problem=prompts.Problem(error.code, detail=error.detail)))
        return messages.Failed(error.code, error.detail)
    count = len(outcome.signatures) if isinstance(outcome, messages.Signed) else 0
    user.tell(prompts.Finished(count=count))
    return outcome


def _perform(
    request: messages.Request, begin: work.Begin, user: User, options: Options, fetch: Fetch
) -> messages.Outcome:
    # Loaded by now, unless the process was started for this very approval and the window is already on its way.
    from agent.authority_cache import AuthorityCache  # noqa: PLC0415
    from agent.keystores import catalog  # noqa: PLC0415
    from agent.operations import key_info, sign, timestamp  # noqa: PLC0415
    from agent.operations.approval import Approval  # noqa: PLC0415
    from agent.trust import anchors  # noqa: PLC0415

    places = paths.resolve(options.state_dir)
    test_authorities = _authorities(options.test_authorities)
    approval = Approval(
        kind=begin.kind,
        origin=Origin.parse(begin.origin)
        if begin.origin
        else Origin("file" if begin.kind == "file" else "program"),
        language=begin.language,
        user=user,
        key_stores=catalog,
        journal=Journal(places.journal),
        grants=Grants(places.grants),
        recent_keys=RecentKeys(places.key_folders),
        now=lambda: datetime.now(UTC),
        test_anchors=(*anchors.test(), *anchors.from_certificates(test_authorities)),
        test_authorities=test_authorities,
        authorities=_authorities((*places.authority_folders(), *options.authorities)),
        key_folders=paths.usual_key_folders(),
        first_folders=options.key_folders,
        waiting=begin.waiting,
        fetch=None if options.is_offline else fetch,
        cache=AuthorityCache(places.authority_cache, lambda: datetime.now(UTC)),
        timestamp_url=options.timestamp_url,
        ocsp_url=options.ocsp_url,
    )
    match request:
        case messages.SignRequest():
            return sign.sign(request, approval)
        case messages.TimestampRequest():
            return timestamp.apply(request, approval)
        case messages.KeyInfoRequest():
            return key_info.show(request, approval)
        case _:
            raise ValueError(f"{type(request).__name__} needs no worker")


def _authorities(files: Sequence[Path]) -> "tuple[Certificate, ...]":
    """The certificates in these files and folders, all of them of authorities. Raises UnsupportedOperation."""
    from agent import authority_files  # noqa: PLC0415  # see _perform

    try:
        return authority_files.read_authorities(files)
    except BadInput as error:
        # Whose mistake it is, the page need not know; where the file lies, it must not.
        logs.note(_log, logging.ERROR, "a file of authorities can't be read", error=error)
        raise UnsupportedOperation("a file with certificates of authorities can't be read") from error


class _Daemon:
    """The daemon at the other end of two pipes. What is written goes in whole, from whichever thread; one thread reads."""

    def __init__(self, source: io.FileIO, sink: io.FileIO) -> None:
        self._source = source
        self._sink = sink
        self._writing = threading.Lock()
        self._asking = threading.Lock()
        self._questions = 0
        self._boxes: dict[
            int, queue.SimpleQueue[bytes | str | None]
        ] = {}  # an answer, a failure, or a page that left
        self._has_left = False

    def begin(self) -> tuple[work.Begin, bytearray] | None:
        """What this worker is for, and the page's frame; None where it is not needed. Raises ProtocolError."""
        message = self._message(pipes.read_frame(self._source))
        if message is None:
            return None
        if not isinstance(message, work.Begin) or not 0 <= message.frame_bytes <= MAX_FRAME_BYTES:
            raise ProtocolError("an approval begins with Begin, and its frame has a sensible length")
        frame = bytearray()
        while len(frame) < message.frame_bytes:
            read = pipes.read_frame(self._source)
            if read is None:
                return None
            kind, payload = read
            if kind == pipes.DATA:
                frame += payload
        return message, frame

    def listen(self, user: User) -> None:
        """From now on, in a thread: passes on what the daemon says about the queue, and that the page left."""
        threading.Thread(target=self._listen, args=(user,), name="daemon reader", daemon=True).start()

    def pass_on(self, message: prompts.Shown | prompts.Activity) -> None:
        """Tells the daemon what the window told us."""
        self._write(message)

    def reply(self, text: str, result: _Result) -> None:
        """Sends the reply to the page."""
        octets = text.encode("utf-8", "replace")
        self._write(work.Reply(len(octets), result), octets)

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
        except (ProtocolError, OSError) as error:
            logs.note(_log, logging.ERROR, "the pipe from the daemon broke", error=error)
        with self._asking:
            self._has_left = True
            for box in self._boxes.values():
                box.put(None)
        user.leave()

    def _hand_over(self, message: work.Fetched) -> None:
        """The answer that follows goes to whoever asked, if they still wait. Raises ProtocolError."""
        if not 0 <= message.body_bytes <= work.MAX_ANSWER_BYTES:
            raise ProtocolError(f"an answer of {message.body_bytes} octets")
        answer = bytearray()
        while len(answer) < message.body_bytes:
            read = pipes.read_frame(self._source)
            if read is None or read[0] != pipes.DATA:
                raise ProtocolError("an answer without its octets")
            answer += read[1]
        with self._asking:
            box = self._boxes.get(message.number)
        if box is not None:
            box.put(message.failure or bytes(answer))

    @staticmethod
    def _message(read: tuple[bytes, bytearray] | None) -> work.ToWorker | work.FromWorker | None:
        if read is None:
            return None
        kind, payload = read
        if kind != pipes.JSON:
            raise ProtocolError(f"a {kind!r} frame from the daemon, a message expected")
        return work.from_message(pipes.unpack_json(payload))

    def _write(self, message: work.FromWorker, octets: bytes = b"") -> None:
        with self._writing:
            self._write_all(pipes.pack_json(work.to_message(message)))
            view = memoryview(octets)
            for start in range(0, len(view), pipes.CHUNK_BYTES):
                chunk = view[start : start + pipes.CHUNK_BYTES]
                self._write_all(pipes.pack_header(pipes.DATA, len(chunk)))
                self._write_all(chunk)

    def _write_all(self, octets: bytes | memoryview) -> None:
        view = memoryview(octets)
        while view:
            view = view[self._sink.write(view) :]


def _take_pipes() -> tuple[io.FileIO, io.FileIO]:
    """The real standard input and output, unbuffered. What else reads gets nothing, what else prints goes to standard error."""
    source, sink = os.dup(0), os.dup(1)  # not inherited by the window
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return io.FileIO(source, "rb"), io.FileIO(sink, "wb")
