"""Writes Java key stores, JKS: for tests only, the agent writes none. What keytool makes of the same is in tests/vectors/jks."""

import functools
import hashlib
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.algorithms import algorithm_identifier
from agent.keystores import der, pkcs12
from tests.support import authority

FIXTURE = Path(__file__).resolve().parent.parent / "vectors" / "jks" / "keytool-rsa.hex"
_PROTECTION = "1.3.6.1.4.1.42.2.17.1.1"


@dataclass(frozen=True)
class Key:
    """A private key entry. `password` is its own, where that is not the file's; `protected` stands in its place as it is."""

    pkcs8_der: bytes
    chain: Sequence[bytes]
    name: str = "key"
    password: str | None = None
    protected: bytes | None = None


@dataclass(frozen=True)
class Trusted:
    """A certificate by itself."""

    certificate_der: bytes
    name: str = "trusted"
    kind: str = "X.509"


def key_of(name: str, *, chain: Sequence[bytes] = (), password: str | None = None) -> Key:
    """A key of the test authority with its certificate, under the authority's name for it."""
    return Key(_pkcs8_of(name), (authority.certificate(name).der, *chain), name, password)


def write(
    entries: Sequence[Key | Trusted],
    password: str = authority.PASSWORD,
    *,
    version: int = 2,
    magic: bytes = b"\xfe\xed\xfe\xed",
    count: int | None = None,
) -> bytes:
    """The file; `count` is what it says of its entries, if that is not the truth."""
    head = magic + struct.pack(">II", version, len(entries) if count is None else count)
    return sealed(head + b"".join(_entry(each, password, version) for each in entries), password)


def sealed(content: bytes, password: str = authority.PASSWORD) -> bytes:
    """The content with the digest that proves the password."""
    return (
        content
        + hashlib.sha1(_java(password) + b"Mighty Aphrodite" + content, usedforsecurity=False).digest()
    )


def protected(plain: bytes, password: str) -> bytes:
    """A key as it lies in a file: EncryptedPrivateKeyInfo."""
    own, salt = _java(password), secrets.token_bytes(20)
    stream, block = b"", salt
    while len(stream) < len(plain):
        block = hashlib.sha1(own + block, usedforsecurity=False).digest()
        stream += block
    hidden = bytes(one ^ other for one, other in zip(plain, stream, strict=False))
    octets = salt + hidden + hashlib.sha1(own + plain, usedforsecurity=False).digest()
    return shrouded(_PROTECTION, octets)


def shrouded(algorithm: str, octets: bytes) -> bytes:
    """EncryptedPrivateKeyInfo of any algorithm."""
    identifier = algorithm_identifier(algorithm, der.element(der.NULL))
    return der.element(der.SEQUENCE, identifier, der.element(der.OCTET_STRING, octets))


def text(value: str) -> bytes:
    """Java's own UTF-8, after its length."""
    units = value.encode("utf-16-be", "surrogatepass")
    octets = b"".join(_unit(units[place : place + 2]) for place in range(0, len(units), 2))
    return struct.pack(">H", len(octets)) + octets


def fixture() -> bytes:
    """What keytool made."""
    lines = FIXTURE.read_text(encoding="utf-8").splitlines()
    return bytes.fromhex("".join(line for line in lines if not line.startswith("#")))


@functools.cache
def _pkcs8_of(name: str) -> bytes:
    with authority.secret() as secret:
        found = pkcs12.open_single(authority.path(name).read_bytes(), secret)
    try:
        return bytes(found.pkcs8_der)
    finally:
        found.wipe()


def _unit(octets: bytes) -> bytes:
    character = octets.decode("utf-16-be", "surrogatepass")
    return b"\xc0\x80" if character == "\0" else character.encode("utf-8", "surrogatepass")


def _java(password: str) -> bytes:
    return password.encode("utf-16-be")


def _entry(entry: Key | Trusted, password: str, version: int) -> bytes:
    date = struct.pack(">Q", 1_795_000_000_000)
    if isinstance(entry, Trusted):
        return (
            struct.pack(">I", 2)
            + text(entry.name)
            + date
            + _certificate(entry.certificate_der, version, entry.kind)
        )
    key = entry.protected
    if key is None:
        key = protected(entry.pkcs8_der, password if entry.password is None else entry.password)
    chain = b"".join(_certificate(each, version) for each in entry.chain)
    sizes = struct.pack(">I", len(entry.chain))
    return struct.pack(">I", 1) + text(entry.name) + date + struct.pack(">I", len(key)) + key + sizes + chain


def _certificate(octets: bytes, version: int, kind: str = "X.509") -> bytes:
    return (text(kind) if version > 1 else b"") + struct.pack(">I", len(octets)) + octets
