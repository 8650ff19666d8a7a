"""Writes PKCS#12 files (RFC 7292): in the shape of the national authority's, and in the shape of today's programs.

The national shape, the same in every published file of 2018 to 2026: DER outside, the AuthenticatedSafe BER with indefinite
lengths, first the key under 3DES, then the certificate under 40-bit RC2, SHA-1 and 1024 iterations throughout, and the
same two attributes on both. That encryption is weak. So is the password of a test key.
"""

import dataclasses
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from agent import algorithms
from agent.algorithms import DigestAlgorithm, oid_der
from agent.certificate import Certificate
from agent.formats import asn1
from agent.keystores import pbe, rc2
from agent.keystores.pbe import Password

NATIONAL_ITERATIONS = 1024
MODERN_ITERATIONS = 2048

_DATA, _ENCRYPTED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.6"
_SHROUDED_KEY_BAG, _CERTIFICATE_BAG = "1.2.840.113549.1.12.10.1.2", "1.2.840.113549.1.12.10.1.3"
_X509_CERTIFICATE = "1.2.840.113549.1.9.22.1"
_FRIENDLY_NAME, _LOCAL_KEY_ID = "1.2.840.113549.1.9.20", "1.2.840.113549.1.9.21"
_PBES2, _PBKDF2 = "1.2.840.113549.1.5.13", "1.2.840.113549.1.5.12"
_HMAC_SHA256, _AES_256_CBC = "1.2.840.113549.2.9", "2.16.840.1.101.3.4.1.42"
_BMP_STRING = 0x1E
_INDEFINITE, _END = b"\x80", b"\x00\x00"


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A key and its certificate."""

    pkcs8_der: bytes = dataclasses.field(repr=False)
    certificate: Certificate


def national(entry: Entry, password: str) -> bytes:
    """A file like those of the national authority."""
    secret, attributes = Password.of(password.encode()), _attributes(entry.certificate)
    key_bag = _bag(_SHROUDED_KEY_BAG, _shrouded(*_by_3des(entry.pkcs8_der, secret)), attributes)
    certificate_bag = _certificate_bag(entry.certificate, attributes)
    algorithm, encrypted = _by_rc2(asn1.element(asn1.SEQUENCE, certificate_bag), secret)
    open_part = _endless(
        0x30,
        oid_der(_DATA),
        _endless(0xA0, asn1.element(asn1.OCTET_STRING, asn1.element(asn1.SEQUENCE, key_bag))),
    )
    content = _endless(
        0x30, oid_der(_DATA), algorithm, _endless(0xA0, asn1.element(asn1.OCTET_STRING, encrypted))
    )
    closed_part = _endless(
        0x30, oid_der(_ENCRYPTED_DATA), _endless(0xA0, _endless(0x30, asn1.integer(0), content))
    )
    safe = _endless(0x30, open_part, closed_part)
    return _file(safe, secret, algorithms.SHA1, NATIONAL_ITERATIONS)


def modern(entries: Sequence[Entry], password: str, *, chain: Sequence[Certificate] = ()) -> bytes:
    """A file as OpenSSL 3 makes it: DER, AES-256 by PBES2, MAC with SHA-256; `chain` are further certificates."""
    secret = Password.of(password.encode())
    certificate_bags = [_certificate_bag(e.certificate, _attributes(e.certificate)) for e in entries]
    certificate_bags += [_certificate_bag(certificate, b"") for certificate in chain]
    algorithm, encrypted = _by_aes(asn1.element(asn1.SEQUENCE, *certificate_bags), secret)
    inside = asn1.element(asn1.SEQUENCE, oid_der(_DATA), algorithm, asn1.element(0x80, encrypted))
    closed_part = asn1.element(
        asn1.SEQUENCE,
        oid_der(_ENCRYPTED_DATA),
        asn1.element(0xA0, asn1.element(asn1.SEQUENCE, asn1.integer(0), inside)),
    )
    key_bags = (
        _bag(_SHROUDED_KEY_BAG, _shrouded(*_by_aes(e.pkcs8_der, secret)), _attributes(e.certificate))
        for e in entries
    )
    safe = asn1.element(asn1.SEQUENCE, closed_part, _data(asn1.element(asn1.SEQUENCE, *key_bags)))
    return _file(safe, secret, algorithms.SHA256, MODERN_ITERATIONS)


def _file(safe: bytes, password: Password, digest: DigestAlgorithm, iterations: int) -> bytes:
    """PFX with the MAC over `safe` as it stands."""
    salt, name = secrets.token_bytes(20), digest.name.replace("-", "").lower()
    key = pbe.derive(
        name, password.utf16, salt, iterations=iterations, purpose=pbe.PURPOSE_MAC, size=digest.digest_size
    )
    mac = asn1.element(
        asn1.SEQUENCE,
        digest.identifier_der,
        asn1.element(asn1.OCTET_STRING, hmac.digest(bytes(key), safe, name)),
    )
    mac_data = asn1.element(
        asn1.SEQUENCE, mac, asn1.element(asn1.OCTET_STRING, salt), asn1.integer(iterations)
    )
    return asn1.element(asn1.SEQUENCE, asn1.integer(3), _data(safe), mac_data)


def _data(octets: bytes) -> bytes:
    """ContentInfo of type data."""
    return asn1.element(
        asn1.SEQUENCE, oid_der(_DATA), asn1.element(0xA0, asn1.element(asn1.OCTET_STRING, octets))
    )


def _endless(tag: int, *parts: bytes) -> bytes:
    """An element of indefinite length (X.690 section 8.1.3.6)."""
    return bytes((tag,)) + _INDEFINITE + b"".join(parts) + _END


def _bag(oid: str, value: bytes, attributes: bytes) -> bytes:
    return asn1.element(asn1.SEQUENCE, oid_der(oid), asn1.element(0xA0, value), attributes)


def _certificate_bag(certificate: Certificate, attributes: bytes) -> bytes:
    value = asn1.element(0xA0, asn1.element(asn1.OCTET_STRING, certificate.der))
    return _bag(_CERTIFICATE_BAG, asn1.element(asn1.SEQUENCE, oid_der(_X509_CERTIFICATE), value), attributes)


def _attributes(certificate: Certificate) -> bytes:
    """localKeyId: the subject's key identifier; friendlyName: its hex."""
    identifier = certificate.subject_key_identifier or b""
    name = identifier.hex().encode("utf-16-be")
    return asn1.element(
        asn1.SET,
        _attribute(_LOCAL_KEY_ID, asn1.element(asn1.OCTET_STRING, identifier)),
        _attribute(_FRIENDLY_NAME, asn1.element(_BMP_STRING, name)),
    )


