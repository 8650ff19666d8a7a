"""What a format needs of a key: a certificate, and a signature over a digest."""

from typing import Protocol

from agent.algorithms import SignatureAlgorithm
from agent.certificate import Certificate


class Signer(Protocol):
    """A key that is open and ready.

    `sign_digest` takes the digest of `algorithm.digest` over the octets to be signed, as that hash puts it out, and gives
    the signature octets exactly as they stand in X.509, CMS and XML: r and s little-endian for GOST, PKCS#1 v1.5 for RSA, DER
    ECDSA-Sig-Value (RFC 3279 section 2.2.3) for ECDSA. It verifies the signature against the certificate before it gives it out.
    """

    @property
    def certificate(self) -> Certificate: ...

    @property
    def algorithm(self) -> SignatureAlgorithm: ...

    def sign_digest(self, digest: bytes) -> bytes: ...
