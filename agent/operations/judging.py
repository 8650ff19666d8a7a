"""Judges one signature: when it was made, whether somebody vouches for its key at that moment, whether that was taken back.

Reading the signature is over when this begins (agent.formats); what is asked here needs authorities.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.certificate import Certificate
from agent.errors import BadInput, UnsupportedOperation
from agent.fetch import Cache, Fetch
from agent.formats import tsp
from agent.formats.evidence import Evidence
from agent.operations.report import Purpose, SignatureReport, TimestampReport
from agent.operations.timestamping import trust_of
from agent.trust import path, purposes, revocation
from agent.trust.anchors import Anchor
from agent.trust.path import Path
from agent.trust.revocation import Status

_NONCE_OCTETS = 8  # as the national clients send; RFC 8954 asks for no more


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to believe, and how to ask what was taken back. `between` are certificates of authorities below the anchors.

    Without `fetch` nobody is asked: what the cache holds is used, and the rest is "not-checked".
    """

    anchors: tuple[Anchor, ...]
    between: tuple[Certificate, ...] = ()
    fetch: Fetch | None = None
    cache: Cache | None = None
    ocsp_url: str = ""


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges signatures at the moment `at`, for one purpose. `extra` are certificates that were given with it."""

    trust: Trust
    at: datetime
    purpose: Purpose
    extra: tuple[Certificate, ...] = ()

    def report(self, evidence: Evidence) -> SignatureReport:
        """The report on one signature."""
        around = (*evidence.certificates, *self.extra, *self.trust.between)
        timestamps = tuple(self._timestamp(token, evidence.stamped, around) for token in evidence.timestamps)
        proven = min((each.proven for each in timestamps if each.proven is not None), default=None)
        moment = proven or self.at
        found, reasons = self._path(evidence.certificate, moment, around)
        return SignatureReport(
            evidence=evidence,
            moment=moment,
            basis="now" if proven is None else "timestamp",
            timestamps=timestamps,
            path=found,
            path_reasons=reasons,
            unsuitable=_unsuitable(evidence.certificate, self.purpose),
            revocation=self._revocation(evidence, found, moment),
        )

    def _timestamp(self, token: bytes, stamped: bytes, around: Sequence[Certificate]) -> TimestampReport:
        try:
            timestamp = tsp.read_token(token)
        except (BadInput, UnsupportedOperation):
            return TimestampReport(None, None, ("timestamp-invalid",))
        found, problems = trust_of(timestamp, self.trust.anchors, around)
        if not timestamp.is_over(stamped):
            problems = ("timestamp-other-signature", *problems)
        return TimestampReport(timestamp, found, problems)

    def _path(
        self, certificate: Certificate | None, moment: datetime, around: Sequence[Certificate]
    ) -> tuple[Path | None, tuple[str, ...]]:
        if certificate is None:
            return None, ("no-path",)
        try:
            return path.build(certificate, self.trust.anchors, at=moment, intermediates=around), ()
        except path.PathFailure as failure:
            return failure.path, tuple(_path_reasons(failure))

    def _revocation(self, evidence: Evidence, found: Path | None, moment: datetime) -> Status:
        """Asked only where the answer can matter: who signed nothing here, or is vouched for by nobody, is asked about by nobody."""
        if evidence.signature != "valid" or found is None:
            return revocation.NOT_CHECKED
        return revocation.worst(
            revocation.statuses_of(
                found,
                at=moment,
                now=self.at,
                fetch=self.trust.fetch,
                cache=self.trust.cache,
                ocsp_url=self.trust.ocsp_url,
                nonce=secrets.token_bytes(_NONCE_OCTETS),
            )
        )


def _path_reasons(failure: path.PathFailure) -> Iterable[str]:
    match failure.reason:
        case "expired" | "not-yet-valid":
            yield f"{'certificate' if failure.depth == 0 else 'authority'}-{failure.reason}"
        case _:
            yield "no-path"
            yield f"path-{failure.reason}"


def _unsuitable(certificate: Certificate | None, purpose: Purpose) -> tuple[str, ...]:
    return () if certificate is None else purposes.unsuitable(certificate, purpose)
