"""Several Linux users at once on one computer, on the real port: each gets their own agent, and nobody another one's."""

import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from agent.formats import cms
from tests.support import authority, terminal_server
from tests.support.terminal_server import (
    ANNA,
    BORIS,
    BROKER,
    CECIL,
    DOOR,
    MALLORY,
    PORT,
    Machine,
    answer_of,
    until,
)

pytestmark = [pytest.mark.root, pytest.mark.slow]

KEYS = {ANNA: "gost2015-individual", BORIS: "rsa-sign-individual", CECIL: "p256-individual"}

# Connections as fast as they can be made, until somebody ends it; whether any of them was answered.
FLOOD = f"""
import contextlib, socket
print("flooding", flush=True)
kept = []
while True:
    with contextlib.suppress(OSError):
        one = socket.create_connection(("127.0.0.1", {PORT}), 1)
        kept.append(one)
        kept[:-200] = []
"""
SEQPACKET_FLOOD = f"""
import contextlib, os, socket
print("flooding", flush=True)
kept = []
while True:
    with contextlib.suppress(OSError):
        one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        one.settimeout(1)
        one.connect({DOOR!r})
        one.send(os.urandom(8))
        kept.append(one)
        kept[:-200] = []
"""
# Registers, and says what it is handed.
LISTENER = f"""
import array, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
    door.connect({DOOR!r})
    door.send(b"A\\x01")
    print("registered" if door.recv(64)[:1] == b"H" else "refused", flush=True)
    while message := door.recv(64):
        print("handed", flush=True)
"""
# Whether a connection, made like this, is served (a plain request gets an HTTP answer) or closed.
ASK_PLAIN = f"""
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
with socket.socket(family) as one:
    one.settimeout(30)
    one.connect((sys.argv[1], {PORT}))
    try:
        one.sendall(b"GET / HTTP/1.1\\r\\nHost: 127.0.0.1:{PORT}\\r\\n\\r\\n")
        print(one.recv(12).decode() or "closed")
    except ConnectionError:
        print("closed")
"""
# A broker that was taken over: whoever registers gets every connection.
EVIL = f"""
import socket
from agent.broker.__main__ import make
*listeners, door = make([{PORT}], __import__("pathlib").Path({DOOR!r}))
print("evil", flush=True)
agent, _ = door.accept()
assert agent.recv(64) == b"A\\x01"
agent.send(b"H\\x01\\x01" + ({PORT}).to_bytes(2, "big"))
while True:
    accepted, _ = listeners[0].accept()
    socket.send_fds(agent, [b"C"], [accepted.fileno()])
    accepted.close()
    agent.recv(64)
"""


@pytest.fixture
def machine(tmp_path: Path):
    with terminal_server.opened(tmp_path) as opened:
        yield opened


def signed_by(answer: dict) -> bytes:
    """The certificate of whoever signed."""
    assert "reply" in answer, answer
    assert answer["reply"]["status"] is True, answer
    assert answer["reply"]["body"], answer
    (signer,) = cms.verify(cms.read(answer["reply"]["body"]["result"][0].encode()))
    assert signer.signature == "valid"
    assert signer.certificate is not None
    return signer.certificate.der


def asked(machine: Machine, person: int, host: str = "127.0.0.1") -> str:
    done = machine.python(person, ASK_PLAIN, host)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_each_person_signs_with_their_own_agent_at_the_same_time_and_nobody_reaches_anothers(machine) -> None:
    with (
        machine.broker() as broker,
        machine.agent(ANNA, KEYS[ANNA]) as annas,
        machine.agent(BORIS, KEYS[BORIS]) as boriss,
    ):
        assert Path(f"/proc/{broker.process_id}").stat().st_uid == BROKER
        pages = [(agent, machine.sign(agent.person, agent.authority)) for agent in (annas, boriss) * 3]
        for agent, page in pages:
            assert signed_by(answer_of(page)) == authority.certificate(KEYS[agent.person]).der

        # Whose certificate it is says whose agent it was: the other one's is not trusted, if it were reached at all.
        give(machine, annas.authority, BORIS)
        assert answer_of(machine.sign(BORIS, f"{machine.home(BORIS)}/other.pem")) == {
            "error": "SSLCertVerificationError"
        }

        # Who has no agent is closed, root too; however they spell this computer.
        for person in (CECIL, 0):
            for host in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
                assert asked(machine, person, host) == "closed"
        for host in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
            assert asked(machine, ANNA, host) == "HTTP/1.1 400"
        assert len(broker.said("no agent of that person is registered id=1703 owner=70003")) == 1

        with machine.agent(CECIL, KEYS[CECIL]) as cecils:
            assert (
                signed_by(answer_of(machine.sign(CECIL, cecils.authority)))
                == authority.certificate(KEYS[CECIL]).der
            )
        until(lambda: bool(broker.said(f"an agent is gone id=1702 owner={CECIL}")), broker.lines)
        assert asked(machine, CECIL) == "closed"


