"""Documents at a renderer, which looks into them: what can be seen of each, and what is asked for after that.

The renderer (agent.renderer) is started for one approval and divides itself: each document gets a process of its own, that can do nothing
but read and answer. Where processes can't divide, one is started for each document. A few stay at hand for more questions; others are
opened anew when they are asked about, with the entries that were entered before.

Two threads work here: one takes the documents in order and finds out what they are, one serves questions, which go first. Neither waits
longer than ANSWER_S for a document; a process that takes longer is ended. A document that is too large to be read at once is read piece by piece: its
first rows can be seen, and questions are answered, while the rest is being read. Nothing of what a renderer says is believed: numbers are in
range, texts are bounded and have nothing in them that could hide or reorder others, or the renderer counts as crashed.
"""

import collections
import contextlib
import dataclasses
import io
import logging
import os
import queue
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, TypeVar

from agent import logs, paths, programs
from protocol import letters, pipes, preview, prompts
from protocol.errors import ProtocolError

OnAnswer: TypeAlias = Callable[[preview.Answer, bytes], None]
"""Takes an answer, and the pixels where it is Drawn. It is called from threads of Previews, by one at a time."""

ANSWER_S = 10.0  # for one answer
START_S = 20.0  # for a renderer to load its libraries
MAX_ROWS_IN_ALL = 1_000_000_000
MAX_PIECES = 1_000  # in which one document is read
MAX_POINTS = 1_000_000  # a side of a page
_AT_HAND = 3  # processes that wait for more questions
_GRACE_S = 1.0
_STARTS = 3  # of a renderer that ends by itself

OPEN = b"O"
OPEN_SIGNED = b"S"  # the document may be a signed PDF, which takes more libraries
END = b"E"
READY = b"R"
REQUEST = struct.Struct(">cQQ")
"""What the dividing renderer is told on its standard input, a Unix socket: OPEN or OPEN_SIGNED, a number, the document's size, together
with the two ends of pipes that the new process talks by; END and a number. It says READY once, before the first of them."""
_PDF_BEGINS = re.compile(rb"[\x00-\xff]{0,1024}?%PDF-")
_PDF_IS_SIGNED = re.compile(rb"/[B#][^\x00\t\n\f\r /()<>\[\]{}%]{8,26}[\x00\t\n\f\r ]*\[")

_DIGEST = re.compile(r"(?:[0-9a-f]{64})?", re.ASCII)
_KEY = re.compile(r"[a-z0-9-]{0,30}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{12}", re.ASCII)
_PERSON_OR_ORGANISATION = re.compile(r"(?:[0-9]{12})?", re.ASCII)
_SPACES = str.maketrans("\t\n\r\v\f\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}", "       ")
_CAN_DIVIDE = sys.platform != "win32"

_log = logging.getLogger(__name__)
T = TypeVar("T")


class _Closed(Exception):
    """Nobody wants answers any more."""


