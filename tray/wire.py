"""The pipes of a tray program: a thread that reads messages, and a writer for the answers."""

import io
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from protocol import pipes, preview
from protocol.errors import BadMessage, PipeBroken
from tray import startup

_GRACE_S = 2.0  # for the windows to close after the pipe ended; a system dialog may hold the event loop


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing with its pixels, which come behind it on the pipe."""

    drawn: preview.Drawn
    pixels: bytes


class Reader:
    """Calls `on_message` for each message of a stream, and `on_end` where the other side closed it; both in its own thread. A Drawn
    message is told as a Picture, once all of it is there.

    A stream that breaks, or carries something that is no message, ends the process as a crash: this side can't know what
    was asked. After `on_end` the process has a moment to end by itself; then it is ended.
    """

    def __init__(
        self,
        stream: pipes.ReadableInto,
        parse: Callable[[dict[str, Any]], Any],
        on_message: Callable[[Any], None],
        on_end: Callable[[], None],
    ) -> None:
        self._stream = stream
        self._parse = parse
        self._on_message = on_message
        self._on_end = on_end
        self._let_be = threading.Event()
        self._thread = threading.Thread(target=self._read, name="pipe reader", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def let_be(self) -> None:
        """From now on the end of the stream means nothing."""
        self._let_be.set()

    def _read(self) -> None:
        try:
            while (frame := pipes.read_frame(self._stream)) is not None:
                message = self._parse(_object_of(*frame))
                if isinstance(message, preview.Drawn):
                    message = Picture(message, _pixels_of(message, self._stream))
                self._on_message(message)
        except (PipeBroken, BadMessage, OSError) as error:
            sys.stderr.write(f"tray: {error}\n")
            sys.stderr.flush()
            os._exit(startup.CRASH)
        if self._let_be.is_set():
            return
        self._on_end()
        if not self._let_be.wait(_GRACE_S):
            os._exit(startup.DONE)


def _object_of(kind: bytes, payload: bytearray) -> dict[str, Any]:
    if kind != pipes.JSON:
        raise PipeBroken(f"a {kind!r} frame, where only messages are expected")
    return pipes.unpack_json(payload)


def _pixels_of(drawn: preview.Drawn, stream: pipes.ReadableInto) -> bytes:
    """The D frames that follow a drawing, put together."""
    expected = drawn.width * drawn.height * 3
    if not (0 < drawn.width <= preview.MAX_WIDTH and 0 < expected <= preview.MAX_DRAWING_BYTES):
        raise BadMessage(f"a drawing of {drawn.width} by {drawn.height} pixels")
    pixels = bytearray()
    while len(pixels) < expected:
        frame = pipes.read_frame(stream)
        if frame is None:
            raise PipeBroken("the pipe ended inside a drawing")
        kind, payload = frame
        if kind != pipes.DATA or not payload:
            raise PipeBroken(f"a {kind!r} frame of {len(payload)} octets inside a drawing")
        pixels += payload
    if len(pixels) != expected:
        raise PipeBroken(f"{len(pixels)} octets for a drawing of {expected}")
    return bytes(pixels)


class Writer:
    """Writes frames to a descriptor. Once the other side is gone there is nobody to tell, and writing does nothing."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def send(self, message: dict[str, Any]) -> None:
        self._write(memoryview(pipes.pack_json(message)))

    def send_secret(self, secret: bytearray) -> None:
        """An S frame. The octets go from the caller's buffer to the pipe, with no copy in between."""
        self._write(memoryview(pipes.pack_header(pipes.SECRET, len(secret))))
        with memoryview(secret) as view:
            self._write(view)

    def _write(self, view: memoryview) -> None:
        try:
            done = 0
            while done < len(view):
                done += os.write(self._descriptor, view[done:])
        except BrokenPipeError:
            return


def standard_input() -> io.FileIO:
    """Standard input without a buffer that would keep a copy."""
    return io.FileIO(0, closefd=False)
