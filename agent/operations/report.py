"""What is known of the signatures of a document: the values that a verdict rests on, and their JSON.

Four questions are kept apart for each signature. `signature`: does cryptography agree? `timestamps`: is there a proof of when?
`path`: does somebody trusted vouch for the certificate at that moment? `revocation`: had the authority taken it back by then?
"""

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from agent.certificate import Certificate
from agent.formats import recognise
from agent.formats.evidence import Evidence, Finding
from agent.formats.pdf.evidence import PdfEvidence
from agent.formats.tsp import Timestamp
from agent.trust.path import Path
from agent.trust.revocation import NOT_CHECKED, Status
from agent.words import sections
from agent.words.texts import Texts

Format = recognise.Format | Literal["raw"]  # what can't be recognised is told
Verdict = Literal["valid", "invalid", "indeterminate"]
Purpose = Literal["sign", "identify"]
Basis = Literal["timestamp", "now"]


@dataclasses.dataclass(frozen=True, slots=True)
class TimestampReport:
    """What is known of one timestamp. `timestamp` is None where it could not be read. Without `reasons` it proves its moment."""

    timestamp: Timestamp | None
    path: Path | None
    reasons: tuple[str, ...]

    @property
    def proven(self) -> datetime | None:
        """The moment before which the signature was made, if this proves one."""
        return None if self.timestamp is None or self.reasons else self.timestamp.moment

    @property
    def is_of_test(self) -> bool:
        """Whether it is a national test authority that vouches for who made it."""
        return self.path is not None and self.path.anchor.domain == "test"


