"""Frames on the pipes between daemon, worker and window.

A frame is one kind octet, a 4-octet big-endian length, and that many octets of payload:

    J  a JSON object in UTF-8, with a "type" member
    D  octets of a page's frame or of a reply, at most CHUNK_BYTES
    S  a secret: the octets of a password in UTF-8. Never JSON, never logged; the receiver reads it straight into a
       bytearray that it wipes after use.

A pipe that ends between frames is a peer that left; one that ends inside a frame, or carries an unknown kind or a length
over the limit, is a broken peer (PipeBroken).
"""

import json
from typing import Any, Protocol

from protocol.errors import PipeBroken

JSON = b"J"
DATA = b"D"
SECRET = b"S"

HEADER_BYTES = 5
CHUNK_BYTES = 256 * 1024
MAX_JSON_BYTES = 4 * 1024 * 1024  # a prompt that lists 10,000 documents fits
MAX_SECRET_BYTES = 4096

_LIMITS = {JSON: MAX_JSON_BYTES, DATA: CHUNK_BYTES, SECRET: MAX_SECRET_BYTES}


class ReadableInto(Protocol):
    """An unbuffered binary stream, such as `open(fd, "rb", buffering=0)`."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


def pack_header(kind: bytes, length: int) -> bytes:
    """The header of a frame with `length` octets of payload. ValueError if the kind does not allow that many."""
    if length > _LIMITS[kind]:
        raise ValueError(f"a {kind!r} frame holds at most {_LIMITS[kind]} octets, not {length}")
    return kind + length.to_bytes(4, "big")


def pack_json(message: dict[str, Any]) -> bytes:
    """A whole J frame."""
    payload = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    return pack_header(JSON, len(payload)) + payload


def unpack_header(header: bytes) -> tuple[bytes, int]:
    """Kind and payload length of a frame header of HEADER_BYTES octets. PipeBroken if it is not one of ours."""
    kind, length = bytes(header[:1]), int.from_bytes(header[1:HEADER_BYTES], "big")
    if kind not in _LIMITS:
        raise PipeBroken(f"unknown frame kind {kind!r}")
    if length > _LIMITS[kind]:
        raise PipeBroken(f"a {kind!r} frame of {length} octets is over the limit of {_LIMITS[kind]}")
    return kind, length


def unpack_json(payload: bytes | bytearray) -> dict[str, Any]:
    """The object in a J frame's payload. PipeBroken if it is not a JSON object with a "type"."""
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise PipeBroken("a J frame is not JSON") from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise PipeBroken('a J frame is not an object with a "type"')
    return message


def read_frame(stream: ReadableInto) -> tuple[bytes, bytearray] | None:
    """The next frame as (kind, payload), or None where the peer ended the pipe. Blocks.

    The payload is read straight into the bytearray that is returned, so no other copy of a secret is made here; one that broke off is
    overwritten. Raises PipeBroken.
    """
    header = bytearray(HEADER_BYTES)
    first = _read_some(stream, memoryview(header))
    if first == 0:
        return None
    _read_exactly(stream, memoryview(header)[first:])
    kind, length = unpack_header(bytes(header))
    payload = bytearray(length)
    try:
        _read_exactly(stream, memoryview(payload))
    except BaseException:
        payload[:] = bytes(length)
        raise
    return kind, payload


def _read_some(stream: ReadableInto, view: memoryview) -> int:
    got = stream.readinto(view)
    if got is None:
        raise PipeBroken("the pipe is not in blocking mode")
    return got


def _read_exactly(stream: ReadableInto, view: memoryview) -> None:
    done = 0
    while done < len(view):
        got = _read_some(stream, view[done:])
        if got == 0:
            raise PipeBroken("the pipe ended inside a frame")
        done += got
