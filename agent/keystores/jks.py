"""Java key stores: read, never written.

JKS is the format of `java.security.KeyStore` until Java 9, and no standard: its facts are those of OpenJDK's documents and of files that
keytool makes. All numbers are big-endian.

    magic FEEDFEED, version 1 or 2, count of entries
    entry         tag, name, milliseconds since 1970; 1: a protected key and its chain, 2: a certificate
    certificate   its kind ("X.509", in version 2 only), length, octets
    at the end    SHA-1 over the password, the words "Mighty Aphrodite" and everything before

A key is an EncryptedPrivateKeyInfo whose algorithm is Sun's own: a salt, the key under a stream of SHA-1, and SHA-1 over password and key.
That is weak, one hash for each guess, and nothing here can make it stronger.

The errors are those of agent.keystores.pkcs12, told apart by the same rules. Nothing is taken from the inside of an entry before the
password was right for the whole. JCEKS, the sibling with its own keys, is not read.
"""

import functools
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field

from agent.certificate import Certificate
from agent.errors import (
    BadInput,
    BrokenKeyStore,
    KeyHasOwnPassword,
    KeyUnsuitable,
    UnsupportedKey,
    WrongPassword,
)
from agent.keystores import base, pbe, pkcs8, pkcs12
from agent.keystores.base import StoredKey
from agent.keystores.software import PrivateKey, SoftwareKey
from agent.secret import Secret

MAX_SIZE = pkcs12.MAX_SIZE
MAX_THINGS = pkcs12.MAX_BAGS
"""Of keys and certificates in one file."""
MAGIC = b"\xfe\xed\xfe\xed"
MAGIC_JCEKS = b"\xce\xce\xce\xce"

_VERSIONS = (1, 2)
_KEY, _CERTIFICATE = 1, 2
_X509 = ("X.509", "X509")
_WORDS = b"Mighty Aphrodite"
_SUN_PROTECTION = "1.3.6.1.4.1.42.2.17.1.1"
_DIGEST = hashlib.sha1(usedforsecurity=False).digest_size
_DATE = 8  # octets


@dataclass(frozen=True, slots=True)
class _Entry:
    """A key with its chain, or a certificate by itself; neither was looked into."""

    name: str
    protected_key: bytes | None = field(repr=False)
    certificates: tuple[bytes, ...]


def is_java_store(data: bytes | bytearray) -> bool:
    """Whether octets begin as a key store of Java's own: JKS, or JCEKS, which can't be opened."""
    return data.startswith((MAGIC, MAGIC_JCEKS))


def check(data: bytes) -> None:
    """That it has the structure of a JKS file. No password is needed for that. Raises: BrokenKeyStore, UnsupportedKey."""
    _read(data)


def open(data: bytes, password: Secret) -> tuple[StoredKey, ...]:  # noqa: A001 - read as jks.open
    """The keys of a file, each with its certificate. Keys of an unknown kind are left out if there is another one.

    The password stays the caller's to wipe; the keys are the caller's from now on.

    Raises: WrongPassword, BrokenKeyStore, UnsupportedKey; KeyHasOwnPassword for a key whose password is not that of the file;
    KeyUnsuitable for one without any certificate.
    """
    entries = _read(data)
    own = _password(password)
    try:
        if not hmac.compare_digest(_digest_of(own.utf16, data[:-_DIGEST]), data[-_DIGEST:]):
            raise WrongPassword("wrong password, or a damaged file: the digest does not match")
        everything = _certificates(der for entry in entries for der in entry.certificates)
        keys = [entry for entry in entries if entry.protected_key is not None]
        return base.those_that_open(functools.partial(_key, entry, everything, own.utf16) for entry in keys)
    finally:
        own.wipe()


# --- the file -----------------------------------------------------------------------------------------------------


class _Octets:
    """What is left to read of a file."""

    def __init__(self, data: bytes) -> None:
        self._left = memoryview(data)
        self._room = MAX_THINGS

    @property
    def is_empty(self) -> bool:
        return not self._left

    def take(self, count: int) -> bytes:
        """Raises BrokenKeyStore."""
        if count > len(self._left):
            raise BrokenKeyStore("malformed JKS file: it is cut short")
        taken, self._left = self._left[:count], self._left[count:]
        return bytes(taken)

    def expect(self, things: int) -> None:
        """That so many keys or certificates more may come. Raises BrokenKeyStore."""
        self._room -= things
        if self._room < 0:
            raise BrokenKeyStore(f"more than {MAX_THINGS} keys and certificates")

    def number(self, octets: int) -> int:
        return int.from_bytes(self.take(octets), "big")

    def text(self) -> str:
        """Java's UTF-8: a zero is written with two octets, and what lies beyond 16 bits as two halves."""
        octets = self.take(self.number(2)).replace(b"\xc0\x80", b"\0")
        try:
            halves = octets.decode("utf-8", "surrogatepass").encode("utf-16-be", "surrogatepass")
        except ValueError as error:
            raise BrokenKeyStore("malformed JKS file: a name is no text") from error
        return halves.decode("utf-16-be", "replace")  # half a character by itself would be no text


