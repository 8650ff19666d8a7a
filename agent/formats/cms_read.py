"""Reading CMS SignedData (RFC 5652 §5) as others make it: BER or DER, every octet kept as it stands.

Reading proves nothing: that is cms_verify.py. What is not SignedData, or damaged anywhere that matters, is BadInput; what is
merely unusual (no signing time, no certificates, parameters NULL or absent, extra certificates) is read.
"""

import dataclasses
from collections.abc import Iterator
from datetime import datetime

from agent import algorithms
from agent.certificate import Certificate
from agent.errors import BadInput
from agent.formats import asn1, cms_build

MAX_SIZE_BYTES = 512 * 1024 * 1024  # twice the largest document the agent signs
MAX_SIGNERS = 100
MAX_CERTIFICATES = 200
MAX_ATTRIBUTES = 50

_CONTEXT_0, _CONTEXT_1 = 0xA0, 0xA1
_SUBJECT_KEY_IDENTIFIER = 0x80


@dataclasses.dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute; `values` are complete elements."""

    oid: str
    values: tuple[asn1.Element, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class AlgorithmIdentifier:
    """An AlgorithmIdentifier; `has_parameters` is for others than NULL, which counts as absent."""

    der: bytes
    oid: str
    has_parameters: bool


@dataclasses.dataclass(frozen=True, slots=True)
class CertificateHash:
    """What signingCertificate or signingCertificateV2 says of the signer's own certificate."""

    digest_oid: str
    octets: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class SignerInfo:
    """One signer's part.

    The signer is named by issuer and serial number, or by a key identifier; the other is None. `signed_attributes` are the
    octets that were signed, None if there are no signed attributes; the four fields below it are read from them, None or
    empty if they are not there. `signing_time` is what the signer's clock said: a claim, for only a timestamp proves a time.
    `timestamp_tokens` are unchecked.
    """

    encoded: bytes
    version: int
    issuer: bytes | None
    serial_number: int | None
    subject_key_identifier: bytes | None
    digest_algorithm: AlgorithmIdentifier
    signature_algorithm: AlgorithmIdentifier
    signature: bytes
    signed_attributes: bytes | None
    content_type: str | None
    message_digest: bytes | None
    signing_time: datetime | None
    certificate_hashes: tuple[CertificateHash, ...]
    unsigned_attributes: tuple[Attribute, ...]

    @property
    def timestamp_tokens(self) -> tuple[bytes, ...]:
        return tuple(
            value.der
            for attribute in self.unsigned_attributes
            if attribute.oid == cms_build.SIGNATURE_TIMESTAMP
            for value in attribute.values
        )


@dataclasses.dataclass(frozen=True, slots=True)
class SignedMessage:
    """SignedData, taken apart; everything stands in the order found. `content` is None where it is detached.

    `certificates_der` holds everything in the set of certificates, `certificates` the X.509 ones. `crls` is the whole [1]
    field, empty if there is none.
    """

    der: bytes
    version: int
    digest_algorithms: tuple[AlgorithmIdentifier, ...]
    content_type: str
    content: bytes | None
    certificates: tuple[Certificate, ...]
    certificates_der: tuple[bytes, ...]
    crls: bytes
    signers: tuple[SignerInfo, ...]

    @property
    def is_detached(self) -> bool:
        return self.content is None


def read(data: bytes) -> SignedMessage:
    """Takes apart SignedData in BER or DER without armour.

    Raises: BadInput."""
    if len(data) > MAX_SIZE_BYTES:
        raise BadInput(f"CMS: {len(data)} octets, {MAX_SIZE_BYTES} at most")
    outer = asn1.read(data).expect(asn1.SEQUENCE).children(2)
    if len(outer) != 2 or outer[0].object_identifier() != cms_build.SIGNED_DATA:
        raise BadInput("CMS: not SignedData")
    inner = outer[1].expect(_CONTEXT_0).children(1)
    if len(inner) != 1:
        raise BadInput("CMS: SignedData is missing")
    fields = asn1.Fields(inner[0], "SignedData")
    version = fields.next(asn1.INTEGER).integer()
    digest_algorithms = tuple(algorithm(child) for child in fields.next(asn1.SET).children(MAX_SIGNERS))
    content_type, content = _encapsulated(fields.next(asn1.SEQUENCE))
    certificates = fields.optional(_CONTEXT_0)
    certificates_der = (
        () if certificates is None else tuple(child.der for child in certificates.children(MAX_CERTIFICATES))
    )
    crls = fields.optional(_CONTEXT_1)
    signers = tuple(_signer(child) for child in fields.next(asn1.SET).children(MAX_SIGNERS))
    fields.end()
    return SignedMessage(
        der=bytes(data),
        version=version,
        digest_algorithms=digest_algorithms,
        content_type=content_type,
        content=content,
        certificates=_x509(certificates_der),
        certificates_der=certificates_der,
        crls=crls.der if crls else b"",
        signers=signers,
    )


def begins_signed_data(beginning: bytes) -> bool:
    """Whether these are the first octets of a ContentInfo with SignedData. Says nothing of the rest."""
    if len(beginning) < 2 or beginning[0] != asn1.SEQUENCE:
        return False
    length_octets = 1 + (beginning[1] & 0x7F if beginning[1] & 0x80 else 0)
    return beginning[1 + length_octets :].startswith(algorithms.oid_der(cms_build.SIGNED_DATA))


