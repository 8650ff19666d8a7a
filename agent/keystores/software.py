"""Private keys in this process' memory, and signing with them."""

import dataclasses
from typing import Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from agent import algorithms
from agent.algorithms import Family, KeyType, SignatureAlgorithm
from agent.certificate import Certificate
from agent.errors import BrokenKeyStore, UnsupportedKey
from agent.gost import curves, signature
from agent.gost.curves import Curve
from agent.keystores import base

_GOST_CURVES = {Family.GOST_2015_512: curves.PARAM_SET_A_512, Family.GOST_2004: curves.CRYPTO_PRO_A}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    algorithms.SHA256.oid: hashes.SHA256(),
    algorithms.SHA384.oid: hashes.SHA384(),
    algorithms.SHA512.oid: hashes.SHA512(),
}


class PrivateKey(Protocol):
    """A private key of one type, without a certificate."""

    @property
    def key_type(self) -> KeyType: ...

    @property
    def public_octets(self) -> bytes:
        """The public key in the form of `PublicKey.octets` of certificates."""
        ...

    def sign(self, algorithm: SignatureAlgorithm, digest: bytes) -> bytes: ...

    def wipe(self) -> None: ...


class GostPrivateKey:
    """Holds the scalar in the one buffer that `wipe` overwrites."""

    def __init__(self, key_type: KeyType, scalar: bytearray) -> None:
        """Takes over `scalar`: little-endian, as long as the curve's numbers.

        Raises: BrokenKeyStore for a number that is no private key.
        """
        self.key_type = key_type
        self._curve: Curve = _GOST_CURVES[key_type.family]
        self._scalar = scalar
        self._is_wiped = False
        try:
            self.public_octets = signature.public_key(self._curve, scalar)
        except ValueError as error:
            self.wipe()
            raise BrokenKeyStore(f"the number is not a private key {key_type.name}") from error

    def sign(self, algorithm: SignatureAlgorithm, digest: bytes) -> bytes:
        assert algorithm.family is self.key_type.family
        if self._is_wiped:
            raise ValueError("the key was wiped")
        return signature.sign(self._curve, self._scalar, digest)

    @property
    def scalar(self) -> bytearray:
        """The one buffer, little-endian. ValueError once the key was wiped."""
        if self._is_wiped:
            raise ValueError("the key was wiped")
        return self._scalar

    def wipe(self) -> None:
        self._is_wiped = True
        self._scalar[:] = bytes(len(self._scalar))


class LibraryPrivateKey:
    """RSA or ECDSA. The library's object can only be dropped: its memory is freed, and cleared by OpenSSL."""

    def __init__(self, key_type: KeyType, pkcs8_der: bytearray) -> None:
        """Reads the key; `pkcs8_der` stays the caller's to wipe.

        Raises: BrokenKeyStore, UnsupportedKey.
        """
        self.key_type = key_type
        self._key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = _load(pkcs8_der)
        if isinstance(self._key, rsa.RSAPrivateKey) is not (key_type.family is Family.RSA):
            raise BrokenKeyStore("the private key is not what its identifier says")
        self.public_octets = _public_octets(self._key)

    def sign(self, algorithm: SignatureAlgorithm, digest: bytes) -> bytes:
        assert algorithm.family is self.key_type.family
        prehashed = utils.Prehashed(_HASHES[algorithm.digest.oid])
        match self._key:
            case rsa.RSAPrivateKey():
                return self._key.sign(digest, padding.PKCS1v15(), prehashed)
            case ec.EllipticCurvePrivateKey():
                return self._key.sign(digest, ec.ECDSA(prehashed))
            case None:
                raise ValueError("the key was wiped")

    def export(self) -> bytearray:
        """PrivateKeyInfo in DER (RFC 5208), the caller's to wipe; the library leaves a copy that can only be dropped. ValueError once
        the key was wiped."""
        if self._key is None:
            raise ValueError("the key was wiped")
        return bytearray(
            self._key.private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    def wipe(self) -> None:
        self._key = None


def _load(pkcs8_der: bytearray) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_der_private_key(pkcs8_der, password=None)
    except (ValueError, TypeError) as error:
        raise BrokenKeyStore("malformed private key") from error
    if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        return key
    raise UnsupportedKey(f"private key of kind {type(key).__name__}")


def _public_octets(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    match key:
        case rsa.RSAPrivateKey():
            return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
        case _:
            return key.public_key().public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
            )


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class SoftwareSigner:
    """A Signer over a key in memory."""

    certificate: Certificate
    private_key: PrivateKey

    @property
    def algorithm(self) -> SignatureAlgorithm:
        return algorithms.signature_for_key(self.private_key.key_type)

    def sign_digest(self, digest: bytes) -> bytes:
        """The signature over `digest`, checked with the certificate first: a fault while signing can give the key away.

        Raises: InvalidSignature if the check fails, ValueError for a digest of the wrong length or a wiped key.
        """
        if len(digest) != self.algorithm.digest.digest_size:
            raise ValueError(f"digest is {len(digest)} octets, {self.algorithm.digest.digest_size} expected")
        made = self.private_key.sign(self.algorithm, digest)
        self.certificate.verify(self.algorithm, digest, made)
        return made


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class SoftwareKey:
    """A StoredKey over a key in memory. `private_key` belongs to `certificate`: who makes one has checked it."""

    certificates: tuple[Certificate, ...]
    private_key: PrivateKey
    friendly_name: str = ""

    @property
    def certificate(self) -> Certificate:
        return self.certificates[0]

    @property
    def key_id(self) -> str:
        return base.key_id_of(self.certificate)

    def signer(self) -> SoftwareSigner:
        return SoftwareSigner(self.certificate, self.private_key)

    def wipe(self) -> None:
        self.private_key.wipe()
