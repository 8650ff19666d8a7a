"""Asks an OCSP responder about one certificate, and reads what it answers (RFC 6960): octets and moments in, values out.

What the national responders do, and what is made of it:

* CertIDs are of SHA-256 with the parameter NULL; so are ours, and no other is accepted. Requests are not signed.
* The nonce comes back. One that is another's is refused; an answer without any is accepted, and `nonce_matched` says so: an
  answer that was made before anybody asked has none, and its time limits what a replay is worth.
* thisUpdate is the moment of answering and there is no nextUpdate. Such an answer is as good as its age: `max_age`.
* A certificate that the authority never issued is "revoked", on hold since 1970 (the extended revoke of RFC 6960 §4.4.8).
  Nobody took anything back, so here it is "unknown", with the detail "never-issued".
* Responders' certificates are issued by the authority they answer for and marked ocsp-nocheck, with an empty value where
  the standard wants NULL. That mark isn't demanded: nobody could be asked about the responder but itself.
"""

import dataclasses
import hashlib
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from asn1crypto import core, parser

from agent import algorithms, x509
from agent.certificate import Certificate
from agent.errors import BadInput
from agent.fetch import LIMITS
from agent.trust import purposes
from agent.trust.issuer import SKEW, Authority, BadAnswer, Issuer, Refusal, check_signature
from agent.trust.reasons import CERTIFICATE_HOLD, REASONS

CertificateStatus = Literal["good", "revoked", "unknown"]

MAX_AGE = timedelta(minutes=10)
"""How old an answer without nextUpdate may be."""
MIN_NONCE, MAX_NONCE = 8, 32  # octets; the national responders' have 8, RFC 8954 §2.1 allows 32
NEVER_ISSUED = "never-issued"

