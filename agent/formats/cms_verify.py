"""What the signatures of a message prove: for each signer, evidence, never a bare yes.

`signature` speaks of mathematics and digests alone. Whether the certificate is to be trusted, was valid, or allows signing is
asked elsewhere (agent/trust, agent/operations/verify.py).

Accepted: parameters NULL or absent; the key's algorithm in place of the signature's, as the national C library writes it; no
signingTime; no signingCertificate; extra certificates; certificates given separately. Refused: another digest, another
certificate hash or another content type than the signer signed; RSA with any padding but PKCS#1 v1.5; SHA-1; a SignerInfo
without signed attributes, because such a signature can be moved between a message and the attributes of another one
(RFC 5652 §5.3 obliges nobody to make it, and no national producer does).
"""

import dataclasses
import hmac
from collections.abc import Iterable, Mapping

from agent import algorithms
from agent.algorithms import DigestAlgorithm, SignatureAlgorithm
from agent.certificate import Certificate
from agent.errors import InvalidSignature, UnsupportedKey
from agent.formats.cms_read import AlgorithmIdentifier, SignedMessage, SignerInfo
from agent.formats.evidence import Evidence, finding_of


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SignerEvidence(Evidence):
    """Evidence on one signer of a CMS, with the SignerInfo that it is about."""

    signer_info: SignerInfo


def verify(
    message: SignedMessage,
    content: bytes | None,
    extra_certificates: Iterable[Certificate],
    digests: Mapping[str, bytes],
) -> tuple[SignerEvidence, ...]:
    """Evidence for each signer in the order of the message. See cms.verify."""
    document = _Document(message, content, digests)
    known = {certificate.der: certificate for certificate in (*message.certificates, *extra_certificates)}
    return tuple(_examine(signer, message, document, known.values()) for signer in message.signers)


class _Document:
    """The signed content, hashed once for each digest algorithm that a signer names."""

    def __init__(self, message: SignedMessage, given: bytes | None, digests: Mapping[str, bytes]) -> None:
        self._octets = given if message.content is None else message.content
        self._digests = dict(digests) if self._octets is None else {}
        self.differs = self._octets is not None and not (
            given in (None, self._octets) and _are_of(self._octets, digests)
        )

    def digest(self, algorithm: DigestAlgorithm) -> bytes | None:
        """None where there is neither the document nor this digest of it."""
        if algorithm.oid not in self._digests and self._octets is not None:
            self._digests[algorithm.oid] = algorithm(self._octets)
        return self._digests.get(algorithm.oid)


def _are_of(octets: bytes, digests: Mapping[str, bytes]) -> bool:
    """Whether these are digests of the octets. Those by algorithms that are not known here can't be told, and are not."""
    try:
        return all(algorithms.digest_by_oid(oid)(octets) == digest for oid, digest in digests.items())
    except UnsupportedKey:
        return False


def _examine(
    signer: SignerInfo, message: SignedMessage, document: _Document, known: Iterable[Certificate]
) -> SignerEvidence:
    """Evidence with the certificate that proves most, should several claim the signer's name and number."""
    candidates: list[Certificate | None] = [c for c in known if _is_named(c, signer)]
    found = [_evidence(signer, message, document, certificate) for certificate in candidates or [None]]
    return next((evidence for evidence in found if evidence.signature == "valid"), found[0])


def _is_named(certificate: Certificate, signer: SignerInfo) -> bool:
    if signer.subject_key_identifier is not None:
        return certificate.subject_key_identifier == signer.subject_key_identifier
    return (certificate.issuer.der, certificate.serial_number) == (signer.issuer, signer.serial_number)


def _evidence(
    signer: SignerInfo, message: SignedMessage, document: _Document, certificate: Certificate | None
) -> SignerEvidence:
    reasons = [*_attribute_reasons(signer, message, document)]
    name = signer.signature_algorithm.oid
    if certificate is None:
        reasons.append("no-certificate")
    else:
        reasons += _certificate_hash_reasons(signer, certificate)
        try:
            algorithm = _signature_algorithm(signer, certificate)
            name = algorithm.name
            reasons += _signature_reasons(signer, certificate, algorithm)
        except UnsupportedKey:
            reasons.append("unsupported-algorithm")
    unique = tuple(dict.fromkeys(reasons))
    return SignerEvidence(
        certificate=certificate,
        algorithm_name=name,
        signing_time=signer.signing_time,
        signature=finding_of(unique),
        reasons=unique,
        timestamps=signer.timestamp_tokens,
        stamped=signer.signature,
        certificates=message.certificates,
        signer_info=signer,
    )


def _attribute_reasons(signer: SignerInfo, message: SignedMessage, document: _Document) -> Iterable[str]:
    if signer.signed_attributes is None:
        yield "no-signed-attributes"
        return
    if signer.content_type != message.content_type:
        yield "content-type-mismatch"
    if document.differs:
        yield "document-differs"
    try:
        algorithm = _digest_algorithm(signer.digest_algorithm)
    except UnsupportedKey:
        yield "unsupported-algorithm"
        return
    if algorithm.oid == algorithms.SHA1.oid:
        yield "weak-digest"
    if signer.message_digest is None:
        yield "digest-mismatch"
        return
    digest = document.digest(algorithm)
    if digest is None:
        yield "no-content"
    elif not hmac.compare_digest(digest, signer.message_digest):
        yield "digest-mismatch"


def _certificate_hash_reasons(signer: SignerInfo, certificate: Certificate) -> Iterable[str]:
    for claimed in signer.certificate_hashes:
        try:
            digest = algorithms.digest_by_oid(claimed.digest_oid)(certificate.der)
        except UnsupportedKey:
            yield "unsupported-algorithm"
            continue
        if digest != claimed.octets:
            yield "certificate-hash-mismatch"


def _signature_reasons(
    signer: SignerInfo, certificate: Certificate, algorithm: SignatureAlgorithm
) -> Iterable[str]:
    if algorithm.family is not certificate.public_key.key_type.family:
        yield "key-mismatch"
    elif algorithm.digest.oid != signer.digest_algorithm.oid:
        yield "algorithm-mismatch"
    elif signer.signed_attributes is not None:
        try:
            certificate.verify(algorithm, algorithm.digest(signer.signed_attributes), signer.signature)
        except InvalidSignature:
            yield "signature-mismatch"


def _digest_algorithm(identifier: AlgorithmIdentifier) -> DigestAlgorithm:
    if identifier.has_parameters:
        raise UnsupportedKey(f"parameters of {identifier.oid} are not supported")
    return algorithms.digest_by_oid(identifier.oid)


def _signature_algorithm(signer: SignerInfo, certificate: Certificate) -> SignatureAlgorithm:
    """The algorithm that SignerInfo names; where it names only a key, with the digest that stands beside it."""
    identifier, key_type = signer.signature_algorithm, certificate.public_key.key_type
    if identifier.has_parameters:
        raise UnsupportedKey(f"parameters of {identifier.oid} are not supported")
    if identifier.oid == key_type.oid:
        return algorithms.signature_with_digest(key_type.family, _digest_algorithm(signer.digest_algorithm))
    return algorithms.signature_by_oid(identifier.oid)
