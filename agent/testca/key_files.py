"""Writes key files for tests: in the shape of the national authority's, and in the shape of today's programs, opened fast.

The national shape, the same in every published file of 2018 to 2026: DER outside, the AuthenticatedSafe BER with indefinite
lengths, first the key under 3DES, then the certificate under 40-bit RC2, SHA-1 and 1024 iterations throughout, and the
same two attributes on both. That encryption is weak. So is the password of a test key.
"""

import secrets
from collections.abc import Sequence

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES

from agent import algorithms
from agent.algorithms import oid_der
from agent.certificate import Certificate
from agent.formats import asn1
from agent.keystores import pbe, pkcs12_writer, rc2
from agent.keystores.pbe import Password
from agent.keystores.pkcs12_writer import Entry
from agent.secret import Secret

NATIONAL_ITERATIONS = 1024
MODERN_ITERATIONS = 2048

_INDEFINITE, _END = b"\x80", b"\x00\x00"


def national(entry: Entry, password: str) -> bytes:
    """A file like those of the national authority."""
    secret = Password.of(password.encode())
    attributes = pkcs12_writer.certificate_attributes(entry.certificate)
    shrouded = pkcs12_writer.shrouded(*_by_3des(entry.pkcs8_der, secret))
    key_bag = pkcs12_writer.bag(pkcs12_writer.SHROUDED_KEY_BAG, shrouded, attributes)
    certificate_bag = pkcs12_writer.certificate_bag(entry.certificate, attributes)
    algorithm, encrypted = _by_rc2(asn1.element(asn1.SEQUENCE, certificate_bag), secret)
    open_part = _endless(
        0x30,
        oid_der(pkcs12_writer.DATA),
        _endless(0xA0, asn1.element(asn1.OCTET_STRING, asn1.element(asn1.SEQUENCE, key_bag))),
    )
    content = _endless(
        0x30,
        oid_der(pkcs12_writer.DATA),
        algorithm,
        _endless(0xA0, asn1.element(asn1.OCTET_STRING, encrypted)),
    )
    closed_part = _endless(
        0x30,
        oid_der(pkcs12_writer.ENCRYPTED_DATA),
        _endless(0xA0, _endless(0x30, asn1.integer(0), content)),
    )
    safe = _endless(0x30, open_part, closed_part)
    return pkcs12_writer.pfx(safe, secret, algorithms.SHA1, NATIONAL_ITERATIONS)


def modern(entries: Sequence[Entry], password: str, *, chain: Sequence[Certificate] = ()) -> bytes:
    """A file as OpenSSL 3 makes it: DER, AES-256 by PBES2, MAC with SHA-256; `chain` are further certificates."""
    secret = Secret(bytearray(password.encode()))
    return pkcs12_writer.write(entries, secret, chain=chain, iterations=MODERN_ITERATIONS)


def _endless(tag: int, *parts: bytes) -> bytes:
    """An element of indefinite length (X.690 section 8.1.3.6)."""
    return bytes((tag,)) + _INDEFINITE + b"".join(parts) + _END


def _by_3des(plain: bytes | bytearray, password: Password) -> tuple[bytes, bytes]:
    """AlgorithmIdentifier and encrypted octets."""
    salt = secrets.token_bytes(20)
    key, iv = _key_and_iv(password, salt, 24)
    return _pkcs12_algorithm(pbe.PBE_3DES, salt), pbe.encrypt_cbc(TripleDES(key), iv, plain)


def _by_rc2(plain: bytes, password: Password) -> tuple[bytes, bytes]:
    salt = secrets.token_bytes(20)
    key, iv = _key_and_iv(password, salt, 5)
    count = 8 - len(plain) % 8
    padded = plain + bytes((count,)) * count
    return _pkcs12_algorithm(pbe.PBE_RC2_40, salt), rc2.encrypt_cbc(key, 40, iv, padded)


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
