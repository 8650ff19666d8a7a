"""An OCSP responder for tests (RFC 6960): a request in, an answer out, in the exact shape of the national ones' answers.

That shape: one answer, the responder by name, CertIDs of SHA-256, the nonce echoed, the mark of the extended revoke, thisUpdate the
moment of answering, no nextUpdate, the responder's own certificate alone; and who was never issued is on hold since 1970.

Nothing here asks a clock. A fault is something that a client has to notice.
"""

import dataclasses
import enum
import functools
import hashlib
from datetime import UTC, datetime, timedelta

from agent import algorithms
from agent.errors import BadInput
from agent.formats import asn1
from agent.formats.asn1 import Element
from agent.testca import profiles
from agent.testca.authority import Issuer, TestAuthority
from agent.testca.revocation_register import REASON_NUMBERS, Revocation, RevocationRegister
from agent.trust.reasons import CERTIFICATE_HOLD, UNSPECIFIED

_BASIC = "1.3.6.1.5.5.7.48.1.1"
_NONCE, _EXTENDED_REVOKE = "1.3.6.1.5.5.7.48.1.2", "1.3.6.1.5.5.7.48.1.9"
_SUCCESSFUL, _MALFORMED, _TRY_LATER, _UNAUTHORIZED = 0, 1, 3, 6
_ENUMERATED, _CONTEXT_0, _CONTEXT_1, _CONTEXT_2 = 0x0A, 0xA0, 0xA1, 0xA2
_GOOD = b"\x80\x00"
_NEVER_ISSUED = Revocation(datetime(1970, 1, 1, tzinfo=UTC), CERTIFICATE_HOLD)
_LIFE = timedelta(days=365)
_OLD = timedelta(days=30)


class Fault(enum.StrEnum):
    """What the responder may get wrong."""

    WRONG_NONCE = "wrong-nonce"
    NO_NONCE = "no-nonce"
    OTHER_CERTIFICATE = "other-certificate"
    """An answer about the next serial number."""
    STALE = "stale"
    """An answer of a month ago."""
    UNKNOWN = "unknown"
    """The status unknown, which national responders never give."""
    UNAUTHORIZED_RESPONDER = "unauthorized-responder"
    """Signed by the authority's timestamp service, which has no right to answer."""
    EXPIRED_RESPONDER = "expired-responder"
    BAD_SIGNATURE = "bad-signature"
    TRY_LATER = "try-later"
    GARBAGE = "garbage"


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What a client asks about. `cert_id_der` is the CertID as it stands, `nonce_der` the value of the nonce extension."""

    cert_id_der: bytes
    name_hash: bytes
    key_hash: bytes
    serial_number: int
    nonce_der: bytes | None


class OcspResponder:
    """Answers for one issuing authority, out of its register."""

    def __init__(
        self, authority: TestAuthority, family: str, register: RevocationRegister, *, at: datetime
    ) -> None:
        """The responder's certificate is issued here, valid for a year from the day before `at`."""
        self._authority = authority
        self._family = family
        self._issuer = authority.issuers[family, "issuing"]
        self._register = register
        self._start = at - timedelta(days=1)
        self._service = authority.issue_service(profiles.OCSP_RESPONDING, family, not_before=self._start)

    @property
    def service(self) -> Issuer:
        """Key and certificate that answers are signed with."""
        return self._service

    def respond(self, request: bytes, *, at: datetime, fault: Fault | None = None) -> bytes:
        """OCSPResponse in DER, whatever the request: what can't be read, or is for another authority, is refused in the protocol's way."""
        if fault is Fault.GARBAGE:
            return b"<html>502 Bad Gateway</html>"
        if fault is Fault.TRY_LATER:
            return _refusal(_TRY_LATER)
        try:
            asked = read(request)
        except BadInput:
            return _refusal(_MALFORMED)
        if not self._is_ours(asked):
            return _refusal(_UNAUTHORIZED)
        return self._response(asked, at - _OLD if fault is Fault.STALE else at, fault)

    def _is_ours(self, asked: Request) -> bool:
        name, key = self._issuer.certificate.subject.der, self._issuer.certificate.public_key.bits
        ours = (hashlib.sha256(name).digest(), hashlib.sha256(key).digest())
        return (asked.name_hash, asked.key_hash) == ours

    def _response(self, asked: Request, at: datetime, fault: Fault | None) -> bytes:
        service = self._signer(fault)
        moment = asn1.generalized_time(at)
        single = asn1.element(
            asn1.SEQUENCE, _named(asked, fault), self._status(asked.serial_number, at, fault), moment
        )
        body = asn1.element(
            asn1.SEQUENCE,
            asn1.element(_CONTEXT_1, service.certificate.subject.der),
            moment,
            asn1.element(asn1.SEQUENCE, single),
            asn1.element(_CONTEXT_1, _extensions(asked.nonce_der, fault)),
        )
        return _successful(body, service, fault)

    def _status(self, serial_number: int, at: datetime, fault: Fault | None) -> bytes:
        if fault is Fault.UNKNOWN:
            return b"\x82\x00"
        if not self._register.is_issued(serial_number):
            return _revoked(_NEVER_ISSUED)
        found = self._register.revocation(serial_number, at)
        return _GOOD if found is None else _revoked(found)

    def _signer(self, fault: Fault | None) -> Issuer:
        match fault:
            case Fault.UNAUTHORIZED_RESPONDER:
                return self._unauthorized
            case Fault.EXPIRED_RESPONDER:
                return self._expired
            case _:
                return self._service

    # Keys for these are made when they are needed first.

    @functools.cached_property
    def _unauthorized(self) -> Issuer:
        return self._authority.issue_service(profiles.TIMESTAMPING, self._family, not_before=self._start)

    @functools.cached_property
    def _expired(self) -> Issuer:
        return self._authority.issue_service(
            profiles.OCSP_RESPONDING, self._family, not_before=self._start - _LIFE, not_after=self._start
        )


