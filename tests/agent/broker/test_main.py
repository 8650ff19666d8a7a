"""The broker's process: where its sockets come from, what it refuses, what it is made of, how it ends."""

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from agent import paths
from agent.broker import __main__ as program
from agent.broker import wire
from agent.broker.__main__ import Unusable, inherited, make, sorted_out
from tests.support.program_lines import next_line

if sys.platform != "linux":
    pytest.skip("the broker is for Linux", allow_module_level=True)

SOMEBODY = 70998
LIMIT_S = 30
# A process that is no root (if we are), for the broker refuses to be.
BECOME = f"import os; os.geteuid() or (os.setgroups([]), os.setgid({SOMEBODY}), os.setuid({SOMEBODY}));"
# Loaded first, for another person may not be able to go where Python and our code lie.
LOADED = "import argparse, encodings.idna, locale, shutil, sys, sysconfig, traceback; from agent.broker import __main__ as program; from agent.peers import linux;"


@pytest.fixture
def folder():
    """A folder in which the broker's account may make its door, with a name as short as a socket's must be."""
    with tempfile.TemporaryDirectory(prefix="qalamsap-") as made:
        if os.geteuid() == 0:
            os.chown(made, SOMEBODY, SOMEBODY)
        yield Path(made)


@contextlib.contextmanager
def running(*words, code="sys.exit(program.main(sys.argv[1:]))"):
    process = subprocess.Popen(
        [sys.executable, "-c", LOADED + BECOME + code, *words],
        cwd=paths.CODE_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_it_serves_until_it_is_told_to_stop(folder):
    with running("--port", "0", "--socket", str(folder / "door")) as broker:
        line = next_line(broker.stderr, LIMIT_S)
        if not line.startswith("the broker serves id=1700 ports="):
            broker.kill()
            pytest.fail(line + broker.stderr.read())
        port = int(line.rpartition("=")[2])
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as agent:
            agent.settimeout(LIMIT_S)
            agent.connect(str(folder / "door"))
            agent.send(wire.ANNOUNCE)
            assert wire.parse_reply(agent.recv(64)) == (port,)
            with socket.create_connection(("127.0.0.1", port)) as page:
                message, (descriptor,), _, _ = socket.recv_fds(agent, 64, 1)
                with socket.socket(fileno=descriptor) as accepted:
                    assert message == wire.CONNECTION
                    assert accepted.getpeername() == page.getsockname()
            broker.send_signal(signal.SIGTERM)
            assert broker.wait(LIMIT_S) == 0
            assert agent.recv(64) == b""


def test_it_loads_next_to_nothing(folder):
    listed = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import agent.broker.__main__, agent.peers.linux"],
        cwd=paths.CODE_ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=True,
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in listed.stderr.splitlines()}
    ours = {name for name in loaded if name.split(".")[0] in {"agent", "protocol", "tray"}}
    assert ours == {
        "agent", "agent.broker", "agent.broker.__main__", "agent.broker.doors", "agent.broker.events", "agent.broker.serving", "agent.broker.wire",
        "agent.peers", "agent.peers.linux", "agent.peers.owner", "agent.peers.subordinates",
    }  # fmt: skip
    heavy = {
        "ssl",
        "_ssl",
        "asyncio",
        "json",
        "logging",
        "argparse",
        "subprocess",
        "ctypes",
        "websockets",
        "platformdirs",
    }
    assert not loaded & heavy


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused")
def test_it_refuses_to_be_root(tmp_path, capsys):
    assert program.main(["--port", "0", "--socket", str(tmp_path / "door")]) == program.NO_PERMISSION
    assert "not as root" in capsys.readouterr().err
    assert not (tmp_path / "door").exists()


@pytest.mark.parametrize("words", [["--port", "many"], ["--what"], ["more"]])
def test_a_wrong_command_line_ends_with_usage(words, folder):
    with running(*words) as broker:
        assert broker.wait(LIMIT_S) == program.USAGE
        assert broker.stderr.read().startswith("qalamsap-broker: ")