def _encapsulated(element: asn1.Element) -> tuple[str, bytes | None]:
    fields = asn1.Fields(element, "EncapsulatedContentInfo")
    content_type = fields.next(asn1.OBJECT_IDENTIFIER).object_identifier()
    explicit = fields.optional(_CONTEXT_0)
    fields.end()
    if explicit is None:
        return content_type, None
    inside = explicit.children(1)
    if len(inside) != 1:
        raise BadInput("CMS: the content is missing")
    return content_type, inside[0].octets()


def _x509(certificates_der: tuple[bytes, ...]) -> tuple[Certificate, ...]:
    """The X.509 certificates; attribute certificates and the like (RFC 5652 §10.2.2) have another tag than SEQUENCE."""
    return tuple(Certificate.from_der(der) for der in certificates_der if der[0] == asn1.SEQUENCE)


def _signer(element: asn1.Element) -> SignerInfo:
    fields = asn1.Fields(element, "SignerInfo")
    version = fields.next(asn1.INTEGER).integer()
    issuer, serial_number, key_identifier = _identifier(fields.next(asn1.SEQUENCE, _SUBJECT_KEY_IDENTIFIER))
    digest_algorithm = algorithm(fields.next(asn1.SEQUENCE))
    signed = fields.optional(_CONTEXT_0)
    signature_algorithm = algorithm(fields.next(asn1.SEQUENCE))
    signature = fields.next(asn1.OCTET_STRING).octets()
    unsigned = fields.optional(_CONTEXT_1)
    fields.end()
    attributes = _attributes(signed)
    content_type = _value(attributes, cms_build.CONTENT_TYPE)
    message_digest = _value(attributes, cms_build.MESSAGE_DIGEST)
    signing_time = _value(attributes, cms_build.SIGNING_TIME)
    return SignerInfo(
        encoded=element.der,
        version=version,
        issuer=issuer,
        serial_number=serial_number,
        subject_key_identifier=key_identifier,
        digest_algorithm=digest_algorithm,
        signature_algorithm=signature_algorithm,
        signature=signature,
        # Stored as [0], signed as a SET; nothing is sorted, for what was signed is what lies there.
        signed_attributes=None if signed is None else asn1.element(asn1.SET, signed.content),
        content_type=None if content_type is None else content_type.object_identifier(),
        message_digest=None if message_digest is None else message_digest.octets(),
        signing_time=None if signing_time is None else signing_time.time(),
        certificate_hashes=tuple(_certificate_hashes(attributes)),
        unsigned_attributes=_attributes(unsigned),
    )


def _identifier(element: asn1.Element) -> tuple[bytes | None, int | None, bytes | None]:
    if element.tag == _SUBJECT_KEY_IDENTIFIER:
        return None, None, bytes(element.content)
    fields = asn1.Fields(element, "IssuerAndSerialNumber")
    issuer, serial_number = fields.next(asn1.SEQUENCE).der, fields.next(asn1.INTEGER).integer()
    fields.end()
    return issuer, serial_number, None


def algorithm(element: asn1.Element) -> AlgorithmIdentifier:
    """An AlgorithmIdentifier (RFC 5280 §4.1.1.2).

    Raises: BadInput."""
    fields = asn1.Fields(element, "AlgorithmIdentifier")
    oid = fields.next(asn1.OBJECT_IDENTIFIER).object_identifier()
    null = fields.optional(asn1.NULL)
    rest = None if null is not None else fields.any()
    fields.end()
    return AlgorithmIdentifier(
        element.der, oid, rest is not None or (null is not None and len(null.content) > 0)
    )


def _attributes(element: asn1.Element | None) -> tuple[Attribute, ...]:
    if element is None:
        return ()
    found = []
    for child in element.children(MAX_ATTRIBUTES):
        fields = asn1.Fields(child, "Attribute")
        oid = fields.next(asn1.OBJECT_IDENTIFIER).object_identifier()
        found.append(Attribute(oid, tuple(fields.next(asn1.SET).children(MAX_ATTRIBUTES))))
        fields.end()
    return tuple(found)


def _value(attributes: tuple[Attribute, ...], oid: str) -> asn1.Element | None:
    """The value of an attribute that may be there once, with one value (RFC 5652 §11)."""
    values = [value for attribute in attributes if attribute.oid == oid for value in attribute.values]
    if len(values) > 1 or len([attribute for attribute in attributes if attribute.oid == oid]) != len(values):
        raise BadInput(f"CMS: the signed attribute {oid} does not have one value")
    return values[0] if values else None


def _certificate_hashes(attributes: tuple[Attribute, ...]) -> Iterator[CertificateHash]:
    """The first hash of each kind, which is that of the signer's certificate (RFC 5035 §3, RFC 2634 §5.4)."""
    for oid, default in (
        (cms_build.SIGNING_CERTIFICATE_V2, algorithms.SHA256.oid),
        (cms_build.SIGNING_CERTIFICATE, algorithms.SHA1.oid),
    ):
        value = _value(attributes, oid)
        if value is None:
            continue
        identifiers = asn1.Fields(value, "SigningCertificate").next(asn1.SEQUENCE).children(MAX_CERTIFICATES)
        if not identifiers:
            raise BadInput("CMS: a signing certificate attribute without a hash")
        fields = asn1.Fields(identifiers[0], "ESSCertID")
        named = fields.optional(asn1.SEQUENCE) if oid == cms_build.SIGNING_CERTIFICATE_V2 else None
        digest_oid = default if named is None else algorithm(named).oid
        yield CertificateHash(digest_oid, fields.next(asn1.OCTET_STRING).octets())
