"""RC2 (RFC 2268), which the certificate half of national key files is encrypted with, at 40 bits of effective key.

It hides nothing: it is here because the files are. No library in use still offers it with short keys.
"""

import functools
import struct

# RFC 2268 section 2: 256 octets "based on the digits of pi".
_PI = bytes.fromhex(
    "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2"
    "179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82"
    "54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626"
    "6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7"
    "08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec"
    "c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731"
    "2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9"
    "0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad"
)
_BLOCK = 8
_MASK = 0xFFFF
_ROTATIONS = (1, 2, 3, 5)
_MIXING_ROUNDS = 16
# A mashing round follows the 5th and the 11th mixing round (RFC 2268 section 3.3).
_MASHED = (4, 10)


@functools.lru_cache(maxsize=4)
def _schedule(key: bytes, effective_bits: int) -> tuple[int, ...]:
    """64 words of 16 bits (RFC 2268 section 2)."""
    expanded = bytearray(key)
    while len(expanded) < 128:
        expanded.append(_PI[expanded[-1] + expanded[-len(key)] & 0xFF])
    kept = (effective_bits + 7) // 8
    expanded[128 - kept] = _PI[expanded[128 - kept] & 0xFF >> (8 * kept - effective_bits)]
    for index in range(127 - kept, -1, -1):
        expanded[index] = _PI[expanded[index + 1] ^ expanded[index + kept]]
    return struct.unpack("<64H", expanded)


def _encrypt_block(words: list[int], schedule: tuple[int, ...]) -> None:
    position = 0
    for mixing in range(_MIXING_ROUNDS):
        for i, rotation in enumerate(_ROTATIONS):
            a, b, c = words[i - 1], words[i - 2], words[i - 3]
            mixed = words[i] + schedule[position] + (a & b) + (~a & c) & _MASK
            words[i] = (mixed << rotation | mixed >> 16 - rotation) & _MASK
            position += 1
        if mixing in _MASHED:
            for i in range(4):
                words[i] = words[i] + schedule[words[i - 1] & 63] & _MASK


def _decrypt_block(words: list[int], schedule: tuple[int, ...]) -> None:
    position = 63
    for mixing in range(_MIXING_ROUNDS - 1, -1, -1):
        if mixing in _MASHED:
            for i in (3, 2, 1, 0):
                words[i] = words[i] - schedule[words[i - 1] & 63] & _MASK
        for i in (3, 2, 1, 0):
            rotation = _ROTATIONS[i]
            mixed = words[i] >> rotation | words[i] << 16 - rotation
            a, b, c = words[i - 1], words[i - 2], words[i - 3]
            words[i] = mixed - schedule[position] - (a & b) - (~a & c) & _MASK
            position -= 1


def decrypt_cbc(key: bytes, effective_bits: int, iv: bytes, data: bytes) -> bytearray:
    """Plain octets with their padding. `data` is a whole number of 8-octet blocks."""
    if len(data) % _BLOCK or len(iv) != _BLOCK:
        raise ValueError("RC2 needs whole blocks of 8 octets")
    schedule = _schedule(bytes(key), effective_bits)
    plain, previous = bytearray(), struct.unpack("<4H", iv)
    for block in struct.iter_unpack("<4H", data):
        words = list(block)
        _decrypt_block(words, schedule)
        plain += struct.pack("<4H", *(word ^ before for word, before in zip(words, previous, strict=True)))
        previous = block
    return plain


def encrypt_cbc(key: bytes, effective_bits: int, iv: bytes, padded: bytes | bytearray) -> bytes:
    """The reverse of `decrypt_cbc`, for key files that get another password, and for test authorities."""
    if len(padded) % _BLOCK or len(iv) != _BLOCK:
        raise ValueError("RC2 needs whole blocks of 8 octets")
    schedule = _schedule(bytes(key), effective_bits)
    encrypted, previous = bytearray(), list(struct.unpack("<4H", iv))
    for block in struct.iter_unpack("<4H", padded):
        words = [word ^ before for word, before in zip(block, previous, strict=True)]
        _encrypt_block(words, schedule)
        encrypted += struct.pack("<4H", *words)
        previous = words
    return bytes(encrypted)