def give(machine: Machine, inside: str, person: int) -> None:
    """Another person's file, as that person could have been given it."""
    copy = machine.path(f"{machine.home(person)}/other.pem")
    copy.write_bytes(machine.path(inside).read_bytes())
    os.chown(copy, person, person)


def test_when_the_broker_ends_the_next_one_has_the_same_agents_and_the_port_was_never_free(machine) -> None:
    with machine.broker() as broker, machine.agent(ANNA, KEYS[ANNA]) as annas:
        for number in (2, 3):
            kill(broker)
            taking = machine.python(MALLORY, f"import socket; socket.create_server(('127.0.0.1', {PORT}))")
            assert "Address already in use" in taking.stderr
            registered_so_often(broker, ANNA, number)
            assert signed_by(answer_of(machine.sign(ANNA, annas.authority)))


def kill(broker: terminal_server.Broker) -> None:
    """Until another one runs."""
    first = broker.process_id
    os.kill(first, signal.SIGKILL)
    until(lambda: broker.process_id != first, broker.lines)


def registered_so_often(broker: terminal_server.Broker, person: int, number: int) -> None:
    told = f"an agent is registered id=1701 owner={person}"
    until(lambda: len(broker.said(told)) == number, broker.lines)


def test_a_flood_of_one_person_keeps_no_other_from_signing(machine) -> None:
    with machine.broker() as broker, machine.agent(ANNA, KEYS[ANNA]) as annas:
        with (
            terminal_server.ended(machine.start(MALLORY, sys.executable, "-c", FLOOD)) as connections,
            terminal_server.ended(machine.start(MALLORY, sys.executable, "-c", SEQPACKET_FLOOD)) as callers,
        ):
            until(lambda: bool(connections and callers))
            assert signed_by(answer_of(machine.sign(ANNA, annas.authority)))
            with machine.agent(BORIS, KEYS[BORIS]) as boriss:  # registers in the midst of it
                assert signed_by(answer_of(machine.sign(BORIS, boriss.authority)))
        assert len(broker.lines) < 100  # the log is no flood


def test_whoever_registers_gets_their_own_connections_alone(machine) -> None:
    with machine.broker(), machine.agent(ANNA, KEYS[ANNA]) as annas:
        with terminal_server.ended(machine.start(MALLORY, sys.executable, "-c", LISTENER)) as heard:
            until(lambda: heard == ["registered\n"])
            assert signed_by(answer_of(machine.sign(ANNA, annas.authority)))
            assert asked(machine, BORIS) == "closed"
            assert heard == ["registered\n"]
            waiting = machine.start(MALLORY, sys.executable, "-c", ASK_PLAIN, "127.0.0.1")
            until(lambda: heard[1:] == ["handed\n"])
        assert waiting.communicate(timeout=terminal_server.LIMIT_S)[0].strip() == "closed"


def test_a_broker_that_was_taken_over_can_not_bring_people_together(machine) -> None:
    with terminal_server.ended(machine.start(0, sys.executable, "-c", EVIL)) as evil:
        until(lambda: evil == ["evil\n"], evil)
        with machine.agent(ANNA, KEYS[ANNA]) as annas:
            assert asked(machine, ANNA) == "HTTP/1.1 400"
            assert asked(machine, BORIS) == "closed"
            assert asked(machine, 0) == "closed"
            assert signed_by(answer_of(machine.sign(ANNA, annas.authority)))
            until(lambda: any("a connection of another person was refused" in line for line in annas.lines))