class _NoAnswer(Exception):
    """A process gave no answer that counts."""

    def __init__(self, why: preview.Why, cause: Exception | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.cause = cause


class Previews:
    """What can be seen of `documents`, which are called `names`. Nothing here raises, whatever the documents are.

    After `begin`, `on_answer` gets a Known for each document in order, and an answer for each question; what can't be opened is of kind
    "unknown", with the reason. Where the overview says that it is growing, more of them follow until one is not. The octets are held, not copied; the caller must not change them.
    """

    def __init__(
        self,
        documents: Sequence[bytes | memoryview],
        names: Sequence[str],
        on_answer: OnAnswer,
        command: Sequence[str] = programs.renderer(),
        answer_s: float = ANSWER_S,
    ) -> None:
        self._documents = [
            _Document(octets, names[number] if number < len(names) else "")
            for number, octets in enumerate(documents)
        ]
        self._on_answer = on_answer
        self._renderers = _Renderers(command, answer_s)
        self._questions: queue.SimpleQueue[preview.Question | None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._waiting_questions = 0
        self._busy: set[int] = set()
        self._at_hand: collections.OrderedDict[int, _Process] = collections.OrderedDict()
        self._is_closed = False
        self._answering = threading.Lock()

    def begin(self) -> None:
        """Starts to find out what the documents are, in threads."""
        for name, work in (("overviews", self._give_overviews), ("questions", self._serve_questions)):
            threading.Thread(target=work, name=f"previews: {name}", daemon=True).start()

    def ask(self, question: preview.Question) -> None:
        """From any thread. The answer comes before the overviews that are still to come."""
        with self._changed:
            if self._is_closed:
                return
            self._waiting_questions += 1
        self._questions.put(question)

    def close(self) -> None:
        """Ends the renderer and everything it does. From any thread, more than once. No answer is begun after this."""
        with self._changed:
            self._is_closed = True
            left = list(self._at_hand.values())
            self._at_hand.clear()
            self._changed.notify_all()
        self._questions.put(None)
        self._renderers.close()
        for process in left:
            process.end()

    def _give_overviews(self) -> None:
        with contextlib.suppress(_Closed):
            for number in range(len(self._documents)):
                self._wait_for_questions()
                with self._alone_with(number) as document:
                    self._look(number, document)
                self._read_on(number)
            while True:  # what was entered, or was left, may grow too; and a process may end with the thread that started it
                self._read_on(self._next_growing())

    def _read_on(self, number: int) -> None:
        """Lets a document grow until all of it is known. Questions go before each piece. Raises _Closed."""
        while True:
            self._wait_for_questions()
            with self._alone_with(number) as document:
                if not document.is_growing:
                    return
                self._grow(number, document)

    def _next_growing(self) -> int:
        """Waits for a document that grows. Raises _Closed."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_closed or any(each.is_growing for each in self._documents)
            )
            if self._is_closed:
                raise _Closed
            return next(number for number, each in enumerate(self._documents) if each.is_growing)

    def _grow(self, number: int, document: "_Document") -> None:
        """Reads one piece more of a document and tells of it. Raises _Closed."""
        assert document.overview is not None
        try:
            document.overview = self._read_piece(number, document)
        except _NoAnswer as none:
            self._note(none)
            document.overview = dataclasses.replace(
                document.overview, is_growing=False, why=none.why or "broken"
            )
        self._answer(preview.Known(number, document.overview, document.place))

    def _read_piece(self, number: int, document: "_Document") -> preview.Overview:
        """What is known of it after that. Raises _NoAnswer, also for one that never ends."""
        document.pieces += 1
        if document.pieces > MAX_PIECES:
            raise _NoAnswer("timed-out")
        process = self._process_of(number, document)
        process.step(preview.Look(0))
        self._keep(number, process)
        return process.overview

    def _wait_for_questions(self) -> None:
        """Questions go first. Raises _Closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._waiting_questions == 0)
            if self._is_closed:
                raise _Closed

    def _serve_questions(self) -> None:
        with contextlib.suppress(_Closed):
            while (question := self._questions.get()) is not None:
                try:
                    self._serve(question)
                finally:
                    with self._changed:
                        self._waiting_questions -= 1
                        self._changed.notify_all()

    def _serve(self, question: preview.Question) -> None:
        """Gives the answer to a question. Raises _Closed."""
        if not 0 <= question.document < len(self._documents) or not _is_sensible(question):
            self._answer(preview.Unshown(question.document, "broken"))
            return
        with self._alone_with(question.document) as document:
            self._look(question.document, document)
            assert document.overview is not None
            if isinstance(question, preview.Look):
                self._answer(preview.Known(question.document, document.overview, document.place))
                return
            try:
                answer, pixels = self._ask(question, document)
            except _NoAnswer as none:
                self._note(none)
                self._answer(preview.Unshown(question.document, none.why))
                return
            if isinstance(answer, preview.Known):
                document.move(question, answer)
            self._answer(dataclasses.replace(answer, document=question.document), pixels)

    def _look(self, number: int, document: "_Document") -> None:
        """Finds out what a document is and tells of it, if that is not done yet. Raises _Closed."""
        if document.overview is not None:
            return
        try:
            process = self._open(document)
            document.overview = process.overview
            self._keep(number, process)
        except _NoAnswer as none:
            self._note(none)
            document.failure = none.why
            document.overview = preview.Overview("unknown", size=len(document.octets), why=none.why)
        self._answer(preview.Known(number, document.overview))

    def _ask(self, question: preview.Question, document: "_Document") -> tuple[preview.Answer, bytes]:
        """What the document's process says to a question. Raises _NoAnswer."""
        if document.failure:
            raise _NoAnswer(document.failure)
        if isinstance(question, preview.Leave) and not document.entered:
            raise _NoAnswer("broken")
        process = self._process_of(question.document, document)
        match question:
            case preview.Enter(_, row):
                self._grow_to(row, process)
                if not document.entered:
                    self._finish(question.document, document, process)
            case preview.Read(_, start, count):
                self._grow_to(start + count - 1, process)
        answer, pixels = process.ask(question)
        self._keep(question.document, process)
        return answer, pixels

    def _finish(self, number: int, document: "_Document", process: "_Process") -> None:
        """Reads on to the end of a document before something in it is entered: who looks at that hears no more of what it lies in, and
        what was not read by then is said to be missing. Raises _NoAnswer, _Closed."""
        if not document.is_growing:
            return
        until = time.monotonic() + ANSWER_S
        while process.overview.is_growing and time.monotonic() < until and not self._is_closed:
            process.step(preview.Look(0))
        document.overview = process.overview
        if document.overview.is_growing:
            document.overview = dataclasses.replace(document.overview, is_growing=False, why="timed-out")
        try:
            self._answer(preview.Known(number, document.overview, document.place))
        except _Closed:
            process.end()  # nobody keeps it any more
            raise

    def _process_of(self, number: int, document: "_Document") -> "_Process":
        """The process that is at hand; or else a new one, in the place where the person is. Raises _NoAnswer."""
        process = self._take(number)
        if process is None:
            process = self._open(document)
            for row in document.entered:
                self._grow_to(row, process)
                process.step(preview.Enter(0, row))
        return process

    def _grow_to(self, row: int, process: "_Process") -> None:
        """Lets a process read as far as this row: one that is new has not read as much as the one before it. Raises _NoAnswer."""
        until = time.monotonic() + 3 * ANSWER_S
        for _ in range(MAX_PIECES):
            if time.monotonic() > until:
                process.end()
                raise _NoAnswer("timed-out")
            if not process.overview.is_growing or process.overview.rows > row or self._is_closed:
                return
            process.step(preview.Look(0))

    def _open(self, document: "_Document") -> "_Process":
        """A process for the document, which has said what that is. Raises _NoAnswer."""
        try:
            process = self._renderers.start(len(document.octets), is_signed=_may_be_signed(document.octets))
        except OSError as error:
            raise _NoAnswer("unavailable", error) from None
        process.open(document.octets, document.name)
        return process

    def _take(self, number: int) -> "_Process | None":
        with self._changed:
            return self._at_hand.pop(number, None)

    def _keep(self, number: int, process: "_Process") -> None:
        """Keeps a process at hand, and ends the one that was used the longest ago, if there are too many."""
        dropped = []
        with self._changed:
            self._at_hand[number] = process
            while len(self._at_hand) > (0 if self._is_closed else _AT_HAND):
                # One that grows would have to begin again.
                grown = [each for each in self._at_hand if not self._documents[each].is_growing]
                dropped.append(self._at_hand.pop((grown or list(self._at_hand))[0]))
        for old in dropped:
            old.end()

    @contextlib.contextmanager
    def _alone_with(self, number: int) -> Iterator["_Document"]:
        """A document that the other thread does not touch for the moment. Raises _Closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or number not in self._busy)
            if self._is_closed:
                raise _Closed
            self._busy.add(number)
        try:
            yield self._documents[number]
        finally:
            with self._changed:
                self._busy.discard(number)
                self._changed.notify_all()

    def _note(self, none: _NoAnswer) -> None:
        if none.cause is not None and not self._is_closed:
            logs.note(_log, logging.WARNING, "a renderer gave no answer that counts", error=none.cause)

    def _answer(self, answer: preview.Answer, pixels: bytes = b"") -> None:
        """Raises _Closed."""
        with self._answering:
            if self._is_closed:
                raise _Closed
            self._on_answer(answer, pixels)


@dataclasses.dataclass(slots=True)
class _Document:
    octets: bytes | memoryview = dataclasses.field(repr=False)
    name: str
    overview: preview.Overview | None = None  # of where the person is in it now
    place: tuple[str, ...] = ()
    entered: list[int] = dataclasses.field(default_factory=list)  # rows, from outside in
    failure: preview.Why = ""  # why it could not be opened
    pieces: int = 0  # in which it grew so far

    @property
    def is_growing(self) -> bool:
        return self.overview is not None and self.overview.is_growing

    def move(self, question: preview.Question, known: preview.Known) -> None:
        """Notes that an entry was entered, or left."""
        if isinstance(question, preview.Enter):
            self.entered.append(question.row)
        else:
            self.entered.pop()
        self.overview, self.place = known.overview, known.place


# --- processes ------------------------------------------------------------------------------------------------------


class _Renderers:
    """Starts a process for a document. Closed, it ends them all at once."""

    def __init__(self, command: Sequence[str], answer_s: float) -> None:
        self._command = tuple(command)
        self._answer_s = answer_s
        self._lock = threading.Lock()
        self._divider: _Divider | None = None
        self._starts = 0
        self._singles: set[subprocess.Popen[bytes]] = set()
        self._is_closed = False

    def start(self, size: int, *, is_signed: bool) -> "_Process":
        """Raises OSError."""
        if not _CAN_DIVIDE:
            return self._single()
        while True:
            divider = self._divider_now()
            try:
                source, sink, end = divider.divide(size, is_signed=is_signed)
            except OSError:
                self._let_go(divider)
            else:
                return _Process(source, sink, end, self._answer_s)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            divider, self._divider = self._divider, None
            singles = list(self._singles)
        if divider is not None:
            divider.close()
        for process in singles:
            process.kill()

    def _divider_now(self) -> "_Divider":
        """The renderer that divides itself: a new one if there is none. Raises OSError, also where it ended by itself too often."""
        with self._lock:
            if self._is_closed or (self._divider is None and self._starts == _STARTS):
                raise OSError("closed, or it ends by itself")
            if self._divider is None:
                self._starts += 1
                self._divider = _Divider(self._command)
            return self._divider

    def _let_go(self, divider: "_Divider") -> None:
        with self._lock:
            is_ours = self._divider is divider
            if is_ours:
                self._divider = None
        if is_ours:
            divider.close()

    def _single(self) -> "_Process":
        """A process for one document alone. Raises OSError."""
        with self._lock:
            if self._is_closed:
                raise OSError("closed")
            process = subprocess.Popen(
                (*self._command, "single"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                cwd=paths.CODE_ROOT,
            )
            self._singles.add(process)

        def end() -> None:
            process.kill()
            process.wait()
            with self._lock:
                self._singles.discard(process)

        assert isinstance(process.stdout, io.FileIO)  # without buffers they are
        assert isinstance(process.stdin, io.FileIO)
        return _Process(process.stdout, process.stdin, end, max(self._answer_s, START_S))


class _Divider:
    """The renderer that divides itself (agent.renderer.process.divide). Raises OSError where it can't be started or is gone."""

    def __init__(self, command: Sequence[str]) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with theirs:
                self._process = subprocess.Popen(
                    command,
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    env=programs.renderer_environment(paths.CODE_ROOT),
                    cwd=paths.CODE_ROOT,
                    start_new_session=True,  # a terminal's Ctrl+C is for the command that runs there
                )
        except OSError:
            self._socket.close()
            raise
        self._numbers = 0
        self._sending = threading.Lock()
        self._is_ready = False

    def divide(self, size: int, *, is_signed: bool) -> tuple[io.FileIO, io.FileIO, Callable[[], None]]:
        """What a new process says, what it hears, and what ends it. Raises OSError."""
        heard, sink = os.pipe()
        source, said = os.pipe()
        try:
            with self._sending:
                self._wait_until_ready()
                self._numbers += 1
                number = self._numbers
                kind = OPEN_SIGNED if is_signed else OPEN
                socket.send_fds(self._socket, [REQUEST.pack(kind, number, size)], [heard, said])
        except OSError:
            os.close(sink)
            os.close(source)
            raise
        finally:
            os.close(heard)
            os.close(said)
        return io.FileIO(source, "rb"), io.FileIO(sink, "wb"), lambda: self._end(number)

    def _wait_until_ready(self) -> None:
        """Until its libraries are loaded. Raises OSError where it ends instead, or takes too long."""
        if not self._is_ready:
            self._socket.settimeout(START_S)
            if self._socket.recv(1) != READY:
                raise OSError("the renderer did not start")
            self._socket.settimeout(None)
            self._is_ready = True

    def close(self) -> None:
        """Ends it and all that came of it."""
        with contextlib.suppress(OSError):  # it has ended
            self._socket.shutdown(socket.SHUT_RDWR)
        if sys.platform != "linux":  # where it ends the others itself, at the end of what it hears
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_S)
        self._process.kill()
        self._process.wait()
        with self._sending:
            self._socket.close()

    def _end(self, number: int) -> None:
        with contextlib.suppress(OSError), self._sending:  # gone, and so is what came of it
            self._socket.sendall(REQUEST.pack(END, number, 0))