def _read(data: bytes) -> tuple[_Entry, ...]:
    """Raises: BrokenKeyStore, UnsupportedKey."""
    if len(data) > MAX_SIZE:
        raise BrokenKeyStore(f"a key file of {len(data)} octets is larger than {MAX_SIZE}")
    if data.startswith(MAGIC_JCEKS):
        raise UnsupportedKey(
            "a Java key store of the kind JCEKS is not supported; keytool -importkeystore can make a PKCS#12 file of it"
        )
    if not data.startswith(MAGIC):
        raise BrokenKeyStore("malformed JKS file: it begins otherwise")
    octets = _Octets(data[len(MAGIC) : max(len(MAGIC), len(data) - _DIGEST)])
    version, count = octets.number(4), octets.number(4)
    if version not in _VERSIONS:
        raise BrokenKeyStore(f"JKS version {version}")
    octets.expect(count)
    entries = tuple(_entry(octets, version) for _ in range(count))
    if not octets.is_empty:
        raise BrokenKeyStore("malformed JKS file: more lies in it than its entries")
    return entries


def _entry(octets: _Octets, version: int) -> _Entry:
    tag, name = octets.number(4), octets.text()
    octets.take(_DATE)
    if tag not in (_KEY, _CERTIFICATE):
        raise BrokenKeyStore(f"malformed JKS file: entry of kind {tag}")
    key, count = None, 1
    if tag == _KEY:
        key, count = octets.take(octets.number(4)), octets.number(4)
        octets.expect(count)
    found = [_certificate(octets, version) for _ in range(count)]
    return _Entry(name, key, tuple(each for each in found if each is not None))


def _certificate(octets: _Octets, version: int) -> bytes | None:
    """Its octets; None for a certificate that is not of X.509."""
    kind = octets.text() if version > 1 else _X509[0]
    der = octets.take(octets.number(4))
    return der if kind in _X509 else None


# --- with the password --------------------------------------------------------------------------------------------


def _password(password: Secret) -> pbe.Password:
    """In Java's form, which is that of PKCS#12 without the zeros at the end; the caller wipes it. Raises WrongPassword."""
    try:
        own = pbe.Password.of(password.buffer)
    except ValueError as error:
        raise WrongPassword("wrong password: it is not text") from error
    del own.utf16[-2:]
    return own


def _digest_of(password: bytearray, before: bytes) -> bytes:
    digest = hashlib.sha1(password, usedforsecurity=False)
    digest.update(_WORDS)
    digest.update(before)
    return digest.digest()


def _certificates(found: Iterator[bytes]) -> tuple[Certificate, ...]:
    """Each once. A malformed one among others does no harm; a key whose certificate is malformed has none."""
    read = []
    for der in dict.fromkeys(found):
        try:
            read.append(Certificate.from_der(der))
        except BadInput:
            continue
    return tuple(read)


def _key(entry: _Entry, everything: tuple[Certificate, ...], password: bytearray) -> StoredKey:
    """Raises: BrokenKeyStore, UnsupportedKey, KeyUnsuitable."""
    assert entry.protected_key is not None
    plain = _unprotected(entry.protected_key, password)
    try:
        private_key = pkcs8.read(plain)
    finally:
        plain[:] = bytes(len(plain))
    try:
        return SoftwareKey(_own_first(private_key, entry, everything), private_key, entry.name)
    except BaseException:
        private_key.wipe()
        raise


def _own_first(
    private_key: PrivateKey, entry: _Entry, everything: tuple[Certificate, ...]
) -> tuple[Certificate, ...]:
    """All certificates of the file: first those of the key, of which the one that its chain begins with is meant, then the rest of its chain."""
    if not everything:
        raise KeyUnsuitable("the key waits for its certificate: there is none in the file")
    chain = {der: place for place, der in reversed(list(enumerate(entry.certificates)))}
    own = {each for each in everything if pkcs12._belongs(each, private_key)}
    if not own:
        raise BrokenKeyStore("no certificate in the file belongs to its private key")
    return tuple(sorted(everything, key=lambda each: (each not in own, chain.get(each.der, len(chain)))))


def _unprotected(protected: bytes, password: bytearray) -> bytearray:
    """PrivateKeyInfo; the caller wipes it.

    Raises: BrokenKeyStore; KeyHasOwnPassword, UnsupportedKey.
    """
    with pkcs12._structure("private key"):
        parsed = pkcs12._ShroudedKey.load(protected, strict=True)
        algorithm, octets = parsed["algorithm"]["algorithm"].dotted, parsed["data"].native
    if algorithm != _SUN_PROTECTION:
        raise UnsupportedKey(f"encryption of Java key stores by {algorithm} is not supported")
    if len(octets) < 2 * _DIGEST:
        raise BrokenKeyStore("malformed private key")
    plain = bytearray(octets[_DIGEST:-_DIGEST])
    block = octets[:_DIGEST]
    # Once, however many blocks there are: a page of the first dialect may send a password of any length.
    begun = hashlib.sha1(password, usedforsecurity=False)
    for start in range(0, len(plain), _DIGEST):
        stream = begun.copy()
        stream.update(block)
        block = stream.digest()
        for place in range(start, min(start + _DIGEST, len(plain))):
            plain[place] ^= block[place - start]
    begun.update(plain)
    if not hmac.compare_digest(begun.digest(), octets[-_DIGEST:]):
        plain[:] = bytes(len(plain))
        # The digest over the whole file matched, so the password is right and nothing is damaged.
        raise KeyHasOwnPassword("the key in the file has a password of its own, other than the file's")
    return plain
