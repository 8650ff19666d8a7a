"""The conversation of a renderer about one document, and how processes divide and end."""

import dataclasses
import importlib
import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import pytest

from agent import previews
from agent.renderer import process
from agent.renderer.base import CannotShow, Drawing, Entry
from protocol import pipes, preview, prompts
from protocol.errors import ProtocolError

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox that is tested is Linux's")


class Box:
    """A document that can be drawn, read and entered; `trouble` is raised by everything but opening."""

    def __init__(self, name: str, octets: bytes, trouble: BaseException | None = None) -> None:
        self.overview = preview.Overview("entries", format=name, size=len(octets))
        self._octets = octets
        self._trouble = trouble

    def _check(self) -> None:
        if self._trouble is not None:
            raise self._trouble

    def draw(self, page: int, width: int) -> Drawing:
        self._check()
        return Drawing(width, 1000, bytes((page, 1, 2)) * (width * 1000))

    def read(self, start: int, count: int) -> tuple[preview.Row, ...]:
        self._check()
        return tuple(preview.Row(str(n), "x" * 10) for n in range(start, start + count))

    def enter(self, row: int) -> Entry:
        self._check()
        return Entry(f"entry {row}", self._octets + b"+")


def talk(
    tmp_path: Path,
    *sent: bytes,
    open_view: Callable[[str, bytes], Box] = Box,
) -> list[tuple[bytes, bytes]]:
    """What is said to these frames."""
    (tmp_path / "in").write_bytes(b"".join(sent))
    with io.FileIO(tmp_path / "in") as source, io.FileIO(tmp_path / "out", "w") as sink:
        process.serve(source, sink, open_view)
    with io.FileIO(tmp_path / "out") as said:
        frames = []
        while (frame := pipes.read_frame(said)) is not None:
            frames.append((frame[0], bytes(frame[1])))
        return frames


def frame(message: preview.Open | preview.Question | preview.Answer) -> bytes:
    return pipes.pack_json(prompts.to_message(message))


def data(octets: bytes) -> bytes:
    return pipes.pack_header(pipes.DATA, len(octets)) + octets


def opening(octets: bytes = b"12345", name: str = "a") -> bytes:
    return frame(preview.Open(name, len(octets))) + (data(octets) if octets else b"")


def messages(frames: Sequence[tuple[bytes, bytes]]) -> list[object]:
    return [prompts.from_message(pipes.unpack_json(each[1])) for each in frames if each[0] == pipes.JSON]


# --- one document -----------------------------------------------------------------------------------------------------


def test_a_document_is_opened_drawn_read_entered_and_left(tmp_path: Path) -> None:
    frames = talk(
        tmp_path,
        opening(),
        frame(preview.Draw(0, 3, 400)),
        frame(preview.Read(0, 7, 2)),
        frame(preview.Enter(0, 1)),
        frame(preview.Enter(0, 2)),
        frame(preview.Look(0)),
        frame(preview.Leave(0)),
        frame(preview.Leave(0)),
        frame(preview.Leave(0)),
    )
    known, drawn, rows, *places = messages(frames)
    assert known == preview.Known(0, preview.Overview("entries", format="a", size=5))
    assert drawn == preview.Drawn(0, 3, 400, 1000)
    pixels = b"".join(payload for kind, payload in frames if kind == pipes.DATA)
    assert pixels == bytes((3, 1, 2)) * 400_000
    assert rows == preview.RowsRead(0, 7, (preview.Row("7", "x" * 10), preview.Row("8", "x" * 10)))
    two = ("entry 1", "entry 2")
    assert [place.place for place in places] == [("entry 1",), two, two, ("entry 1",), (), ()]  # type: ignore[attr-defined]
    assert places[1].overview.size == 7  # type: ignore[attr-defined]


def test_a_document_comes_in_pieces_or_is_empty(tmp_path: Path) -> None:
    (known,) = messages(talk(tmp_path, frame(preview.Open("a", 5)), data(b"12"), data(b"345")))
    assert known.overview.size == 5  # type: ignore[attr-defined]
    (known,) = messages(talk(tmp_path, opening(b"")))
    assert known.overview.size == 0  # type: ignore[attr-defined]