def test_a_port_that_is_taken_and_a_folder_that_is_not_there_are_told(folder):
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        running("--port", str(other.getsockname()[1]), "--socket", str(folder / "door")) as broker,
    ):
        assert broker.wait(LIMIT_S) == program.UNAVAILABLE
    with running("--port", "0", "--socket", str(folder / "none" / "door")) as broker:
        assert broker.wait(LIMIT_S) == program.UNAVAILABLE
    with running("--port", "70000", "--socket", str(folder / "door")) as broker:
        assert broker.wait(LIMIT_S) == program.UNAVAILABLE


# --- sockets ---------------------------------------------------------------------------------------------------


def test_sockets_are_taken_from_systemd_only_where_they_are_for_this_process():
    # That they are taken is seen in tests/journeys/test_terminal_server.py.
    assert inherited({"LISTEN_PID": "1", "LISTEN_FDS": "1"}) == []
    assert inherited({}) == []
    with pytest.raises(Unusable):
        inherited({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "many"})
    assert inherited({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "0"}) == []


@contextlib.contextmanager
def sockets(tmp_path, *more):
    made = make([0], tmp_path / "door")
    try:
        yield [*made, *more]
    finally:
        for each in (*made, *more):
            each.close()


def test_listeners_and_door_are_told_apart(tmp_path):
    with sockets(tmp_path) as given:
        listeners, door = sorted_out(list(reversed(given)))
        assert door is given[-1]
        assert set(listeners) == set(given[:-1])
        assert {each.getsockname()[0] for each in listeners} <= {"127.0.0.1", "::1"}


def everywhere():
    return socket.create_server(("0.0.0.0", 0))


def deaf():
    return socket.socket()


def stream_door():
    one = socket.socket(socket.AF_UNIX)
    one.bind(f"\0qalamsap-test-{os.getpid()}")
    one.listen()
    return one


def second_door():
    one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    one.bind(f"\0qalamsap-test-{os.getpid()}")
    one.listen()
    return one


@pytest.mark.parametrize("other", [everywhere, deaf, stream_door, second_door])
def test_it_serves_nothing_but_loopback_and_one_door(tmp_path, other):
    with sockets(tmp_path, other()) as given, pytest.raises(Unusable):
        sorted_out(given)


def test_it_needs_both_and_not_too_many(tmp_path):
    with sockets(tmp_path) as given:
        for lacking in (given[:-1], given[-1:], []):
            with pytest.raises(Unusable):
                sorted_out(lacking)
    many = make([0] * (wire.MOST_PORTS + 1), tmp_path / "other")
    with pytest.raises(Unusable):
        sorted_out(many)
    for each in many:
        each.close()


def test_a_door_that_was_left_is_replaced_and_a_living_one_is_not(tmp_path):
    with sockets(tmp_path), pytest.raises(Unusable, match="in use"):
        make([0], tmp_path / "door")
    again = make([0], tmp_path / "door")
    assert (tmp_path / "door").stat().st_mode & 0o777 == 0o666
    for each in again:
        each.close()
    (tmp_path / "door").unlink()
    (tmp_path / "door").write_text("a file of somebody's")
    with pytest.raises(Unusable):
        make([0], tmp_path / "door")
    assert (tmp_path / "door").read_text() == "a file of somebody's"


def test_a_computer_without_ipv6_is_served_on_the_other_loopback(tmp_path, monkeypatch):
    create = socket.create_server

    def only_4(address, **options):
        if ":" in address[0]:
            raise OSError(errno.EADDRNOTAVAIL, "no IPv6")
        return create(address, **options)

    monkeypatch.setattr(program.socket, "create_server", only_4)
    made = make([0], Path(tmp_path / "door"))
    assert [each.family for each in made] == [socket.AF_INET, socket.AF_UNIX]
    for each in made:
        each.close()
