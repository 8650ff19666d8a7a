"""Private keys that lie open among the bags of an encrypted part, as some programs write them.

The ASN.1 library reads immutable octets only, and leaves copies of all that it reads, which nobody can overwrite. So such a key is taken out of the
decrypted octets before that library sees them, and put back where octets are encrypted again. What has another shape than bags have
is left alone: the library says what is wrong with it.
"""

import contextlib
from collections.abc import Iterator, Sequence

from agent.algorithms import oid_der
from agent.errors import BrokenKeyStore

_KEY_BAG, _SAFE_CONTENTS_BAG = (oid_der(f"1.2.840.113549.1.12.10.1.{number}") for number in (1, 6))
_OBJECT_IDENTIFIER, _SEQUENCE, _CONTEXT_0 = 0x06, 0x30, 0xA0
_INDEFINITE, _LONG = 0x80, 0x80
_MAX_DEPTH = 24  # of elements without a length inside one another
_MAX_NESTED = 8  # of bags in bags; a reader of bags allows fewer


def take_out(plain: bytearray) -> list[bytearray]:
    """What each open key in these SafeContents holds, in order; in its place there are zeros then. Who gets them wipes them."""
    taken = []
    for start, end in _places(plain):
        taken.append(plain[start:end])
        plain[start:end] = bytes(end - start)
    return taken


def put_back(octets: bytearray, keys: Sequence[bytearray]) -> None:
    """Puts each key where one was taken out. Raises BrokenKeyStore where there is no place for each of them."""
    places = list(_places(octets))
    if [end - start for start, end in places] != [len(key) for key in keys]:
        raise BrokenKeyStore("the keys that lie open in the file do not fit it")
    for (start, end), key in zip(places, keys, strict=True):
        octets[start:end] = key


def wipe(keys: Sequence[bytearray]) -> None:
    """Overwrites keys that were taken out."""
    for key in keys:
        key[:] = bytes(len(key))


def _places(octets: bytearray) -> list[tuple[int, int]]:
    """From where to where the contents of open keys go: of those before the first thing that makes no sense."""
    found: list[tuple[int, int]] = []
    with contextlib.suppress(IndexError, ValueError):
        for place in _keys_in(octets, 0, len(octets)):
            found.append(place)  # noqa: PERF402  # an error must not lose those before it
    return found


def _keys_in(octets: bytearray, start: int, end: int, nesting: int = 0) -> Iterator[tuple[int, int]]:
    """Those in the SafeContents between these places. Raises IndexError, ValueError."""
    if nesting > _MAX_NESTED:
        raise ValueError("bags nested too deep")
    at, end, _ = _element(octets, start, end, _SEQUENCE)
    while at < end:
        inside, bag_end, at = _element(octets, at, end, _SEQUENCE)
        _, kind_end, value = _element(octets, inside, bag_end, _OBJECT_IDENTIFIER)
        kind = bytes(octets[inside:kind_end])
        if kind in (_KEY_BAG, _SAFE_CONTENTS_BAG):
            content, content_end, _ = _element(octets, value, bag_end, _CONTEXT_0)
            if kind == _SAFE_CONTENTS_BAG:
                yield from _keys_in(octets, content, content_end, nesting + 1)
            else:
                first, last, _ = _element(octets, content, content_end, _SEQUENCE)
                # Without a length the zeros would end it, and no reader of keys takes such a one.
                yield (first, first if octets[content + 1] == _INDEFINITE else last)


def _element(
    octets: bytearray, at: int, end: int, tag: int | None = None, depth: int = 0
) -> tuple[int, int, int]:
    """Where the content of the element at `at` begins and ends, and where the next one begins. Raises IndexError, ValueError."""
    if octets[at] & 0x1F == 0x1F or tag not in (None, octets[at]) or depth > _MAX_DEPTH:
        raise ValueError("another element")
    length, start = octets[at + 1], at + 2
    if length == _INDEFINITE:
        inside = start
        while octets[inside : inside + 2] != b"\0\0":
            _, _, inside = _element(octets, inside, end, depth=depth + 1)
        return start, inside, inside + 2
    if length > _LONG:
        size = length - _LONG
        start, length = start + size, int.from_bytes(octets[start : start + size], "big")
    if start + length > end:
        raise ValueError("an element that is cut off")
    return start, start + length, start + length
