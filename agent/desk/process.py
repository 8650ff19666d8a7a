"""The desk's process: starts the window, hands on what it says to the pages, and what the pages say to it.

Every page has a thread of its own, started with the first message for it: a page that searches a long journal holds up no other. What
a page can't do (AgentError) is told to the window as Trouble. A page that has a mistake in it is Trouble, too; it is made anew
with the next message, and its mistake goes to standard error.

The window's process is started, and listened to, in the main thread: on Linux it ends with the thread that started it.
"""

import contextlib
import dataclasses
import importlib
import logging
import queue
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

from agent import logs, paths, programs
from agent.config import BadConfig, Config
from agent.control import EndpointUnavailable
from agent.desk import base, endpoint, reminders
from agent.desk.base import NotShown
from agent.errors import AgentError, NoOneToAsk, WindowFailed
from agent.instance import AlreadyRunning, Lock
from agent.key_library import KeyLibrary
from protocol import pipes
from protocol.desk import files, frame, messages
from protocol.errors import PipeBroken, ProtocolError

# Where each page is made; the window has the same ones in tray/desk/window.py. A page's libraries are loaded when the person first comes to it.
PAGES: Mapping[frame.Page, str] = {
    name: f"agent.desk.{name}" for name in ("files", "keys", "history", "sites", "doctor", "settings")
}
# How the window's program ends where it has nothing to show itself on (see tray/startup.py): no display, no Qt, Qt gave up.
_NOTHING_TO_SHOW_ON = (3, 4, -6)
_GRACE_S = 3.0
_MAX_DETAIL = 2000  # characters of what went wrong

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Options:
    """How the desk is opened. `load` reads the settings as they are now; `command` starts one of our commands."""

    load: Callable[[], Config]
    version: str
    summons: frame.Summons
    command: Sequence[str] = programs.agent()
    window_command: Sequence[str] = programs.desk()
    pages: Mapping[frame.Page, str] = dataclasses.field(default_factory=lambda: PAGES)


def run(options: Options) -> None:
    """Opens the desk, until the person closes it. Where it is open already, that one comes to the front instead.

    Raises NoOneToAsk where nothing can be shown, WindowFailed where the window broke, NotRunning where the desk that is open does
    not answer, BadConfig.
    """
    settings = options.load()
    try:
        lock = Lock.take(settings.paths.desk_lock)
    except AlreadyRunning:
        endpoint.summon(settings.paths.desk_socket, options.summons)
        return
    with lock:
        _Process(options, settings).run()


