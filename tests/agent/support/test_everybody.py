"""The agents of all people, asked by root."""

import contextlib
import errno
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.support import everybody
from agent.support.everybody import Person
from protocol import control, pipes
from protocol.control import State


@pytest.fixture
def homes() -> Iterator[Path]:
    """Where homes are, with a name as short as those of sockets must be."""
    with tempfile.TemporaryDirectory(prefix="qalamsap-") as made:
        yield Path(made)


@pytest.fixture
def person(homes: Path) -> Person:
    made = Person("aigul", 4242, homes / "aigul")
    made.socket.parent.mkdir(parents=True)
    return made


@contextlib.contextmanager
def serve(person: Person, answer: bytes) -> Iterator[None]:
    """Answers one question."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(person.socket))
        listening.listen()

        def work() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(answer)
                connection.recv(
                    65536
                )  # what it was asked, so that closing is no reset; until the other side is done

        thread = threading.Thread(target=work)
        thread.start()
        yield
        thread.join()


def state(**changes: object) -> bytes:
    values = {"state": "ready", "language": "ru", "version": "0.0.1", "port": 13579}
    return pipes.pack_json(control.to_message(State(**(values | changes))))  # type: ignore[arg-type]  # right ones


def test_an_agent_that_answers_is_told_of_by_its_code(person: Person, tmp_path: Path) -> None:
    with serve(person, state(state="paused")):
        (found,) = everybody.checks([person], sessions=tmp_path)
    assert (found.state, found.code, found.text) == ("warning", "paused", "aigul: paused")


def test_what_a_strange_agent_says_is_not_repeated(person: Person, homes: Path, tmp_path: Path) -> None:
    with serve(person, state(state="trouble", trouble="\x1b[31m rm -rf", version="\x1b[31m")):
        (found,) = everybody.checks([person], sessions=tmp_path)
    assert found.text == "aigul: trouble"
    with_nonsense = Person("b", 1, homes / "b")
    with_nonsense.socket.parent.mkdir(parents=True)
    with serve(with_nonsense, b"HTTP/1.1 200 OK\r\n\r\n" * 10):
        (found,) = everybody.checks([with_nonsense], sessions=tmp_path)
    assert (found.state, found.code) == ("critical", "stranger")


def test_one_who_is_not_logged_in_needs_no_agent_and_one_who_is_does(person: Person, tmp_path: Path) -> None:
    (found,) = everybody.checks([person], sessions=tmp_path)
    assert (found.state, found.code) == ("ok", "away")
    (tmp_path / "4242").mkdir()
    (found,) = everybody.checks([person], sessions=tmp_path)
    assert (found.state, found.code) == ("critical", "stopped")


def test_where_nobody_knows_who_is_logged_in_an_agent_that_does_not_run_is_not_taken_for_well(
    person: Person, tmp_path: Path
) -> None:
    (found,) = everybody.checks([person], sessions=tmp_path / "none")
    assert (found.state, found.code) == ("unknown", "stopped")


def test_one_that_says_nothing_holds_nobody_up() -> None:
    begun, over = threading.Event(), threading.Event()

    def silent() -> State:
        begun.set()
        over.wait(30)
        return State("ready", "ru", "1", 1)

    assert everybody.asked(silent, 0.05) is None
    assert begun.wait(10)
    over.set()


def test_people_are_those_whose_home_has_a_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, person: Person
) -> None:
    import pwd

    def entry(name: str, user_id: int, home: Path) -> pwd.struct_passwd:
        return pwd.struct_passwd((name, "x", user_id, user_id, "", str(home), "/bin/sh"))

    entries = [entry("aigul", 4242, person.home), entry("daemon", 1, tmp_path / "none")]
    monkeypatch.setattr(pwd, "getpwall", lambda: list(entries))
    assert everybody.people(tmp_path / "none") == (person,)
    assert everybody.named(everybody.people(tmp_path / "none"), "aigul") == (person,)
    assert everybody.named(everybody.people(tmp_path / "none"), "daemon") == ()


def test_people_of_a_domain_whom_no_list_has_are_found_while_they_are_logged_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, person: Person
) -> None:
    import pwd

    def by_number(user_id: int) -> pwd.struct_passwd:
        if user_id != person.user_id:
            raise KeyError(user_id)
        return pwd.struct_passwd(("aigul", "x", user_id, user_id, "", str(person.home), "/bin/sh"))

    for session in ("4242", "4243", "4x"):
        (tmp_path / "sessions" / session).mkdir(parents=True)
    monkeypatch.setattr(pwd, "getpwall", list)
    monkeypatch.setattr(pwd, "getpwuid", by_number)
    assert everybody.people(tmp_path / "sessions") == (person,)


def test_a_home_that_is_closed_to_root_is_not_taken_for_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, person: Person
) -> None:
    import pwd

    entry = pwd.struct_passwd(("aigul", "x", 4242, 4242, "", str(person.home), "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwall", lambda: [entry])

    usual = Path.stat

    def closed(self: Path, **more: bool) -> os.stat_result:
        if self.is_relative_to(person.home):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        return usual(self, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", closed)
        found = everybody.people(tmp_path / "none")
        (check,) = everybody.checks(found, sessions=tmp_path)
    assert found == (person,)
    assert (check.state, check.code) == ("unknown", "closed")


def test_only_root_may_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert not everybody.may_look()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert everybody.may_look()
