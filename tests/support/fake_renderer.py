"""A renderer that divides itself and enters its sandbox like the real one, with documents that behave as their names say.

`python tests/support/fake_renderer.py`, started by agent.previews in tests. It loads none of the real one's libraries.
"""

import ctypes
import dataclasses
import hashlib
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from agent.renderer import process
from agent.renderer.base import CannotShow, Drawing, Entry
from protocol import preview


class FakeView:
    """Shows lines. `enter` opens what the lines name. Its overview tells the number of its process as a fact."""

    def __init__(self, name: str, octets: bytes) -> None:
        self.name = name
        self.lines = octets.decode("utf-8", "replace").splitlines()
        self.overview = preview.Overview(
            "entries" if name.endswith(".zip") else "text",
            format=f"pid {os.getpid()}",
            size=len(octets),
            digest=hashlib.sha256(octets).hexdigest(),
            **{"rows": len(self.lines), **OVERVIEWS.get(name, {})},
        )

    def draw(self, page: int, width: int) -> Drawing:
        misbehave(f"draw-{page}" if self.name == "drawing" else "")
        if self.name == "lies-about-width":
            return Drawing(width + 1, 1, b"\0" * (3 * width + 3))
        if self.name == "lies-about-height":
            return Drawing(width, 1 << 40, b"")
        if self.name == "gives-too-few-pixels":
            return Drawing(width, 2, b"\0" * width * 3)
        if self.name == "text":
            raise CannotShow("broken")
        return Drawing(width, 2, bytes((page, 0, 255)) * (2 * width))

    def read(self, start: int, count: int) -> tuple[preview.Row, ...]:
        if self.name == "gives-too-many-rows":
            return (preview.Row("", ""),) * (count + 1)
        if self.name == "lies-about-depth":
            return (preview.Row("", "", depth=-1),)
        known = self.lines[: self.overview.rows] if self.overview.is_growing else self.lines
        return tuple(preview.Row(str(start + n), line) for n, line in enumerate(known[start : start + count]))

    def grow(self, _seconds: float) -> None:
        """Ten lines more, of those that it has."""
        if self.name == "grows-and-crashes":
            misbehave("crash")
        if self.name != "grows-for-ever":
            rows = min(len(self.lines), self.overview.rows + 10)
            self.overview = dataclasses.replace(self.overview, rows=rows, is_growing=rows < len(self.lines))

    def enter(self, row: int) -> Entry:
        if row >= (self.overview.rows if self.overview.is_growing else len(self.lines)):
            raise CannotShow("broken")
        return Entry(self.lines[row], b"inside\n" + self.lines[row].encode())


OVERVIEWS = {
    "lies-about-pages": {"pages": (preview.Size(0, 1),)},
    "lies-about-size": {"wrappers": ("CMS!",)},
    "lies-about-parties": {"parties": (preview.Party("other", "12345678901"),)},
    "lies-about-signers": {"signers": (preview.Signer("A", iin="12"),)},
    "lies-about-letters": {"facts": (preview.Lifted("title", "a\ud800b"),), "format": "\udfff"},
    "lies-about-form": {"form": "../act"},
    "grows": {"rows": 10, "is_growing": True},
    "grows.zip": {"rows": 1, "is_growing": True},
    "grows-for-ever": {"is_growing": True},
    "grows-and-crashes": {"rows": 1, "is_growing": True},
    "long": {
        "facts": (preview.Lifted("title", "x" * 5000),) * 150,
        "flags": (preview.Flag("launch", "\u202efdp.exe\tnow"),),
        "wrappers": ("base64",),
        "attachments": ("\u202e" + "y" * 5000,) * 150,
    },
}


def misbehave(name: str) -> None:
    match name:
        case "hang" | "draw-9":
            while True:
                time.sleep(1)
        case "spin":
            while True:
                pass
        case "crash" | "draw-8":
            ctypes.string_at(1)  # no such address
        case "mistake":
            raise LookupError(name)
        case "slow":
            time.sleep(0.4)
        case "eats":
            bytearray(64 << 30)
        case "too-deep":
            misbehave(name)
        case "broken" | "encrypted" | "too-large":
            raise CannotShow(name)
        case "writes-nonsense":
            os.write(1, b"nonsense" * 10)
        case "writes-another-answer":
            process._say(os.fdopen(1, "wb", 0, closefd=False), preview.RowsRead(0, 0, ()))
        case "answers-a-question":
            process._write(os.fdopen(1, "wb", 0, closefd=False), QUESTION)
        case "nests":
            process._write(os.fdopen(1, "wb", 0, closefd=False), b"J\x00\x01\x00\x00" + b"[" * 65536)
        case "ends":
            os._exit(0)


QUESTION = b'J\x00\x00\x00\x1c{"type":"look","document":0}'


def open_view(name: str, octets: bytes) -> FakeView:
    misbehave(name)
    return FakeView(name, octets)


if __name__ == "__main__":
    if sys.argv[1:] == ["silent"]:
        sys.exit(0)
    if sys.argv[1:] == ["without-sandbox"]:
        process.sandbox.MACHINES = {}
    process.load = lambda: open_view
    process._load_to_compare = lambda: None
    sys.exit(process.main([word for word in sys.argv[1:] if word == "single"]))
