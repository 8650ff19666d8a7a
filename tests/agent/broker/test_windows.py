"""The broker as a service of Windows, by a library that writes down what it is called with: nothing of it was tried on Windows. What it
does while it runs is done here, over loopback."""

import ctypes
import socket
import sys
import threading
from typing import Any

import pytest

from agent.broker import __main__ as program
from agent.broker import events, windows, wire
from agent.broker.events import Events
from agent.broker.windows import NoService, Service, Serving, Surroundings
from tests.support.brokers import LIMIT_S
from tests.support.tcp_brokers import Caller, System

STARTING, STOPPING, RUNNING, STOPPED = 2, 3, 4, 1


class FakeManager:
    """advapi32.dll of a service control manager that sends these controls as soon as the service runs."""

    def __init__(self, *controls: int, handle: int | None = 7) -> None:
        self.controls = controls
        self.handle = handle
        self.told: list[tuple[int, ...]] = []
        self.answers: list[int] = []
        self.has_started_us = True

    def StartServiceCtrlDispatcherW(self, table: Any) -> int:
        if not self.has_started_us:
            return 0
        assert table[0].name == "QalamsapBroker"
        assert table[1].name is None
        thread = threading.Thread(target=table[0].main, args=(0, None))
        thread.start()
        thread.join(LIMIT_S)
        assert not thread.is_alive()
        return 1

    def RegisterServiceCtrlHandlerExW(self, name: str, handler: Any, context: None) -> int | None:
        assert (name, context) == ("QalamsapBroker", None)
        self.handler = handler
        return self.handle

    def SetServiceStatus(self, handle: int, status: Any) -> int:
        assert handle == self.handle
        found = status._obj
        self.told.append(tuple(getattr(found, name) for name, _ in found._fields_))
        if found.state == RUNNING:
            self.answers = [self.handler(control, 0, None, None) for control in self.controls]
        return 1


def states(manager: FakeManager) -> list[int]:
    return [each[1] for each in manager.told]


@pytest.mark.parametrize("control", [1, 5])
def test_a_service_says_that_it_runs_and_ends_when_it_is_told_to(control: int) -> None:
    manager = FakeManager(4, 200, control)

    def work(is_over, on_ready) -> int:
        assert not is_over()
        on_ready()
        assert is_over()
        return 0

    assert Service("QalamsapBroker", work, manager).run() == 0
    assert states(manager) == [STARTING, RUNNING, STOPPING, STOPPED]
    assert manager.answers == [0, 120, 0]
    kind, _, accepts, code, own_code, _, _ = manager.told[1]
    assert (kind, accepts, code, own_code) == (0x10, 1 | 4, 0, 0)
    assert manager.told[-1][2:5] == (0, 0, 0)


def test_a_service_that_can_not_begin_ends_with_a_code_of_its_own_so_that_it_is_started_again() -> None:
    manager = FakeManager()
    assert Service("QalamsapBroker", lambda *_: 69, manager).run() == 69
    assert states(manager) == [STARTING, STOPPED]
    assert manager.told[-1][3:5] == (1066, 69)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_mistake_of_ours_is_an_end_too() -> None:
    def work(*_: object) -> int:
        raise RuntimeError("a mistake")

    manager = FakeManager()
    assert Service("QalamsapBroker", work, manager).run() == 70
    assert manager.told[-1][3:5] == (1066, 70)


def test_after_its_end_it_tells_nothing_more() -> None:
    """The work may end by itself just when Windows asks for it."""
    manager = FakeManager()
    service = Service("QalamsapBroker", lambda *_: 69, manager)
    assert service.run() == 69
    assert manager.handler(1, 0, None, None) == 0
    assert states(manager) == [STARTING, STOPPED]


def test_without_a_service_control_manager_it_does_not_run() -> None:
    manager = FakeManager()
    manager.has_started_us = False
    with pytest.raises(NoService, match="net start QalamsapBroker"):
        Service("QalamsapBroker", lambda *_: 0, manager).run()
    assert Service("QalamsapBroker", lambda *_: 0, FakeManager(handle=None)).run() == 70


@pytest.mark.skipif(sys.platform == "win32", reason="what is not there elsewhere")
def test_elsewhere_there_are_no_services() -> None:
    for call in (lambda: Service("x", lambda *_: 0), windows.open_teller, lambda: windows.run([0])):
        with pytest.raises(OSError):
            call()


# --- what it does -----------------------------------------------------------------------------------------------


def surroundings(system: System, lines: list[str], door: int) -> Surroundings:
    said = Events(teller=lambda _, line, __: lines.append(line))
    return Surroundings(system, system.doorman, said, door)


def free_port() -> int:
    with windows.listener("127.0.0.1", 0) as found:
        return int(found.getsockname()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="the stand-ins for Windows are Linux'")
