"""New keys for tests, in the encodings of the national key files."""

import dataclasses

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from agent import algorithms
from agent.algorithms import Family, KeyType
from agent.formats import asn1
from agent.gost import curves, signature
from agent.keystores import pkcs8
from agent.keystores.software import PrivateKey

_RSA_BITS = 2048


@dataclasses.dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key with its encodings."""

    private_key: PrivateKey
    pkcs8_der: bytes = dataclasses.field(repr=False)
    public_key_bits: bytes
    """Contents of the BIT STRING of SubjectPublicKeyInfo."""

    @property
    def spki_der(self) -> bytes:
        return asn1.element(
            asn1.SEQUENCE,
            self.private_key.key_type.identifier_der,
            asn1.element(0x03, b"\0", self.public_key_bits),
        )


def generate(key_type: KeyType) -> KeyPair:
    match key_type.family:
        case Family.GOST_2015_512:
            scalar = signature.generate(curves.PARAM_SET_A_512)
            return read(_pkcs8(key_type, asn1.element(asn1.OCTET_STRING, bytes(scalar))))
        case Family.GOST_2004:
            scalar = signature.generate(curves.CRYPTO_PRO_A)
            return read(_pkcs8(key_type, asn1.integer(int.from_bytes(scalar, "little"))))
        case Family.RSA:
            return read(_library_pkcs8(rsa.generate_private_key(65537, _RSA_BITS)))
        case Family.ECDSA:
            curve = ec.SECP256R1() if key_type == algorithms.P256_KEY else ec.SECP384R1()
            return read(_library_pkcs8(ec.generate_private_key(curve)))


def read(pkcs8_der: bytes) -> KeyPair:
    """A key that was made before."""
    private_key = pkcs8.read(bytearray(pkcs8_der))
    octets = private_key.public_octets
    is_gost = private_key.key_type.family in {Family.GOST_2015_512, Family.GOST_2004}
    return KeyPair(private_key, pkcs8_der, asn1.element(asn1.OCTET_STRING, octets) if is_gost else octets)


def _pkcs8(key_type: KeyType, number: bytes) -> bytes:
    """PrivateKeyInfo, version 0, without attributes."""
    return asn1.element(
        asn1.SEQUENCE, asn1.integer(0), key_type.identifier_der, asn1.element(asn1.OCTET_STRING, number)
    )


def _library_pkcs8(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