def _attribute(oid: str, value: bytes) -> bytes:
    return asn1.element(asn1.SEQUENCE, oid_der(oid), asn1.element(asn1.SET, value))


def _shrouded(algorithm: bytes, encrypted: bytes) -> bytes:
    return asn1.element(asn1.SEQUENCE, algorithm, asn1.element(asn1.OCTET_STRING, encrypted))


def _by_3des(plain: bytes, password: Password) -> tuple[bytes, bytes]:
    """AlgorithmIdentifier and encrypted octets."""
    salt = secrets.token_bytes(20)
    key, iv = _key_and_iv(password, salt, 24)
    return _pkcs12_algorithm(pbe.PBE_3DES, salt), _cbc(TripleDES(key), iv, plain)


def _by_rc2(plain: bytes, password: Password) -> tuple[bytes, bytes]:
    salt = secrets.token_bytes(20)
    key, iv = _key_and_iv(password, salt, 5)
    return _pkcs12_algorithm(pbe.PBE_RC2_40, salt), rc2.encrypt_cbc(key, 40, iv, _padded(plain, 8))


def _key_and_iv(password: Password, salt: bytes, key_size: int) -> tuple[bytes, bytes]:
    def derive(purpose: int, size: int) -> bytes:
        return bytes(
            pbe.derive(
                "sha1", password.utf16, salt, iterations=NATIONAL_ITERATIONS, purpose=purpose, size=size
            )
        )

    return derive(pbe.PURPOSE_KEY, key_size), derive(pbe.PURPOSE_IV, 8)


def _pkcs12_algorithm(oid: str, salt: bytes) -> bytes:
    parameters = asn1.element(
        asn1.SEQUENCE, asn1.element(asn1.OCTET_STRING, salt), asn1.integer(NATIONAL_ITERATIONS)
    )
    return asn1.element(asn1.SEQUENCE, oid_der(oid), parameters)


def _by_aes(plain: bytes, password: Password) -> tuple[bytes, bytes]:
    salt, iv = secrets.token_bytes(16), secrets.token_bytes(16)
    key = hashlib.pbkdf2_hmac("sha256", password.utf8, salt, MODERN_ITERATIONS, 32)
    function = algorithms.algorithm_identifier(_HMAC_SHA256, asn1.element(asn1.NULL))
    derivation = asn1.element(
        asn1.SEQUENCE,
        oid_der(_PBKDF2),
        asn1.element(
            asn1.SEQUENCE, asn1.element(asn1.OCTET_STRING, salt), asn1.integer(MODERN_ITERATIONS), function
        ),
    )
    scheme = asn1.element(asn1.SEQUENCE, oid_der(_AES_256_CBC), asn1.element(asn1.OCTET_STRING, iv))
    algorithm = asn1.element(asn1.SEQUENCE, oid_der(_PBES2), asn1.element(asn1.SEQUENCE, derivation, scheme))
    return algorithm, _cbc(AES(key), iv, plain)


def _cbc(cipher: CipherAlgorithm, iv: bytes, plain: bytes) -> bytes:
    encryptor = Cipher(cipher, modes.CBC(iv)).encryptor()
    return encryptor.update(_padded(plain, len(iv))) + encryptor.finalize()


def _padded(plain: bytes, block: int) -> bytes:
    count = block - len(plain) % block
    return plain + bytes((count,)) * count
