"""The broker on Windows: a service of the system ("QalamsapBroker"), started by the service control manager as

    qalamsap-broker.exe -I -m agent.broker --port 13579

It owns the ports on 127.0.0.1 and ::1 and the door on 127.0.0.1 (agent.broker.tcp_door), and writes its events to the Event Log. It ends
with the code of agent.broker.__main__ where it can't begin; the service control manager starts it again, as the installer told it to.

The calls are those of advapi32.dll, given by what documents them; none was tried on Windows: installer/windows/CHECKLIST.md.
"""

import contextlib
import ctypes
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from agent.broker import events
from agent.broker.events import Events, Facts
from agent.broker.serving import Broker
from agent.broker.tcp_door import TcpDoorman
from agent.peers import windows as peers
from agent.peers import windows_service
from agent.peers.owner import Owners

SESSION_OF_SERVICES: Final = 0
"""Of no person: services live there, tasks without a desktop, and people who came by SSH, all together."""
MOST_CALLERS: Final = 480  # Python's select of Windows takes 512 sockets
BACKLOG: Final = 1024
SOURCE: Final = "Qalamsap"  # in the log "Application", as that of agents

_OWN_PROCESS: Final = 0x10
_STOPPED, _STARTING, _STOPPING, _RUNNING = 1, 2, 3, 4
_ACCEPTS_STOP_AND_SHUTDOWN: Final = 1 | 4
_STOP, _INTERROGATE, _SHUTDOWN = 1, 4, 5
_NOT_IMPLEMENTED: Final = 120  # ERROR_CALL_NOT_IMPLEMENTED
_SPECIFIC_ERROR: Final = 1066  # ERROR_SERVICE_SPECIFIC_ERROR: the code is ours
_WAIT_HINT_MS: Final = 10_000
_WARNING, _INFORMATION = 2, 4
_BROKEN: Final = 70  # sysexits.h: a mistake of ours

_function = getattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE)
_Main = _function(None, ctypes.c_uint32, ctypes.c_void_p)
_Handler = _function(ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p)


class _Entry(ctypes.Structure):
    """SERVICE_TABLE_ENTRYW"""

    _fields_ = (("name", ctypes.c_wchar_p), ("main", _Main))


class _Status(ctypes.Structure):
    """SERVICE_STATUS"""

    _fields_ = tuple(
        (name, ctypes.c_uint32)
        for name in ("kind", "state", "accepts", "code", "own_code", "check_point", "wait_hint")
    )


Work: TypeAlias = Callable[[Callable[[], bool], Callable[[], None]], int]
"""What a service does until the first argument says that it is over; the second is called when it has begun. What it gives is the code
that the service ends with."""


class NoService(OSError):
    """This process was not started by the service control manager."""


class Service:
    """A service that does `work`. `library` is advapi32; another one only in tests."""

    def __init__(self, name: str, work: Work, library: Any = None) -> None:
        self._name = name
        self._work = work
        self._library = library if library is not None else _advapi32()
        self._over = threading.Event()
        self._handle: Any = None
        self._telling = threading.RLock()
        self._has_ended = False
        # Windows calls these for as long as the process lives.
        self._main = _Main(self._run)
        self._handler = _Handler(self._handle_control)
        self.code = 0

    def run(self) -> int:
        """Until the service ended; its code. Raises NoService."""
        table = (_Entry * 2)(_Entry(self._name, self._main), _Entry())
        if not self._library.StartServiceCtrlDispatcherW(table):
            raise NoService("the broker is started by Windows: net start " + self._name)
        return self.code

    def _run(self, *_: object) -> None:
        """ServiceMain, in a thread of Windows'."""
        self._handle = self._library.RegisterServiceCtrlHandlerExW(self._name, self._handler, None)
        if not self._handle:
            self.code = _BROKEN
            return
        self._tell(_STARTING)
        self.code = _BROKEN  # whatever ends the work otherwise than by its own word
        try:
            self.code = self._work(self._over.is_set, lambda: self._tell(_RUNNING))
        finally:
            self._tell(_STOPPED)

    def _handle_control(self, control: int, *_: object) -> int:
        """HandlerEx, in the thread of `run`."""
        if control in (_STOP, _SHUTDOWN):
            self._tell(_STOPPING)
            self._over.set()
        elif control != _INTERROGATE:
            return _NOT_IMPLEMENTED
        return 0

    def _tell(self, state: int) -> None:
        """Nothing after the end: the work may end while Windows is asking for it."""
        with self._telling:
            if not self._has_ended:
                self._has_ended = state == _STOPPED
                self._set_status(state)

    def _set_status(self, state: int) -> None:
        is_under_way = state in (_STARTING, _STOPPING)
        code = self.code if state == _STOPPED else 0
        status = _Status(
            _OWN_PROCESS, state, _ACCEPTS_STOP_AND_SHUTDOWN if state == _RUNNING else 0, _SPECIFIC_ERROR if code else 0, code,
            int(is_under_way), _WAIT_HINT_MS if is_under_way else 0,
        )  # fmt: skip
        self._library.SetServiceStatus(self._handle, ctypes.byref(status))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the broker asks of the system; other things than Windows' own only in tests."""

    owners: Owners
    doorman: TcpDoorman
    said: Events
    door_port: int = windows_service.DOOR_PORT
    nobody: int = SESSION_OF_SERVICES
    most_callers: int = MOST_CALLERS


