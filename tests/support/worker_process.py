"""A worker as a real process, with the test in the daemon's place and a scripted window (tests.support.fake_window) in the window's."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from agent.errors import Unreachable
from agent.fetch import Fetch, Question, unreachable
from agent.rules import Rules
from protocol import basics, pipes, prompts, work
from tests.support.chains import Party

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import json, sys
from pathlib import Path
from agent import daemon_pipe, worker
from agent.user.window import Limits
given = json.loads(sys.argv[1])
options = worker.Options(
    answers=Path(given["answers"]) if given["answers"] else None,
    state_dir=Path(given["state_dir"]),
    test_authorities=tuple(map(Path, given["test_authorities"])),
    authorities=tuple(map(Path, given["authorities"])),
    timestamp_url=given["timestamp_url"],
    ocsp_url=given["ocsp_url"],
    is_offline=given["is_offline"],
    window_command=given["window_command"],
    limits=Limits(*given["limits"]),
)
{before}
sys.exit(worker.main(options))
"""


def write_key_file(path: Path, party: Party, password: str = "Qwerty12") -> Path:
    """A PKCS#12 file with the key of a P-256 or RSA party."""
    certificate = x509.load_der_x509_certificate(party.certificate.der)
    encryption = serialization.BestAvailableEncryption(password.encode())
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(b"key", party.key.private, certificate, None, encryption)
    )  # type: ignore[arg-type]
    return path


def sign_frame(*documents: str, **changes: Any) -> bytes:
    """A page's call of basics.sign that takes any key."""
    args: dict[str, Any] = {
        "format": "cms",
        "data": list(documents),
        "signingParams": {},
        "signerParams": {"extKeyUsageOids": [], "chain": []},
    }
    return json.dumps({"module": basics.MODULE, "method": "sign", "args": {**args, **changes}}).encode()


def _nobody(_question: Question) -> bytes:
    raise unreachable("no-connection")


@dataclasses.dataclass
class WorkerProcess:
    """Use as a context: the process is gone at its end."""

    state_dir: Path
    window_command: Sequence[str] = ("/nowhere/window",)
    answers: Path | None = None
    test_authorities: Sequence[Path] = ()
    authorities: Sequence[Path] = ()
    timestamp_url: str = ""
    ocsp_url: str = ""
    is_offline: bool = False
    limits: tuple[float, float] = (60.0, 60.0)
    rules: Rules = dataclasses.field(default_factory=Rules)
    before: str = ""  # lines of Python that the worker runs first
    heard: list[Any] = dataclasses.field(default_factory=list)

    def __enter__(self) -> Self:
        given = {
            "state_dir": str(self.state_dir),
            "window_command": list(self.window_command),
            "answers": str(self.answers) if self.answers else None,
            "test_authorities": [str(path) for path in self.test_authorities],
            "authorities": [str(path) for path in self.authorities],
            "timestamp_url": self.timestamp_url,
            "ocsp_url": self.ocsp_url,
            "is_offline": self.is_offline,
            "limits": self.limits,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.replace("{before}", self.before), json.dumps(given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=ROOT,
            # As bare as a daemon may be: a scripted person needs no more.
            env={"HOME": str(self.state_dir), "PATH": os.environ["PATH"]},
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.process.stdin.close()
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
            self.log = self.process.stderr.read().decode()
            self.process.stdout.close()
            self.process.stderr.close()
            self.process.wait()

    def begin(
        self,
        frame: bytes,
        *,
        origin: str = "https://kds.example.kz",
        turn: int = 1,
        waiting: int = 0,
        is_flat_on: bool = False,
        unlock_minutes: int = 0,
    ) -> None:
        kind: work.CallerKind = "site" if origin else "program"
        begin = work.Begin(
            kind,
            origin,
            "ru",
            len(frame),
            waiting,
            turn,
            is_flat_on=is_flat_on,
            unlock_minutes=unlock_minutes,
            rules=self.rules.sent(),
        )
        self.send(pipes.pack_json(work.to_message(begin)))
        self._send_data(frame)

    def send(self, octets: bytes) -> None:
        assert self.process.stdin is not None
        view = memoryview(octets)
        while view:
            view = view[self.process.stdin.write(view) :]

    def leave(self) -> None:
        """The page goes away."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def wait_ended(self) -> int:
        """The exit status of a worker that ends by itself: its window heard how it went. A page that leaves takes the window down before."""
        return self.process.wait(20)

    def next_message(self) -> Any:
        """The next message; None at the end of output."""
        frame = pipes.read_frame(self.process.stdout)  # type: ignore[arg-type]
        if frame is None:
            return None
        kind, payload = frame
        assert kind == pipes.JSON
        self.heard.append(work.from_message(pipes.unpack_json(payload)))
        return self.heard[-1]

    def reply(self, fetch: Fetch | None = None) -> dict[str, Any] | None:
        """The reply; None where the output ends without. What the worker wants to have asked meanwhile, `fetch` answers; without
        one no server can be reached."""
        while (message := self.next_message()) is not None:
            if isinstance(message, work.Fetch):
                question = Question(message.kind, message.url, self._read_data(message.body_bytes))
                try:
                    self.answer(message.number, (fetch or _nobody)(question))
                except Unreachable as error:
                    self.answer(message.number, failure=error.detail)
            if isinstance(message, work.Reply):
                reply: dict[str, Any] = json.loads(self._read_data(message.reply_bytes))
                return reply
        return None

    def question(self) -> tuple[work.Fetch, bytes]:
        """What the worker wants to have fetched next, and with which body."""
        message = self.next_message()
        assert isinstance(message, work.Fetch)
        return message, self._read_data(message.body_bytes)

    def answer(self, number: int, answer: bytes = b"", failure: str = "") -> None:
        """Tells the worker what came of it."""
        self.send(pipes.pack_json(work.to_message(work.Fetched(number, len(answer), failure))))
        self._send_data(answer)

    def _send_data(self, octets: bytes) -> None:
        for start in range(0, len(octets), pipes.CHUNK_BYTES):
            chunk = octets[start : start + pipes.CHUNK_BYTES]
            self.send(pipes.pack_header(pipes.DATA, len(chunk)) + chunk)

    def _read_data(self, length: int) -> bytes:
        octets = bytearray()
        while len(octets) < length:
            frame = pipes.read_frame(self.process.stdout)  # type: ignore[arg-type]
            assert frame is not None
            assert frame[0] == pipes.DATA
            octets += frame[1]
        assert len(octets) == length
        return bytes(octets)

    def wait_for(self, kind: type[prompts.Shown | prompts.Activity]) -> None:
        while not isinstance(self.next_message(), kind):
            pass
