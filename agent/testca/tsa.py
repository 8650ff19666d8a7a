"""A timestamp authority for tests (RFC 3161): a request in, an answer out, in the exact shape of the national one's answers.

Tokens are CMS version 3, signed by whatever key the policy names, with the attributes contentType, signingTime, signingCertificate (of
SHA-1) and messageDigest, and the authority's own certificate alone; TSTInfo has a time in whole seconds, and no accuracy.

Nothing here asks a clock or makes a number up: the moment and the serial number are the caller's. A fault is something that a client has to notice.
"""

import dataclasses
import enum
from datetime import datetime, timedelta

from agent import algorithms
from agent.errors import BadInput, UnsupportedOperation
from agent.formats import asn1, cms_build, tsp
from agent.formats.asn1 import Fields
from agent.testca.authority import Issuer

SERIAL_NUMBER_OCTETS = 20
_GRANTED, _REJECTION = 0, 2
_EXTENSIONS = 0xA0
_BITS = {word: bit for bit, word in tsp.FAILURES.items()}
_FAMILIES = {tsp.POLICY_GOST_2015: "gost2015", tsp.POLICY_GOST_2004: "gost2004", tsp.POLICY_RSA: "rsa"}


class Fault(enum.StrEnum):
    """What the authority may get wrong."""

    WRONG_NONCE = "wrong-nonce"
    WRONG_IMPRINT = "wrong-imprint"
    OTHER_POLICY = "other-policy"
    REJECTION = "rejection"
    EXPIRED_CERTIFICATE = "expired-certificate"
    """The moment is the day after the end of the authority's own certificate."""
    BAD_SIGNATURE = "bad-signature"
    GARBAGE = "garbage"


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """A TimeStampReq. `imprint_der` is the MessageImprint as it stands."""

    imprint_der: bytes
    policy: str | None
    nonce: int | None
    wants_certificate: bool


class _Refused(Exception):
    """An answer on its way out, not a mistake."""

    def __init__(self, failure: str) -> None:
        super().__init__(failure)
        self.failure = failure


def family_of(request: bytes) -> str:
    """The family of authorities, by its name in TestAuthority, whose key answers this request: the policy says it. Of a request
    without a policy that we know, or that can't be read, "gost2015"; it depends on `respond` then whether it is refused."""
    try:
        return _FAMILIES.get(_read(request).policy or "", "gost2015")
    except _Refused:
        return "gost2015"


def respond(
    request: bytes, issuer: Issuer, *, at: datetime, serial_number: int, fault: Fault | None = None
) -> bytes:
    """TimeStampResp in DER, granted or not: `issuer` grants what is asked under its own policy, or under none.

    `serial_number` is positive, of SERIAL_NUMBER_OCTETS at most, and should never be the same twice.
    """
    if fault is Fault.GARBAGE:
        return b"<html>502 Bad Gateway</html>"
    try:
        asked = _accepted(request, issuer, fault)
    except _Refused as refused:
        return _response(_REJECTION, refused.failure, b"")
    if fault is Fault.EXPIRED_CERTIFICATE:
        at = issuer.certificate.not_after + timedelta(days=1)
    token = _token(_info(asked, issuer, at, serial_number, fault), asked, issuer, at)
    if fault is Fault.BAD_SIGNATURE:
        # The signature is what a token ends with, and its last bit is never a matter of encoding.
        token = token[:-1] + bytes((token[-1] ^ 1,))
    return _response(_GRANTED, "", token)


def _accepted(request: bytes, issuer: Issuer, fault: Fault | None) -> Request:
    asked = _read(request)
    if fault is Fault.REJECTION:
        raise _Refused("systemFailure")
    if asked.policy not in (None, _policy_of(issuer)):
        raise _Refused("unacceptedPolicy")
    return asked


def _read(request: bytes) -> Request:
    try:
        fields = Fields(asn1.read(request), "TimeStampReq")
        version = fields.next(asn1.INTEGER).integer()
        imprint = fields.next(asn1.SEQUENCE)
        policy = fields.optional(asn1.OBJECT_IDENTIFIER)
        nonce = fields.optional(asn1.INTEGER)
        wants_certificate = fields.optional(asn1.BOOLEAN)
        extensions = fields.optional(_EXTENSIONS)
        fields.end()
        tsp.read_imprint(imprint)
        asked = Request(
            imprint_der=imprint.der,
            policy=None if policy is None else policy.object_identifier(),
            nonce=None if nonce is None else nonce.integer(),
            wants_certificate=wants_certificate is not None and bytes(wants_certificate.content) != b"\x00",
        )
    except BadInput as error:
        raise _Refused("badDataFormat") from error
    except UnsupportedOperation as error:
        raise _Refused("badAlg") from error
    if version != 1:
        raise _Refused("badRequest")
    if extensions is not None:
        raise _Refused("unacceptedExtension")
    return asked


def _policy_of(issuer: Issuer) -> str | None:
    return tsp.profile_for(algorithms.signature_for_key(issuer.key.private_key.key_type)).policy


def _info(asked: Request, issuer: Issuer, at: datetime, serial_number: int, fault: Fault | None) -> bytes:
    """TSTInfo."""
    policy, imprint, nonce = _policy_of(issuer) or "", asked.imprint_der, asked.nonce
    if fault is Fault.OTHER_POLICY:
        policy = tsp.POLICY_GOST_2004 if policy != tsp.POLICY_GOST_2004 else tsp.POLICY_GOST_2015
    if fault is Fault.WRONG_IMPRINT:
        imprint = imprint[:-1] + bytes((imprint[-1] ^ 1,))
    if fault is Fault.WRONG_NONCE:
        nonce = (nonce or 0) + 1
    return asn1.element(
        asn1.SEQUENCE,
        asn1.integer(1),
        algorithms.oid_der(policy),
        imprint,
        asn1.integer(serial_number),
        asn1.generalized_time(at),
        b"" if nonce is None else asn1.integer(nonce),
    )


def _token(info: bytes, asked: Request, issuer: Issuer, at: datetime) -> bytes:
    key, certificate = issuer.key.private_key, issuer.certificate
    algorithm = algorithms.signature_for_key(key.key_type)
    attributes = cms_build.signed_attributes(
        algorithm.digest(info),
        at,
        certificate_sha1=algorithms.SHA1(certificate.der),
        content_type=cms_build.TIMESTAMP_INFO,
    )
    signer = cms_build.signer_info(
        issuer=certificate.issuer.der,
        serial_number=certificate.serial_number,
        digest_algorithm=algorithm.digest.identifier_der,
        attributes=attributes,
        signature_algorithm=algorithm.identifier_der,
        signature=key.sign(algorithm, algorithm.digest(attributes)),
    )
    return cms_build.signed_data(
        version=3,  # RFC 5652 §5.1: for any content but id-data
        digest_algorithms=[algorithm.digest.identifier_der],
        content=info,
        content_type=cms_build.TIMESTAMP_INFO,
        certificates=[certificate.der] if asked.wants_certificate else [],
        signers=[signer],
    )


def _response(status: int, failure: str, token: bytes) -> bytes:
    parts = [asn1.integer(status)]
    if failure:
        parts.append(asn1.element(asn1.BIT_STRING, _bit(_BITS[failure])))
    return asn1.element(asn1.SEQUENCE, asn1.element(asn1.SEQUENCE, *parts), token)


def _bit(number: int) -> bytes:
    """Contents of a BIT STRING with one bit set and no zeroes after it (X.690 §11.2.2)."""
    return bytes((7 - number % 8,)) + bytes(number // 8) + bytes((0x80 >> number % 8,))
