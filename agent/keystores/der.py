"""The little of DER that key files are written with (X.690 section 10)."""

from asn1crypto import parser

INTEGER, BIT_STRING, OCTET_STRING, NULL, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x05, 0x30, 0x31
BMP_STRING = 0x1E
CONTEXT_0 = 0xA0
"""[0], constructed."""


def element(tag: int, *parts: bytes) -> bytes:
    """An element with this identifier octet, whose content is `parts`, one after the other."""
    return bytes(parser.emit(tag >> 6, tag >> 5 & 1, tag & 0x1F, b"".join(parts)))


def integer(value: int) -> bytes:
    """An INTEGER that is not negative."""
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))
