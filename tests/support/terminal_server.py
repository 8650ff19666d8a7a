"""A computer that several people use at once, for tests as root: a network and mounts of its own, people with user ids of their own, and a
stand-in for systemd that holds the broker's sockets.

    with terminal_server.opened(tmp_path) as machine, machine.broker():
        with machine.agent(ANNA, key) as agent: ...
        machine.sign(ANNA, agent.authority)

The real port is used, which nobody outside can see.
"""

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.support import authority
from tests.support.agents import write_answers
from tests.support.program_lines import next_line

ROOT = Path(__file__).resolve().parents[2]
PORT = 13579
DOOR = "/run/qalamsap/broker.sock"
LIMIT_S = 60.0
ANNA, BORIS, CECIL, MALLORY, BROKER = 70001, 70002, 70003, 70666, 70999

# Other people may have to go through folders of root's to reach Python and our code.
HOLD = """
set -e
mount -t tmpfs -o mode=0755 tmpfs "$1"
base="$1"; shift
for place in "$@"; do
    mkdir -p -m 0755 "$base/upper$place" "$base/work$place"
    mount -t overlay overlay -o "lowerdir=$place,upperdir=$base/upper$place,workdir=$base/work$place" "$place"
done
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -m 0755 /run/qalamsap /run/people
echo ready
exec cat
"""
LOOPBACK_UP = """
import fcntl, socket, struct
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x49))  # SIOCSIFFLAGS: up, loopback, running
"""
# What systemd does with a socket unit and its service (Restart=always).
SYSTEM = f"""
import fcntl, os, signal, sys
from pathlib import Path
from agent.broker.__main__ import make
sockets = make([{PORT}], Path({DOOR!r}))
high = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 50) for each in sockets]
for each in sockets:
    each.close()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
child = 0
try:
    while True:
        child = os.fork()
        if not child:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            for number, descriptor in enumerate(high):
                os.dup2(descriptor, 3 + number)
            os.setgroups([]); os.setgid({BROKER}); os.setuid({BROKER})
            environment = {{"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(high)), "PYTHONPATH": {str(ROOT)!r}}}
            os.execve(sys.executable, [sys.executable, "-m", "agent.broker"], environment)
        print("broker", child, flush=True)
        os.waitpid(child, 0)
finally:
    if child:
        os.kill(child, signal.SIGTERM)
"""
PAGE = """
import json, ssl, sys
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
url, cafile, frame = sys.argv[1:]
context = ssl.create_default_context(cafile=cafile)
try:
    with connect(url, ssl=context, origin="https://page.example.kz", proxy=None, open_timeout=30) as page:
        assert page.recv(30)
        page.send(frame)
        print(json.dumps({"reply": json.loads(page.recv(60))}))
except (OSError, ConnectionClosed, EOFError, Exception) as error:
    print(json.dumps({"error": type(error).__name__}))
"""


@dataclasses.dataclass
class Agent:
    """A daemon of one person; `authority` is what their browser trusts, as they see it."""

    person: int
    process: "subprocess.Popen[str]"
    lines: list[str]
    home: str

    @property
    def authority(self) -> str:
        return f"{self.home}/state/ca.pem"


