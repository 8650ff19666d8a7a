"""The renderer's processes: the one that divides itself, and those that each serve one document.

The first loads the libraries, and then does nothing but divide: for each document it is sent the ends of two pipes over a Unix socket, which is its standard
input (agent.previews says how). What comes of it enters the sandbox before it reads the first octet. The first reads no
document, and ends them all when nobody listens any more.
"""

import gc
import importlib
import io
import os
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from agent import previews
from agent.renderer import sandbox
from agent.renderer.base import CannotShow, GrowingView, View
from protocol import pipes, preview, prompts
from protocol.errors import ProtocolError

MAX_DEPTH = 16  # entries in entries
GROW_S = 0.4  # that are spent on reading further, before other questions are heard
SINGLE_BYTES = (
    256 * 1024 * 1024
)  # the size that a process of its own reckons with, before it knows the document's

# What would be loaded while a document is read, when no file can be opened any more.
_LOADED_LATE = (
    "_strptime",
    "cryptography.hazmat.backends.openssl.backend",
    "encodings.cp1251",
    "encodings.cp1252",
    "encodings.cp437",
    "encodings.cp866",
    "encodings.idna",
    "encodings.koi8_r",
    "encodings.koi8_u",
    "encodings.latin_1",
    "encodings.mac_cyrillic",
    "encodings.unicode_escape",
    "encodings.utf_16",
    "encodings.utf_16_be",
    "encodings.utf_16_le",
    "encodings.utf_32",
    "encodings.utf_8_sig",
    "unicodedata",
    "zlib",
)

OpenView = Callable[[str, bytes], View]


def main(words: Sequence[str]) -> int:
    """Divides, or with the word "single" serves one document on standard input and output."""
    open_view = load()
    if list(words) == ["single"]:
        _load_to_compare()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        return _serve_inside(os.getppid(), SINGLE_BYTES, open_view)
    with socket.socket(fileno=os.dup(0)) as requests:
        divide(requests, open_view)
    return 0


def load() -> OpenView:
    """Loads all that reading a document may need; gives what opens it."""
    for name in _LOADED_LATE:
        importlib.import_module(name)
    from agent.renderer import pdf  # noqa: PLC0415  # readers and their libraries
    from agent.renderer.recognise import open_view  # noqa: PLC0415

    pdf.prepare()
    return open_view


def _load_to_compare() -> None:
    """Loads what compares the states of a signed PDF: half a second that other documents need not wait for."""
    importlib.import_module("agent.formats.pdf.verifying")


def divide(requests: socket.socket, open_view: OpenView) -> None:
    """Starts a process for each document that is asked for, until nobody listens any more; then they all end."""
    gc.collect()
    gc.freeze()  # what is shared with the new processes is not written to
    children: dict[int, int] = {}  # by the number that the other side gave
    parent = os.getpid()
    try:
        requests.sendall(previews.READY)
        while True:
            message, descriptors, _, _ = socket.recv_fds(requests, previews.REQUEST.size, 2)
            if len(message) != previews.REQUEST.size:
                return
            kind, number, size = previews.REQUEST.unpack(message)
            _bury(children)
            if kind == previews.END and number in children:
                os.kill(children[number], signal.SIGKILL)
            elif len(descriptors) == 2:
                if kind == previews.OPEN_SIGNED:
                    _load_to_compare()
                child = os.fork()
                if child == 0:
                    _serve_and_end(parent, descriptors, size, open_view)
                children[number] = child
            for descriptor in descriptors:
                os.close(descriptor)
    finally:
        if os.getpid() == parent:
            for child in children.values():
                os.kill(child, signal.SIGKILL)


def _bury(children: dict[int, int]) -> None:
    """Forgets those that have ended. What is in `children` after this is ours, and no other process has its number."""
    for number, child in list(children.items()):
        if os.waitpid(child, os.WNOHANG)[0] == child:
            del children[number]


def _serve_and_end(parent: int, descriptors: Sequence[int], size: int, open_view: OpenView) -> None:
    """The new process. Whatever happens, it does not go back to what its parent does."""
    status = 1
    try:
        heard, said = descriptors
        os.dup2(heard, sandbox.HEARS, inheritable=False)
        os.dup2(said, sandbox.SAYS, inheritable=False)
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 2)
        status = _serve_inside(parent, size, open_view)
    finally:
        os._exit(status)


def _serve_inside(parent: int, size: int, open_view: OpenView) -> int:
    source = io.FileIO(sandbox.HEARS, "rb", closefd=False)
    sink = io.FileIO(sandbox.SAYS, "wb", closefd=False)
    try:
        sandbox.enter(parent, size)
    except sandbox.SandboxMissing:
        _say(sink, preview.Unshown(0, "unavailable"))
        return 1
    return serve(source, sink, open_view)


# --- one document ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Level:
    """An opened document, or an entry of the one before it."""

    name: str
    view: View


