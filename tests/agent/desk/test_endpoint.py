"""The endpoint of the desk over its real sockets, by both ways that systems have."""

import contextlib
import select
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent import loopback, own_sockets
from agent.control import EndpointUnavailable, NotRunning
from agent.desk import endpoint
from agent.errors import BadInput
from agent.own_sockets import Listener
from protocol import pipes
from protocol.desk import frame, messages
from tests.support import ways

pytestmark = pytest.mark.usefixtures("way")
SUMMONS = frame.Summons("files", ("/home/a/акт.pdf",), "sign")


@pytest.fixture(params=ways.WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(own_sockets, "IS_LOOPBACK", request.param == "loopback")
    return str(request.param)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "desk.sock"


@pytest.fixture
def summoned(place: Path, way: str) -> Iterator[list[frame.Summons]]:
    found: list[frame.Summons] = []
    door = endpoint.Endpoint(place, found.append, time_limit_s=ways.LIMIT_S)
    door.open()
    yield found
    door.close()
    assert not place.exists()


def talk(place: Path, octets: bytes) -> bytes:
    """What comes back, until the other side hangs up, to who says this and no more."""
    with ways.called(place) as connection:
        connection.settimeout(10)
        with contextlib.suppress(OSError):  # it has hung up already
            connection.sendall(octets)
            connection.shutdown(socket.SHUT_WR)
        found = b""
        try:
            while piece := connection.recv(4096):
                found += piece
        except ConnectionResetError:
            pass
        return found


def test_a_summons_reaches_the_desk_and_is_answered(place: Path, summoned: list[frame.Summons]) -> None:
    endpoint.summon(place, SUMMONS)
    endpoint.summon(place, frame.Summons("history"))
    assert summoned == [SUMMONS, frame.Summons("history")]
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_the_answer_is_the_page_that_is_shown(place: Path, summoned: list[frame.Summons]) -> None:
    answer = talk(place, pipes.pack_json(messages.to_message(SUMMONS)))
    assert messages.from_message(pipes.unpack_json(answer[pipes.HEADER_BYTES :])) == frame.Show("files")
    assert summoned == [SUMMONS]


@pytest.mark.parametrize(
    "octets",
    [
        b"X\0\0\0\0",
        pipes.pack_header(pipes.SECRET, 2) + b"{}",
        pipes.pack_json({"type": "frame.Begin"}),
        pipes.pack_json(messages.to_message(frame.Show("files"))),
        b"J\0\0",  # and nothing more
        pipes.pack_header(pipes.JSON, 3_000_000) + b" " * 3_000_000,
    ],
)
def test_nonsense_gets_no_answer_and_stops_nobody(
    place: Path, summoned: list[frame.Summons], octets: bytes
) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it hung up before we had said it all
        assert talk(place, octets) == b""
    endpoint.summon(place, SUMMONS)
    assert summoned == [SUMMONS]


def test_a_caller_that_says_nothing_is_let_go(place: Path) -> None:
    found: list[frame.Summons] = []
    door = endpoint.Endpoint(place, found.append, time_limit_s=0.2)
    door.open()
    with contextlib.suppress(OSError), ways.called(place) as silent:  # or before it has proved anything
        silent.settimeout(ways.LIMIT_S)
        assert is_hung_up(silent)
    door._time_limit_s = ways.LIMIT_S
    endpoint.summon(place, SUMMONS)
    door.close()
    assert found == [SUMMONS]


def test_while_a_caller_says_nothing_others_are_heard(place: Path) -> None:
    found: list[frame.Summons] = []
    door = endpoint.Endpoint(place, found.append, time_limit_s=10 * ways.LIMIT_S)
    door.open()
    with ways.called(place):
        endpoint.summon(place, SUMMONS)
        assert found == [SUMMONS]
    door.close()


@pytest.mark.parametrize("way", ["loopback"], indirect=True)
def test_who_proves_nothing_is_let_go(
    place: Path, summoned: list[frame.Summons], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = (loopback.ADDRESS, loopback.read(place).port)
    with socket.create_connection(target, ways.LIMIT_S) as page:
        page.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + bytes(64))
        said_to_everybody = loopback.DRAW_BYTES + loopback.PROOF_BYTES
        assert any(is_hung_up(page) for _ in range(said_to_everybody + 1))
    with monkeypatch.context() as soon:
        soon.setattr(endpoint, "PROOF_LIMIT_S", 0.1)
        with socket.create_connection(target, ways.LIMIT_S) as page:
            assert is_hung_up(page)
    endpoint.summon(place, SUMMONS)
    assert summoned == [SUMMONS]


@pytest.mark.parametrize("way", ["loopback"], indirect=True)
def test_pages_that_say_nothing_keep_nobody_waiting(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "PROOF_LIMIT_S", 10 * ways.LIMIT_S)
    found: list[frame.Summons] = []
    door = endpoint.Endpoint(place, found.append, time_limit_s=10 * ways.LIMIT_S)
    door.open()
    port = loopback.read(place).port
    with contextlib.ExitStack() as stack:
        pages = [
            stack.enter_context(socket.create_connection((loopback.ADDRESS, port), ways.LIMIT_S))
            for _ in range(endpoint.MAX_UNPROVED)
        ]
        endpoint.summon(place, SUMMONS, ways.LIMIT_S)
        assert found == [SUMMONS]
        assert any_hung_up(pages)  # the oldest made room
        door.close()  # at once, whoever is still there
        for page in pages:
            assert is_hung_up(page)


def is_hung_up(connection: socket.socket) -> bool:
    """Whether the other side ends this connection, within the time that its reads have."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def any_hung_up(connections: list[socket.socket]) -> bool:
    return any(map(is_hung_up, select.select(connections, [], [], ways.LIMIT_S)[0]))


def test_more_callers_than_are_heard_at_once_are_hung_up_on(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "MAX_CALLERS", 1)
    found: list[frame.Summons] = []
    door = endpoint.Endpoint(place, found.append, time_limit_s=ways.LIMIT_S)
    door.open()
    with ways.called(place), pytest.raises(NotRunning):
        endpoint.summon(place, SUMMONS)
    assert found == []
    wait_until(lambda: not door._callers)
    endpoint.summon(place, SUMMONS)
    assert found == [SUMMONS]
    door.close()


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + ways.LIMIT_S
    while not is_so():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.01)


def test_where_the_system_gives_no_thread_a_caller_is_hung_up_on_and_the_next_is_heard(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, refused = threading.Thread.start, [True]

    def seldom(self: threading.Thread) -> None:
        if self.name == "desk caller" and refused and refused.pop():
            raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", seldom)
    found: list[frame.Summons] = []
    door = endpoint.Endpoint(place, found.append)
    door.open()
    with contextlib.suppress(NotRunning):
        endpoint.summon(place, SUMMONS)
    endpoint.summon(place, SUMMONS)
    assert SUMMONS in found
    assert refused == []
    door.close()
    wait_until(lambda: not door._callers)


def test_what_is_asked_of_a_desk_that_closes_is_not_done(place: Path) -> None:
    found: list[frame.Summons] = []
    door = endpoint.Endpoint(place, found.append)
    door.open()
    door._is_closed.set()  # who waits for a caller gets this one, and no other
    assert talk(place, pipes.pack_json(messages.to_message(SUMMONS))) == b""
    door.close()
    assert found == []


def test_a_process_of_another_user_gets_no_answer(
    place: Path, summoned: list[frame.Summons], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Listener, "whose", lambda _listener, _connection: "strangers")
    with pytest.raises(NotRunning):
        endpoint.summon(place, SUMMONS)
    assert summoned == []


def test_where_no_desk_is_that_is_said_in_the_end(place: Path) -> None:
    with pytest.raises(NotRunning):
        endpoint.summon(place, SUMMONS, time_limit_s=0.2)
    ways.abandoned(place)
    with pytest.raises(NotRunning):
        endpoint.summon(place, SUMMONS, time_limit_s=0.2)


def test_a_desk_that_is_just_opening_is_waited_for(place: Path) -> None:
    found: list[frame.Summons] = []
    door = endpoint.Endpoint(place, found.append)
    late = threading.Timer(0.3, door.open)
    late.start()
    endpoint.summon(place, SUMMONS)
    late.join()
    door.close()
    assert found == [SUMMONS]


def test_a_dead_socket_of_an_earlier_desk_is_replaced(place: Path) -> None:
    ways.abandoned(place)
    door = endpoint.Endpoint(place, lambda _: None)
    door.open()
    endpoint.summon(place, SUMMONS)
    door.close()


def test_where_no_socket_can_be_made_the_reason_is_told(tmp_path: Path) -> None:
    door = endpoint.Endpoint(tmp_path / "missing" / "desk.sock", lambda _: None)
    with pytest.raises(EndpointUnavailable):
        door.open()
    door.close()  # which does nothing then


def test_too_many_files_are_refused_before_they_are_sent(place: Path) -> None:
    for count in (10_000, 100_000):  # the latter is more than a frame holds, too
        with pytest.raises(BadInput):
            endpoint.summon(place, frame.Summons("files", ("/x" * 100,) * count))
