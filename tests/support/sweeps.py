"""Changing one bit at a time."""

from collections.abc import Iterator


def flips(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Every variant of `octets` with one bit flipped, each with the number of that bit."""
    for bit in range(8 * len(octets)):
        changed = bytearray(octets)
        changed[bit // 8] ^= 1 << bit % 8
        yield bit, bytes(changed)
