"""Key files in PKCS#12 (RFC 7292), as the national authority issues them and as other programs make them.

A national file is DER outside; the AuthenticatedSafe inside is BER with indefinite lengths. It holds one key under 3DES and one
certificate under RC2 with 40 bits, authenticated by HMAC-SHA-1, 1024 iterations each. Files of OpenSSL 3, Windows, Java and
Firefox hold several keys and certificates under AES (PBES2).

Three errors, told apart by what was seen: what has no PKCS#12 structure is BrokenKeyStore; on a good structure a MAC that does
not match is WrongPassword, whether the password or the content is to blame; UnsupportedKey names what we can't read.
"""

import contextlib
import dataclasses
import functools
from collections.abc import Iterator
from typing import Any, ClassVar

from asn1crypto import core

from agent.certificate import Certificate
from agent.errors import (
    AgentError,
    BadInput,
    BrokenKeyStore,
    KeyUnsuitable,
    UnsupportedKey,
    WrongPassword,
)
from agent.keystores import base, open_keys, pbe, pkcs8
from agent.keystores.base import StoredKey
from agent.keystores.software import PrivateKey, SoftwareKey
from agent.secret import Secret

MAX_SIZE = 1024 * 1024
MAX_BAGS = 256
MAX_DEPTH = 4
"""Of SafeContents inside SafeContents; nobody nests them."""

# RFC 7292 appendix D, RFC 5652 section 14, RFC 2985 section 5.5.
_DATA, _SIGNED_DATA, _ENVELOPED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.3"
_ENCRYPTED_DATA = "1.2.840.113549.1.7.6"
_KEY_BAG, _SHROUDED_KEY_BAG = "1.2.840.113549.1.12.10.1.1", "1.2.840.113549.1.12.10.1.2"
_CERTIFICATE_BAG, _SAFE_CONTENTS_BAG = "1.2.840.113549.1.12.10.1.3", "1.2.840.113549.1.12.10.1.6"
_X509_CERTIFICATE = "1.2.840.113549.1.9.22.1"
_FRIENDLY_NAME, _LOCAL_KEY_ID = "1.2.840.113549.1.9.20", "1.2.840.113549.1.9.21"

# What asn1crypto raises on malformed octets; RecursionError: nested indefinite lengths.
_PARSE_ERRORS = (ValueError, TypeError, KeyError, IndexError, OverflowError, AttributeError, RecursionError)


class _ContentInfo(core.Sequence):
    _fields: ClassVar = [
        ("type", pbe.ObjectIdentifier),
        ("content", core.Any, {"explicit": 0, "optional": True}),
    ]


class _MacInfo(core.Sequence):
    _fields: ClassVar = [("algorithm", pbe.AlgorithmIdentifier), ("digest", core.OctetString)]


class _MacData(core.Sequence):
    _fields: ClassVar = [
        ("mac", _MacInfo),
        ("salt", core.OctetString),
        ("iterations", core.Integer, {"default": 1}),
    ]


class _Pfx(core.Sequence):
    _fields: ClassVar = [
        ("version", core.Integer),
        ("safe", _ContentInfo),
        ("mac_data", _MacData, {"optional": True}),
    ]


class _AuthenticatedSafe(core.SequenceOf):
    _child_spec = _ContentInfo


class _EncryptedContent(core.Sequence):
    _fields: ClassVar = [
        ("type", pbe.ObjectIdentifier),
        ("algorithm", pbe.AlgorithmIdentifier),
        ("content", core.OctetString, {"implicit": 0, "optional": True}),
    ]


class _EncryptedData(core.Sequence):
    _fields: ClassVar = [
        ("version", core.Integer),
        ("inside", _EncryptedContent),
        ("attributes", core.Any, {"optional": True}),
    ]


class _Values(core.SetOf):
    _child_spec = core.Any


class _Attribute(core.Sequence):
    _fields: ClassVar = [("type", pbe.ObjectIdentifier), ("values", _Values)]


class _Attributes(core.SetOf):
    _child_spec = _Attribute


class _Bag(core.Sequence):
    _fields: ClassVar = [
        ("type", pbe.ObjectIdentifier),
        ("value", core.Any, {"explicit": 0}),
        ("attributes", _Attributes, {"optional": True}),
    ]


class _SafeContents(core.SequenceOf):
    _child_spec = _Bag


class _CertificateBag(core.Sequence):
    _fields: ClassVar = [("type", pbe.ObjectIdentifier), ("value", core.OctetString, {"explicit": 0})]


