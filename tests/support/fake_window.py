"""A window that follows a script: what it expects from a worker, and what it answers. A process, like the real one.

    command(log, step, step, ...) -> the command line

Steps: `expect("open-key")` reads messages until one of that type comes, and keeps all of them in the log, pixels beside it; `send(message)`,
`password("Qwerty12")`, `crash(7)` (ends at once with that status), `hang()` (does nothing until it is killed), `wait_for_end()`
(reads until the pipe ends).
"""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from protocol import pipes, preview, prompts

ROOT = Path(__file__).resolve().parents[2]


_ASIDES = (prompts.Progress, preview.Known, preview.Drawn, preview.RowsRead, preview.Unshown)


def expect(kind: str) -> list[Any]:
    return ["expect", kind]


def send(message: prompts.FromWindow) -> list[Any]:
    return ["send", prompts.to_message(message)]


def password(text: str) -> list[Any]:
    return ["password", text]


def key_file(path: Path, text: str) -> list[list[Any]]:
    """The person names a key file and types its password."""
    return [send(prompts.KeyOpened(str(path), "PKCS12")), password(text)]


def crash(status: int) -> list[Any]:
    return ["crash", status]


def hang() -> list[Any]:
    return ["hang", None]


def wait_for_end() -> list[Any]:
    return ["wait-for-end", None]


def command(log: Path, *steps: list[Any], later: list[list[Any]] | None = None) -> list[str]:
    """The command line of a window that does this, and writes what it hears to `log`, one JSON object a line. Windows that come after
    the first do what is in `later`."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.support import fake_window; fake_window.run()"
    return [
        sys.executable,
        "-c",
        program,
        str(log),
        json.dumps(steps),
        json.dumps(steps if later is None else later),
    ]


def heard(log: Path, *, everything: bool = False) -> list[Any]:
    """What the window was asked and told so far; with `everything` also how far it was meanwhile, and what it was shown of documents.

    A line "end" in between stands for the end of its input.
    """
    lines = log.read_text("utf-8").splitlines() if log.exists() else []
    found = [prompts.from_message(json.loads(line)) for line in lines if line != "end"]
    return found if everything else [each for each in found if not isinstance(each, _ASIDES)]


def pixels(log: Path) -> bytes:
    """All octets that followed what was drawn."""
    return _pixels_of(log).read_bytes()


def run() -> None:
    log = Path(sys.argv[1])
    steps = json.loads(sys.argv[3 if log.exists() and log.stat().st_size else 2])
    with open(0, "rb", buffering=0) as stdin, log.open("a", encoding="utf-8", buffering=1) as stream:
        for name, value in steps:
            if name in ("expect", "wait-for-end") and not _listen(stdin, stream, value, _pixels_of(log)):
                return
            if name == "send":
                key_id = _last_key_id(log) if value.get("key_id") == "first" else None
                _write(pipes.pack_json({**value, **({"key_id": key_id} if key_id else {})}))
            elif name == "password":
                secret = value.encode()
                _write(pipes.pack_header(pipes.SECRET, len(secret)) + secret)
            elif name == "crash":
                os._exit(value)
            elif name == "wait":
                threading.Event().wait(value)
            elif name == "hang":
                threading.Event().wait()


def _pixels_of(log: Path) -> Path:
    return log.with_name(f"{log.name}.pixels")


def _listen(stdin: Any, stream: Any, kind: str | None, pixels: Path) -> bool:
    """Reads until a message of `kind`; False where the pipe ends before."""
    while (frame := pipes.read_frame(stdin)) is not None:
        if frame[0] == pipes.DATA:
            with pixels.open("ab") as file:
                file.write(frame[1])
            continue
        stream.write(frame[1].decode() + "\n")
        if pipes.unpack_json(frame[1])["type"] == kind:
            return True
    stream.write("end\n")
    return False


def _last_key_id(log: Path) -> str:
    choice = [each for each in heard(log) if isinstance(each, prompts.ChooseKey | prompts.Approve)][-1]
    return choice.keys[0].key_id


def _write(octets: bytes) -> None:
    view = memoryview(octets)
    while view:
        view = view[os.write(1, view) :]