@dataclasses.dataclass(frozen=True, slots=True)
class SignatureReport:
    """What is known of one signature.

    `path` is there also where only its dates are wrong; then `path_reasons` say so. `unsuitable` are the reasons why the
    certificate is not one for this purpose. Path and revocation are those of `moment`: what the earliest timestamp proves, else
    the moment of verifying, because a signer's own clock proves nothing.
    """

    evidence: Evidence
    moment: datetime
    basis: Basis
    timestamps: tuple[TimestampReport, ...]
    path: Path | None
    path_reasons: tuple[str, ...]
    unsuitable: tuple[str, ...]
    revocation: Status

    @property
    def certificate(self) -> Certificate | None:
        return self.evidence.certificate

    @property
    def signature(self) -> Finding:
        return self.evidence.signature

    @property
    def is_of_test(self) -> bool:
        """Whether it is a national test authority that vouches for the certificate: such keys are published, so they prove nothing
        about anybody."""
        return self.path is not None and self.path.anchor.domain == "test"

    @property
    def timestamp_reasons(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(reason for each in self.timestamps for reason in each.reasons))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Everything that stands between this signature and "valid", as stable words.

        That nobody was asked about revocation is not among them where another reason made it no question.
        """
        is_idle = self.revocation == NOT_CHECKED and not may_be_revoked(self.evidence, self.path)
        is_settled = self.revocation.state == "good" or is_idle
        revocation = () if is_settled else (f"revocation-{self.revocation.state}",)
        return (
            *self.evidence.reasons,
            *self.timestamp_reasons,
            *self.path_reasons,
            *(("test-authority",) if self.is_of_test else ()),
            *self.unsuitable,
            *revocation,
        )

    @property
    def verdict(self) -> Verdict:
        if self.signature == "invalid" or self.revocation.state == "revoked":
            return "invalid"
        return "valid" if self.revocation.state == "good" and not self.reasons else "indeterminate"

    @property
    def holds_but_for_revocation(self) -> bool:
        """Whether cryptography, timestamps, path, dates and purpose are all in order, and nothing bad is known of revocation.

        For who must decide today and can't reach the authority. It is less than valid, and a program that relies on it says so.
        """
        return (
            self.signature == "valid"
            and not (self.timestamp_reasons or self.path_reasons or self.is_of_test or self.unsuitable)
            and self.revocation.state not in ("revoked", "unknown")
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """The verdict and what it rests on, at the moment `at`."""

    verdict: Verdict
    format: Format
    at: datetime
    signers: tuple[SignatureReport, ...]

    @property
    def is_partial(self) -> bool:
        """Whether a signature is over a part of an XML document only: of the rest nothing is proven."""
        return self.format in ("xml", "wsse") and any(signer.evidence.covers for signer in self.signers)

    def to_json(self) -> dict[str, Any]:
        """The form that `verify --json` prints."""
        return {
            "verdict": self.verdict,
            "format": self.format,
            "is_partial": self.is_partial,
            "verified_at": _moment(self.at),
            "signers": [_signer_json(signer, self.format) for signer in self.signers],
        }


def may_be_revoked(evidence: Evidence, path: Path | None) -> bool:
    """Whether revocation is a question at all. Who signed nothing here, or is vouched for by nobody, is asked about by nobody."""
    return evidence.signature == "valid" and path is not None


def covered(evidence: Evidence, words: Texts) -> str:
    """Which part was signed, for a person; empty for the whole document."""
    if isinstance(evidence, PdfEvidence) and evidence.covers:
        return words("covers.revision", revision=evidence.revision, revisions=evidence.revisions)
    return evidence.covers


def verdict_on(signers: Sequence[SignatureReport]) -> Verdict:
    """ "invalid" as soon as something is proven wrong, "valid" only when everything was checked and nothing found, else
    "indeterminate". A document without signatures proves nothing to anybody: invalid."""
    verdicts = {signer.verdict for signer in signers} or {"invalid"}
    return next(v for v in ("invalid", "indeterminate", "valid") if v in verdicts)


def _signer_json(signer: SignatureReport, data_format: Format) -> dict[str, Any]:
    certificate, evidence, reasons = signer.certificate, signer.evidence, signer.reasons
    return {
        "verdict": signer.verdict,
        "subject": None if certificate is None else _subject_json(certificate),
        "algorithm": evidence.algorithm_name,
        "covers": evidence.covers,
        "signature": evidence.signature,
        "reasons": list(reasons),
        "sections": {reason: sections.section(reason, data_format) for reason in reasons},
        "signing_time": None if evidence.signing_time is None else _moment(evidence.signing_time),
        "timestamps": [_timestamp_json(each) for each in signer.timestamps],
        "judged_at": {"time": _moment(signer.moment), "basis": signer.basis},
        "certificate": None if certificate is None else _certificate_json(certificate),
        "trust": None if signer.path is None else _trust_json(signer.path),
        "revocation": _revocation_json(signer.revocation),
    }


def _timestamp_json(found: TimestampReport) -> dict[str, Any]:
    timestamp = found.timestamp
    facts: dict[str, Any] = {"proves": found.proven is not None, "reasons": list(found.reasons)}
    if timestamp is None:
        return facts
    authority = timestamp.evidence.certificate
    return {
        **facts,
        "time": _moment(timestamp.moment),
        "policy": timestamp.policy,
        "digest": timestamp.digest.name,
        "serial_number": f"{timestamp.serial_number:x}",
        "authority": None if authority is None else authority.subject.text(),
        "trust": None if found.path is None else _trust_json(found.path),
    }


def _subject_json(certificate: Certificate) -> dict[str, Any]:
    return {
        "common_name": certificate.common_name,
        "surname": certificate.surname,
        "given_name": certificate.given_name,
        "patronymic": certificate.patronymic,
        "iin": certificate.iin,
        "bin": certificate.bin,
        "organisation": certificate.organisation,
        "email": certificate.email,
        "roles": list(certificate.roles),
        "name": certificate.subject.text(),
    }


def _certificate_json(certificate: Certificate) -> dict[str, Any]:
    return {
        "serial_number": f"{certificate.serial_number:x}",
        "issuer": certificate.issuer.text(),
        "not_before": _moment(certificate.not_before),
        "not_after": _moment(certificate.not_after),
        "sha256": certificate.fingerprint,
    }


def _trust_json(path: Path) -> dict[str, Any]:
    anchor = path.anchor
    return {"anchor": anchor.title, "domain": anchor.domain, "sha256": anchor.sha256}


def _revocation_json(status: Status) -> dict[str, Any]:
    return {
        "state": status.state,
        "source": status.source,
        "checked_at": None if status.checked_at is None else _moment(status.checked_at),
        "revoked_at": None if status.revoked_at is None else _moment(status.revoked_at),
        "reason": status.reason,
        "detail": status.detail,
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
