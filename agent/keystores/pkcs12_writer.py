"""Writes key files in PKCS#12 (RFC 7292): keys with their certificates, and a key that still waits for its own.

The shape is that of OpenSSL 3: DER, AES-256 by PBES2, MAC with SHA-256, and on a key and its certificate the two attributes that
national files have. Salts and counts of iterations stand in the file, so a file of any count opens everywhere. The MAC
costs as many as the encryption: who guesses passwords takes whichever is cheaper. How many: docs/decisions/0018-new-keys.md.
"""

import dataclasses
from collections.abc import Sequence

from agent import algorithms
from agent.algorithms import DigestAlgorithm, oid_der
from agent.certificate import Certificate
from agent.keystores import der, pbe
from agent.keystores.pbe import Password
from agent.secret import Secret

ITERATIONS = 600_000

DATA, ENCRYPTED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.6"
SHROUDED_KEY_BAG = "1.2.840.113549.1.12.10.1.2"
_CERTIFICATE_BAG, _X509_CERTIFICATE = "1.2.840.113549.1.12.10.1.3", "1.2.840.113549.1.9.22.1"
_FRIENDLY_NAME, LOCAL_KEY_ID = "1.2.840.113549.1.9.20", "1.2.840.113549.1.9.21"


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A key and its certificate."""

    pkcs8_der: bytes | bytearray = dataclasses.field(repr=False)
    certificate: Certificate


def write(
    entries: Sequence[Entry],
    password: Secret,
    *,
    chain: Sequence[Certificate] = (),
    iterations: int = ITERATIONS,
) -> bytes:
    """A file with these keys and certificates; `chain` are further certificates. The password stays the caller's to wipe.

    Raises: ValueError for a password that is no UTF-8.
    """
    own = Password.of(password.buffer)
    try:
        bags = [
            certificate_bag(each.certificate, certificate_attributes(each.certificate)) for each in entries
        ]
        bags += [certificate_bag(certificate, b"") for certificate in chain]
        algorithm, encrypted = pbe.encrypt(der.element(der.SEQUENCE, *bags), own, iterations)
        closed = encrypted_data(algorithm, encrypted)
        keys = [
            _key_bag(each.pkcs8_der, certificate_attributes(each.certificate), own, iterations)
            for each in entries
        ]
        safe = der.element(der.SEQUENCE, closed, data(der.element(der.SEQUENCE, *keys)))
        return pfx(safe, own, algorithms.SHA256, iterations)
    finally:
        own.wipe()


def write_pending(
    pkcs8_der: bytearray, identifier: bytes, password: Secret, *, iterations: int = ITERATIONS
) -> bytes:
    """A file with a key that has no certificate yet; `identifier` names it. The password stays the caller's to wipe.

    Raises: ValueError for a password that is no UTF-8.
    """
    own = Password.of(password.buffer)
    try:
        bag_ = _key_bag(pkcs8_der, attributes(identifier), own, iterations)
        safe = der.element(der.SEQUENCE, data(der.element(der.SEQUENCE, bag_)))
        return pfx(safe, own, algorithms.SHA256, iterations)
    finally:
        own.wipe()


# --- parts, for files of other shapes too ------------------------------------------------------------------------


def pfx(safe: bytes, password: Password, digest: DigestAlgorithm, iterations: int) -> bytes:
    """The whole file around an AuthenticatedSafe, with the MAC over it as it stands."""
    mac = pbe.mac_data(safe, password, digest, iterations)
    return der.element(der.SEQUENCE, der.integer(3), data(safe), mac)


def data(octets: bytes) -> bytes:
    """ContentInfo of type data."""
    return der.element(
        der.SEQUENCE, oid_der(DATA), der.element(der.CONTEXT_0, der.element(der.OCTET_STRING, octets))
    )


def encrypted_data(algorithm: bytes, encrypted: bytes) -> bytes:
    """ContentInfo of type encryptedData, with bags inside."""
    inside = der.element(der.SEQUENCE, oid_der(DATA), algorithm, der.element(0x80, encrypted))
    version = der.element(der.SEQUENCE, der.integer(0), inside)
    return der.element(der.SEQUENCE, oid_der(ENCRYPTED_DATA), der.element(der.CONTEXT_0, version))


def bag(oid: str, value: bytes, attributes_der: bytes) -> bytes:
    """A SafeBag; no octets where it has no attributes."""
    return der.element(der.SEQUENCE, oid_der(oid), der.element(der.CONTEXT_0, value), attributes_der)


def certificate_bag(certificate: Certificate, attributes_der: bytes) -> bytes:
    value = der.element(der.CONTEXT_0, der.element(der.OCTET_STRING, certificate.der))
    return bag(_CERTIFICATE_BAG, der.element(der.SEQUENCE, oid_der(_X509_CERTIFICATE), value), attributes_der)


def shrouded(algorithm: bytes, encrypted: bytes) -> bytes:
    """EncryptedPrivateKeyInfo."""
    return der.element(der.SEQUENCE, algorithm, der.element(der.OCTET_STRING, encrypted))


def certificate_attributes(certificate: Certificate) -> bytes:
    """The attributes of a key and its certificate in national files: the subject's key identifier, twice."""
    return attributes(certificate.subject_key_identifier or b"")


def attributes(identifier: bytes) -> bytes:
    """localKeyId, and friendlyName with its hex."""
    return der.element(
        der.SET,
        attribute(LOCAL_KEY_ID, der.element(der.OCTET_STRING, identifier)),
        attribute(_FRIENDLY_NAME, der.element(der.BMP_STRING, identifier.hex().encode("utf-16-be"))),
    )


def attribute(oid: str, value: bytes) -> bytes:
    return der.element(der.SEQUENCE, oid_der(oid), der.element(der.SET, value))


def _key_bag(
    pkcs8_der: bytes | bytearray, attributes_der: bytes, password: Password, iterations: int
) -> bytes:
    return bag(SHROUDED_KEY_BAG, shrouded(*pbe.encrypt(pkcs8_der, password, iterations)), attributes_der)
