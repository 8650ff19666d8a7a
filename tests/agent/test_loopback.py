"""A port of loopback and a file that names it: what is in the file, who may read it, and what each side has to prove."""

import os
import socket
import stat
import threading
import time
from pathlib import Path

import pytest

from agent import loopback
from agent.loopback import DRAW_BYTES, PROOF_BYTES, Greeting, NotProved, Place
from agent.own_sockets import Stream

PLACE = Place(49213, bytes(range(32)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


def pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair()


def stream(connection: socket.socket) -> Stream:
    return Stream(connection, time.monotonic() + 10)


# --- the file ---------------------------------------------------------------------------------------------------------


def test_the_file_says_where_to_call_and_nobody_else_can_read_it(path: Path) -> None:
    path.write_text("what an agent left that was killed")
    listener, place = loopback.offer(path, 1)
    with listener:
        assert listener.getsockname() == ("127.0.0.1", place.port)
        assert len(place.secret) == loopback.SECRET_BYTES
        assert loopback.read(path) == place
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loopback.withdraw(path)
    assert list(path.parent.iterdir()) == []
    loopback.withdraw(path)  # nothing is there any more
    with pytest.raises(FileNotFoundError):
        loopback.read(path)


def test_each_time_of_listening_has_a_secret_of_its_own(path: Path) -> None:
    first, one = loopback.offer(path, 1)
    second, other = loopback.offer(path, 1)
    first.close()
    second.close()
    assert one.secret != other.secret


def test_the_secret_is_not_in_what_is_printed() -> None:
    assert repr(PLACE) == "Place(port=49213)"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"49213\n",
        PLACE.packed() + b"\n",
        PLACE.packed()[:-2],
        PLACE.packed().replace(b"49213", b"65536"),
        PLACE.packed().replace(b"49213", b"0"),
        PLACE.packed().replace(b"loopback 1", b"loopback 2"),
        b"x" * 1_000_000,
    ],
)
def test_a_file_that_makes_no_sense_leads_nowhere(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(NotProved, match="makes no sense"):
        loopback.read(path)


def test_a_file_that_others_could_have_read_or_written_leads_nowhere(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(PLACE.packed())
    for mode in (0o640, 0o604, 0o620):
        path.chmod(mode)
        with pytest.raises(NotProved, match="not of this person alone"):
            loopback.read(path)
    path.chmod(0o600)
    assert loopback.read(path) == PLACE
    owner = path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(NotProved, match="not of this person alone"):
        loopback.read(path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert loopback.read(path) == PLACE  # root may ask everybody's agent
    path.chmod(0o640)
    status = path.stat()
    with pytest.raises(NotProved):
        loopback._check_is_private(status)
    with monkeypatch.context() as windows:  # there a profile is its owner's, and modes mean nothing
        windows.setattr(os, "name", "nt")
        loopback._check_is_private(status)


def test_neither_a_link_nor_a_pipe_nor_a_folder_is_followed(path: Path) -> None:
    (path.parent / "other").write_bytes(PLACE.packed())
    (path.parent / "other").chmod(0o600)
    path.symlink_to(path.parent / "other")
    with pytest.raises(OSError, match=r"symbolic links|symlink"):
        loopback.read(path)
    path.unlink()
    os.mkfifo(path, 0o600)
    with pytest.raises(NotProved, match="no file"):
        loopback.read(path)
    path.unlink()
    path.mkdir(0o700)
    with pytest.raises(NotProved, match="no file"):
        loopback.read(path)


def test_where_readers_keep_a_file_they_are_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows: somebody reads it just now."""
    replace = Path.replace
    tries: list[Path] = []

    def kept(self: Path, target: Path) -> Path:
        tries.append(self)
        if len(tries) < 3:
            raise PermissionError(13, "Access is denied")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", kept)
    monkeypatch.setattr(loopback, "IS_FILE_KEPT_BY_READERS", True)
    listener, place = loopback.offer(path, 1)
    listener.close()
    assert len(tries) == 3
    assert loopback.read(path) == place


def test_a_reader_who_stays_is_not_waited_for_for_ever(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kept(*_: object, **__: object) -> None:
        raise PermissionError(13, "Access is denied")

    path.write_bytes(PLACE.packed())
    monkeypatch.setattr(loopback, "IS_FILE_KEPT_BY_READERS", True)
    monkeypatch.setattr(loopback, "PATIENCE_S", 0.1)
    monkeypatch.setattr(Path, "unlink", kept)
    loopback.withdraw(path)  # it names a dead port then, as after a crash
    assert path.exists()
    monkeypatch.setattr(loopback.paths, "replace_private", kept)
    with pytest.raises(PermissionError):
        loopback.offer(path, 1)


def test_where_no_file_can_be_written_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        loopback.offer(tmp_path / "missing" / "control.sock", 1)


# --- proofs -----------------------------------------------------------------------------------------------------------


def test_both_sides_prove_that_they_know_the_secret_without_saying_it() -> None:
    heard: list[bytes] = []

    class Overheard(Stream):
        def sendall(self, octets: bytes, /) -> None:
            heard.append(octets)
            super().sendall(octets)

    ours, theirs = pair()
    with ours, theirs:
        until = time.monotonic() + 10
        agent = threading.Thread(target=loopback.admit, args=(PLACE, Overheard(theirs, until)))
        agent.start()
        loopback.prove(PLACE, Overheard(ours, until))
        agent.join(10)
        assert not agent.is_alive()
    assert [len(each) for each in heard] == [DRAW_BYTES, DRAW_BYTES + PROOF_BYTES, PROOF_BYTES]
    assert all(PLACE.secret not in each and PLACE.secret.hex().encode() not in each for each in heard)


def test_every_part_of_a_proof_counts() -> None:
    usual = PLACE.proof("agent", b"c" * 32, b"a" * 32)
    others = {
        PLACE.proof("caller", b"c" * 32, b"a" * 32),
        PLACE.proof("agent", b"C" * 32, b"a" * 32),
        PLACE.proof("agent", b"c" * 32, b"A" * 32),
        PLACE.proof("agent", b"a" * 32, b"c" * 32),
        Place(49214, PLACE.secret).proof("agent", b"c" * 32, b"a" * 32),
        Place(49213, bytes(32)).proof("agent", b"c" * 32, b"a" * 32),
    }
    assert len(others) == 6
    assert usual not in others
    assert PLACE.proof("agent", b"c" * 32, b"a" * 32) == usual


def test_what_was_heard_once_proves_nothing_the_next_time() -> None:
    callers = b"c" * DRAW_BYTES
    greeting = Greeting(PLACE, callers)
    agents = greeting.octets[:DRAW_BYTES]
    proof = PLACE.proof("caller", callers, agents)
    assert greeting.is_met_by(proof)
    again = Greeting(PLACE, callers)
    assert again.octets != greeting.octets
    assert not again.is_met_by(proof)


def test_what_the_agent_says_is_no_answer_to_the_agent() -> None:
    """Who calls twice, and hands what one connection says to the other, is nowhere let in."""
    first = Greeting(PLACE, b"c" * DRAW_BYTES)
    second = Greeting(PLACE, first.octets[:DRAW_BYTES])
    assert not first.is_met_by(second.octets[DRAW_BYTES:])
    assert not first.is_met_by(first.octets[DRAW_BYTES:])


@pytest.mark.parametrize("says", [b"x" * (DRAW_BYTES + PROOF_BYTES), b"echo"])
def test_a_caller_gives_no_proof_to_who_has_none(says: bytes) -> None:
    ours, theirs = pair()
    heard = bytearray()

    def squat() -> None:
        with theirs:
            heard.extend(theirs.recv(DRAW_BYTES))
            theirs.sendall(bytes(heard) * 2 if says == b"echo" else says)
            heard.extend(theirs.recv(PROOF_BYTES))

    squatter = threading.Thread(target=squat)
    squatter.start()
    with ours, pytest.raises(NotProved, match="another program listens"):
        loopback.prove(PLACE, stream(ours))
    squatter.join(10)
    assert len(heard) == DRAW_BYTES


@pytest.mark.parametrize("says", [bytes(PROOF_BYTES), b"short", b""])
def test_the_agent_lets_nobody_in_who_proves_nothing(says: bytes) -> None:
    ours, theirs = pair()
    with theirs:
        ours.sendall(bytes(DRAW_BYTES) + says)
        ours.shutdown(socket.SHUT_WR)
        expected = NotProved if len(says) == PROOF_BYTES else ConnectionAbortedError
        with ours, pytest.raises(expected):
            loopback.admit(PLACE, stream(theirs))


def test_a_socket_that_meets_itself_has_met_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody listens on a port of those that the system gives to callers, a caller may get that very port."""
    itself = socket.socket()
    itself.bind(("127.0.0.1", 0))
    itself.connect(itself.getsockname())
    monkeypatch.setattr(socket, "create_connection", lambda _place, _limit: itself)
    with pytest.raises(ConnectionRefusedError):
        loopback.connect(Place(1, bytes(32)), 1.0)
    assert itself.fileno() == -1