TROUBLE = [
    (CannotShow("encrypted"), "encrypted"),
    (CannotShow("too-large"), "too-large"),
    (MemoryError(), "too-large"),
    (RecursionError(), "broken"),
]


@pytest.mark.parametrize(("trouble", "why"), TROUBLE)
def test_what_can_not_be_opened_is_said_and_that_is_all(
    tmp_path: Path, trouble: Exception, why: preview.Why
) -> None:
    def refuse(_: str, __: bytes) -> Box:
        raise trouble

    frames = talk(tmp_path, opening(), frame(preview.Look(0)), open_view=refuse)
    assert messages(frames) == [preview.Unshown(0, why)]


@pytest.mark.parametrize(("trouble", "why"), TROUBLE)
def test_what_can_not_be_shown_is_said_and_it_goes_on(
    tmp_path: Path, trouble: Exception, why: preview.Why
) -> None:
    frames = talk(
        tmp_path,
        opening(),
        frame(preview.Draw(0, 0, 1)),
        frame(preview.Read(0, 0, 1)),
        frame(preview.Enter(0, 0)),
        frame(preview.Look(0)),
        open_view=lambda name, octets: Box(name, octets, trouble),
    )
    _, *answers, known = messages(frames)
    assert answers == [preview.Unshown(0, why)] * 3
    assert isinstance(known, preview.Known)


def test_one_that_grows_reads_on_when_it_is_looked_at(tmp_path: Path) -> None:
    class Long(Box):
        def __init__(self, name: str, octets: bytes) -> None:
            super().__init__(name, octets)
            self.overview = dataclasses.replace(self.overview, is_growing=True)

        def grow(self, seconds: float) -> None:
            assert 0 < seconds < previews.ANSWER_S
            rows = self.overview.rows + 1
            self.overview = dataclasses.replace(self.overview, rows=rows, is_growing=rows < 3)

    frames = talk(tmp_path, opening(), frame(preview.Look(0)) * 5, open_view=Long)
    known = [message.overview for message in messages(frames)]  # type: ignore[union-attr]
    assert [(overview.rows, overview.is_growing) for overview in known] == [
        (0, True),
        (1, True),
        (2, True),
        *[(3, False)] * 3,
    ]


def test_a_mistake_of_a_reader_ends_the_process(tmp_path: Path) -> None:
    with pytest.raises(LookupError):
        talk(
            tmp_path,
            opening(),
            frame(preview.Draw(0, 0, 1)),
            open_view=lambda name, octets: Box(name, octets, LookupError()),
        )


def test_entries_in_entries_come_to_an_end(tmp_path: Path) -> None:
    frames = talk(tmp_path, opening(), frame(preview.Enter(0, 0)) * 20, frame(preview.Look(0)))
    *_, too_deep, known = messages(frames)
    assert too_deep == preview.Unshown(0, "too-large")
    assert len(known.place) == process.MAX_DEPTH - 1  # type: ignore[attr-defined]


def test_rows_that_are_too_long_for_one_frame_are_fewer(tmp_path: Path) -> None:
    class Long(Box):
        def read(self, start: int, count: int) -> tuple[preview.Row, ...]:
            return (preview.Row("", "\U0001f600" * 4000),) * count

    frames = talk(tmp_path, opening(), frame(preview.Read(0, 0, 500)), open_view=Long)
    _, rows = messages(frames)
    assert isinstance(rows, preview.RowsRead)
    assert 100 < len(rows.rows) < 500


def test_a_row_that_no_frame_holds_is_a_mistake(tmp_path: Path) -> None:
    class Endless(Box):
        def read(self, start: int, count: int) -> tuple[preview.Row, ...]:
            return (preview.Row("", "x" * pipes.MAX_JSON_BYTES),)

    with pytest.raises(ValueError, match="octets"):
        talk(tmp_path, opening(), frame(preview.Read(0, 0, 1)), open_view=Endless)


