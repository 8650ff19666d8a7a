"""What agents and the broker say to each other: short messages over a Unix socket that keeps them apart (SOCK_SEQPACKET). Pure.

    agent                       broker
    A 1                 ->                    I serve the person whose process I am (the kernel says which that is), in version 1
                        <-      H 1 n port..  you are registered; the broker owns these n ports
                        <-      R reason      or you are not, and the broker hangs up
                        <-      C             here is a connection (SCM_RIGHTS: one descriptor)
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

Reason: TypeAlias = Literal["taken", "full", "version"]
_REASONS: Final[dict[bytes, Reason]] = {b"T": "taken", b"F": "full", b"V": "version"}


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
