"""The one builder of CMS SignedData (RFC 5652 §5): pure DER out of the parts that vary.

The order of everything in a SET is DER order, which by itself gives the shape that NCALayer emits: digest algorithms,
certificates and signers sorted, and the signed attributes as contentType, signingTime, then messageDigest and
signingCertificateV2 by the size of the digest.

AlgorithmIdentifiers come in as DER, because producers differ there in ways that are signed or compared octet by octet
(parameters NULL or absent, key or signature algorithm); our own are those of agent/algorithms.py.
"""

from collections.abc import Iterable
from datetime import datetime

from agent import algorithms
from agent.formats import asn1

SIGNED_DATA = "1.2.840.113549.1.7.2"  # RFC 5652 §5.1
DATA = "1.2.840.113549.1.7.1"  # RFC 5652 §4
CONTENT_TYPE = "1.2.840.113549.1.9.3"  # RFC 5652 §11.1
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"  # RFC 5652 §11.2
SIGNING_TIME = "1.2.840.113549.1.9.5"  # RFC 5652 §11.3
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"  # RFC 2634 §5.4: timestamp tokens
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"  # RFC 5035 §3
TIMESTAMP_INFO = "1.2.840.113549.1.9.16.1.4"  # RFC 3161 §2.4.2
SIGNATURE_TIMESTAMP = "1.2.840.113549.1.9.16.2.14"  # RFC 3161 app. A

# Timestamps of later CAdES levels that are over the unsigned attributes as they stand: one attribute more would break them
# (RFC 5126 §6.3.5 and §6.4.1, and the archive timestamp before that). Their successor lists what it is over, and needs no care.
SEALS = frozenset({
    "1.2.840.113549.1.9.16.2.25", "1.2.840.113549.1.9.16.2.27", "1.2.840.113549.1.9.16.2.48",
})  # fmt: skip

_CONTEXT_0, _CONTEXT_1 = 0xA0, 0xA1


def signed_attributes(
    digest: bytes,
    at: datetime | None,
    *,
    certificate_sha256: bytes | None = None,
    certificate_sha1: bytes | None = None,
    content_type: str = DATA,
) -> bytes:
    """The signed attributes as the SET that gets hashed and signed (RFC 5652 §5.4).

    `at` None leaves out signingTime, which PAdES forbids (ETSI EN 319 142-1 §6.3). `certificate_sha256` None leaves out signingCertificateV2. Where it is there it has the shortest form: one ESSCertIDv2
    with certHash alone, so SHA-256 by default, for GOST signers too (RFC 5035 §4). `certificate_sha1` puts in signingCertificate
    in the same form, with the one hash that it knows (RFC 2634 §5.4): only timestamp tokens have that.
    """
    attributes = [
        _attribute(CONTENT_TYPE, algorithms.oid_der(content_type)),
        _attribute(MESSAGE_DIGEST, asn1.element(asn1.OCTET_STRING, digest)),
    ]
    if at is not None:
        attributes.append(_attribute(SIGNING_TIME, asn1.time(at)))
    for oid, certificate_hash in (
        (SIGNING_CERTIFICATE_V2, certificate_sha256),
        (SIGNING_CERTIFICATE, certificate_sha1),
    ):
        if certificate_hash is not None:
            value = asn1.element(asn1.OCTET_STRING, certificate_hash)
            for _ in ("ESSCertID", "certs", "SigningCertificate"):
                value = asn1.element(asn1.SEQUENCE, value)
            attributes.append(_attribute(oid, value))
    return asn1.set_of(attributes)


def signer_info(
    *,
    issuer: bytes,
    serial_number: int,
    digest_algorithm: bytes,
    attributes: bytes,
    signature_algorithm: bytes,
    signature: bytes,
    timestamp_token: bytes | None = None,
) -> bytes:
    """A SignerInfo, version 1 (RFC 5652 §5.3). `attributes` is the SET that was signed; it is stored as [0]."""
    parts = [
        asn1.integer(1),
        asn1.element(asn1.SEQUENCE, issuer, asn1.integer(serial_number)),
        digest_algorithm,
        bytes((_CONTEXT_0,)) + attributes[1:],
        signature_algorithm,
        asn1.element(asn1.OCTET_STRING, signature),
    ]
    if timestamp_token is not None:
        parts.append(asn1.element(_CONTEXT_1, timestamp_attribute(timestamp_token)))
    return asn1.element(asn1.SEQUENCE, *parts)


def timestamp_attribute(token: bytes) -> bytes:
    """The unsigned attribute that holds a timestamp token over the signature (RFC 3161 app. A)."""
    return _attribute(SIGNATURE_TIMESTAMP, token)


def signed_data(
    *,
    digest_algorithms: Iterable[bytes],
    content: bytes | None,
    certificates: Iterable[bytes],
    signers: Iterable[bytes],
    crls: bytes = b"",
    version: int = 1,
    content_type: str = DATA,
) -> bytes:
    """A whole message: ContentInfo with SignedData. `content` None makes it detached.

    `crls` is a complete [1] that some other producer put in, passed on as it stands.
    """
    before, after = around_content(
        None if content is None else len(content),
        digest_algorithms=digest_algorithms,
        certificates=certificates,
        signers=signers,
        crls=crls,
        version=version,
        content_type=content_type,
    )
    return b"".join((before, content or b"", after))


def around_content(
    size: int | None,
    *,
    digest_algorithms: Iterable[bytes],
    certificates: Iterable[bytes],
    signers: Iterable[bytes],
    crls: bytes = b"",
    version: int = 1,
    content_type: str = DATA,
) -> tuple[bytes, bytes]:
    """What stands before and after the `size` octets of content of such a message; `size` None makes it detached.

    The content itself need never be in memory, and is not copied for each of the levels it lies in.
    """
    first = (asn1.integer(version), asn1.set_of(digest_algorithms))
    certificate_set = asn1.set_of(certificates, _CONTEXT_0)
    last = (certificate_set if len(certificate_set) > 2 else b"", crls, asn1.set_of(signers))
    inner = algorithms.oid_der(content_type)
    if size is not None:
        octets = asn1.header(asn1.OCTET_STRING, size)
        inner += asn1.header(_CONTEXT_0, len(octets) + size) + octets
    size = size or 0
    encapsulated = asn1.header(asn1.SEQUENCE, len(inner) + size) + inner
    body = len(encapsulated) + size + sum(map(len, (*first, *last)))
    signed = asn1.header(asn1.SEQUENCE, body)
    explicit = algorithms.oid_der(SIGNED_DATA) + asn1.header(_CONTEXT_0, len(signed) + body)
    outer = asn1.header(asn1.SEQUENCE, len(explicit) + len(signed) + body)
    return b"".join((outer, explicit, signed, *first, encapsulated)), b"".join(last)


def _attribute(oid: str, value: bytes) -> bytes:
    return asn1.element(asn1.SEQUENCE, algorithms.oid_der(oid), asn1.element(asn1.SET, value))