@pytest.mark.parametrize(
    "sent",
    [
        frame(preview.Look(0)),
        data(b"x"),
        frame(preview.Open("a", 5)) + data(b"123456"),
        frame(preview.Open("a", 5)) + frame(preview.Look(0)),
        frame(preview.Open("a", 5)) + data(b"123"),
        opening() + data(b"x"),
        opening() + opening(),
        opening() + frame(preview.Unshown(0, "broken")),
        b"",
    ],
)
def test_another_order_is_not_followed(tmp_path: Path, sent: bytes) -> None:
    with pytest.raises(ProtocolError):
        talk(tmp_path, sent)


# --- processes --------------------------------------------------------------------------------------------------------

DIVIDER = """
import os, socket, sys, time
from agent.renderer import process
from agent.renderer.base import CannotShow
from tests.agent.renderer.test_process import Box

def open_view(name, octets):
    if name == "spin":
        while True: pass
    return Box(str(os.getpid()), octets)

process.divide(socket.socket(fileno=os.dup(0)), open_view)
"""


class Divider:
    """A renderer that divides itself, and what the other side of it does."""

    def __init__(self) -> None:
        self.socket, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen([sys.executable, "-c", DIVIDER], stdin=theirs)
        assert self.socket.recv(1) == previews.READY

    def start(self, number: int, name: str = "a") -> tuple[int, int]:
        """The ends of a new process's pipes: what it says, what it hears."""
        heard, sink = os.pipe()
        source, said = os.pipe()
        request = previews.REQUEST.pack(previews.OPEN, number, 5)
        socket.send_fds(self.socket, [request], [heard, said])
        os.close(heard)
        os.close(said)
        os.write(sink, opening(name=name))
        return source, sink

    def end(self, number: int) -> None:
        self.socket.sendall(previews.REQUEST.pack(previews.END, number, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self.process.kill()
        self.process.wait()


def pid(source: int) -> int:
    """The number of the process that opened a document, as it says."""
    with io.FileIO(source, closefd=False) as file:
        read = pipes.read_frame(file)
    assert read is not None
    known = prompts.from_message(pipes.unpack_json(read[1]))
    assert isinstance(known, preview.Known)
    return int(known.overview.format)


def ends(source: int, within_s: float = 5.0) -> bool:
    """Whether the other end of a pipe closes in time."""
    os.set_blocking(source, False)
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            if os.read(source, 100) == b"":
                return True
        except BlockingIOError:
            time.sleep(0.01)
    return False


@linux_only
@pytest.mark.process
def test_each_document_has_a_process_and_one_ends_without_the_others() -> None:
    with Divider() as divider:
        one, to_one = divider.start(1)
        two, to_two = divider.start(2)
        first, second = pid(one), pid(two)
        assert len({first, second, divider.process.pid}) == 3
        divider.end(1)
        assert ends(one)
        divider.end(1)  # nobody has this number now
        divider.end(77)
        os.write(to_two, frame(preview.Look(0)))
        assert pid(two) == second
        os.close(to_two)  # nobody asks any more
        assert ends(two)
        for descriptor in (one, to_one, two):
            os.close(descriptor)


@linux_only
@pytest.mark.process
@pytest.mark.parametrize("how", ["closed", "killed"])
def test_all_end_with_the_one_that_they_came_of(how: str) -> None:
    with Divider() as divider:
        busy, to_busy = divider.start(1, "spin")
        idle, to_idle = divider.start(2)
        pid(idle)
        if how == "killed":
            divider.process.kill()
        else:
            divider.socket.close()
        assert ends(busy)
        assert ends(idle)
        for descriptor in (busy, to_busy, idle, to_idle):
            os.close(descriptor)


@linux_only
@pytest.mark.process
def test_half_a_request_ends_it() -> None:
    with Divider() as divider:
        divider.socket.sendall(b"O123")
        divider.socket.shutdown(socket.SHUT_WR)
        assert divider.process.wait(10) == 0


# --- what is loaded ---------------------------------------------------------------------------------------------------


def test_everything_that_is_loaded_beforehand_is_there() -> None:
    for name in process._LOADED_LATE:
        assert importlib.import_module(name)
