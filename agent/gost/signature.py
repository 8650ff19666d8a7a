"""GOST 34.10 signatures over a digest, in the conventions of Kazakhstan's keys.

Everything is little-endian octets of the curve's length: the private key, both halves of the public key X || Y, both
halves of the signature r || s, and the digest as the number e (e = 0 counts as 1, GOST R 34.10-2012 §6.1).
"""

from agent.gost import backend, nonce
from agent.gost.curves import Curve


class BadSignature(Exception):
    """The signature is not this key's for this digest: a verdict about input, not a failure of ours."""


class FaultySignature(Exception):
    """A signature just made does not verify: the machine erred or was disturbed. It never leaves this module."""


def generate(curve: Curve) -> bytearray:
    """A fresh private key; the caller wipes it."""
    while True:
        private_key = bytearray(nonce.fresh(curve.octets))
        if 0 < int.from_bytes(private_key, "little") < curve.q:
            return private_key


def public_key(curve: Curve, private_key: bytes | bytearray) -> bytes:
    """X || Y. Raises ValueError for a private key of a wrong length, zero, or not below the order."""
    _expect("private key", private_key, curve.octets)
    return backend.implementation.public_key(curve.octets, private_key)


def sign(
    curve: Curve, private_key: bytes | bytearray, digest: bytes, *, randomness: bytes | None = None
) -> bytes:
    """r || s, verified before it leaves.

    `randomness` is for known answers only (empty: deterministic RFC 6979); by default it is fresh. Raises ValueError for
    a private key or digest that is none, FaultySignature when the result does not verify.
    """
    _expect("private key", private_key, curve.octets)
    _expect("digest", digest, curve.octets)
    public = backend.implementation.public_key(curve.octets, private_key)
    if randomness is None:
        randomness = nonce.fresh(nonce.RANDOMNESS_OCTETS)
    signature = next(
        made
        for candidate in nonce.candidates(private_key, digest, curve.q, randomness)
        if (made := backend.implementation.sign(curve.octets, private_key, candidate, digest)) is not None
    )
    if not backend.implementation.verify(curve.octets, public, digest, signature):
        raise FaultySignature("a signature just made does not verify")
    return signature


def verify(curve: Curve, public_key: bytes, digest: bytes, signature: bytes) -> None:
    """Returns if the signature is this key's for this digest, raises BadSignature if not.

    Raises ValueError for a key that is not a point of the curve, or a digest of a wrong length.
    """
    _expect("public key", public_key, 2 * curve.octets)
    _expect("digest", digest, curve.octets)
    if len(signature) != 2 * curve.octets:
        raise BadSignature(
            f"signature is {len(signature)} octets, {2 * curve.octets} expected for {curve.name}"
        )
    if not backend.implementation.verify(curve.octets, public_key, digest, signature):
        raise BadSignature(f"signature does not verify on {curve.name}")


def _expect(what: str, octets: bytes | bytearray, size: int) -> None:
    if len(octets) != size:
        raise ValueError(f"{what} is {len(octets)} octets, {size} expected")