class _ShroudedKey(core.Sequence):
    _fields: ClassVar = [("algorithm", pbe.AlgorithmIdentifier), ("data", core.OctetString)]


@dataclasses.dataclass(frozen=True, slots=True)
class _KeyBag:
    algorithm: Any
    """None where the key lies open."""
    data: bytes | bytearray = dataclasses.field(repr=False)
    """Octets to be wiped where the key lies open in an encrypted part."""
    local_key_id: bytes
    friendly_name: str


@dataclasses.dataclass(frozen=True, slots=True)
class _FoundCertificate:
    certificate: Certificate
    local_key_id: bytes
    friendly_name: str


@dataclasses.dataclass(slots=True)
class _Contents:
    """What was found in a file so far."""

    keys: list[_KeyBag] = dataclasses.field(default_factory=list)
    certificates: list[_FoundCertificate] = dataclasses.field(default_factory=list)
    has_certificate_bags: bool = False
    """Whether there are any, readable or not."""
    bags: int = 0

    def wipe(self) -> None:
        for key in self.keys:
            if isinstance(key.data, bytearray):
                key.data[:] = bytes(len(key.data))


@dataclasses.dataclass(frozen=True, slots=True)
class _Lock:
    """What decrypts the parts of one file."""

    password: pbe.Password
    budget: pbe.Budget
    is_authenticated: bool

    def opened(self, algorithm: Any, data: bytes) -> bytearray:
        return _decrypted(algorithm, data, self.password, self.budget, self.is_authenticated)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class SingleKey:
    """The only private key of a file. `pkcs8_der` is what the file holds of it; both are wiped together.

    `certificates` are its own, first the one that it signs with, then the others of the file; none where it waits for one.
    `is_modern`: it is encrypted as our own files are, so whoever reads the file can read one that we write in its place.
    """

    private_key: PrivateKey
    pkcs8_der: bytearray
    certificates: tuple[Certificate, ...]
    is_modern: bool

    def belongs_to(self, certificate: Certificate) -> bool:
        """Whether the certificate holds its public half."""
        return _belongs(certificate, self.private_key)

    def wipe(self) -> None:
        """Forgets the key. Can be called twice."""
        self.private_key.wipe()
        self.pkcs8_der[:] = bytes(len(self.pkcs8_der))


def open(data: bytes, password: Secret) -> tuple[StoredKey, ...]:  # noqa: A001 - read as pkcs12.open
    """The keys of a file, each with its certificate. Keys of an unknown kind are left out if there is another one.

    The password stays the caller's to wipe; the keys are the caller's from now on.

    Raises: WrongPassword, BrokenKeyStore, UnsupportedKey; KeyUnsuitable for a key that still waits for its certificate.
    """
    with _unlocked(data, password) as (contents, lock):
        return _matched(contents, lock)


def open_pending(data: bytes, password: Secret) -> SingleKey:
    """The key of a file that holds one, and no certificate of it.

    The password stays the caller's to wipe; the key is the caller's from now on.

    Raises: WrongPassword, BrokenKeyStore, UnsupportedKey; KeyUnsuitable where the key has its certificate, or there are several.
    """
    key = open_single(data, password)
    if key.certificates:
        key.wipe()
        raise KeyUnsuitable("no key in the file waits for a certificate")
    return key


def open_single(data: bytes, password: Secret) -> SingleKey:
    """The key of a file that holds one, with its certificate or without.

    The password stays the caller's to wipe; the key is the caller's from now on.

    Raises: WrongPassword, BrokenKeyStore, UnsupportedKey; KeyUnsuitable where there are several, or certificates of other keys only.
    """
    with _unlocked(data, password) as (contents, lock):
        if len(contents.keys) > 1:
            raise KeyUnsuitable("there are several keys in the file, and none waits for a certificate")
        if not contents.keys:
            raise BrokenKeyStore("no private key in the file")
        (bag,) = contents.keys
        plain = _plain_key(bag, lock)
        try:
            private_key = pkcs8.read(plain)
            own, others = _certificates_of(private_key, bag, contents)
            if contents.has_certificate_bags and not own:
                private_key.wipe()
                raise KeyUnsuitable("no key in the file waits for a certificate")
        except AgentError:
            plain[:] = bytes(len(plain))
            raise
        found = tuple(each.certificate for each in (*own, *others))
        return SingleKey(private_key, plain, found, is_modern=pbe.is_modern(bag.algorithm))