class _Process:
    """The process of one document. It is ended as soon as it gives no answer that counts. `overview` is what it said last."""

    def __init__(
        self,
        source: io.FileIO,
        sink: io.FileIO,
        end: Callable[[], None],
        answer_s: float,
    ) -> None:
        self._source = source
        self._sink = sink
        self._end = end
        self._answer_s = answer_s
        self.overview = preview.Overview("unknown")

    def open(self, octets: bytes | memoryview, name: str) -> None:
        """Lets it find out what the document is. Raises _NoAnswer."""
        with self._in_time(self._answer_s):
            with contextlib.suppress(BrokenPipeError):  # it ended before it heard all, and may have said why
                self._write(preview.Open(letters.visible(name)[: preview.MAX_FACT], len(octets)))
                view = memoryview(octets).cast("B")
                for start in range(0, len(view), pipes.CHUNK_BYTES):
                    chunk = view[start : start + pipes.CHUNK_BYTES]
                    self._write_all(pipes.pack_header(pipes.DATA, len(chunk)))
                    self._write_all(chunk)
            answer = self._read()
            if isinstance(answer, preview.Unshown):
                raise _NoAnswer(answer.why or "broken")
            if not isinstance(answer, preview.Known):
                raise ProtocolError("a document was sent, and something else than an overview came")
            self.overview = _overview(answer.overview)

    def step(self, question: preview.Enter | preview.Look) -> None:
        """Into an entry, or further in what it reads. Raises _NoAnswer where it says no."""
        answer, _ = self.ask(question)
        if isinstance(answer, preview.Unshown):
            self.end()
            raise _NoAnswer(answer.why or "broken")

    def ask(self, question: preview.Question) -> tuple[preview.Answer, bytes]:
        """The answer to a question, and the pixels of a drawing. Raises _NoAnswer where there is none."""
        with self._in_time(self._answer_s):
            self._write(dataclasses.replace(question, document=0))
            answer = self._read()
            if isinstance(answer, preview.Unshown):
                return answer, b""
            if isinstance(answer, preview.Drawn) and isinstance(question, preview.Draw):
                return answer, self._pixels(answer, question)
            if isinstance(answer, preview.RowsRead) and isinstance(question, preview.Read):
                return _rows(answer, question), b""
            if isinstance(answer, preview.Known) and isinstance(
                question, preview.Enter | preview.Leave | preview.Look
            ):
                place = tuple(_text(name) for name in answer.place[: preview.MAX_LIST])
                self.overview = _overview(answer.overview)
                return preview.Known(0, self.overview, place), b""
            raise ProtocolError("an answer to another question")

    def end(self) -> None:
        """Ends it, at once."""
        self._end()
        self._source.close()
        self._sink.close()

    @contextlib.contextmanager
    def _in_time(self, seconds: float) -> Iterator[None]:
        """Ends the process where the block takes longer, or fails. Raises _NoAnswer."""
        is_late = threading.Event()

        def give_up() -> None:
            is_late.set()
            self._end()

        timer = threading.Timer(seconds, give_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, ProtocolError, RecursionError) as error:  # the last where JSON is too deep
            self.end()
            raise _NoAnswer("timed-out" if is_late.is_set() else "crashed", error) from None
        except _NoAnswer:
            self.end()
            raise
        finally:
            timer.cancel()

    def _read(self) -> preview.Answer:
        """Raises ProtocolError, OSError."""
        read = pipes.read_frame(self._source)
        if read is None or read[0] != pipes.JSON:
            raise ProtocolError("the end, or something else than a message")
        answer = prompts.from_message(pipes.unpack_json(read[1]))
        if not isinstance(answer, preview.Answer):
            raise ProtocolError("a message that is no answer")
        return answer

    def _pixels(self, drawn: preview.Drawn, question: preview.Draw) -> bytes:
        """Raises ProtocolError, OSError."""
        size = drawn.width * drawn.height * 3
        if (
            drawn.page != question.page
            or not 0 < drawn.width <= question.width
            or drawn.height < 1
            or size > preview.MAX_DRAWING_BYTES
        ):
            raise ProtocolError("a drawing of another page, or out of bounds")
        pixels = bytearray()
        while len(pixels) < size:
            read = pipes.read_frame(self._source)
            if read is None or read[0] != pipes.DATA or not 0 < len(read[1]) <= size - len(pixels):
                raise ProtocolError("pixels were announced, and something else came")
            pixels += read[1]
        return bytes(pixels)

    def _write(self, message: preview.Open | preview.Question) -> None:
        self._write_all(pipes.pack_json(prompts.to_message(message)))

    def _write_all(self, octets: bytes | memoryview) -> None:
        view = memoryview(octets)
        while view:
            view = view[self._sink.write(view) :]


