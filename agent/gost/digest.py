"""Streebog-512, Streebog-256 and GOST R 34.11-94, used as the hashes of hashlib are.

"streebog512" and "streebog256" are GOST R 34.11-2012 (RFC 6986). "gost94" is GOST R 34.11-94 (RFC 5831) with the test
substitution, in Kazakhstan GOST 34.311.
"""

from agent.gost import backend
from agent.gost.backend import Hash

NAMES = ("streebog512", "streebog256", "gost94")


def new(name: str, data: bytes | bytearray | memoryview = b"") -> Hash:
    """A running hash that has seen `data`. Large pieces are hashed without holding the interpreter's lock, in C."""
    return backend.implementation.new(name, data)