def test_without_a_broker_an_agent_serves_its_own_person_and_no_other(machine) -> None:
    with machine.agent(ANNA, KEYS[ANNA]) as annas:
        assert signed_by(answer_of(machine.sign(ANNA, annas.authority)))
        for host in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
            assert asked(machine, BORIS, host) == "closed"
            assert asked(machine, ANNA, host) == "HTTP/1.1 400"
        assert asked(machine, 0) == "closed"
        with machine.agent(BORIS, KEYS[BORIS]) as boriss:
            assert boriss.process.poll() is not None
            assert any(
                f"port {PORT} is held by a program of the user with id {ANNA}" in line
                for line in boriss.lines
            )


def test_an_agent_waits_for_a_broker_that_is_late_and_never_takes_the_port_itself(machine) -> None:
    # What a broker left that ended, on a machine without systemd.
    left = machine.python(
        0, f"import socket; socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).bind({DOOR!r})"
    )
    assert left.returncode == 0, left.stderr
    with machine.agent(ANNA, KEYS[ANNA], ready=" listening port=") as annas:
        free = machine.python(BORIS, f"import socket; socket.create_server(('127.0.0.1', {PORT})).close()")
        assert free.returncode == 0, free.stderr
        assert not any("listening on wss" in line for line in annas.lines)
        with machine.broker():
            until(lambda: any("listening on wss" in line for line in annas.lines), annas.lines)
            assert signed_by(answer_of(machine.sign(ANNA, annas.authority)))


def test_the_certificate_of_the_computer_is_shown_by_everybody_where_the_port_is_the_brokers_and_only_there(
    machine,
) -> None:
    code = (
        "import datetime, pathlib; from agent.localhost import authority, identity; "
        "identity.share(authority.issue(pathlib.Path('/var/lib/qalamsap/tls'), datetime.datetime.now(datetime.UTC)))"
    )
    machine.path("/var/lib/qalamsap").mkdir(mode=0o755)
    assert machine.python(0, code).returncode == 0
    (folder,) = [each for each in machine.path("/var/lib/qalamsap/tls").iterdir() if each.is_dir()]
    authority_of_all = f"/var/lib/qalamsap/tls/{folder.name}/authority.pem"
    with machine.broker(), machine.agent(ANNA, KEYS[ANNA]), machine.agent(BORIS, KEYS[BORIS]):
        pages = {person: machine.sign(person, authority_of_all) for person in (ANNA, BORIS)}
        for person, page in pages.items():
            assert signed_by(answer_of(page)) == authority.certificate(KEYS[person]).der
    machine.path(DOOR).unlink()
    with machine.agent(ANNA, KEYS[ANNA]) as annas:
        assert answer_of(machine.sign(ANNA, authority_of_all)) == {"error": "SSLCertVerificationError"}
        assert signed_by(answer_of(machine.sign(ANNA, annas.authority)))


def test_nobody_can_put_another_door_there(machine) -> None:
    placing = """
import os, socket
for path in ("/run/qalamsap/broker.sock", "/run/qalamsap/x"):
    try:
        socket.socket(socket.AF_UNIX).bind(path)
        print("placed")
    except OSError as error:
        print(error.errno)
"""
    assert machine.python(MALLORY, placing).stdout.split() == ["13", "13"]


def test_the_broker_holds_next_to_nothing(machine) -> None:
    with machine.broker() as broker, machine.agent(ANNA, KEYS[ANNA]) as annas:
        assert signed_by(answer_of(machine.sign(ANNA, annas.authority)))
        here = Path(f"/proc/{broker.process_id}")
        status = dict(line.split(":", 1) for line in (here / "status").read_text().splitlines())
        assert status["CapEff"].strip() == "0" * 16
        kinds = sorted(str(each.readlink()).split(":")[0] for each in (here / "fd").iterdir())
        # Standard streams; door, two listeners, the agent's end, the question to the kernel; the selector.
        assert kinds.count("socket") == 5 + (0 if socket.has_dualstack_ipv6() else -1)
        maps = (here / "maps").read_text()
        assert not [name for name in ("libssl", "libcrypto", "_ssl", "_asyncio") if name in maps]
        assert int(status["VmRSS"].split()[0]) < 32 * 1024
