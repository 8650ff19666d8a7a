"""What the simulated servers say, octet for octet: by responders and lists of the test authority, which are made when first asked for."""

import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from agent.certificate import Certificate
from agent.errors import BadInput
from agent.testca import crl_issuer, ocsp_responder, profiles, tsa
from agent.testca.authority import FAMILIES, Issuer, TestAuthority
from agent.testca.crl_issuer import CrlIssuer
from agent.testca.ocsp_responder import OcspResponder
from agent.testca.revocation_register import RevocationRegister
from agent.testca.simulator_faults import OF_CRL, OF_OCSP, OF_TSP, Fault
from agent.trust import issuer as trust_issuer
from agent.trust.reasons import REMOVE_FROM_CRL, UNSPECIFIED

Role: TypeAlias = Literal["root", "issuing"]

_BEFORE = timedelta(days=1)  # clocks differ a little
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Services:
    """The services of one test authority, and the registers of what it revoked. Safe to use from several threads."""

    def __init__(self, authority: TestAuthority, *, at: datetime) -> None:
        """Certificates of services are valid from the day before `at` for a year. Delta lists tell what changed since `at`."""
        self._authority = authority
        self._start = at
        self._lock = threading.Lock()
        self._registers = {place: RevocationRegister() for place in authority.issuers}
        self._stamping: dict[str, Issuer] = {}
        self._responders: dict[str, OcspResponder] = {}
        self._family_of = {_hashes(authority.issuers[f, "issuing"].certificate): f for f in FAMILIES}

    def timestamp(self, request: bytes, *, at: datetime, fault: Fault) -> bytes:
        """TimeStampResp in DER, granted or not."""
        return tsa.respond(
            request,
            self._stamper(tsa.family_of(request)),
            at=at,
            serial_number=secrets.randbits(8 * tsa.SERIAL_NUMBER_OCTETS - 1),
            fault=OF_TSP.get(fault.kind),
        )

    def status(self, request: bytes, *, at: datetime, fault: Fault) -> bytes:
        """OCSPResponse in DER, by the responder of the authority that is asked about."""
        try:
            asked = ocsp_responder.read(request)
            family = self._family_of.get((asked.name_hash, asked.key_hash), FAMILIES[0])
        except BadInput:
            family = FAMILIES[0]  # whoever it is, the answer is that the question can't be read
        with self._lock:
            if family not in self._responders:
                register = self._registers[family, "issuing"]
                self._responders[family] = OcspResponder(self._authority, family, register, at=self._start)
            return self._responders[family].respond(request, at=at, fault=OF_OCSP.get(fault.kind))

    def list(self, family: str, role: Role, *, is_delta: bool, at: datetime, fault: Fault) -> bytes:
        """CertificateList in DER, made anew; its number is its moment in microseconds."""
        issuer = CrlIssuer(self._authority.issuers[family, role], self._registers[family, role])
        number, wrong = _number(at), OF_CRL.get(fault.kind)
        with self._lock:
            if not is_delta:
                return issuer.full(number=number, at=at, fault=wrong)
            # The fault is the number after this one, which belongs to no list that anybody may have.
            base = number if wrong is crl_issuer.Fault.OTHER_BASE else _number(self._start)
            return issuer.delta(number=number, base=base, since=self._start, at=at, fault=wrong)

    def certificate(self, family: str, role: Role) -> bytes:
        return self._authority.issuers[family, role].certificate.der

    def revoke(self, certificate: Certificate, *, at: datetime, reason: str = UNSPECIFIED) -> None:
        """Takes a certificate back; the reason removeFromCRL ends a hold instead (agent.trust.reasons).

        Raises: BadInput where this authority did not issue it, or for an unknown reason.
        """
        register = self._registers[self._issuer_of(certificate)]
        with self._lock:
            if reason == REMOVE_FROM_CRL:
                register.release(certificate.serial_number, at)
            else:
                register.revoke(certificate.serial_number, at, reason)

    def _issuer_of(self, certificate: Certificate) -> tuple[str, str]:
        """Names of test authorities are all alike, so it is the signature that tells."""
        for place, issuer in self._authority.issuers.items():
            if trust_issuer.Issuer.of(issuer.certificate).has_issued(certificate):
                return place
        raise BadInput("that certificate was issued by somebody else")

    def _stamper(self, family: str) -> Issuer:
        with self._lock:
            if family not in self._stamping:
                self._stamping[family] = self._authority.issue_service(
                    profiles.TIMESTAMPING, family, not_before=self._start - _BEFORE
                )
            return self._stamping[family]


def _hashes(certificate: Certificate) -> tuple[bytes, bytes]:
    """How a CertID names the authority."""
    issuer = trust_issuer.Issuer.of(certificate)
    return issuer.name_hash, issuer.key_hash


def _number(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
