"""The person at a window, which is a process of its own (`python -m tray window`) at the other end of two pipes.

The window starts before anybody is asked: a process that waits shows itself in a fraction of the time that a fresh one takes. One
thread reads what it says and hands on what it wants to see (agent.user.showing); the renderer's thread writes what is to be seen,
while the thread that asks waits, opens a key or signs. All else happens in the thread that asks. Messages go out whole, one after
the other, so a window that hangs holds up whoever writes to it until it is killed: by `leave`, or when time is up. What the person
says is heard all the same, progress is told only where nobody else is writing, and the last word waits a moment at most.

The window's password comes in a frame of its own and goes from the pipe into the one bytearray of a Secret. Whatever it says that nobody
takes (too late, twice, to another question) is thrown away here, and the passwords in it are wiped.
"""

import contextlib
import io
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from agent import paths
from agent.errors import AgentError, NoOneToAsk, TimedOut, UserCancelled, WindowFailed
from agent.secret import Secret
from agent.user.base import ANSWERS, Answer, Content, Named, Opened, PageLeft, Prompt, Retyped
from agent.user.showing import Render, Showing
from protocol import pipes, preview, prompts
from protocol.errors import PipeBroken, ProtocolError

Seen: TypeAlias = prompts.Shown | prompts.Activity
_Said: TypeAlias = prompts.FromWindow | Opened | Named | Retyped