def test_it_serves_agents_and_pages_until_it_is_over() -> None:
    system, lines, door = System(), [], free_port()
    system.owner = 2
    ready, over = threading.Event(), threading.Event()
    served = Serving([0], lambda: surroundings(system, lines, door))
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(served(over.is_set, ready.set)))
    thread.start()
    try:
        assert ready.wait(LIMIT_S)
        with Caller(socket.create_connection(("127.0.0.1", door), LIMIT_S), (wire.ANNOUNCE,)) as agent:
            (port,) = wire.parse_reply(agent.hear())
            for host in ("127.0.0.1", "::1"):
                try:
                    page = socket.create_connection((host, port), LIMIT_S)
                except OSError:
                    assert host == "::1", "this computer has no IPv6, but it has IPv4"
                    continue
                with page, agent.take() as accepted:
                    assert accepted.getpeername() == page.getsockname()
            over.set()
            assert agent.hear() == b""
    finally:
        over.set()
        thread.join(LIMIT_S)
    assert codes == [0]
    assert lines[0] == f"the broker serves id=1700 ports={port}"


@pytest.mark.skipif(sys.platform != "linux", reason="the stand-ins for Windows are Linux'")
@pytest.mark.parametrize("taken", ["door", "port"])
def test_where_somebody_has_a_port_it_says_so_and_ends(taken: str) -> None:
    with windows.listener("127.0.0.1", 0) as other:
        number = other.getsockname()[1]
        lines: list[str] = []
        door, port = (number, 0) if taken == "door" else (free_port(), number)
        served = Serving([port], lambda: surroundings(System(), lines, door))
        assert served(lambda: True, lambda: pytest.fail("it began")) == 69
        assert lines == [f"the broker can't begin id=1708 port={number} code=98"]


def test_its_sockets_are_on_loopback_alone() -> None:
    found = list(windows.listening(0))
    try:
        assert {each.getsockname()[0] for each in found} <= {"127.0.0.1", "::1"}
        assert len({each.getsockname()[1] for each in found}) == 1
    finally:
        for each in found:
            each.close()
    with pytest.raises(OverflowError):
        windows.listener("127.0.0.1", 70000)


@pytest.mark.skipif(sys.platform != "linux", reason="the stand-ins for Windows are Linux'")
def test_no_port_is_exclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows an exclusive port can't be had again while anybody holds a connection that was accepted there."""
    monkeypatch.setattr(windows.socket, "SO_EXCLUSIVEADDRUSE", socket.SO_KEEPALIVE, raising=False)
    served: list[list[int]] = []

    class Looking:
        def __init__(
            self, listeners: list[socket.socket], door: socket.socket, *_: object, **__: object
        ) -> None:
            both = (door, *listeners)
            served.append([each.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) for each in both])

        def serve(self, _: object) -> None:
            return None

    monkeypatch.setattr(windows, "Broker", Looking)
    assert Serving([0], lambda: surroundings(System(), [], 0))(lambda: True, lambda: None) == 0
    assert len(served[0]) >= 2
    assert not any(served[0])


def test_its_command_line_names_ports_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the installer wrote into the service; the number is what Windows shows as the service's code."""
    run: list[list[int]] = []
    monkeypatch.setattr(windows, "run", lambda ports: run.append(ports) or 0)
    assert program._as_service(["--port", "13579", "--port", "24680", "--port", "13579"]) == 0
    assert program._as_service([]) == 0
    assert run == [[13579, 24680], [13579]]
    many = [word for number in range(9) for word in ("--port", str(number + 1))]
    for words in (["--socket", "x"], ["--port", "many"], many):
        assert program._as_service(words) == program.USAGE
    monkeypatch.undo()
    if sys.platform != "win32":
        assert program._as_service([]) == program.UNAVAILABLE


# --- events -----------------------------------------------------------------------------------------------------


class FakeLog:
    def __init__(self, handle: int | None = 7, taken: int = 1) -> None:
        self.handle, self.taken = handle, taken
        self.calls: list[tuple[Any, ...]] = []

    def RegisterEventSourceW(self, *given: Any) -> int | None:
        self.calls.append(given)
        return self.handle

    def ReportEventW(self, *given: Any) -> int:
        self.calls.append(given)
        return self.taken


def test_events_stand_in_the_event_log_as_those_of_agents_do() -> None:
    log = FakeLog()
    said = Events(teller=windows.open_teller(log))
    said.say(events.REFUSED, owner=2, why="taken")
    said.say(events.BEGINS, ports="13579")
    assert log.calls[0] == (None, "Qalamsap")
    handle, kind, category, number, person, count, size, texts, data = log.calls[1]
    assert (handle, kind, category, number, person, count, size, data) == (7, 2, 0, 1706, None, 7, 0, None)
    assert isinstance(texts, ctypes.Array)
    assert list(texts) == [
        "an agent is refused id=1706 owner=2 why=taken", "an agent is refused", "agent.broker", "", "id=1706", "owner=2", "why=taken",
    ]  # fmt: skip
    assert log.calls[2][1] == 4


def test_a_log_that_takes_nothing_costs_lines_and_nothing_else() -> None:
    with pytest.raises(OSError, match="no place"):
        windows.open_teller(FakeLog(handle=None))
    log = FakeLog(taken=0)
    said = Events(teller=windows.open_teller(log))
    said.say(events.BEGINS, ports="13579")
    said.say(events.NOBODY, owner=2)
    assert len(log.calls) == 3
