"""The handler: it finds the system's log, tells it everything, and holds nothing up."""

import contextlib
import logging
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from agent import event_ids, logs
from agent.system_log import handler
from agent.system_log.entry import Entry
from agent.system_log.handler import SystemLog
from tests.agent.system_log.test_journald import fields


@pytest.fixture(autouse=True)
def close_logs() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("agent")
    levels = root.level, ours.level
    yield
    logs.close()
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "socket"


@pytest.fixture
def listening(place: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(place))
        log.settimeout(10)
        yield log


def note(event: str = "listening", **facts: int) -> None:
    logs.note(logging.getLogger("agent.x"), logging.INFO, event, **facts)


def test_events_reach_journald_with_their_facts(place: Path, listening: socket.socket) -> None:
    found = handler.system_log(journal=place, syslogs=())
    logs.set_up("info", system=found, to_standard_error=False)
    note(port=13579)
    told = fields(listening.recv(65536))
    assert (told["QALAMSAP_EVENT_ID"], told["QALAMSAP_PORT"]) == ("1000", "13579")


def test_where_there_is_no_journald_syslog_is_told(
    place: Path, tmp_path: Path, listening: socket.socket
) -> None:
    link = tmp_path / "log"
    link.symlink_to(place)
    found = handler.system_log(journal=tmp_path / "none", syslogs=(tmp_path / "none either", link))
    logs.set_up("info", system=found, to_standard_error=False)
    note(port=1)
    assert listening.recv(65536).endswith(b": 1000 listening port=1")


def test_where_there_is_neither_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no socket")
    assert handler.system_log(tmp_path / "file", (tmp_path / "none",)) is None


def test_windows_is_told_by_its_reporter(tmp_path: Path) -> None:
    told: list[tuple[int, int, Sequence[str]]] = []
    found = handler.system_log(
        tmp_path, (), windows=lambda: lambda kind, number, parts: told.append((kind, number, parts))
    )
    logs.set_up("info", system=found, to_standard_error=False)
    note()
    assert [(kind, number) for kind, number, _ in told] == [(4, 1000)]


def test_an_event_log_that_is_not_there_is_done_without(tmp_path: Path) -> None:
    def nothing() -> object:
        raise OSError("no Event Log")

    assert handler.system_log(tmp_path, (), windows=nothing) is None  # type: ignore[arg-type]  # it only raises


def test_a_log_that_takes_nothing_holds_nothing_up_and_the_loss_is_told(
    place: Path, listening: socket.socket
) -> None:
    """Nobody reads: the socket's queue fills up, and sending would wait for ever."""
    found = handler.system_log(journal=place, syslogs=())
    assert found is not None
    logs.set_up("info", system=found, to_standard_error=False)
    while not found.lost:
        note()
    note()
    lost = found.lost
    assert lost >= 2
    listening.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while listening.recv(65536):
            continue
    note()
    assert fields(listening.recv(65536))["QALAMSAP_LOST"] == str(lost)
    assert found.lost == 0


def test_a_log_that_is_started_anew_is_found_again(place: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as first:
        first.bind(str(place))
        found = handler.system_log(journal=place, syslogs=())
        logs.set_up("info", system=found, to_standard_error=False)
        note()
    place.unlink()
    note()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as second:
        second.bind(str(place))
        second.settimeout(10)
        note(port=5)
        told = fields(second.recv(65536))
    assert (told["QALAMSAP_PORT"], told["QALAMSAP_LOST"]) == ("5", "1")


def test_a_library_is_told_of_without_its_words() -> None:
    told: list[Entry] = []
    logs.set_up("info", system=SystemLog(told.append), to_standard_error=False)
    try:
        raise OSError("870101300123")
    except OSError:
        logging.getLogger("asyncio").exception("Task of %s", "870101300123")
    (entry,) = told
    assert entry.id == event_ids.UNLISTED
    assert entry.story.startswith("error OSError at test_handler.py")
    assert "870101300123" not in f"{entry.line}{entry.story}"


def test_standard_error_that_leads_to_the_journal_is_known(place: Path) -> None:
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as ours,
    ):
        server.bind(str(place))
        server.listen()
        ours.connect(str(place))
        assert handler.is_journal(ours.fileno(), place)
        assert not handler.is_journal(ours.fileno())
        closed = ours.fileno()
    assert not handler.is_journal(closed, place)


def test_a_file_or_another_socket_is_no_journal(place: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, place.open("w") as file:
        assert not handler.is_journal(ours.fileno(), place)
        assert not handler.is_journal(file.fileno(), place)


@pytest.mark.parametrize(
    ("is_usual", "is_served", "told"), [(True, True, 1), (True, False, 0), (False, True, 0)]
)
def test_only_the_usual_agent_is_told_of_to_the_system(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    is_usual: bool,
    is_served: bool,
    told: int,
) -> None:
    heard: list[Entry] = []
    monkeypatch.setattr(handler, "system_log", lambda: SystemLog(heard.append) if is_served else None)
    handler.begin("info", is_usual=is_usual)
    note()
    assert len(heard) == told
    assert "listening" in capsys.readouterr().err  # it leads to no journal here


def test_what_leads_to_the_journal_is_not_told_twice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(handler, "system_log", lambda: SystemLog(lambda _: None))
    monkeypatch.setattr(handler, "is_journal", lambda: True)
    handler.begin("info", is_usual=True)
    note()
    assert capsys.readouterr().err == ""


def test_who_starts_a_command_sees_warnings_alone_and_the_system_hears_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[Entry] = []
    monkeypatch.setattr(handler, "system_log", lambda: SystemLog(heard.append))
    handler.begin_command(is_usual=False)
    note()
    handler.begin_command(is_usual=True)
    note()
    logs.note(logging.getLogger("agent.x"), logging.WARNING, "worker crashed")
    assert [told.event for told in heard] == ["listening", "worker crashed"]
    shown = capsys.readouterr().err
    assert "worker crashed" in shown
    assert "listening" not in shown


def test_nothing_is_written_to_standard_error_then(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", system=SystemLog(lambda _: None), to_standard_error=False)
    note()
    assert capsys.readouterr().err == ""
