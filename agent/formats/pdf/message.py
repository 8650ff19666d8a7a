"""The CMS inside a PDF: as elsewhere, but without signingTime, which PAdES baseline forbids (ETSI EN 319 142-1 §6.3).

The time that the signer claims stands in the signature dictionary's /M, which is signed as part of the ByteRange.
"""

from collections.abc import Callable

from agent import algorithms
from agent.formats import cms_build
from agent.signer import Signer

# What a message holds besides the certificate and, in the signature, at most this many octets: names, digests, attributes.
_FRAME_OCTETS = 1024
_SIGNATURE_OCTETS = 512  # RSA-4096; GOST and ECDSA need 128 at most
_TOKEN_OCTETS = 6 * 1024  # national tokens with their certificate are 2 to 4 KiB


def make(signer: Signer, digest: bytes, *, timestamp: Callable[[bytes], bytes] | None) -> bytes:
    """Detached SignedData in DER over the ByteRange that has this digest, with a signature timestamp where `timestamp` gives one."""
    certificate, algorithm = signer.certificate, signer.algorithm
    attributes = cms_build.signed_attributes(
        digest, None, certificate_sha256=algorithms.SHA256(certificate.der)
    )
    signature = signer.sign_digest(algorithm.digest(attributes))
    signer_info = cms_build.signer_info(
        issuer=certificate.issuer.der,
        serial_number=certificate.serial_number,
        digest_algorithm=algorithm.digest.identifier_der,
        attributes=attributes,
        signature_algorithm=algorithm.identifier_der,
        signature=signature,
        timestamp_token=None if timestamp is None else timestamp(signature),
    )
    return cms_build.signed_data(
        digest_algorithms=[algorithm.digest.identifier_der],
        content=None,
        certificates=[certificate.der],
        signers=[signer_info],
    )


def expected_octets(signer: Signer, *, with_timestamp: bool) -> int:
    """How large a message of this signer gets, generously."""
    certificate = signer.certificate
    return (
        len(certificate.der)
        + len(certificate.issuer.der)
        + _FRAME_OCTETS
        + _SIGNATURE_OCTETS
        + (_TOKEN_OCTETS if with_timestamp else 0)
    )
