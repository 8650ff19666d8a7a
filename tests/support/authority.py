"""The test authority that is checked in (tests/vectors/authority): paths, passwords, opened keys.

Names are those of agent/testca/profiles.py: gost2015-individual, gost2015-head, gost2015-employee, gost2015-sign-right, the same
with gost2004-, rsa-sign- and rsa-auth-, and p256-individual, p384-individual. Beside them lie the odd ones that
tests/vectors/authority/README.md lists. Certificates are valid from 2026 to the end of 2049; NOW is a moment within.
"""

import functools
from datetime import UTC, datetime
from pathlib import Path

from agent.certificate import Certificate
from agent.keystores import pkcs12
from agent.keystores.base import StoredKey
from agent.secret import Secret
from agent.signer import Signer
from agent.testca import profiles

FOLDER = Path(__file__).resolve().parent.parent / "vectors" / "authority"
PASSWORD = "Qwerty12"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NAMES = tuple(profiles.PROFILES)
FAMILIES = tuple(profiles.AUTHORITY_KEY_TYPES)


def path(name: str) -> Path:
    """The key file of that name."""
    found = FOLDER / f"{name}.p12"
    assert found.is_file(), f"no key file {name}"
    return found


def secret(password: str = PASSWORD) -> Secret:
    """A fresh Secret, for a caller who wipes it."""
    return Secret(bytearray(password.encode()))


@functools.cache
def stored_key(name: str) -> StoredKey:
    """The opened key, shared by all tests: don't wipe it."""
    return opened_key(name)


def opened_key(name: str) -> StoredKey:
    """The key, opened for a caller who wipes it."""
    (key,) = pkcs12.open(path(name).read_bytes(), secret())
    return key


def signer(name: str) -> Signer:
    return stored_key(name).signer()


def certificate(name: str) -> Certificate:
    return stored_key(name).certificate


def root_paths() -> tuple[Path, ...]:
    """The root certificates, PEM, one file each: for --test-ca."""
    return tuple(FOLDER / "ca" / f"{family}-root.pem" for family in FAMILIES)


def issuing_paths() -> tuple[Path, ...]:
    return tuple(FOLDER / "ca" / f"{family}-issuing.pem" for family in FAMILIES)


@functools.cache
def roots() -> tuple[Certificate, ...]:
    return tuple(Certificate.from_pem_or_der(file.read_bytes()) for file in root_paths())


@functools.cache
def issuing() -> tuple[Certificate, ...]:
    return tuple(Certificate.from_pem_or_der(file.read_bytes()) for file in issuing_paths())
