"""The command line as a person uses it: words and standard input in, lines and an exit code out. In this process."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from agent import __main__ as program
from tests.support import authority


class CommandLine:
    """Made with a test's own monkeypatch and capsys. What it keeps, it keeps in `folder`.

    `network` are the flags by which authorities are reached: nobody is asked unless a test says how. `stamping` are those that
    say who stamps, for the commands that ask for timestamps.
    """

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder = folder
        self.state_dir = folder / "state"
        self.network: tuple[object, ...] = ("--offline",)
        self.stamping: tuple[object, ...] = ()
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.out = ""
        self.err = ""

    def __call__(self, *words: object, stdin: bytes = b"") -> int:
        """The exit code; `out` and `err` hold what was printed."""
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self._capsys.readouterr()
        try:
            code = program.main([str(word) for word in words])
        except SystemExit as end:  # argparse
            code = int(end.code or 0)
        self.out, self.err = self._capsys.readouterr()
        return code

    def sign(self, *words: object, key: str = "gost2015-individual", password: str = "Qwerty12") -> int:
        """`sign` with a test key, its password on standard input."""
        return self(
            "sign", *words, "--key", authority.path(key), "--password-stdin", "--state-dir", self.state_dir, *self.network,
            *self.stamping,
            stdin=f"{password}\n".encode(),
        )  # fmt: skip

    def verify(self, *words: object) -> int:
        """`verify`, in English."""
        own = ("--state-dir", self.state_dir, *self.network)
        return self("verify", *words, *own, *(() if "--language" in words else ("--language", "en")))

    def report(self, *words: object) -> dict[str, Any]:
        """What `verify --json` printed."""
        self.verify(*words, "--json")
        printed: dict[str, Any] = json.loads(self.out)
        return printed

    def file(self, name: str, content: bytes = b"act") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path
