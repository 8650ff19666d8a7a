"""Keys and certificates made on the spot, of every family, for tests that need odd ones: expired, too deep, not an authority.

Certificates are put together by hand in DER, so that a test can make any mistake it wants to see refused. `Party` is a Signer.
"""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from agent import algorithms
from agent.algorithms import KeyType, SignatureAlgorithm
from agent.certificate import Certificate
from agent.formats import asn1
from agent.gost import curves, signature

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)

CA_USAGE, SIGN_USAGE, AUTH_USAGE = "0106", "06c0", "05a0"
EMAIL_PROTECTION, CLIENT_AUTH, INDIVIDUAL = "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2", "1.2.398.3.3.4.1.1"

FAMILIES = ("rsa", "p256", "p384", "gost2015", "gost2004")
_HASHES = {
    algorithms.SHA256.oid: hashes.SHA256(),
    algorithms.SHA384.oid: hashes.SHA384(),
    algorithms.SHA512.oid: hashes.SHA512(),
}
_serial_numbers = itertools.count(0x7F00)


@dataclasses.dataclass(frozen=True)
class Key:
    type: KeyType
    spki: bytes
    sign: Callable[[SignatureAlgorithm, bytes], bytes]
    private: object


def _bits(content: bytes) -> bytes:
    return asn1.element(0x03, b"\x00" + content)


def _rsa() -> Key:
    private = rsa.generate_private_key(65537, 2048)
    return _library_key(
        algorithms.RSA_KEY,
        private,
        lambda algorithm, digest: private.sign(
            digest, padding.PKCS1v15(), utils.Prehashed(_HASHES[algorithm.digest.oid])
        ),
    )


def _elliptic(key_type: KeyType, curve: ec.EllipticCurve) -> Key:
    private = ec.generate_private_key(curve)
    return _library_key(
        key_type,
        private,
        lambda algorithm, digest: private.sign(
            digest, ec.ECDSA(utils.Prehashed(_HASHES[algorithm.digest.oid]))
        ),
    )


def _library_key(
    key_type: KeyType, private: object, sign: Callable[[SignatureAlgorithm, bytes], bytes]
) -> Key:
    public = private.public_key()  # type: ignore[attr-defined]
    spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Key(key_type, spki, sign, private)


def _gost(key_type: KeyType, curve: curves.Curve) -> Key:
    private = signature.generate(curve)
    point = asn1.element(asn1.OCTET_STRING, signature.public_key(curve, private))
    spki = asn1.element(asn1.SEQUENCE, key_type.identifier_der, _bits(point))
    return Key(key_type, spki, lambda _algorithm, digest: signature.sign(curve, private, digest), private)


def new_key(family: str) -> Key:
    match family:
        case "rsa":
            return _rsa()
        case "p256":
            return _elliptic(algorithms.P256_KEY, ec.SECP256R1())
        case "p384":
            return _elliptic(algorithms.P384_KEY, ec.SECP384R1())
        case "gost2015":
            return _gost(algorithms.GOST_2015_512_KEY, curves.PARAM_SET_A_512)
        case "gost2004":
            return _gost(algorithms.GOST_2004_KEY, curves.CRYPTO_PRO_A)
        case _:
            raise ValueError(family)


@functools.cache
def key(family: str) -> Key:
    """One key a family, made once in a run: key generation is not what is tested."""
    return new_key(family)


@dataclasses.dataclass(frozen=True)
class Party:
    """Somebody with a key and a certificate."""

    certificate: Certificate
    key: Key

    @property
    def algorithm(self) -> SignatureAlgorithm:
        return algorithms.signature_for_key(self.key.type)

    def sign_digest(self, digest: bytes) -> bytes:
        return self.key.sign(self.algorithm, digest)


def name(common_name: str, *more: tuple[str, str]) -> bytes:
    """A Name with a common name and further attributes by dotted OID."""
    parts = [
        asn1.element(
            asn1.SET, asn1.element(asn1.SEQUENCE, algorithms.oid_der(oid), asn1.element(0x0C, text.encode()))
        )
        for oid, text in (("2.5.4.3", common_name), *more)
    ]
    return asn1.element(asn1.SEQUENCE, *parts)


def issue(
    subject: str,
    family: str = "p256",
    by: Party | None = None,
    *,
    key_of: Key | None = None,
    signed_with: Key | None = None,
    issuer_name: bytes | None = None,
    attributes: Sequence[tuple[str, str]] = (),
    ca: bool = False,
    path_length: int | None = None,
    usage: str | None = None,
    extended: Sequence[str] = (),
    start: datetime = START,
    end: datetime = END,
    serial_number: int | None = None,
    more_extensions: Sequence[bytes] = (),
) -> Party:
    """A party whose certificate `by` issued; without `by` it is self-signed."""
    own = key_of or key(family)
    signer = signed_with or (by.key if by else own)
    algorithm = algorithms.signature_for_key(signer.type)
    subject_name = name(subject, *attributes)
    extensions = [
        _extension("2.5.29.15", asn1.element(0x03, bytes.fromhex(usage or (CA_USAGE if ca else SIGN_USAGE))))
    ]
    if ca:
        limit = b"" if path_length is None else asn1.integer(path_length)
        extensions.append(_extension("2.5.29.19", asn1.element(asn1.SEQUENCE, b"\x01\x01\xff", limit)))
    if extended:
        extensions.append(
            _extension(
                "2.5.29.37", asn1.element(asn1.SEQUENCE, *map(algorithms.oid_der, extended)), critical=False
            )
        )
    body = asn1.element(
        asn1.SEQUENCE,
        asn1.element(0xA0, asn1.integer(2)),
        asn1.integer(next(_serial_numbers) if serial_number is None else serial_number),
        algorithm.identifier_der,
        issuer_name or (by.certificate.subject.der if by else subject_name),
        asn1.element(asn1.SEQUENCE, asn1.time(start), asn1.time(end)),
        subject_name,
        own.spki,
        asn1.element(0xA3, asn1.element(asn1.SEQUENCE, *extensions, *more_extensions)),
    )
    signed = signer.sign(algorithm, algorithm.digest(body))
    der = asn1.element(asn1.SEQUENCE, body, algorithm.identifier_der, _bits(signed))
    return Party(Certificate.from_der(der), own)


def _extension(oid: str, value: bytes, *, critical: bool = True) -> bytes:
    return asn1.element(
        asn1.SEQUENCE,
        algorithms.oid_der(oid),
        b"\x01\x01\xff" if critical else b"",
        asn1.element(asn1.OCTET_STRING, value),
    )


def unknown_critical_extension() -> bytes:
    return _extension("1.2.3.4.5", b"\x05\x00")


@functools.cache
def root(family: str = "p256") -> Party:
    return issue(f"Root {family}", family, ca=True)


@functools.cache
def person(family: str = "p256") -> Party:
    """A signer of the national profile's looks under `root` of the same family."""
    return issue(
        "ТЕСТОВ ТЕСТ",
        by=root(family),
        key_of=new_key(family),
        attributes=[
            ("2.5.4.4", "ТЕСТОВ"),
            ("2.5.4.5", "IIN123456789011"),
            ("2.5.4.10", 'АО "ТЕСТ"'),
            ("2.5.4.11", "BIN123456789021"),
        ],
        extended=[EMAIL_PROTECTION, INDIVIDUAL],
    )
