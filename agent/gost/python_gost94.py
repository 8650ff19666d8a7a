"""GOST R 34.11-94 (RFC 5831) in plain Python, with the substitution of the standard's own test example.

The twin of the C code; about half a megabyte a second. The first hash builds its tables, about 50 ms.
"""

import functools
import operator
import struct

from agent.gost import tables

_BLOCK = 32
_MASK_32 = (1 << 32) - 1
_MASK_64 = (1 << 64) - 1
_MASK_256 = (1 << 256) - 1

# C_3 of RFC 5831 §6.1, the only one of the three constants that is not zero.
_KEY_CONSTANT = 0xFF00FFFF_000000FF_FF0000FF_00FFFF00_00FF00FF_00FF00FF_FF00FF00_FF00FF00
# P of RFC 5831 §6.1: octet i + 4k of a key is octet 8i + k of the number.
_KEY_ORDER = operator.itemgetter(*((j // 4) + 8 * (j % 4) for j in range(_BLOCK)))
_unpack_key = struct.Struct("<8I").unpack


def _shuffled(number: int, steps: int) -> int:
    """psi of RFC 5831 §6.3, so many times: one turn of a shift register over sixteen 16-bit cells."""
    for _ in range(steps):
        cell = (number ^ number >> 16 ^ number >> 32 ^ number >> 48 ^ number >> 192 ^ number >> 240) & 0xFFFF
        number = number >> 16 | cell << 240
    return number


def _linear_tables(steps: int) -> list[list[int]]:
    """psi^steps as 32 tables of 256 numbers, one for each octet of what goes in."""
    result = []
    for place in range(_BLOCK):
        bits = [_shuffled(1 << (8 * place + bit), steps) for bit in range(8)]
        table = [0] * 256
        for x in range(1, 256):
            lowest = x & -x
            table[x] = table[x ^ lowest] ^ bits[lowest.bit_length() - 1]
        result.append(table)
    return result


@functools.cache
def _mixing_tables() -> tuple[list[int], ...]:
    """The closing transformation chi(M, H, S) = psi^61(H ^ psi(M ^ psi^12(S))) is linear: one row of tables each
    for the octets of H, M and S."""
    return (*_linear_tables(61), *_linear_tables(62), *_linear_tables(74))


@functools.cache
def _substitution_tables() -> tuple[list[int], list[int]]:
    """The round function of GOST 28147-89 for the lower and for the upper half of the sum."""
    four = tables.gost94_tables()
    lower = [four[0][x & 255] ^ four[1][x >> 8] for x in range(1 << 16)]
    upper = [four[2][x & 255] ^ four[3][x >> 8] for x in range(1 << 16)]
    return lower, upper


def _encrypt(block: int, key: bytes) -> int:
    """One block of 64 bits by GOST 28147-89: the key words three times up, once down."""
    lower, upper = _substitution_tables()
    words = _unpack_key(key)
    a, b = block & _MASK_32, block >> 32
    for first, second in _pairs(words):
        x = a + first & _MASK_32
        b ^= lower[x & 0xFFFF] ^ upper[x >> 16]
        x = b + second & _MASK_32
        a ^= lower[x & 0xFFFF] ^ upper[x >> 16]
    return b | a << 32


def _pairs(words: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    k0, k1, k2, k3, k4, k5, k6, k7 = words
    up = ((k0, k1), (k2, k3), (k4, k5), (k6, k7))
    return up + up + up + ((k7, k6), (k5, k4), (k3, k2), (k1, k0))


def _mixed_words(number: int) -> int:
    """A of RFC 5831 §6.1: the four 64-bit words move down, the two lowest added modulo 2 become the highest."""
    return number >> 64 | ((number ^ number >> 64) & _MASK_64) << 192


def _compress(chain: int, block: int) -> int:
    """kappa of RFC 5831 §6: four keys from the chain and the block, four encryptions, the closing shuffle."""
    u, v = chain, block
    encrypted = 0
    for i in range(4):
        if i:
            u = _mixed_words(u)
            v = _mixed_words(_mixed_words(v))
        if i == 2:
            u ^= _KEY_CONSTANT
        key = bytes(_KEY_ORDER((u ^ v).to_bytes(_BLOCK, "little")))
        encrypted |= _encrypt(chain >> (64 * i) & _MASK_64, key) << (64 * i)
    octets = b"".join(number.to_bytes(_BLOCK, "little") for number in (chain, block, encrypted))
    return functools.reduce(operator.xor, map(operator.getitem, _mixing_tables(), octets))


class Gost94:
    """A running hash, used as those of hashlib are."""

    name = "gost94"
    digest_size = 32
    block_size = _BLOCK
    __slots__ = ("_chain", "_octets", "_pending", "_sum")

    def __init__(self, data: bytes | bytearray | memoryview = b"") -> None:
        self._chain = 0
        self._octets = 0
        self._sum = 0
        self._pending = b""
        self.update(data)

    def update(self, data: bytes | bytearray | memoryview) -> None:
        fresh = memoryview(data).cast("B")
        self._octets += len(fresh)
        octets = self._pending + fresh
        whole = len(octets) - len(octets) % _BLOCK
        for start in range(0, whole, _BLOCK):
            self._chain, self._sum = self._after(octets[start : start + _BLOCK])
        self._pending = octets[whole:]

    def digest(self) -> bytes:
        chain, total = self._after(self._pending) if self._pending else (self._chain, self._sum)
        chain = _compress(chain, 8 * self._octets)
        return _compress(chain, total).to_bytes(_BLOCK, "little")

    def hexdigest(self) -> str:
        return self.digest().hex()

    def copy(self) -> "Gost94":
        twin = Gost94()
        twin._chain, twin._octets, twin._sum = self._chain, self._octets, self._sum
        twin._pending = self._pending
        return twin

    def _after(self, block: bytes) -> tuple[int, int]:
        """Chain and sum after one more block."""
        number = int.from_bytes(block, "little")
        return _compress(self._chain, number), (self._sum + number) & _MASK_256
