"""New private keys, in the encodings of the national key files. Randomness is the system's."""

import dataclasses

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from agent import algorithms
from agent.algorithms import Family, KeyType
from agent.gost import curves, signature
from agent.keystores import der, pkcs8
from agent.keystores.software import PrivateKey

RSA_BITS = 2048
"""What the national authority issued to people, and what the country's verifiers know."""

_GOST_CURVES = {Family.GOST_2015_512: curves.PARAM_SET_A_512, Family.GOST_2004: curves.CRYPTO_PRO_A}


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class NewKey:
    """A private key with its encoding, which belong to whoever asked for it until `wipe`."""

    private_key: PrivateKey
    pkcs8_der: bytearray

    @property
    def public_key_bits(self) -> bytes:
        """Contents of the BIT STRING of SubjectPublicKeyInfo."""
        return public_key_bits(self.private_key)

    @property
    def spki_der(self) -> bytes:
        """SubjectPublicKeyInfo."""
        return spki_der(self.private_key)

    def wipe(self) -> None:
        self.private_key.wipe()
        self.pkcs8_der[:] = bytes(len(self.pkcs8_der))


def generate(key_type: KeyType) -> NewKey:
    """A fresh key. The library's own copies of RSA and ECDSA keys can only be dropped."""
    match key_type.family:
        case Family.GOST_2015_512 | Family.GOST_2004:
            scalar = signature.generate(_GOST_CURVES[key_type.family])
            pkcs8_der = pkcs8.write_gost(key_type, scalar)
            scalar[:] = bytes(len(scalar))
        case Family.RSA:
            pkcs8_der = _library_pkcs8(rsa.generate_private_key(65537, RSA_BITS))
        case Family.ECDSA:
            curve = ec.SECP256R1() if key_type == algorithms.P256_KEY else ec.SECP384R1()
            pkcs8_der = _library_pkcs8(ec.generate_private_key(curve))
    return NewKey(pkcs8.read(pkcs8_der), pkcs8_der)


def public_key_bits(private_key: PrivateKey) -> bytes:
    """Contents of the BIT STRING of SubjectPublicKeyInfo: a GOST key stands there in an OCTET STRING."""
    octets = private_key.public_octets
    is_gost = private_key.key_type.family in _GOST_CURVES
    return der.element(der.OCTET_STRING, octets) if is_gost else octets


def spki_der(private_key: PrivateKey) -> bytes:
    """SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7)."""
    bits = der.element(der.BIT_STRING, b"\0", public_key_bits(private_key))
    return der.element(der.SEQUENCE, private_key.key_type.identifier_der, bits)


def _library_pkcs8(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytearray:
    return bytearray(
        key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