@contextlib.contextmanager
def _unlocked(data: bytes, password: Secret) -> Iterator[tuple[_Contents, _Lock]]:
    """What lies in a file, and what decrypts its keys until the block ends.

    Raises: WrongPassword, BrokenKeyStore, UnsupportedKey.
    """
    if len(data) > MAX_SIZE:
        raise BrokenKeyStore(f"a key file of {len(data)} octets is larger than {MAX_SIZE}")
    budget, contents = pbe.Budget(), _Contents()
    with _structure("PKCS#12 file"):
        pfx = _Pfx.load(data, strict=True)
        safe, mac_data = _safe_octets(pfx), pfx["mac_data"]
        encrypted = list(_open_parts(safe, contents))
    found = _password(mac_data, safe, password, budget)
    try:
        lock = _Lock(found, budget, not isinstance(mac_data, core.Void))
        for part in encrypted:
            with _structure("encrypted part"):
                plain = lock.opened(part["algorithm"], part["content"].native)
                hidden = open_keys.take_out(plain)
                try:
                    _read_bags(bytes(plain), contents, depth=0, hidden=iter(hidden))
                finally:
                    open_keys.wipe(hidden)
        yield contents, lock
    finally:
        found.wipe()
        contents.wipe()


@contextlib.contextmanager
def _structure(what: str) -> Iterator[None]:
    try:
        yield
    except _PARSE_ERRORS as error:
        raise BrokenKeyStore(f"malformed {what}") from error


def _safe_octets(pfx: Any) -> bytes:
    """The AuthenticatedSafe exactly as it stands: the MAC is over these octets, BER or not."""
    if pfx["version"].native != 3:
        raise BrokenKeyStore(f"PKCS#12 version {pfx['version'].native}")
    kind = pfx["safe"]["type"].dotted
    if kind == _SIGNED_DATA:
        raise UnsupportedKey("a key file protected by a signature instead of a password is not supported")
    if kind != _DATA:
        raise BrokenKeyStore(f"content of type {kind}")
    return bytes(pfx["safe"]["content"].parse(core.OctetString).native)


def _open_parts(safe: bytes, contents: _Contents) -> Iterator[Any]:
    """Reads the parts that lie open, and gives those that are encrypted."""
    parts = _AuthenticatedSafe.load(safe, strict=True)
    if len(parts) > MAX_BAGS:
        raise BrokenKeyStore(f"{len(parts)} parts")
    for part in parts:
        kind = part["type"].dotted
        if kind == _DATA:
            _read_bags(part["content"].parse(core.OctetString).native, contents, depth=0, hidden=iter(()))
        elif kind == _ENCRYPTED_DATA:
            inside = part["content"].parse(_EncryptedData)["inside"]
            if inside["type"].dotted != _DATA or not inside["algorithm"]["algorithm"].dotted:
                raise BrokenKeyStore("encrypted part of an unknown type")
            if inside["content"].native is None:
                raise BrokenKeyStore("encrypted part without content")
            yield inside
        elif kind == _ENVELOPED_DATA:
            raise UnsupportedKey(
                "a key file encrypted for a certificate instead of a password is not supported"
            )
        else:
            raise BrokenKeyStore(f"part of type {kind}")


def _read_bags(octets: bytes, contents: _Contents, depth: int, hidden: Iterator[bytearray]) -> None:
    """`hidden` is what open keys hold that were taken out. Secrets, CRLs and unknown bags are passed over.

    Raises: BrokenKeyStore; what asn1crypto raises."""
    if depth > MAX_DEPTH:
        raise BrokenKeyStore("bags nested too deep")
    for bag in _SafeContents.load(octets, strict=True):
        contents.bags += 1
        if contents.bags > MAX_BAGS:
            raise BrokenKeyStore(f"more than {MAX_BAGS} bags")
        kind, value = bag["type"].dotted, bag["value"]
        local_key_id, friendly_name = _attributes(bag["attributes"])
        if kind == _KEY_BAG:
            open_key = bytearray(_untagged(value))
            if taken := next(hidden, None):
                open_key[len(open_key) - len(taken) :] = taken
            contents.keys.append(_KeyBag(None, open_key, local_key_id, friendly_name))
        elif kind == _SHROUDED_KEY_BAG:
            key = value.parse(_ShroudedKey)
            contents.keys.append(_KeyBag(key["algorithm"], key["data"].native, local_key_id, friendly_name))
        elif kind == _CERTIFICATE_BAG:
            contents.has_certificate_bags = True
            _read_certificate(value.parse(_CertificateBag), local_key_id, friendly_name, contents)
        elif kind == _SAFE_CONTENTS_BAG:
            _read_bags(_untagged(value), contents, depth + 1, hidden)