class Machine:
    def __init__(self, process_id: int, folder: Path) -> None:
        self._process_id = process_id
        self._folder = folder

    def path(self, inside: str) -> Path:
        """The file that people on the machine see at `inside`."""
        return Path(f"/proc/{self._process_id}/root") / inside.lstrip("/")

    def command(self, person: int, *words: str) -> list[str]:
        """What runs as that person (0: root) on the machine."""
        inside = [
            "nsenter",
            f"--mount=/proc/{self._process_id}/ns/mnt",
            f"--net=/proc/{self._process_id}/ns/net",
            "--",
        ]
        become = (
            []
            if not person
            else ["setpriv", f"--reuid={person}", f"--regid={person}", "--clear-groups", "--"]
        )
        variables = [f"HOME={self.home(person)}", f"PATH={os.environ['PATH']}", f"PYTHONPATH={ROOT}"]
        return [*inside, *become, "env", "-i", "-C", str(ROOT), *variables, *words]

    def run(self, person: int, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(person, *words), capture_output=True, text=True, timeout=LIMIT_S, check=False
        )

    def python(self, person: int, code: str, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.run(person, sys.executable, "-c", code, *words)

    def start(self, person: int, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(person, *words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def home(self, person: int) -> str:
        """The person's folder, made when it is first asked for."""
        inside = f"/run/people/{person}"
        if not self.path(inside).exists():
            self.path(inside).mkdir(mode=0o700)
            os.chown(self.path(inside), person, person)
        return inside

    @contextlib.contextmanager
    def broker(self) -> Iterator["Broker"]:
        """The broker, started again whenever it ends, with sockets that somebody else holds."""
        system = self.start(0, sys.executable, "-c", SYSTEM)
        with ended(system) as lines:
            until(lambda: any(line.startswith("the broker serves") for line in lines), lines)
            yield Broker(lines)

    @contextlib.contextmanager
    def agent(
        self, person: int, key: str, ready: str = "listening on wss", documents: int = 20
    ) -> Iterator[Agent]:
        """`qalamsap simulate` on the usual port, with that key of the test authority; ready when pages can come."""
        home = self.home(person)
        authorities = (*authority.root_paths(), *authority.issuing_paths())
        file = authority.path(key)
        answer = {"key": f"{home}/{file.name}", "password": authority.PASSWORD}
        answers = write_answers(self._folder / f"answers-{person}.toml", [answer] * documents)
        for source in (file, *authorities, answers):
            copy = self.path(f"{home}/{source.name}")
            shutil.copy(source, copy)
            os.chown(copy, person, person)
        words = [sys.executable, "-m", "agent", "simulate", "--answers", f"{home}/{answers.name}"]
        words += ["--state-dir", f"{home}/state", "--offline"]
        for each in authorities:
            words += ["--test-ca", f"{home}/{each.name}"]
        process = self.start(person, *words)
        with ended(process) as lines:
            until(lambda: any(ready in line for line in lines) or process.poll() is not None, lines)
            yield Agent(person, process, lines, home)

    def sign(
        self, person: int, cafile: str, url: str = f"wss://127.0.0.1:{PORT}/"
    ) -> "subprocess.Popen[str]":
        """That person's page asks for a signature; `answer_of` waits for what comes of it."""
        frame = {
            "module": "kz.gov.pki.knca.basics",
            "method": "sign",
            "args": {
                "format": "cms",
                "data": "SGVsbG8=",
                "signingParams": {"decode": "true", "encapsulate": "true"},
                "signerParams": {"extKeyUsageOids": [], "chain": []},
                "locale": "ru",
            },
        }
        return self.start(person, sys.executable, "-c", PAGE, url, cafile, json.dumps(frame))


@dataclasses.dataclass
class Broker:
    lines: list[str]

    @property
    def process_id(self) -> int:
        """Of the one that runs now."""
        return int(next(line for line in reversed(self.lines) if line.startswith("broker ")).split()[1])

    def said(self, event: str) -> list[str]:
        return [line for line in self.lines if line.startswith(event)]


def answer_of(page: "subprocess.Popen[str]") -> dict[str, object]:
    """What the page got."""
    out, _ = page.communicate(timeout=LIMIT_S)
    answer: dict[str, object] = json.loads(out.splitlines()[-1])
    return answer


def until(condition: Callable[[], bool], lines: Sequence[str] = ()) -> None:
    """Waits for what nobody tells of."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, "".join(lines)
        time.sleep(0.02)


@contextlib.contextmanager
def ended(process: "subprocess.Popen[str]") -> Iterator[list[str]]:
    """Its lines, as they come; it is gone after the block."""
    lines: list[str] = []

    def gather() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)  # others look at the list while it grows

    reader = threading.Thread(target=gather, daemon=True)
    reader.start()
    try:
        yield lines
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(LIMIT_S)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Machine]:
    """Skips the test where the system does not allow one."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "setpriv"))):
        pytest.skip("needs tool: unshare as root")
    layers = folder / "layers"
    layers.mkdir()
    holder = subprocess.Popen(
        ["unshare", "--mount", "--net", "--propagation", "private", "sh", "-c", HOLD, "sh", str(layers), *_overlaid()],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        assert holder.stderr is not None
        try:
            if next_line(holder.stdout, LIMIT_S) != "ready\n":
                holder.kill()
                pytest.skip(f"needs tool: unshare as root ({holder.stderr.read().strip()})")
            machine = Machine(holder.pid, folder)
            up = machine.python(0, LOOPBACK_UP)
            assert up.returncode == 0, up.stderr
            yield machine
        finally:
            holder.kill()


def _overlaid() -> list[str]:
    """Where the machine keeps what it knows, and folders on the way to Python and our code that other people can't go through; the
    outermost first."""
    ways = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve(), ROOT}
    folders = {parent for way in ways for parent in (way, *way.parents) if parent.is_dir()}
    return sorted(["/var/lib", *(str(each) for each in folders if not each.stat().st_mode & 0o001)])
