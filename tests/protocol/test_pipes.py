"""Frames between our processes."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import pipes
from protocol.errors import PipeBroken


class Dribble(io.RawIOBase):
    """A stream that gives one octet at a time, as a slow pipe may."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self.octets or not len(buffer):
            return 0
        buffer[0] = self.octets[0]
        self.octets = self.octets[1:]
        return 1


@given(st.lists(st.tuples(st.sampled_from([pipes.DATA, pipes.SECRET]), st.binary(max_size=300)), max_size=5))
def test_frames_come_back_however_slowly(frames: list[tuple[bytes, bytes]]) -> None:
    stream = Dribble(b"".join(pipes.pack_header(kind, len(payload)) + payload for kind, payload in frames))
    for frame in frames:
        assert pipes.read_frame(stream) == frame
    assert pipes.read_frame(stream) is None


def test_a_json_frame_comes_back() -> None:
    read = pipes.read_frame(io.BytesIO(pipes.pack_json({"type": "x", "name": "Қ"})))
    assert read is not None
    assert read[0] == pipes.JSON
    assert pipes.unpack_json(read[1]) == {"type": "x", "name": "Қ"}


@pytest.mark.parametrize(
    "octets", [b"J", b"J\0\0\0", b"D\0\0\0\2a", b"X\0\0\0\0", b"S\0\0\x20\0", b"D\xff\xff\xff\xff"]
)
def test_a_pipe_that_breaks_off_or_talks_nonsense_is_broken(octets: bytes) -> None:
    with pytest.raises(PipeBroken):
        pipes.read_frame(Dribble(octets))


def test_a_pipe_that_does_not_block_is_broken() -> None:
    class Absent(io.RawIOBase):
        def readinto(self, buffer: memoryview) -> None:  # type: ignore[override]
            return None

    with pytest.raises(PipeBroken, match="blocking"):
        pipes.read_frame(Absent())


def test_nothing_over_the_limit_is_packed() -> None:
    with pytest.raises(ValueError, match="at most"):
        pipes.pack_header(pipes.SECRET, pipes.MAX_SECRET_BYTES + 1)


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"{}", b'{"type":5}', b"\xff"])
def test_a_json_frame_holds_an_object_with_a_type(payload: bytes) -> None:
    with pytest.raises(PipeBroken):
        pipes.unpack_json(payload)


def test_the_payload_is_one_that_can_be_wiped() -> None:
    read = pipes.read_frame(io.BytesIO(pipes.pack_header(pipes.SECRET, 3) + b"abc"))
    assert read is not None
    assert isinstance(read[1], bytearray)


def test_half_a_secret_is_overwritten() -> None:
    seen: list[bytearray] = []

    class Broken(io.BytesIO):
        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what a pipe takes
            assert isinstance(buffer.obj, bytearray)
            seen.append(buffer.obj)
            return super().readinto(buffer)

    with pytest.raises(PipeBroken):
        pipes.read_frame(Broken(pipes.pack_header(pipes.SECRET, 9) + b"Qwe"))
    assert len(seen[-1]) == 9
    assert not any(seen[-1])
