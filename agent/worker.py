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
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from agent import hardening, logs, paths
from agent.config import DEFAULT_TIMESTAMP_URL
from agent.errors import AgentError, BadInput, TimedOut, Unreachable, UnsupportedOperation, UserCancelled
from agent.fetch import LIMITS, Question, unreachable
from agent.grants import Grants
from agent.journal import Journal
from agent.origins import Origin
from agent.password_guesses import PasswordGuesses
from agent.recent_keys import RecentKeys
from agent.user import scripted, window
from agent.user.base import PageLeft, User
from protocol import base64_text, codec, flat_messages, messages, pipes, prompts, work
from protocol.errors import BadCall, ProtocolError
from protocol.v1 import codec as own

if TYPE_CHECKING:
    from agent.certificate import Certificate

MAX_FRAME_BYTES = 384 * 1024 * 1024  # a document of 256 MiB in base64 has 342 MiB
MAX_IN_MEMORY_BYTES = 256 * 1024 * 1024  # of attachments; what is more is hashed as it comes, and not kept
SERIES_GAP_S = 120.0  # the longest wait for the next document of a series
_LOOK_S = 0.5  # between two looks at the person while a series waits
_NOTICE_EVERY_S = 0.1  # progress is told no more often
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
        user: User = waiting_window or scripted.ScriptedUser(
            scripted.answer_of_turn(answers, begun.begin.turn), _tokens(options)
        )
        daemon.listen(user)
        reply, result = _reply_to(begun, user, options, daemon)
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


@dataclass(frozen=True, slots=True)
class _Begun:
    """What this worker is for, the page's frame, and what the page sent before it."""

    begin: work.Begin
    frame: bytearray = field(repr=False)
    attachments: Mapping[str, bytes | messages.LargeDocument] = field(repr=False)


def _reply_to(begun: _Begun, user: User, options: Options, daemon: "_Daemon") -> tuple[own.Encoded, _Result]:
    """The reply in the page's dialect; of a series, the code of what went wrong. Raises PageLeft."""
    begin = begun.begin
    context = codec.Context(
        readings=begin.readings,
        is_flat_on=begin.is_flat_on,
        attachments=begun.attachments,
        language=begin.language,
        port=begin.port,
        tokens=tuple(token.storage for token in _tokens(options)),
        hashed=_hashed,
        new_name=lambda: secrets.token_hex(16),
    )
    if begin.announced is not None:
        request = messages.SeriesRequest(begin.announced.count, begin.announced.is_detached)
        call = messages.Call("series", "", request)
    else:
        try:
            call = codec.decode(begun.frame, context)
        except BadCall as bad:
            return own.Encoded(bad.reply), "failed"
        finally:
            _forget(begun.frame)
    outcome = codec.answer_without_worker(call, context.tokens) or _carry_out(
        call.request, begin, user, options, daemon
    )
    match outcome:
        case messages.Cancelled():
            result: _Result = "cancelled"
        case messages.Failed():
            result = "failed"
        case _:
            result = "done"
    return codec.encode_whole(call, outcome, context), result


def _forget(frame: bytearray) -> None:
    """Overwrites what may hold a password, and gives the room back."""
    zeros = bytes(pipes.CHUNK_BYTES)
    for start in range(0, len(frame), len(zeros)):
        end = min(start + len(zeros), len(frame))
        frame[start:end] = zeros[: end - start]
    frame.clear()


def _hashed(octets: bytes) -> messages.LargeDocument:
    from agent.operations import large  # noqa: PLC0415  # see _perform

    return large.hashed(io.BytesIO(octets), len(octets))


def _carry_out(
    request: messages.Request, begin: work.Begin, user: User, options: Options, daemon: "_Daemon"
) -> messages.Outcome:
    """Performs the operation, and tells the window how it ended."""
    try:
        outcome = _perform(request, begin, user, options, daemon)
    except UserCancelled:
        return messages.Cancelled()
    except AgentError as error:
        logs.note(_log, logging.WARNING, "the operation failed", error=error, code=error.code)
        user.tell(prompts.Finished(problem=prompts.Problem(error.code, detail=error.detail)))
        return messages.Failed(error.code, error.detail)
    user.tell(prompts.Finished(count=_signatures(request, outcome)))
    return outcome


def _signatures(request: messages.Request, outcome: messages.Outcome) -> int:
    """How many signatures the page got."""
    if isinstance(request, messages.SeriesRequest):
        return request.count
    return len(outcome.signatures) if isinstance(outcome, messages.Signed) else 0


def _out_of_base64(octets: bytes) -> bytes:
    """The document of a series that came as text. Raises BadInput."""
    try:
        return base64_text.decode(octets.decode("latin-1"))
    except base64_text.NotBase64 as error:
        raise BadInput("a document is not base64") from error


