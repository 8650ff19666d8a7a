"""A desk's window that follows a script: a process, like the real one. What it hears is kept in a log.

    command(log, step, step, ...) -> the command line

Steps: `expect("frame.Begin")` reads messages until one of that type (of each, if there are several) has come, `send(message)`, `say(octets)`, `leave(3)` (ends with that
status), `hang()` (does nothing until it is killed), `wait_for_end()` (reads until its input ends, and then ends).
"""

import base64
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from protocol import pipes
from protocol.desk import messages

LIFE_S = 20.0  # whatever it waits for: a test must end
ROOT = Path(__file__).resolve().parents[2]


def expect(*kinds: str) -> list[Any]:
    return ["expect", kinds]


def send(message: Any) -> list[Any]:
    return say(pipes.pack_json(messages.to_message(message)))


def say(octets: bytes) -> list[Any]:
    return ["say", base64.b64encode(octets).decode()]


def leave(status: int = 0) -> list[Any]:
    return ["leave", status]


def hang() -> list[Any]:
    return ["hang", None]


def wait_for_end() -> list[Any]:
    return expect()


def command(log: Path, *steps: list[Any]) -> list[str]:
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.support import fake_desk; fake_desk.run()"
    )
    return [sys.executable, "-c", program, str(log), json.dumps(steps)]


def heard(log: Path) -> list[Any]:
    """What the window was told, in order."""
    lines = log.read_text("utf-8").splitlines() if log.exists() else []
    return [messages.from_message(json.loads(line)) for line in lines]


def run() -> None:
    end = threading.Timer(LIFE_S, os._exit, (9,))
    end.daemon = True
    end.start()
    log, steps = Path(sys.argv[1]), json.loads(sys.argv[2])
    with open(0, "rb", buffering=0) as stdin, log.open("a", encoding="utf-8", buffering=1) as stream:
        for name, value in steps:
            if name == "expect" and not _listen(stdin, stream, value):
                return
            if name == "say":
                os.write(1, base64.b64decode(value))
            elif name == "leave":
                os._exit(value)
            elif name == "hang":
                threading.Event().wait()


def _listen(stdin: Any, stream: Any, kinds: list[str]) -> bool:
    """Reads until a message of each of these has come; False where the pipe ends before."""
    left = set(kinds)
    while (frame := pipes.read_frame(stdin)) is not None:
        stream.write(frame[1].decode() + "\n")
        left.discard(pipes.unpack_json(frame[1])["type"])
        if kinds and not left:
            return True
    return False
