"""Streebog (RFC 6986) in plain Python: what runs where the C extension could not be built, and what checks it.

Its look-ups depend on the data, so it is not for hashing secrets where others can watch the processor's cache.
"""

import functools
import struct

from agent.gost import tables

_BLOCK = 64
_pack = struct.Struct("<8Q").pack
_MASK = (1 << 512) - 1
_START_256 = int.from_bytes(b"\1" * _BLOCK, "little")
_CONSTANTS = tuple(int.from_bytes(octets, "little") for octets in tables.ROUND_CONSTANTS)


@functools.cache
def _tables() -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(table) for table in tables.streebog_tables())


def _lps(state: int) -> int:
    """L(P(S(state))): octet i of word j goes through table j and enters word i, for P turns the square of octets over.

    Written out, because this line is where all the time goes: a loop is half as fast.
    """
    t0, t1, t2, t3, t4, t5, t6, t7 = _tables()
    b = state.to_bytes(_BLOCK, "little")
    return int.from_bytes(
        _pack(
            t0[b[0]] ^ t1[b[8]] ^ t2[b[16]] ^ t3[b[24]] ^ t4[b[32]] ^ t5[b[40]] ^ t6[b[48]] ^ t7[b[56]],
            t0[b[1]] ^ t1[b[9]] ^ t2[b[17]] ^ t3[b[25]] ^ t4[b[33]] ^ t5[b[41]] ^ t6[b[49]] ^ t7[b[57]],
            t0[b[2]] ^ t1[b[10]] ^ t2[b[18]] ^ t3[b[26]] ^ t4[b[34]] ^ t5[b[42]] ^ t6[b[50]] ^ t7[b[58]],
            t0[b[3]] ^ t1[b[11]] ^ t2[b[19]] ^ t3[b[27]] ^ t4[b[35]] ^ t5[b[43]] ^ t6[b[51]] ^ t7[b[59]],
            t0[b[4]] ^ t1[b[12]] ^ t2[b[20]] ^ t3[b[28]] ^ t4[b[36]] ^ t5[b[44]] ^ t6[b[52]] ^ t7[b[60]],
            t0[b[5]] ^ t1[b[13]] ^ t2[b[21]] ^ t3[b[29]] ^ t4[b[37]] ^ t5[b[45]] ^ t6[b[53]] ^ t7[b[61]],
            t0[b[6]] ^ t1[b[14]] ^ t2[b[22]] ^ t3[b[30]] ^ t4[b[38]] ^ t5[b[46]] ^ t6[b[54]] ^ t7[b[62]],
            t0[b[7]] ^ t1[b[15]] ^ t2[b[23]] ^ t3[b[31]] ^ t4[b[39]] ^ t5[b[47]] ^ t6[b[55]] ^ t7[b[63]],
        ),
        "little",
    )


def _compress(chain: int, count: int, block: int) -> int:
    """g_N of RFC 6986 §8."""
    key = _lps(chain ^ count)
    state = block
    for constant in _CONSTANTS:
        state = _lps(state ^ key)
        key = _lps(key ^ constant)
    return chain ^ state ^ key ^ block


class Streebog:
    """A running hash, used as those of hashlib are."""

    block_size = _BLOCK
    __slots__ = ("_bits", "_chain", "_pending", "_sum", "digest_size", "name")

    def __init__(self, digest_size: int, data: bytes | bytearray | memoryview = b"") -> None:
        if digest_size not in {32, 64}:
            raise ValueError(f"digest of {digest_size} octets, 32 or 64 expected")
        self.digest_size = digest_size
        self.name = f"streebog{8 * digest_size}"
        self._chain = 0 if digest_size == _BLOCK else _START_256
        self._bits = 0
        self._sum = 0
        self._pending = b""
        self.update(data)

    def update(self, data: bytes | bytearray | memoryview) -> None:
        octets = self._pending + memoryview(data).cast("B")
        whole = len(octets) - len(octets) % _BLOCK
        for start in range(0, whole, _BLOCK):
            block = int.from_bytes(octets[start : start + _BLOCK], "little")
            self._chain = _compress(self._chain, self._bits, block)
            self._bits += 8 * _BLOCK
            self._sum = (self._sum + block) & _MASK
        self._pending = octets[whole:]

    def digest(self) -> bytes:
        last = int.from_bytes(self._pending + b"\1", "little")
        bits = self._bits + 8 * len(self._pending)
        chain = _compress(self._chain, self._bits, last)
        chain = _compress(chain, 0, bits)
        chain = _compress(chain, 0, (self._sum + last) & _MASK)
        return chain.to_bytes(_BLOCK, "little")[_BLOCK - self.digest_size :]

    def hexdigest(self) -> str:
        return self.digest().hex()

    def copy(self) -> "Streebog":
        twin = Streebog(self.digest_size)
        twin._chain, twin._bits, twin._sum = self._chain, self._bits, self._sum
        twin._pending = self._pending
        return twin