# How the window's program ends where it has nothing to show itself on (see tray/startup.py): no display, no Qt.
_NOTHING_TO_SHOW_ON = (3, 4)
_ABORTED = -6  # Qt gives up on a display this way, before a window is shown
_GRACE_S = 1.0
_TELL_GRACE_S = 5.0  # for a drawing that is just on its way, before the last word is told
_PROGRESS_EVERY_S = 0.1
LINGER_S = 125.0  # the window closes by itself before, unless it hangs


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a person may take: without touching the window, and in all."""

    idle_s: float = 5 * 60.0
    total_s: float = 30 * 60.0


class _Event:
    """What happens while the thread that asks waits: one of the subclasses, or a message of the window."""


@dataclass(frozen=True, slots=True)
class _Left(_Event):
    pass


@dataclass(frozen=True, slots=True)
class _Waiting(_Event):
    count: int


@dataclass(frozen=True, slots=True)
class _Ended(_Event):
    process: "subprocess.Popen[bytes]"
    complaint: str


class WindowUser:
    """Asks through the window that `command` starts. `notice` hears, in the asking thread, when it is shown and touched.

    `render` makes what looks into documents (agent.previews.Previews); without it their content can't be shown.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        limits: Limits = Limits(),
        notice: Callable[[Seen], None] = lambda _: None,
        render: Render | None = None,
    ) -> None:
        self._command = tuple(command)
        self._limits = limits
        self._notice = notice
        self._render = render
        self._showing = self._made_showing((), (), None)
        self._writing = threading.Lock()
        self._events: queue.SimpleQueue[_Event | _Said] = queue.SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_over = threading.Event()  # the window's output ended, or nobody may look at it any more
        self._was_shown = False
        self._has_left = False
        self._is_told = False
        self._is_closed = threading.Event()  # nobody takes what the window says any more
        self._progress_told = float("-inf")
        self._deadline: float | None = None
        self._watchdog: threading.Timer | None = None

    def start(self) -> None:
        """Starts the window's process, which shows nothing yet. Raises NoOneToAsk."""
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                cwd=paths.CODE_ROOT,  # never the caller's folder: a module planted there would be the window
            )
        except OSError as error:
            raise NoOneToAsk(f"the window can't be started: {error.strerror}") from error
        self._process = process
        self._is_over = threading.Event()
        arguments = (process, self._is_over)
        threading.Thread(target=self._read, args=arguments, name="window reader", daemon=True).start()

    def lay_open(self, contents: Sequence[Content], names: Sequence[str]) -> None:
        """The renderer starts once the window is on the screen with the first question about them: never for nobody."""
        self._showing.close()
        self._showing = self._made_showing(contents, names, self._render)

    def seen(self) -> frozenset[int]:
        return self._showing.seen()

    def _made_showing(
        self, contents: Sequence[Content], names: Sequence[str], render: Render | None
    ) -> Showing:
        made = Showing(contents, names, render, lambda answer, pixels: self._show(made, answer, pixels))
        return made

    def ask(self, prompt: Prompt) -> Answer:
        self._begin()
        self._send(prompt)
        is_about_documents = isinstance(prompt, prompts.OpenKey | prompts.Approve | prompts.ChooseKey)
        if is_about_documents and self._was_shown:
            self._showing.begin()
        idle_since = time.monotonic()
        while True:
            event = self._next_event(idle_since)
            match event:
                case _Left():
                    raise PageLeft
                case _Ended(process, complaint):
                    if process is self._process:  # not a spare that died before anybody was asked
                        raise self._why_it_ended(complaint)
                case _Waiting(count):
                    self._send(prompts.Waiting(count))
                case prompts.Shown() | prompts.Activity():
                    self._was_shown = True
                    idle_since = time.monotonic()
                    if is_about_documents:
                        self._showing.begin()
                    self._notice(event)
                case prompts.Cancelled():
                    raise UserCancelled
                case _ if isinstance(event, ANSWERS[type(prompt)]):
                    return event
                case _:
                    _throw_away(event)
                    raise WindowFailed(
                        f"the window answered {type(prompt).__name__} with {type(event).__name__}"
                    )

    def tell(self, message: prompts.Progress | prompts.Finished) -> None:
        if self._process is None or self._has_left or self._is_told:  # the first last word counts
            return
        if isinstance(message, prompts.Progress):
            self._tell_progress(message)
            return
        self._is_told = True
        self._showing.close()
        with self._writing_soon(self._process, _TELL_GRACE_S), contextlib.suppress(OSError):
            self._write(pipes.pack_json(prompts.to_message(message)))

    def wait_behind(self, count: int) -> None:
        self._events.put(_Waiting(count))

    def leave(self) -> None:
        self._has_left = True
        self._events.put(_Left())
        self._kill()  # the thread that asks may be stuck in a write to a window that hangs
        self._is_over.set()

    def still_there(self) -> None:
        """Also raises UserCancelled: the window can be closed while the agent works."""
        if self._has_left:
            raise PageLeft
        with contextlib.suppress(queue.Empty):
            while True:
                event = self._events.get_nowait()
                _throw_away(event)  # whatever else it says now, the person has approved
                if isinstance(event, prompts.Cancelled):
                    raise UserCancelled

    def close(self) -> None:
        """Ends the window. One that was told how it ended stays until it is read, or `leave`: no other may stand beside it."""
        self._showing.close()
        if self._watchdog is not None:
            self._watchdog.cancel()
        self._is_closed.set()
        self._throw_all_away()
        if self._process is None:
            return
        if self._is_told:
            self._is_over.wait(LINGER_S)
        self._close_input(self._process)
        self._reap(self._process)

    def _throw_all_away(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                _throw_away(self._events.get_nowait())

    def _begin(self) -> None:
        """The first question starts the clock, and the window if it did not survive the wait for it."""
        if self._has_left:
            raise PageLeft
        if self._deadline is None and self._process is not None and self._process.poll() is not None:
            self._close_input(self._process)
            self._process = None
        if self._process is None:
            self.start()
        if self._deadline is None:
            self._deadline = time.monotonic() + self._limits.total_s
            self._watchdog = threading.Timer(self._limits.total_s, self._kill)
            self._watchdog.daemon = True
            self._watchdog.start()

    def _next_event(self, idle_since: float) -> _Event | _Said:
        assert self._deadline is not None
        until = min(self._deadline, idle_since + self._limits.idle_s)
        try:
            return self._events.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            raise TimedOut("the person did not answer in time") from None

    def _send(self, message: prompts.ToWindow) -> None:
        frame = pipes.pack_json(prompts.to_message(message))
        try:
            with self._writing:
                self._write(frame)
        except OSError as error:
            if self._has_left:
                raise PageLeft from error
            raise self._why_it_ended("") from error

    def _tell_progress(self, message: prompts.Progress) -> None:
        """Not each of thousands of steps, and not where it would have to wait: the next step or the end says more."""
        now = time.monotonic()
        if message.done < message.total and now < self._progress_told + _PROGRESS_EVERY_S:
            return
        if not self._writing.acquire(blocking=False):
            return
        self._progress_told = now
        try:
            # A window that is gone is no reason to stop: the person said yes.
            with contextlib.suppress(OSError):
                self._write(pipes.pack_json(prompts.to_message(message)))
        finally:
            self._writing.release()

    def _show(self, showing: Showing, answer: preview.Answer, pixels: bytes) -> None:
        """Any thread: what is to be seen of a document. Who asks finds out by themselves where the window is gone.

        What had to wait until others had written may be about documents that others have taken the place of. The window knows documents by
        their numbers, and would show it beside the new ones: so it is left out."""
        try:
            frame = pipes.pack_json(prompts.to_message(answer))
        except ValueError:  # over what a frame holds
            frame = pipes.pack_json(prompts.to_message(preview.Unshown(answer.document, "too-large")))
            pixels = b""
        with self._writing, contextlib.suppress(OSError):
            if showing is not self._showing:
                return
            if self._process is None or self._process.stdin is None or self._process.stdin.closed:
                return
            self._write(frame)
            view = memoryview(pixels)
            for start in range(0, len(view), pipes.CHUNK_BYTES):
                chunk = view[start : start + pipes.CHUNK_BYTES]
                self._write(pipes.pack_header(pipes.DATA, len(chunk)))
                self._write(chunk)

    def _write(self, octets: bytes | memoryview) -> None:
        """For who holds the lock. Raises OSError."""
        assert self._process is not None
        assert self._process.stdin is not None
        view = memoryview(octets)
        while view:
            view = view[self._process.stdin.write(view) :]

    @contextlib.contextmanager
    def _writing_soon(self, process: "subprocess.Popen[bytes]", grace_s: float) -> Iterator[None]:
        """The lock for a block. A window that keeps another writer waiting for so long hangs, and is killed."""
        if not self._writing.acquire(timeout=grace_s):
            with contextlib.suppress(OSError):
                process.kill()
            self._writing.acquire()  # the other's write has failed by now
        try:
            yield
        finally:
            self._writing.release()

    def _read(self, process: "subprocess.Popen[bytes]", is_over: threading.Event) -> None:
        """The reader's thread: everything that the window says, and its end."""
        stdout = cast("io.FileIO", process.stdout)  # which it is without a buffer
        complaint = "reading from the window failed"
        try:
            with stdout:
                while (frame := pipes.read_frame(stdout)) is not None:
                    message = _message_of(frame, stdout)
                    if isinstance(message, preview.Question):
                        self._showing.ask(message)
                    else:
                        self._events.put(message)
                        if self._is_closed.is_set():  # it came after those that were thrown away
                            self._throw_all_away()
            complaint = ""
        except (ProtocolError, OSError) as error:
            complaint = str(error)
        finally:
            self._events.put(_Ended(process, complaint))
            is_over.set()

    def _why_it_ended(self, complaint: str) -> AgentError:
        assert self._process is not None
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return TimedOut("the approval took longer than it may")
        status = self._reap(self._process)
        if status in _NOTHING_TO_SHOW_ON or (status == _ABORTED and not self._was_shown):
            return NoOneToAsk(f"no window could be shown, its program ended with {status}")
        return WindowFailed(complaint or f"the window's program ended with {status}")

    def _kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.kill()

    def _reap(self, process: subprocess.Popen[bytes]) -> int:
        """Its exit status; a process that goes on without its pipes is killed."""
        try:
            return process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._kill()
            return process.wait()

    def _close_input(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin is not None
        with self._writing_soon(process, _GRACE_S), contextlib.suppress(OSError):
            process.stdin.close()


def _message_of(frame: tuple[bytes, bytearray], stdout: io.FileIO) -> _Said:
    """What a frame says; KeyOpened, KeyNamed and PasswordsTyped together with the passwords that follow them. Raises ProtocolError."""
    kind, payload = frame
    if kind != pipes.JSON:
        payload[:] = bytes(len(payload))
        raise PipeBroken(f"a {kind!r} frame, a message expected")
    message = prompts.from_message(pipes.unpack_json(payload))
    if isinstance(message, prompts.KeyOpened):
        return Opened(message.path, message.storage, _password(stdout))
    if isinstance(message, prompts.KeyNamed):
        return Named(message.path, _password(stdout))
    if isinstance(message, prompts.PasswordsTyped):
        old = _password(stdout)
        try:
            return Retyped(old, _password(stdout), message.keep_copy, message.path)
        except BaseException:
            old.wipe()
            raise
    if isinstance(message, prompts.ToWindow | preview.Open):
        raise PipeBroken(f"the window asks back: {type(message).__name__}")
    return message


def _password(stdout: io.FileIO) -> Secret:
    frame = pipes.read_frame(stdout)
    if frame is None:
        raise PipeBroken("no password after a key file")
    kind, payload = frame
    if kind != pipes.SECRET:
        payload[:] = bytes(len(payload))  # it may be one all the same
        raise PipeBroken("no password after a key file")
    return Secret(payload)


def _throw_away(event: "_Event | _Said") -> None:
    if isinstance(event, Opened | Named | Retyped):
        event.wipe()
