"""What a program for Windows says of itself: which libraries it loads, and its version (PE Format on learn.microsoft.com)."""

import struct
from collections.abc import Iterator

_FIXED_SIGNATURE = struct.pack("<I", 0xFEEF04BD)
_PE32_PLUS = 0x20B


def imports(image: bytes) -> frozenset[str]:
    """The libraries that are loaded with it, in small letters; none for what is no program of 64 bits."""
    header = _header(image)
    if header is None:
        return frozenset()
    sections = list(_sections(image, header))
    directory = struct.unpack_from("<I", image, header + 24 + 112 + 8)[
        0
    ]  # the second of the data directories
    at = _offset(sections, directory)
    found = set()
    while directory and at is not None:
        name = struct.unpack_from("<5I", image, at)[3]
        start = _offset(sections, name) if name else None
        if start is None:
            break
        found.add(image[start : image.index(b"\0", start)].decode("ascii", "replace").lower())
        at += 20
    return frozenset(found)


def version(image: bytes) -> str:
    """Four numbers with points between; nothing where it has no version."""
    at = image.find("VS_VERSION_INFO".encode("utf-16-le"))
    at = image.find(_FIXED_SIGNATURE, at) if at >= 0 else -1
    if at < 0:
        return ""
    high, low = struct.unpack_from("<II", image, at + 8)
    return f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}"


def _header(image: bytes) -> int | None:
    if image[:2] != b"MZ" or len(image) < 0x40:
        return None
    header = int.from_bytes(image[0x3C:0x40], "little")
    if image[header : header + 4] != b"PE\0\0":
        return None
    return header if int.from_bytes(image[header + 24 : header + 26], "little") == _PE32_PLUS else None


def _sections(image: bytes, header: int) -> Iterator[tuple[int, int, int]]:
    """Where each part lies in memory, how long it is, and where it lies in the file."""
    count, optional = (
        struct.unpack_from("<H", image, header + 6)[0],
        struct.unpack_from("<H", image, header + 20)[0],
    )
    for number in range(count):
        size, address, raw_size, raw = struct.unpack_from(
            "<4I", image, header + 24 + optional + 40 * number + 8
        )
        yield address, max(size, raw_size), raw


def _offset(sections: list[tuple[int, int, int]], address: int) -> int | None:
    return next(
        (address - start + raw for start, size, raw in sections if start <= address < start + size), None
    )