_MAX_SIZE = LIMITS["ocsp"].most_bytes
_MAX_CERTIFICATES, _MAX_ANSWERS = 8, 16
_BASIC, _NONCE = "1.3.6.1.5.5.7.48.1.1", "1.3.6.1.5.5.7.48.1.2"
_SUCCESSFUL = 0
_REFUSED: dict[int, Refusal] = {
    1: "malformed-request",
    2: "internal-error",
    3: "try-later",
    5: "signature-required",
    6: "unauthorized",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What a responder answered about one certificate, checked: signature, right to answer, certificate, nonce, age.

    `revoked_at` and `reason` (a word of reasons.REASONS) are there for "revoked" only. `responder` is None where the authority
    itself answered. `detail` is "never-issued" where the authority does not know the certificate as one of its own.
    """

    status: CertificateStatus
    this_update: datetime
    next_update: datetime | None
    produced_at: datetime
    revoked_at: datetime | None
    reason: str
    responder: Certificate | None
    nonce_matched: bool
    der: bytes = dataclasses.field(repr=False)
    detail: str = ""


class _CertId(core.Sequence):
    """CertID (RFC 6960 §4.1.1)."""

    _fields: ClassVar = [
        ("hash_algorithm", x509.AlgorithmIdentifier),
        ("name_hash", core.OctetString),
        ("key_hash", core.OctetString),
        ("serial_number", core.Integer),
    ]


class _Request(core.Sequence):
    _fields: ClassVar = [("cert_id", _CertId)]


class _Requests(core.SequenceOf):
    _child_spec = _Request


class _RequestBody(core.Sequence):
    """TBSRequest; version 1 and the absent name of who asks are not written."""

    _fields: ClassVar = [
        ("requests", _Requests),
        ("extensions", x509.Extensions, {"explicit": 2, "optional": True}),
    ]


class _OuterRequest(core.Sequence):
    _fields: ClassVar = [("body", _RequestBody)]


class _Reason(core.Enumerated):
    _map: ClassVar = REASONS


class _Revoked(core.Sequence):
    _fields: ClassVar = [
        ("time", core.GeneralizedTime),
        ("reason", _Reason, {"explicit": 0, "optional": True}),
    ]


class _Status(core.Choice):
    _alternatives: ClassVar = [
        ("good", core.Null, {"implicit": 0}),
        ("revoked", _Revoked, {"implicit": 1}),
        ("unknown", core.Null, {"implicit": 2}),
    ]


class _Single(core.Sequence):
    """SingleResponse (RFC 6960 §4.2.1)."""

    _fields: ClassVar = [
        ("cert_id", _CertId),
        ("status", _Status),
        ("this_update", core.GeneralizedTime),
        ("next_update", core.GeneralizedTime, {"explicit": 0, "optional": True}),
        ("extensions", x509.Extensions, {"explicit": 1, "optional": True}),
    ]


class _Singles(core.SequenceOf):
    _child_spec = _Single


class _ResponderId(core.Choice):
    _alternatives: ClassVar = [
        ("by_name", x509.RelativeNameSequence, {"explicit": 1}),
        ("by_key", core.OctetString, {"explicit": 2}),
    ]


class _Body(core.Sequence):
    """ResponseData."""

    _fields: ClassVar = [
        ("version", core.Integer, {"explicit": 0, "default": 0}),
        ("responder_id", _ResponderId),
        ("produced_at", core.GeneralizedTime),
        ("answers", _Singles),
        ("extensions", x509.Extensions, {"explicit": 1, "optional": True}),
    ]


class _Certificates(core.SequenceOf):
    _child_spec = core.Any


class _Basic(core.Sequence):
    """BasicOCSPResponse."""

    _fields: ClassVar = [
        ("body", _Body),
        ("algorithm", x509.AlgorithmIdentifier),
        ("signature", core.OctetBitString),
        ("certificates", _Certificates, {"explicit": 0, "optional": True}),
    ]


class _ResponseBytes(core.Sequence):
    _fields: ClassVar = [("type", core.ObjectIdentifier), ("response", core.OctetString)]


class _ResponseStatus(core.Enumerated):
    _map: ClassVar = {_SUCCESSFUL: "successful", **_REFUSED}


class _Response(core.Sequence):
    _fields: ClassVar = [
        ("status", _ResponseStatus),
        ("bytes", _ResponseBytes, {"explicit": 0, "optional": True}),
    ]


def cert_id(certificate: Certificate, issuer: Authority) -> bytes:
    """CertID of the certificate in DER, with SHA-256: what a request names it by."""
    return bytes(_cert_id(certificate.serial_number, Issuer.of(issuer)).dump())


def request(certificate: Certificate, issuer: Authority, *, nonce: bytes | None) -> bytes:
    """OCSPRequest in DER about one certificate, not signed.

    `nonce` are 8 to 32 fresh random octets; None leaves it out.
    """
    body: dict[str, object] = {
        "requests": [_Request({"cert_id": _cert_id(certificate.serial_number, Issuer.of(issuer))})]
    }
    if nonce is not None:
        if not MIN_NONCE <= len(nonce) <= MAX_NONCE:
            raise ValueError(f"a nonce of {len(nonce)} octets")
        body["extensions"] = [{"id": _NONCE, "value": core.OctetString(nonce).dump()}]
    return bytes(_OuterRequest({"body": _RequestBody(body)}).dump())


def read(
    response: bytes,
    certificate: Certificate,
    issuer: Authority,
    *,
    nonce: bytes | None,
    at: datetime,
    max_age: timedelta = MAX_AGE,
    skew: timedelta = SKEW,
) -> Answer:
    """The answer about `certificate`, which `issuer` issued, at the moment `at` of reading it.

    `nonce` is that of the request; None where there was none, or the answer comes from a cache.

    Raises: BadAnswer.
    """
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone")
    if len(response) > _MAX_SIZE:
        raise BadAnswer("too-large", f"{len(response)} octets")
    authority = Issuer.of(issuer)
    try:
        basic, signed = _basic(response)
        responder = _responder(basic, authority, at, skew)
        key = authority.public_key if responder is None else responder.public_key
        check_signature(key, signed, basic["algorithm"]["algorithm"].dotted, basic["signature"].native)
        single = _single(basic["body"]["answers"], certificate.serial_number, authority)
        answer = _answer(basic["body"], single, responder=responder, nonce=nonce, response=response)
    except x509.PARSE_ERRORS as error:
        raise BadAnswer("malformed") from error
    _check_age(answer, at, max_age, skew)
    return answer


def _cert_id(serial_number: int, issuer: Issuer) -> _CertId:
    return _CertId({
        "hash_algorithm": x509.AlgorithmIdentifier.load(algorithms.SHA256.identifier_der),
        "name_hash": issuer.name_hash,
        "key_hash": issuer.key_hash,
        "serial_number": serial_number,
    })  # fmt: skip


def _basic(response: bytes) -> tuple[Any, bytes]:
    """The basic response, and the octets that its signature is over, as they stand."""
    outer = _Response.load(response, strict=True)
    status = outer["status"].native
    if status in _REFUSED.values():
        raise BadAnswer(status)
    if outer["bytes"]["type"].dotted != _BASIC:
        raise BadAnswer("not-basic")
    octets = outer["bytes"]["response"].native
    return _Basic.load(octets, strict=True), x509.first_element(parser.parse(octets, strict=True)[4])


def _responder(basic: Any, issuer: Issuer, at: datetime, skew: timedelta) -> Certificate | None:
    """Who answered: None for the authority itself, else one whom it gave the right (RFC 6960 §4.2.2.2)."""
    identifier = basic["body"]["responder_id"]
    if _is_named(identifier, issuer.name_der, issuer.public_key.bits):
        return None
    found = [c for c in _certificates(basic) if _is_named(identifier, c.subject.der, c.public_key.bits)]
    if not found:
        raise BadAnswer("no-responder")
    for certificate in found:
        if _may_answer(certificate, issuer):
            if not certificate.not_before - skew <= at <= certificate.not_after:
                raise BadAnswer("expired-responder")
            return certificate
    raise BadAnswer("unauthorized-responder")


def _certificates(basic: Any) -> list[Certificate]:
    given = basic["certificates"]
    if isinstance(given, core.Void):
        return []
    if len(given) > _MAX_CERTIFICATES:
        raise BadAnswer("malformed", f"more than {_MAX_CERTIFICATES} certificates")
    try:
        return [Certificate.from_der(bytes(each.dump())) for each in given]
    except BadInput as error:
        raise BadAnswer("malformed", error.detail) from error


def _is_named(identifier: Any, name_der: bytes, key_bits: bytes) -> bool:
    if identifier.name == "by_name":
        return x509.first_element(identifier.chosen.untag().dump()) == name_der
    return bool(identifier.chosen.native == hashlib.sha1(key_bits, usedforsecurity=False).digest())


def _may_answer(certificate: Certificate, issuer: Issuer) -> bool:
    return (
        not purposes.unsuitable(certificate, "ocsp")
        and not certificate.unhandled_critical
        and issuer.has_issued(certificate)
    )


def _answer(
    body: Any, single: Any, *, responder: Certificate | None, nonce: bytes | None, response: bytes
) -> Answer:
    extensions, critical = x509.extension_values(body["extensions"])
    if critical - {_NONCE} or x509.extension_values(single["extensions"])[1]:
        raise BadAnswer("unknown-critical")
    echoed = extensions.get(_NONCE)
    if nonce is not None and echoed is not None and echoed != core.OctetString(nonce).dump():
        raise BadAnswer("wrong-nonce")
    next_update = single["next_update"]
    return Answer(
        **_status(single["status"]),
        this_update=x509.moment(single["this_update"]),
        next_update=None if isinstance(next_update, core.Void) else x509.moment(next_update),
        produced_at=x509.moment(body["produced_at"]),
        responder=responder,
        nonce_matched=nonce is not None and echoed is not None,
        der=response,
    )


def _single(answers: Any, serial_number: int, issuer: Issuer) -> Any:
    """The answer about our certificate, whatever others stand beside it."""
    if len(answers) > _MAX_ANSWERS:
        raise BadAnswer("malformed", f"more than {_MAX_ANSWERS} answers in one")
    wanted = (algorithms.SHA256.oid, issuer.name_hash, issuer.key_hash, serial_number)
    for single in answers:
        named = single["cert_id"]
        found = (
            named["hash_algorithm"]["algorithm"].dotted,
            named["name_hash"].native,
            named["key_hash"].native,
            named["serial_number"].native,
        )
        if found == wanted:
            return single
    raise BadAnswer("other-certificate")


def _status(parsed: Any) -> dict[str, Any]:
    if parsed.name != "revoked":
        return {"status": parsed.name, "revoked_at": None, "reason": ""}
    revoked_at = x509.moment(parsed.chosen["time"])
    reason = parsed.chosen["reason"].native or REASONS[0]
    if reason == CERTIFICATE_HOLD and revoked_at.timestamp() == 0:
        return {"status": "unknown", "revoked_at": None, "reason": "", "detail": NEVER_ISSUED}
    return {"status": "revoked", "revoked_at": revoked_at, "reason": reason}


def _check_age(answer: Answer, at: datetime, max_age: timedelta, skew: timedelta) -> None:
    """RFC 6960 §4.2.2.1."""
    if max(answer.this_update, answer.produced_at) > at + skew:
        raise BadAnswer("from-the-future")
    if at - skew > (answer.next_update or answer.this_update + max_age):
        raise BadAnswer("stale")
