"""Bare signatures: the octets that a key makes over a document, without anything around them.

The octets are those that stand in X.509 and CMS: PKCS#1 v1.5 for RSA, r then s little-endian for GOST, Ecdsa-Sig-Value in DER for
ECDSA. The last because who checks a bare signature hands it to a general library, and OpenSSL, Java and Go take DER there; the
pair of fixed-length numbers belongs to XML and JWS.

Such a signature names neither its key nor its algorithm nor a time. The certificate says all that there is: a key signs with its
own algorithm (agent/algorithms.py), and a verifier who knows of another says so.
"""

from agent import algorithms
from agent.algorithms import SignatureAlgorithm
from agent.certificate import Certificate
from agent.errors import BadInput, InvalidSignature, UnsupportedKey
from agent.formats.evidence import Evidence, finding_of
from agent.signer import Signer


def sign(signer: Signer, document: bytes) -> bytes:
    """The signature octets over `document`."""
    return signer.sign_digest(signer.algorithm.digest(document))


def sign_digest(signer: Signer, digest: bytes) -> bytes:
    """The signature octets over the document that has this digest, by the digest algorithm of the signer's key.

    Raises: BadInput where the digest has another length."""
    _expect_length(signer.algorithm, digest)
    return signer.sign_digest(digest)


def verify(
    signature: bytes,
    document: bytes,
    certificate: Certificate,
    *,
    algorithm: SignatureAlgorithm | None = None,
) -> Evidence:
    """Evidence on `signature` over `document`. `algorithm` is what the certificate's key signs with here, unless given."""
    try:
        known = algorithm or algorithms.signature_for_key(certificate.public_key.key_type)
    except UnsupportedKey:
        return _evidence(
            signature, certificate, certificate.public_key.algorithm_oid, "unsupported-algorithm"
        )
    return verify_digest(signature, known.digest(document), certificate, algorithm=known)


def verify_digest(
    signature: bytes,
    digest: bytes,
    certificate: Certificate,
    *,
    algorithm: SignatureAlgorithm | None = None,
) -> Evidence:
    """Evidence on `signature` over the document that has this digest, as `verify`.

    Raises: BadInput where the digest has another length than the algorithm's."""
    try:
        key_type = certificate.public_key.key_type
    except UnsupportedKey:
        return _evidence(
            signature, certificate, certificate.public_key.algorithm_oid, "unsupported-algorithm"
        )
    known = algorithm or algorithms.signature_for_key(key_type)
    _expect_length(known, digest)
    if known.family is not key_type.family:
        return _evidence(signature, certificate, known.name, "key-mismatch")
    try:
        certificate.verify(known, digest, signature)
    except InvalidSignature:
        return _evidence(signature, certificate, known.name, "signature-mismatch")
    return _evidence(signature, certificate, known.name)


def _expect_length(algorithm: SignatureAlgorithm, digest: bytes) -> None:
    expected = algorithm.digest
    if len(digest) != expected.digest_size:
        raise BadInput(f"digest is {len(digest)} octets, {expected.digest_size} expected for {expected.name}")


def _evidence(signature: bytes, certificate: Certificate, name: str, *reasons: str) -> Evidence:
    return Evidence(
        certificate=certificate,
        algorithm_name=name,
        signature=finding_of(reasons),
        reasons=reasons,
        stamped=signature,
    )