def _perform(
    request: messages.Request, begin: work.Begin, user: User, options: Options, daemon: "_Daemon"
) -> messages.Outcome:
    # Loaded by now, unless the process was started for this very approval and the window is already on its way.
    from agent.authority_cache import AuthorityCache  # noqa: PLC0415
    from agent.chosen_files import ChosenFiles  # noqa: PLC0415
    from agent.keystores import simulated  # noqa: PLC0415
    from agent.operations import (  # noqa: PLC0415
        about,
        choose_file,
        import_certificate,
        key_info,
        login,
        new_key,
        series,
        sign,
        timestamp,
        verify_for_page,
    )
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
        key_stores=simulated.KeyStores(tuple(token.storage for token in _tokens(options))),
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
        fetch=None if options.is_offline else daemon.fetch,
        cache=AuthorityCache(places.authority_cache, lambda: datetime.now(UTC)),
        timestamp_url=options.timestamp_url,
        ocsp_url=options.ocsp_url,
        notice=daemon.notice,
        chosen_files=ChosenFiles(places.chosen_files),
        guesses=PasswordGuesses(places.password_guesses),
    )
    match request:
        case messages.SignRequest():
            return sign.sign(request, approval)
        case _ if isinstance(request, flat_messages.Request):
            from agent.operations.flat import perform  # noqa: PLC0415  # few agents need it

            return perform.perform(request, approval)
        case messages.TimestampRequest():
            return timestamp.apply(request, approval)
        case messages.KeyInfoRequest():
            return key_info.show(request, approval)
        case messages.ChooseFileRequest():
            return choose_file.choose(request, approval)
        case messages.SeriesRequest():
            documents = daemon.documents(request.count, user.still_there)
            if begin.announced is not None and begin.announced.is_base64:
                documents = map(_out_of_base64, documents)
            return series.sign(request, approval, documents, daemon.give_signature)
        case messages.AboutRequest():
            return about.show(request, approval, begin.port)
        case messages.NewKeyRequest():
            return new_key.make(request, approval)
        case messages.ImportCertificateRequest():
            return import_certificate.join(request, approval)
        case messages.LoginRequest():
            return login.log_in(request, approval)
        case messages.VerifyRequest():
            return verify_for_page.report(request, approval)
        case _:
            raise ValueError(f"{type(request).__name__} needs no worker")


def _tokens(options: Options) -> tuple[scripted.ScriptedToken, ...]:
    """Those that a script plugs in; a real one is never there, for no token module is read yet."""
    return scripted.load_tokens(options.answers) if options.answers else ()


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
        self._documents: queue.SimpleQueue[bytes | None] = (
            queue.SimpleQueue()
        )  # of a series; None: the page left
        self._has_left = False
        self._noticed = float("-inf")

    def begin(self) -> _Begun | None:
        """What this worker is for; None where it is not needed. Raises ProtocolError."""
        message = self._message(pipes.read_frame(self._source))
        if message is None:
            return None
        if not isinstance(message, work.Begin) or not 0 <= message.frame_bytes <= MAX_FRAME_BYTES:
            raise ProtocolError("an approval begins with Begin, and its frame has a sensible length")
        try:
            frame = bytearray(message.frame_bytes)
            self._fill(frame)
            return _Begun(message, frame, self._attachments(message.attachments))
        except _NoMore:
            return None

    def listen(self, user: User) -> None:
        """From now on, in a thread: passes on what the daemon says about the queue, and that the page left."""
        threading.Thread(target=self._listen, args=(user,), name="daemon reader", daemon=True).start()

    def pass_on(self, message: prompts.Shown | prompts.Activity) -> None:
        """Tells the daemon what the window told us."""
        self._write(message)

    def reply(self, reply: own.Encoded, result: _Result) -> None:
        """Sends the reply to the page."""
        octets = reply.text.encode("utf-8", "replace")
        attachments = tuple(work.Attachment(name, len(content)) for name, content in reply.attachments)
        contents = (content for _, content in reply.attachments)
        self._write(work.Reply(len(octets), result, attachments), octets, *contents)

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
        except (ProtocolError, OSError, _NoMore) as error:
            logs.note(_log, logging.ERROR, "the pipe from the daemon broke", error=error)
        self._documents.put(None)
        with self._asking:
            self._has_left = True
            for box in self._boxes.values():
                box.put(None)
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
        """What the page sent before its frame: octets, or size and digests where it is too much for memory."""
        if sum(attachment.size for attachment in announced) <= MAX_IN_MEMORY_BYTES:
            return {attachment.name: self._data(attachment.size) for attachment in announced}
        from agent.operations import large  # noqa: PLC0415  # few pages send so much

        return {
            attachment.name: large.hashed(self._incoming(attachment.size), attachment.size)
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


def _take_pipes() -> tuple[io.FileIO, io.FileIO]:
    """The real standard input and output, unbuffered. What else reads gets nothing, what else prints goes to standard error."""
    source, sink = os.dup(0), os.dup(1)  # not inherited by the window
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return io.FileIO(source, "rb"), io.FileIO(sink, "wb")