def serve(source: io.FileIO, sink: io.FileIO, open_view: OpenView) -> int:
    """Serves one document on two pipes, until nobody asks any more. Gives the exit status.

    A reader's mistake ends the process: the other side takes that for a crash. Raises ProtocolError, OSError.
    """
    opening = _message(source)
    if not isinstance(opening, preview.Open):
        raise ProtocolError("first comes a document")
    levels: list[_Level] = []

    def open_one(name: str, content: bytes) -> preview.Answer:
        if len(levels) == MAX_DEPTH:
            raise CannotShow("too-large")
        levels.append(_Level(name, open_view(name, content)))
        return _known(levels)

    first = _attempt(lambda: open_one(opening.name, _data(source, opening.size)))
    _say(sink, first)
    if isinstance(first, preview.Unshown):
        return 1
    while (question := _message(source)) is not None:
        match question:
            case preview.Draw(_, page, width):
                _draw(sink, levels[-1].view, page, width)
            case preview.Read(_, start, count):
                _read(sink, levels[-1].view, start, count)
            case preview.Enter(_, row):
                _say(sink, _attempt(lambda row=row: open_one(*_entry(levels[-1].view, row))))  # type: ignore[misc]
            case preview.Leave():
                if len(levels) > 1:
                    levels.pop()
                _say(sink, _known(levels))
            case preview.Look():
                _say(sink, _attempt(lambda: _grown(levels)))
            case _:
                raise ProtocolError("a message that is no question")
    return 0


def _known(levels: Sequence[_Level]) -> preview.Known:
    return preview.Known(0, levels[-1].view.overview, tuple(level.name for level in levels[1:]))


def _grown(levels: Sequence[_Level]) -> preview.Known:
    """Reads on in what is open, where there is more to read."""
    view = levels[-1].view
    if view.overview.is_growing:
        cast("GrowingView", view).grow(GROW_S)  # those that grow are of that kind
    return _known(levels)


def _entry(view: View, row: int) -> tuple[str, bytes]:
    """Raises CannotShow."""
    entry = view.enter(row)
    return entry.name[: preview.MAX_FACT], entry.octets


def _draw(sink: io.FileIO, view: View, page: int, width: int) -> None:
    try:
        drawing = view.draw(page, width)
    except (CannotShow, MemoryError, RecursionError) as error:
        _say(sink, preview.Unshown(0, _why(error)))
        return
    _say(sink, preview.Drawn(0, page, drawing.width, drawing.height))
    pixels = memoryview(drawing.pixels)
    for start in range(0, len(pixels), pipes.CHUNK_BYTES):
        chunk = pixels[start : start + pipes.CHUNK_BYTES]
        _write(sink, pipes.pack_header(pipes.DATA, len(chunk)))
        _write(sink, chunk)


def _read(sink: io.FileIO, view: View, start: int, count: int) -> None:
    """As many of the rows as a frame holds: fewer, where they are long."""
    try:
        rows = view.read(start, min(count, preview.MAX_ROWS))
    except (CannotShow, MemoryError, RecursionError) as error:
        _say(sink, preview.Unshown(0, _why(error)))
        return
    while True:
        try:
            _say(sink, preview.RowsRead(0, start, rows))
        except ValueError:  # over what a frame holds; nothing is written yet
            if len(rows) == 1:
                raise
            rows = rows[: len(rows) // 2]
        else:
            return


def _attempt(give: Callable[[], preview.Answer]) -> preview.Answer:
    try:
        return give()
    except (CannotShow, MemoryError, RecursionError) as error:
        return preview.Unshown(0, _why(error))


def _why(error: Exception) -> preview.Why:
    if isinstance(error, CannotShow):
        return error.why
    return "too-large" if isinstance(error, MemoryError) else "broken"


def _message(source: io.FileIO) -> preview.Open | preview.Question | None:
    """Raises ProtocolError, OSError."""
    read = pipes.read_frame(source)
    if read is None:
        return None
    kind, payload = read
    if kind != pipes.JSON:
        raise ProtocolError("a message was expected")
    message = prompts.from_message(pipes.unpack_json(payload))
    if not isinstance(message, preview.Open | preview.Question):
        raise ProtocolError("a message that is no question")
    return message


def _data(source: io.FileIO, size: int) -> bytes:
    """Raises ProtocolError, OSError."""
    pieces, got = [], 0
    while got < size:
        read = pipes.read_frame(source)
        if read is None or read[0] != pipes.DATA or not 0 < len(read[1]) <= size - got:
            raise ProtocolError("octets were announced, and something else came")
        pieces.append(read[1])
        got += len(read[1])
    return b"".join(pieces)


def _say(sink: io.FileIO, answer: preview.Answer) -> None:
    _write(sink, pipes.pack_json(prompts.to_message(answer)))


def _write(sink: io.FileIO, octets: bytes | memoryview) -> None:
    view = memoryview(octets)
    while view:
        view = view[sink.write(view) :]
