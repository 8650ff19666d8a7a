"""Keys of maintainers: Ed25519, the private half in a file of its own under a password, the public half beside it to be handed on."""

import json
import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner, Key, SSlibKey

SHORTEST_PASSWORD = 12


class BadKey(Exception):
    """A key can't be used; the text says why, for a terminal."""


def make(owner: str, folder: Path, password: bytes) -> tuple[Path, Path]:
    """Makes a key, and gives its private and its public file. Raises BadKey, OSError."""
    if len(password) < SHORTEST_PASSWORD:
        raise BadKey(f"a password of at least {SHORTEST_PASSWORD} octets")
    private = Ed25519PrivateKey.generate()
    secret, open_ = folder / f"{owner}.key.pem", folder / f"{owner}.pub.json"
    _write_new(
        secret,
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password),
        ),
    )
    key = SSlibKey.from_crypto(private.public_key())
    _write_new(
        open_, json.dumps({"owner": owner, "keyid": key.keyid, "key": key.to_dict()}, indent=1).encode()
    )
    return secret, open_


def read_public(file: Path) -> Key:
    """Raises BadKey, OSError."""
    try:
        found = json.loads(file.read_bytes())
        return Key.from_dict(str(found["keyid"]), dict(found["key"]))
    except (ValueError, KeyError, TypeError) as error:
        raise BadKey(f"{file} is no public key of this tool") from error


def open_private(file: Path, password: bytes) -> CryptoSigner:
    """Raises BadKey, OSError."""
    try:
        private = serialization.load_pem_private_key(file.read_bytes(), password)
    except (ValueError, TypeError) as error:
        raise BadKey(f"{file} can't be opened: another password, or no key") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise BadKey(f"{file} holds another kind of key")
    return CryptoSigner(private)


def _write_new(file: Path, octets: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(octets)
