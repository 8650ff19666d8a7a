"""Verifies a CMS signature against a document and authorities, and says what is known of each signer.

Three questions are kept apart. `signature`: does cryptography agree? `path`: does somebody trusted vouch for the certificate at
the moment of verifying? `revocation`: did the authority take it back? A signer's own clock proves nothing, so the
moment is the caller's, until a timestamp proves an earlier one.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from agent.certificate import Certificate
from agent.formats import cms
from agent.formats.cms_verify import SignerEvidence
from agent.formats.evidence import Finding
from agent.trust import path
from agent.trust.anchors import Anchor
from agent.trust.path import Path

Verdict = Literal["valid", "invalid", "indeterminate"]
Revocation = Literal["not-checked", "good", "revoked", "unknown"]
Purpose = Literal["sign", "identify"]


@dataclasses.dataclass(frozen=True, slots=True)
class SignerReport:
    """What is known of one signer.

    `path` is there also where only its dates are wrong; then `reasons` say so. `unsuitable` are the reasons why the
    certificate is not one for this purpose. Revocation is asked by nobody yet: it is "not-checked".
    """

    evidence: SignerEvidence
    path: Path | None
    path_reasons: tuple[str, ...]
    unsuitable: tuple[str, ...]
    revocation: Revocation = "not-checked"

    @property
    def certificate(self) -> Certificate | None:
        return self.evidence.certificate

    @property
    def signature(self) -> Finding:
        return self.evidence.signature

    @property
    def reasons(self) -> tuple[str, ...]:
        """Everything that stands between this signer and "valid", as stable words."""
        revocation = () if self.revocation == "good" else (f"revocation-{self.revocation}",)
        return (*self.evidence.reasons, *self.path_reasons, *self.unsuitable, *revocation)

    @property
    def holds_but_for_revocation(self) -> bool:
        """Whether cryptography, path, dates and purpose are all in order, and nothing bad is known of revocation.

        For who must decide today and can't ask the authority. It is less than valid, and a program that relies on it says so.
        """
        return (
            self.signature == "valid"
            and not (self.path_reasons or self.unsuitable)
            and self.revocation != "revoked"
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """The verdict and what it rests on."""

    verdict: Verdict
    signers: tuple[SignerReport, ...]

    def to_json(self) -> dict[str, Any]:
        """The form that `verify --json` prints."""
        return {"verdict": self.verdict, "signers": [_signer_json(signer) for signer in self.signers]}


def verify(
    signature: bytes,
    document: bytes | None,
    *,
    at: datetime,
    anchors: Iterable[Anchor],
    purpose: Purpose = "sign",
    extra_certificates: Sequence[Certificate] = (),
) -> Report:
    """The report on `signature` (BER, DER, PEM or base64) at the moment `at`, with `document` where it is detached.

    `extra_certificates` are certificates of signers or of authorities between them and the anchors, where the message has none.

    Raises: BadInput where `signature` is not CMS SignedData.
    """
    message = cms.read(signature)
    trusted = tuple(anchors)
    around = (*message.certificates, *extra_certificates)
    signers = tuple(
        _report(evidence, trusted, around, at, purpose)
        for evidence in cms.verify(message, document, extra_certificates)
    )
    return Report(verdict_on(signers), signers)


def verdict_on(signers: Sequence[SignerReport]) -> Verdict:
    """ "invalid" as soon as something is proven wrong, "valid" only when everything was checked and nothing found, else
    "indeterminate". A message without signers proves nothing to anybody: invalid."""
    if not signers or any(s.signature == "invalid" or s.revocation == "revoked" for s in signers):
        return "invalid"
    return "indeterminate" if any(signer.reasons for signer in signers) else "valid"


def _report(
    evidence: SignerEvidence,
    anchors: Sequence[Anchor],
    around: Sequence[Certificate],
    at: datetime,
    purpose: Purpose,
) -> SignerReport:
    certificate = evidence.certificate
    if certificate is None:
        return SignerReport(evidence, None, ("no-path",), ())
    unsuitable = tuple(_unsuitable(certificate, purpose))
    try:
        return SignerReport(
            evidence, path.build(certificate, anchors, at=at, intermediates=around), (), unsuitable
        )
    except path.PathFailure as failure:
        return SignerReport(evidence, failure.path, tuple(_path_reasons(failure)), unsuitable)


def _path_reasons(failure: path.PathFailure) -> Iterable[str]:
    match failure.reason:
        case "expired" | "not-yet-valid":
            yield f"{'certificate' if failure.depth == 0 else 'authority'}-{failure.reason}"
        case _:
            yield "no-path"
            yield f"path-{failure.reason}"


def _unsuitable(certificate: Certificate, purpose: Purpose) -> Iterable[str]:
    """Why the key may not serve this purpose, by key usage and extended key usage. Criticality plays no part: genuine
    certificates mark now one, now the other."""
    needed = "non_repudiation" if purpose == "sign" else "digital_signature"
    if certificate.key_usage is not None and needed not in certificate.key_usage:
        yield "key-usage"
    if purpose not in certificate.uses:
        yield "extended-key-usage"


def _signer_json(signer: SignerReport) -> dict[str, Any]:
    certificate, evidence = signer.certificate, signer.evidence
    return {
        "subject": None if certificate is None else _subject_json(certificate),
        "algorithm": evidence.algorithm_name,
        "signature": evidence.signature,
        "reasons": list(signer.reasons),
        "signing_time": None if evidence.signing_time is None else _moment(evidence.signing_time),
        "timestamp": "not-checked" if evidence.has_timestamp else None,
        "certificate": None if certificate is None else _certificate_json(certificate),
        "trust": None if signer.path is None else _trust_json(signer.path.anchor),
        "revocation": signer.revocation,
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


def _trust_json(anchor: Anchor) -> dict[str, Any]:
    return {"anchor": anchor.title, "domain": anchor.domain, "sha256": anchor.sha256}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