def of_windows() -> Surroundings:
    """Raises OSError."""
    owners = peers.WindowsOwners()
    return Surroundings(
        owners, TcpDoorman(owners.caller, peers.hold, peers.share), Events(teller=open_teller())
    )


class Serving:
    """What the service does: serve these ports. Its code is 69 (sysexits.h) where a socket can't be had."""

    def __init__(
        self, ports: Sequence[int], open_surroundings: Callable[[], Surroundings] = of_windows
    ) -> None:
        self._ports = ports
        self._open_surroundings = open_surroundings

    def __call__(self, is_over: Callable[[], bool], on_ready: Callable[[], None]) -> int:
        around = self._open_surroundings()
        self._said = around.said
        with contextlib.ExitStack() as stack:
            port = around.door_port
            try:
                door = stack.enter_context(listener("127.0.0.1", port))
                listeners: list[socket.socket] = []
                for port in self._ports:
                    listeners += (stack.enter_context(each) for each in listening(port))
            except (OSError, OverflowError) as error:
                # Its text is in the language of the system; its number is the same everywhere.
                self._said.say(events.UNUSABLE, port=port, code=getattr(error, "errno", None) or 0)
                return 69
            broker = Broker(
                listeners, door, around.owners, around.said, nobody=around.nobody, doorman=around.doorman,
                most_callers=around.most_callers,
            )  # fmt: skip
            on_ready()
            broker.serve(is_over)
        return 0


def run(ports: Sequence[int]) -> int:
    """The service, until Windows stops it; its code. Raises OSError where Windows did not start it."""
    return Service(windows_service.NAME, Serving(ports)).run()


def listening(port: int) -> Iterator[socket.socket]:
    """Sockets on 127.0.0.1 and, where there is one, ::1. OSError, OverflowError."""
    first = listener("127.0.0.1", port)
    yield first
    with contextlib.suppress(OSError):
        yield listener("::1", first.getsockname()[1])


def listener(host: str, port: int) -> socket.socket:
    """A listening socket. OSError, OverflowError.

    Other accounts can't listen beside it, whatever options they set. An exclusive one shuts out our own account, too, and then nobody
    can listen there again while a connection lives that was accepted there ("Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE"): agents
    hold those of pages for hours, and who never closes a connection to the door keeps it as long as they like. The next broker must not
    wait for them.
    """
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if made.family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
        made.listen(BACKLOG)
    except BaseException:
        made.close()
        raise
    return made


def open_teller(library: Any = None) -> Callable[[str, str, Facts], None]:
    """Tells events to the Event Log, in the parts that agents' events have (agent.system_log.windows_events). OSError where there is none."""
    found = library if library is not None else _advapi32()
    handle = found.RegisterEventSourceW(None, SOURCE)
    if not handle:
        raise OSError("the Event Log has no place for us")

    def tell(event: str, line: str, facts: Facts) -> None:
        parts = [line, event, "agent.broker", "", *(f"{name}={value}" for name, value in facts.items())]
        texts = (ctypes.c_wchar_p * len(parts))(*parts)
        kind = _WARNING if event in events.GRAVE else _INFORMATION
        if not found.ReportEventW(handle, kind, 0, events.IDS[event], None, len(parts), 0, texts, None):
            raise OSError("the Event Log took nothing")

    return tell


def _advapi32() -> Any:
    """OSError where there is none."""
    if sys.platform != "win32":
        raise OSError("no services on this system")
    library = ctypes.WinDLL("advapi32", use_last_error=True)
    place, number = ctypes.c_void_p, ctypes.c_uint32
    for name, result, arguments in (
        ("StartServiceCtrlDispatcherW", ctypes.c_int, (ctypes.POINTER(_Entry),)),
        ("RegisterServiceCtrlHandlerExW", place, (ctypes.c_wchar_p, _Handler, place)),
        ("SetServiceStatus", ctypes.c_int, (place, place)),
        ("RegisterEventSourceW", place, (ctypes.c_wchar_p, ctypes.c_wchar_p)),
        ("ReportEventW", ctypes.c_int, (
            place, ctypes.c_uint16, ctypes.c_uint16, number, place, ctypes.c_uint16, number, ctypes.POINTER(ctypes.c_wchar_p), place,
        )),
    ):  # fmt: skip
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
