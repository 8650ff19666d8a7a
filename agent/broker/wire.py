"""What agents and the broker say to each other: short messages over a Unix socket that keeps them apart (SOCK_SEQPACKET). Pure.

On Windows there is no such socket: there it is TCP over loopback, and each message stands behind its length (`framed`, `Frames`).

    agent                       broker
    A 1                 ->                    I serve the person whose process I am (the kernel says which that is), in version 1
                        <-      H 1 n port..  you are registered; the broker owns these n ports
                        <-      R reason      or you are not, and the broker hangs up
                        <-      C             here is a connection (SCM_RIGHTS: one descriptor; on Windows what it is made of follows)
    K                   ->                    I have it

No message names a person, so none can name another one. An agent that lets MOST_UNTAKEN connections lie gets no more until it took
some; one that took none for a while has hung, and is let go.
"""

import struct
from typing import Final, Literal, TypeAlias

VERSION: Final = 1
MAX_BYTES: Final = 64
MOST_PORTS: Final = 8
MOST_UNTAKEN: Final = 64

ANNOUNCE: Final = b"A" + bytes([VERSION])
CONNECTION: Final = b"C"
TAKEN: Final = b"K"

MAX_SHARED_BYTES: Final = 2048
"""Of a message with a connection on Windows; its WSAPROTOCOL_INFOW has 628."""
_LENGTH: Final = struct.Struct("!H")

Reason: TypeAlias = Literal["taken", "full", "version", "rights"]
_REASONS: Final[dict[bytes, Reason]] = {b"T": "taken", b"F": "full", b"V": "version", b"P": "rights"}


class BadMessage(ValueError):
    """Not a message that stands here."""


def welcome(ports: list[int]) -> bytes:
    return struct.pack(f"!cBB{len(ports)}H", b"H", VERSION, len(ports), *ports)


def refusal(reason: Reason) -> bytes:
    return b"R" + next(letter for letter, name in _REASONS.items() if name == reason)


def parse_reply(message: bytes) -> tuple[int, ...] | Reason:
    """What the broker says to an agent that announced itself: its ports, or why not. Raises BadMessage."""
    if message[:1] == b"R" and message[1:] in _REASONS:
        return _REASONS[message[1:]]
    if message[:2] != b"H" + bytes([VERSION]) or len(message) < 3 or len(message) != 3 + 2 * message[2]:
        raise BadMessage("no reply to an announcement")
    return struct.unpack(f"!{message[2]}H", message[3:])


def framed(message: bytes) -> bytes:
    """A message for a connection that does not keep messages apart."""
    return _LENGTH.pack(len(message)) + message


class Frames:
    """Messages out of such a connection, none of which may be longer than `most` octets."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._octets = b""

    def missing(self) -> int:
        """How many octets there may be until the next message is whole. Who reads no more than that leaves the one after it where a selector
        sees it. Raises BadMessage as `next` does."""
        return self._end() - len(self._octets)

    def feed(self, octets: bytes) -> None:
        self._octets += octets

    def next(self) -> bytes | None:
        """The next whole message; None where more must come. Raises BadMessage for one that is empty or too long."""
        end = self._end()
        if end == _LENGTH.size or len(self._octets) < end:
            return None
        message, self._octets = self._octets[_LENGTH.size : end], self._octets[end:]
        return message

    def _end(self) -> int:
        """Where the first message ends, or its length while that is not there. Raises BadMessage."""
        if len(self._octets) < _LENGTH.size:
            return _LENGTH.size
        (length,) = _LENGTH.unpack_from(self._octets)
        if not 0 < length <= self._most:
            raise BadMessage("no message has that length")
        return _LENGTH.size + int(length)
