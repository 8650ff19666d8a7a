"""Makes revocation lists for tests (RFC 5280 §5), whole ones and deltas, in the shape of the national ones.

That shape: version 2, the numbers of the algorithm with NULL, times as UTCTime, reasonCode unless unspecified, cRLNumber and the
authority's key identifier; a delta names its base first and critically, and is numbered on its own.
"""

import dataclasses
import enum
from collections.abc import Mapping
from datetime import datetime, timedelta

from agent import algorithms
from agent.formats import asn1
from agent.testca.authority import Issuer
from agent.testca.revocation_register import REASON_NUMBERS, Revocation, RevocationRegister
from agent.trust.reasons import UNSPECIFIED

LIFE = timedelta(days=180)
_NUMBER, _DELTA, _AUTHORITY_KEY = "2.5.29.20", "2.5.29.27", "2.5.29.35"
_REASON, _INVALIDITY = "2.5.29.21", "2.5.29.24"
_ENUMERATED, _CONTEXT_0 = 0x0A, 0xA0
_OLD = timedelta(days=400)


class Fault(enum.StrEnum):
    """What may be wrong with a list."""

    STALE = "stale"
    """A list of more than a year ago."""
    BAD_SIGNATURE = "bad-signature"
    OTHER_BASE = "other-base"
    """A delta to a list that does not exist yet."""
    UNKNOWN_CRITICAL = "unknown-critical"
    GARBAGE = "garbage"


@dataclasses.dataclass(frozen=True, slots=True)
class CrlIssuer:
    """Makes the lists of one authority out of its register."""

    issuer: Issuer
    register: RevocationRegister

    def full(self, *, number: int, at: datetime, fault: Fault | None = None) -> bytes:
        """CertificateList in DER of all that is revoked at `at`."""
        moment = at - _OLD if fault is Fault.STALE else at
        return self._list(self.register.revoked(at), moment, _extension(_NUMBER, asn1.integer(number)), fault)

    def delta(
        self, *, number: int, base: int, since: datetime, at: datetime, fault: Fault | None = None
    ) -> bytes:
        """CertificateList in DER of what changed since the list of number `base`, which was made at `since`."""
        base += fault is Fault.OTHER_BASE
        moment = at - _OLD if fault is Fault.STALE else at
        marks = _extension(_DELTA, asn1.integer(base), critical=True) + _extension(
            _NUMBER, asn1.integer(number)
        )
        return self._list(self.register.changed(since, at), moment, marks, fault)

    def _list(
        self, revoked: Mapping[int, Revocation], at: datetime, marks: bytes, fault: Fault | None
    ) -> bytes:
        if fault is Fault.GARBAGE:
            return b"<html>502 Bad Gateway</html>"
        key, certificate = self.issuer.key.private_key, self.issuer.certificate
        algorithm = algorithms.signature_for_key(key.key_type)
        entries = b"".join(_entry(number, revocation) for number, revocation in revoked.items())
        identifier = asn1.element(0x80, certificate.subject_key_identifier or b"")
        extensions = marks + _extension(_AUTHORITY_KEY, asn1.element(asn1.SEQUENCE, identifier))
        if fault is Fault.UNKNOWN_CRITICAL:
            extensions += _extension("1.2.3.4.5", asn1.element(asn1.NULL), critical=True)
        body = asn1.element(
            asn1.SEQUENCE,
            asn1.integer(1),
            algorithm.identifier_der,
            certificate.subject.der,
            asn1.time(at),
            asn1.time(at + LIFE),
            asn1.element(asn1.SEQUENCE, entries) if entries else b"",
            asn1.element(_CONTEXT_0, asn1.element(asn1.SEQUENCE, extensions)),
        )
        signature = key.sign(algorithm, algorithm.digest(body))
        if fault is Fault.BAD_SIGNATURE:
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        return asn1.element(
            asn1.SEQUENCE,
            body,
            algorithm.identifier_der,
            asn1.element(asn1.BIT_STRING, b"\0", signature),
        )


def _entry(serial_number: int, revocation: Revocation) -> bytes:
    extensions = b""
    if revocation.reason != UNSPECIFIED:
        extensions += _extension(
            _REASON, asn1.element(_ENUMERATED, bytes([REASON_NUMBERS[revocation.reason]]))
        )
    if revocation.invalid_since is not None:
        extensions += _extension(_INVALIDITY, asn1.generalized_time(revocation.invalid_since))
    return asn1.element(
        asn1.SEQUENCE,
        asn1.integer(serial_number),
        asn1.time(revocation.revoked_at),
        asn1.element(asn1.SEQUENCE, extensions) if extensions else b"",
    )


def _extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    mark = asn1.element(asn1.BOOLEAN, b"\xff") if critical else b""
    return asn1.element(asn1.SEQUENCE, algorithms.oid_der(oid), mark, asn1.element(asn1.OCTET_STRING, value))
