import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from protocol import pipes, preview, prompts
from tray import wire

ROOT = Path(wire.__file__).resolve().parent.parent
READ_ALL = """
import sys
from protocol import prompts
from tray import wire
wire._GRACE_S = 0.2
reader = wire.Reader(wire.standard_input(), prompts.from_message, lambda value: print(value, flush=True), lambda: print("end", flush=True))
{before}
reader.start()
reader._thread.join(10)
print("still here", flush=True)
"""


def read(octets, before=""):
    return subprocess.run(
        [sys.executable, "-c", READ_ALL.format(before=before)],
        cwd=ROOT,
        input=octets,
        capture_output=True,
        timeout=30,
        check=False,
    )


def test_messages_arrive_one_by_one_and_then_the_end():
    messages = [prompts.Waiting(1), prompts.Waiting(2)]
    done = read(b"".join(pipes.pack_json(prompts.to_message(message)) for message in messages))
    assert done.stdout.decode().splitlines() == ["Waiting(count=1)", "Waiting(count=2)", "end"]
    assert done.returncode == 0  # nobody ended the process, so the reader did, after its grace


def data(octets):
    return pipes.pack_header(pipes.DATA, len(octets)) + octets


def drawn(width, height):
    return pipes.pack_json(prompts.to_message(preview.Drawn(3, 0, width, height)))


def test_a_drawing_arrives_with_all_its_pixels_and_what_follows_it_after_it():
    after = pipes.pack_json(prompts.to_message(prompts.Waiting(1)))
    done = read(drawn(2, 2) + data(b"abcdefgh") + data(b"ijkl") + after)
    assert done.stdout.decode().splitlines() == [
        "Picture(drawn=Drawn(document=3, page=0, width=2, height=2), pixels=b'abcdefghijkl')",
        "Waiting(count=1)",
        "end",
    ]


def test_an_end_that_means_nothing_any_more_is_not_told():
    done = read(b"", before="reader.let_be()")
    assert done.stdout.decode().splitlines() == ["still here"]


@pytest.mark.parametrize(
    "octets",
    [
        b"J\x00\x00",
        b"X\x00\x00\x00\x01a",
        b"J\xff\xff\xff\xff",
        b"S\x00\x00\x00\x01a",
        b"J\x00\x00\x00\x02{}",
        b"J\x00\x00\x00\x03[1]",
        pipes.pack_json({"type": "no-such-prompt"}),
        pipes.pack_json({"type": "waiting", "count": "many"}),
        drawn(2, 2),
        drawn(2, 2) + data(b"abc"),
        drawn(2, 2) + data(b"x" * 13),
        drawn(2, 2) + data(b""),
        drawn(2, 2) + pipes.pack_json(prompts.to_message(prompts.Waiting(1))),
        drawn(0, 2),
        drawn(-2, -2) + data(b"x" * 12),
        drawn(preview.MAX_WIDTH + 1, 1),
        drawn(preview.MAX_WIDTH, preview.MAX_DRAWING_BYTES),
    ],
)
def test_a_stream_that_is_no_conversation_is_a_crash(octets):
    done = read(octets)
    assert done.returncode == 1
    assert b"end" not in done.stdout
    assert done.stderr.startswith(b"tray: ")


def test_a_message_and_a_secret_are_whole_frames():
    reader, writer = os.pipe()
    sender = wire.Writer(writer)
    long = bytearray(b"p" * 4096)
    thread = threading.Thread(
        target=lambda: (
            sender.send(prompts.to_message(prompts.Cancelled())),
            sender.send_secret(long),
            os.close(writer),
        )
    )
    thread.start()
    with os.fdopen(reader, "rb", buffering=0) as stream:
        kind, payload = pipes.read_frame(stream)
        assert (kind, prompts.from_message(pipes.unpack_json(payload))) == (pipes.JSON, prompts.Cancelled())
        assert pipes.read_frame(stream) == (pipes.SECRET, long)
        assert pipes.read_frame(stream) is None
    thread.join(10)
    long[:] = bytes(4096)  # no view is left on it: it can still be wiped, and resized
    long.clear()


def test_writing_to_somebody_who_left_does_nothing():
    reader, writer = os.pipe()
    os.close(reader)
    wire.Writer(writer).send(prompts.to_message(prompts.Shown()))
    os.close(writer)
