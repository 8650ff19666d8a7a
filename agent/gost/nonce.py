"""Nonces for GOST 34.10 signatures, and the one place where fresh randomness enters.

Hedged RFC 6979: the generator of its §3.2 over HMAC-SHA-512, with fresh octets as additional data (§3.6). A nonce stays
secret when the random generator is broken or repeats itself, and it does not repeat for one document, which would help
who can disturb the computation. Verifiers cannot tell: the standard asks for any (pseudo)random number.

HMAC-SHA-512 and not HMAC-Streebog: OpenSSL's runs without look-ups, so nothing here depends on the key by the cache.
What can be wiped is wiped; what hmac returns is Python's and goes with the process that signs.
"""

import hmac
import os
from collections.abc import Iterator

RANDOMNESS_OCTETS = 32


def fresh(octets: int) -> bytes:
    """So many octets from the system's generator."""
    return os.urandom(octets)


def candidates(private_key: bytes | bytearray, digest: bytes, q: int, randomness: bytes) -> Iterator[bytes]:
    """Nonces to try one after another, little-endian like all numbers here.

    `digest` counts as a little-endian number and is reduced modulo q (bits2octets of RFC 6979 §2.3.4). A candidate may
    be zero or not below q, with a chance under 2^-127 for both curves: who uses it rejects that one without looking at
    the others. Empty randomness gives the deterministic generator, for known answers. RFC 6979 writes numbers
    big-endian, hence the turns.
    """
    size = len(private_key)
    reduced = (int.from_bytes(digest, "little") % q).to_bytes(size, "big")
    seed = bytearray(private_key)
    seed.reverse()
    seed += reduced + randomness
    try:
        key, value = bytes(64), b"\1" * 64
        for separator in (b"\0", b"\1"):
            message = bytearray(value + separator)
            message += seed
            key = hmac.digest(key, message, "sha512")
            message[:] = bytes(len(message))
            value = hmac.digest(key, value, "sha512")
    finally:
        seed[:] = bytes(len(seed))
    while True:
        value = hmac.digest(key, value, "sha512")
        yield value[:size][::-1]
        key = hmac.digest(key, value + b"\0", "sha512")
        value = hmac.digest(key, value, "sha512")