def read(request: bytes) -> Request:
    """The first question of an OCSPRequest (RFC 6960 §4.1.1).

    Raises: BadInput.
    """
    body = _child(asn1.read(request).expect(asn1.SEQUENCE), 0)
    fields = body.expect(asn1.SEQUENCE).children()
    requests = next((field for field in fields if field.tag == asn1.SEQUENCE), None)
    if requests is None:
        raise BadInput("an OCSP request that asks nothing")
    cert_id = _child(_child(requests, 0), 0)
    parts = cert_id.expect(asn1.SEQUENCE).children()
    if len(parts) != 4:
        raise BadInput("a CertID has four fields")
    return Request(
        cert_id.der,
        name_hash=parts[1].octets(),
        key_hash=parts[2].octets(),
        serial_number=parts[3].integer(),
        nonce_der=_nonce([field for field in fields if field.tag == _CONTEXT_2]),
    )


def _nonce(wrapped: list[Element]) -> bytes | None:
    for extension in _child(wrapped[0], 0).children() if wrapped else ():
        parts = extension.expect(asn1.SEQUENCE).children()
        if len(parts) >= 2 and parts[0].object_identifier() == _NONCE:
            return parts[-1].octets()
    return None


def _child(element: Element, number: int) -> Element:
    children = element.children()
    if len(children) <= number:
        raise BadInput("an OCSP request cut short")
    return children[number]


def _named(asked: Request, fault: Fault | None) -> bytes:
    """The CertID of the answer: that of the question, octet for octet."""
    if fault is not Fault.OTHER_CERTIFICATE:
        return asked.cert_id_der
    *same, _ = asn1.read(asked.cert_id_der).children()
    return asn1.element(
        asn1.SEQUENCE, *(part.encoded for part in same), asn1.integer(asked.serial_number + 1)
    )


def _extensions(nonce_der: bytes | None, fault: Fault | None) -> bytes:
    extensions = [_extension(_EXTENDED_REVOKE, asn1.element(asn1.NULL))]
    if nonce_der is not None and fault is not Fault.NO_NONCE:
        if fault is Fault.WRONG_NONCE:
            nonce_der = nonce_der[:-1] + bytes([nonce_der[-1] ^ 1])
        extensions.insert(0, _extension(_NONCE, nonce_der))
    return asn1.element(asn1.SEQUENCE, *extensions)


def _extension(oid: str, value: bytes) -> bytes:
    return asn1.element(asn1.SEQUENCE, algorithms.oid_der(oid), asn1.element(asn1.OCTET_STRING, value))


def _revoked(found: Revocation) -> bytes:
    reason = b""
    if found.reason != UNSPECIFIED:
        reason = asn1.element(_CONTEXT_0, asn1.element(_ENUMERATED, bytes([REASON_NUMBERS[found.reason]])))
    return asn1.element(_CONTEXT_1, asn1.generalized_time(found.revoked_at), reason)


def _successful(body: bytes, service: Issuer, fault: Fault | None) -> bytes:
    key = service.key.private_key
    algorithm = algorithms.signature_for_key(key.key_type)
    signature = key.sign(algorithm, algorithm.digest(body))
    if fault is Fault.BAD_SIGNATURE:
        signature = signature[:-1] + bytes([signature[-1] ^ 1])
    basic = asn1.element(
        asn1.SEQUENCE,
        body,
        algorithm.identifier_der,
        asn1.element(asn1.BIT_STRING, b"\0", signature),
        asn1.element(_CONTEXT_0, asn1.element(asn1.SEQUENCE, service.certificate.der)),
    )
    return asn1.element(
        asn1.SEQUENCE,
        asn1.element(_ENUMERATED, bytes([_SUCCESSFUL])),
        asn1.element(
            _CONTEXT_0,
            asn1.element(asn1.SEQUENCE, algorithms.oid_der(_BASIC), asn1.element(asn1.OCTET_STRING, basic)),
        ),
    )


def _refusal(status: int) -> bytes:
    """A response without an answer (RFC 6960 §4.2.1)."""
    return asn1.element(asn1.SEQUENCE, asn1.element(_ENUMERATED, bytes([status])))