def _untagged(value: Any) -> bytes:
    """The octets of a SEQUENCE without the explicit [0] around it."""
    return bytes(value.parse(core.Sequence).untag().dump())


def _read_certificate(bag: Any, local_key_id: bytes, friendly_name: str, contents: _Contents) -> None:
    if bag["type"].dotted != _X509_CERTIFICATE:
        return
    # A malformed one among others does no harm; a key whose certificate is malformed has none.
    with contextlib.suppress(BadInput):
        certificate = Certificate.from_der(bag["value"].native)
        contents.certificates.append(_FoundCertificate(certificate, local_key_id, friendly_name))


def _attributes(parsed: Any) -> tuple[bytes, str]:
    """localKeyId and friendlyName, empty where absent."""
    local_key_id, friendly_name = b"", ""
    for attribute in parsed if not isinstance(parsed, core.Void) else ():
        for value in list(attribute["values"])[:1]:
            oid = attribute["type"].dotted
            if oid == _LOCAL_KEY_ID:
                local_key_id = bytes(value.parse(core.OctetString).native)
            elif oid == _FRIENDLY_NAME:
                friendly_name = str(value.parse(core.BMPString).native)
    return local_key_id, friendly_name


def _password(mac_data: Any, safe: bytes, password: Secret, budget: pbe.Budget) -> pbe.Password:
    """The password in the form that opens the file. A file without MAC takes any: it shows when decrypting."""
    try:
        candidates = [pbe.Password.of(password.buffer)]
    except ValueError as error:
        raise WrongPassword("wrong password: it is not text") from error
    if not password.buffer:
        candidates.append(pbe.Password.absent())
    if isinstance(mac_data, core.Void):
        return candidates[0]
    fitting = None
    try:
        with _structure("MAC"):
            fitting = next(
                (each for each in candidates if pbe.mac_matches(mac_data, safe, each, budget)), None
            )
    finally:
        for each in candidates:
            if each is not fitting:
                each.wipe()
    if fitting is None:
        raise WrongPassword("wrong password: the MAC does not match")
    return fitting


def _decrypted(
    algorithm: Any, data: bytes, password: pbe.Password, budget: pbe.Budget, is_authenticated: bool
) -> bytearray:
    try:
        return pbe.decrypt(algorithm, data, password, budget)
    except pbe.BadPadding as error:
        if is_authenticated:
            raise BrokenKeyStore("the MAC matches but a part can't be decrypted") from error
        raise WrongPassword("wrong password, or a damaged file: there is no MAC to tell which") from error


def _matched(contents: _Contents, lock: _Lock) -> tuple[StoredKey, ...]:
    """Each key with the certificate that holds its public half."""
    if contents.keys and not contents.has_certificate_bags:
        raise KeyUnsuitable("the key waits for its certificate: there is none in the file")
    return base.those_that_open(functools.partial(_stored_key, bag, contents, lock) for bag in contents.keys)


def _stored_key(bag: _KeyBag, contents: _Contents, lock: _Lock) -> StoredKey:
    plain = _plain_key(bag, lock)
    try:
        private_key = pkcs8.read(plain)
    finally:
        plain[:] = bytes(len(plain))
    own, others = _certificates_of(private_key, bag, contents)
    if not own:
        private_key.wipe()
        raise BrokenKeyStore("no certificate in the file belongs to its private key")
    certificates = tuple(each.certificate for each in (*own, *others))
    return SoftwareKey(certificates, private_key, bag.friendly_name or own[0].friendly_name)


def _certificates_of(
    private_key: PrivateKey, bag: _KeyBag, contents: _Contents
) -> tuple[list[_FoundCertificate], list[_FoundCertificate]]:
    """Those in the file that hold its public half, the one that is meant first; and all others."""
    own = [each for each in contents.certificates if _belongs(each.certificate, private_key)]
    # Several may hold the same key (a renewed certificate): the bag says which is meant.
    own.sort(key=lambda each: bool(bag.local_key_id) and each.local_key_id != bag.local_key_id)
    return own, [each for each in contents.certificates if each not in own]


def _plain_key(bag: _KeyBag, lock: _Lock) -> bytearray:
    """PrivateKeyInfo; the caller wipes it."""
    with _structure("private key"):
        return bytearray(bag.data) if bag.algorithm is None else lock.opened(bag.algorithm, bytes(bag.data))


def _belongs(certificate: Certificate, private_key: PrivateKey) -> bool:
    key = certificate.public_key
    return key.is_supported and (key.key_type, key.octets) == (
        private_key.key_type,
        private_key.public_octets,
    )