class _Process:
    def __init__(self, options: Options, settings: Config) -> None:
        self._options = options
        self._settings = settings
        self._window: subprocess.Popen[bytes] | None = None
        self._writing = threading.Lock()
        self._is_over = False  # who writes to the window closes what leads there
        self._refreshing = threading.Lock()
        self._desk = base.Desk(
            paths=settings.paths,
            send=self._send,
            now=lambda: datetime.now(UTC),
            language=settings.language,
            command=options.command,
            home=Path.home(),
        )
        self._beside: list[threading.Thread] = []
        self._reminders = reminders.Reminders(
            KeyLibrary(settings.paths.key_library), self._send, self._desk.now
        )
        self._pages: dict[str, _PageThread] = {
            name: _PageThread(name, module, self._desk, self._refresh)
            for name, module in options.pages.items()
        }

    def run(self) -> None:
        """From the window's start to its end. Raises as `run` above."""
        settings, summons = self._settings, self._options.summons
        try:
            window = subprocess.Popen(
                self._options.window_command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                cwd=paths.CODE_ROOT,
            )
        except OSError as error:
            raise NoOneToAsk(f"the window can't be started: {error.strerror}") from error
        self._window = window
        door = endpoint.Endpoint(settings.paths.desk_socket, self._summoned)
        complaint = ""
        try:
            self._send(
                frame.Begin(summons.page, settings.language, self._options.version, theme=settings.theme)
            )
            self._hand_over(summons)
            self._aside(self._reminders.opened)
            self._open(door)
            self._listen(window)
        except (ProtocolError, OSError) as error:
            complaint = str(error)
        finally:
            door.close()
            self._desk.has_ended.set()
            for page in self._pages.values():
                page.end()
            for thread in self._beside:
                thread.join(_GRACE_S)
            status = self._end(window)
        if status in _NOTHING_TO_SHOW_ON:
            raise NoOneToAsk(f"no window could be shown, its program ended with {status}")
        if complaint or status:
            raise WindowFailed(complaint or f"the window's program ended with {status}")

    @staticmethod
    def _open(door: endpoint.Endpoint) -> None:
        try:
            door.open()
        except EndpointUnavailable as error:  # the desk works without it
            logs.note(_log, logging.WARNING, "the desk can't be called to the front", error=error)

    def _listen(self, window: "subprocess.Popen[bytes]") -> None:
        """Until the window's output ends. Raises ProtocolError, OSError."""
        stdout = cast("pipes.ReadableInto", window.stdout)
        while (got := pipes.read_frame(stdout)) is not None:
            kind, payload = got
            if kind != pipes.JSON:
                raise PipeBroken(f"a {kind!r} frame, a message expected")
            message = messages.from_message(pipes.unpack_json(payload))
            if isinstance(message, frame.Reminded):
                self._aside(self._reminders.closed, message.keys)
                continue
            name = message.page if isinstance(message, frame.Opened) else messages.page_of(message)
            page = self._pages.get(name)
            if page is None:
                raise PipeBroken(f"the window says {type(message).__name__}")
            page.put(message)

    def _aside(self, work: Callable[..., None], *values: Any) -> None:
        """Does what may take a while, while who asks for it goes on to listen."""
        thread = threading.Thread(target=work, args=values, name=f"desk {work.__name__}", daemon=True)
        self._beside = [*filter(threading.Thread.is_alive, self._beside), thread]
        thread.start()

    def _end(self, window: "subprocess.Popen[bytes]") -> int:
        assert window.stdin is not None
        assert window.stdout is not None
        self._close_input(window.stdin)
        try:
            status = window.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            window.kill()
            status = window.wait()
        self._close_input(window.stdin)
        window.stdout.close()
        return status

    def _close_input(self, stdin: IO[bytes]) -> None:
        """Without waiting for a thread that is stuck in a write until the window is gone, and longer where others read there too: that
        thread closes it itself when its write ends."""
        self._is_over = True
        if self._writing.acquire(timeout=_GRACE_S):
            stdin.close()
            self._writing.release()

    # --- to the window --------------------------------------------------------------------------------------------

    def _send(self, message: Any) -> None:
        """See agent.desk.base.Desk."""
        octets = _packed(message)
        window = self._window
        if window is None or window.stdin is None:
            return
        with self._writing:
            with contextlib.suppress(OSError, ValueError):  # gone, or closed by us
                view = memoryview(octets)
                while view:
                    view = view[window.stdin.write(view) :]
            if self._is_over:
                window.stdin.close()

    def _summoned(self, summons: frame.Summons) -> None:
        """The endpoint's thread: the desk was opened once more. What a page says is passed over until it is shown, so that comes first."""
        self._refresh()
        self._send(frame.Show(summons.page))
        self._hand_over(summons)
        self._aside(self._reminders.opened)

    def _hand_over(self, summons: frame.Summons) -> None:
        page = self._pages.get("files")
        if page is not None and (summons.paths or summons.refused):
            page.put(files.Add(summons.paths, summons.wish, summons.refused))

    def _refresh(self) -> None:
        """Tells the window of a language or colours that changed. From any thread."""
        with self._refreshing:
            try:
                settings = self._options.load()
            except BadConfig as error:  # somebody writes in the file just now: as before
                logs.note(_log, logging.WARNING, "the settings can't be read", error=error)
                return
            before, self._settings = self._settings, settings
            if settings.theme != before.theme:
                self._send(frame.Dressed(settings.theme))
            if settings.language != before.language:
                self._desk.language = settings.language
                self._send(frame.Spoken(settings.language))


def _packed(message: Any) -> bytes:
    """The frame of a message. What no frame holds is never passed over in silence: the page says that it can't be shown."""
    try:
        return pipes.pack_json(messages.to_message(message))
    except ValueError as error:  # too long, or a name that is no text
        logs.note(
            _log, logging.ERROR, "a page says what no message holds", kind=type(message).__name__, error=error
        )
        if isinstance(message, frame.Trouble):
            trouble = frame.Trouble(message.page, message.code)
        else:
            trouble = frame.Trouble(cast("frame.Page", messages.page_of(message)), NotShown.code)
        return pipes.pack_json(messages.to_message(trouble))


class _PageThread:
    """What comes for one page, in order."""

    def __init__(self, name: frame.Page, module: str, desk: base.Desk, refresh: Callable[[], None]) -> None:
        self._name = name
        self._module = module
        self._desk = desk
        self._refresh = refresh
        self._messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, message: Any) -> None:
        self._messages.put(message)
        with self._guard:
            if self._thread is None:
                self._start()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._work, name=f"page {self._name}", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Nothing more will come. What the page does just now may take a moment: `has_ended` tells it."""
        thread = self._thread
        if thread is not None:
            self._messages.put(None)
            thread.join(_GRACE_S)

    def _work(self) -> None:
        page: base.Page | None = None
        try:
            while (message := self._messages.get()) is not None and not self._desk.has_ended.is_set():
                if page is None:
                    page = importlib.import_module(self._module).make(self._desk)
                self._tell(page, message)
        except BaseException:
            self._desk.send(frame.Trouble(self._name, "internal"))
            raise
        finally:
            if page is not None:
                page.close()
            with self._guard:
                self._thread = None
                if not self._messages.empty() and not self._desk.has_ended.is_set():
                    self._start()

    def _tell(self, page: base.Page, message: Any) -> None:
        try:
            if isinstance(message, frame.Opened):
                page.opened()
            else:
                page.take(message)
        except AgentError as error:
            detail = base.shortened(error.detail, _MAX_DETAIL)
            self._desk.send(frame.Trouble(self._name, error.code, detail))
        if self._name == "settings" and not isinstance(message, frame.Opened):
            self._refresh()
