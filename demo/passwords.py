"""Passwords of the cabinet: kept as scrypt (RFC 7914) with a salt of their own."""

import hashlib
import hmac
import secrets

# 16 MiB and about 50 ms on a laptop: dear for a guesser, unnoticed at the door.
COST = 2**14
BLOCK = 8


def digest(password: str, salt: bytes | None = None) -> str:
    """The text to keep: salt and digest in hex."""
    salt = salt if salt is not None else secrets.token_bytes(16)
    derived = hashlib.scrypt(password.encode(), salt=salt, n=COST, r=BLOCK, p=1, dklen=32)
    return f"{salt.hex()}:{derived.hex()}"


def matches(password: str, kept: str) -> bool:
    salt, _, _ = kept.partition(":")
    return hmac.compare_digest(digest(password, bytes.fromhex(salt)), kept)


# Compared with when there is no such subscriber, so that the answer takes as long as for one there is.
NOBODY = digest(secrets.token_urlsafe())
