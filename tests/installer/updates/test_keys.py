"""Maintainers' keys: under a password, and nobody else's to read."""

import json
from pathlib import Path

import pytest

from installer.updates import keys
from installer.updates.keys import BadKey

PASSWORD = b"a long password"


def test_a_key_is_made_in_two_files_and_opened_again(tmp_path: Path) -> None:
    secret, public = keys.make("anna", tmp_path, PASSWORD)
    assert secret.stat().st_mode & 0o077 == 0
    assert b"ENCRYPTED PRIVATE KEY" in secret.read_bytes()
    assert json.loads(public.read_bytes())["owner"] == "anna"
    signer = keys.open_private(secret, PASSWORD)
    key = keys.read_public(public)
    assert signer.public_key.keyid == key.keyid
    key.verify_signature(signer.sign(b"x"), b"x")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    keys.make("anna", tmp_path, PASSWORD)
    with pytest.raises(FileExistsError):
        keys.make("anna", tmp_path, PASSWORD)


def test_a_short_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadKey, match="at least 12"):
        keys.make("anna", tmp_path, b"short")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_password_and_what_is_no_key_are_told(tmp_path: Path) -> None:
    secret, public = keys.make("anna", tmp_path, PASSWORD)
    with pytest.raises(BadKey, match="another password, or no key"):
        keys.open_private(secret, b"another password")
    with pytest.raises(BadKey, match="no public key"):
        keys.read_public(secret)
    with pytest.raises(BadKey):
        keys.open_private(public, PASSWORD)


def test_a_key_of_another_kind_is_told(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    file = tmp_path / "key.pem"
    file.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(PASSWORD),
        )
    )
    with pytest.raises(BadKey, match="another kind"):
        keys.open_private(file, PASSWORD)