def _may_be_signed(octets: bytes | memoryview) -> bool:
    """Whether it is a PDF with something in it that looks like /ByteRange, in any spelling."""
    return _PDF_BEGINS.match(octets) is not None and _PDF_IS_SIGNED.search(octets) is not None


# --- what counts ----------------------------------------------------------------------------------------------------


def _is_sensible(question: preview.Question) -> bool:
    match question:
        case preview.Draw(_, page, width):
            return 0 <= page < preview.MAX_PAGES and 0 < width <= preview.MAX_WIDTH
        case preview.Read(_, start, count):
            return 0 <= start < MAX_ROWS_IN_ALL and 0 < count <= preview.MAX_ROWS
        case preview.Enter(_, row):
            return 0 <= row < MAX_ROWS_IN_ALL
        case _:
            return True


def _overview(said: preview.Overview) -> preview.Overview:
    """The same, bounded. Raises ProtocolError where a number is out of range."""
    _demand(0 <= said.size < 1 << 48, "the size")
    _demand(0 <= said.rows < MAX_ROWS_IN_ALL, "the number of rows")
    _demand(len(said.pages) <= preview.MAX_PAGES, "the number of pages")
    _demand(
        all(0 < page.width <= MAX_POINTS and 0 < page.height <= MAX_POINTS for page in said.pages),
        "a page's size",
    )
    _demand(bool(_DIGEST.fullmatch(said.digest)), "the digest")
    _demand(bool(_KEY.fullmatch(said.form)), "the form")
    _demand(all(_KEY.fullmatch(wrapper) for wrapper in said.wrappers), "a wrapper")
    _demand(all(_NUMBER.fullmatch(party.number) for party in said.parties), "a party's number")
    _demand(
        all(
            _PERSON_OR_ORGANISATION.fullmatch(number)
            for signer in said.signers
            for number in (signer.iin, signer.bin)
        ),
        "a signer's number",
    )
    return dataclasses.replace(
        said,
        format=_text(said.format),
        wrappers=_first(said.wrappers),
        facts=tuple(preview.Lifted(fact.name, _text(fact.value)) for fact in _first(said.facts)),
        parties=tuple(
            preview.Party(party.role, party.number, _text(party.name)) for party in _first(said.parties)
        ),
        signers=tuple(
            dataclasses.replace(
                signer,
                owner=_text(signer.owner),
                organisation=_text(signer.organisation),
                time=_text(signer.time),
            )
            for signer in _first(said.signers)
        ),
        flags=tuple(preview.Flag(flag.code, _text(flag.place)) for flag in _first(said.flags)),
        attachments=tuple(_text(name) for name in _first(said.attachments)),
    )


def _rows(said: preview.RowsRead, question: preview.Read) -> preview.RowsRead:
    """Raises ProtocolError."""
    _demand(said.start == question.start and len(said.rows) <= question.count, "the number of rows")
    _demand(all(0 <= row.depth < 1000 for row in said.rows), "a row's depth")
    return preview.RowsRead(
        0,
        said.start,
        tuple(
            dataclasses.replace(row, label=_text(row.label), value=_text(row.value, preview.MAX_TEXT))
            for row in said.rows
        ),
    )


def _demand(is_so: bool, what: str) -> None:
    if not is_so:
        raise ProtocolError(f"a renderer's answer is out of range: {what}")


def _text(said: str, limit: int = preview.MAX_FACT) -> str:
    """Bounded, on one line, with nothing that hides or reorders."""
    return letters.visible(said[:limit].translate(_SPACES))


def _first(many: tuple[T, ...]) -> tuple[T, ...]:
    return many[: preview.MAX_LIST]
