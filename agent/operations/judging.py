"""Judges one signature: when it was made, whether somebody vouches for its key at that moment, whether that was taken back.

Reading the signature is over when this begins (agent.formats); what is asked here needs authorities.

A timestamp proves nothing where the certificate of its authority was revoked by then, or at any time because the key fell into other
hands: who has it can stamp any moment (RFC 3161 §4). An authority's silence takes nothing from a timestamp, because certificates of
timestamp authorities often name nobody to ask. Nor does it prove one where that has not come yet; and one of a test authority
proves nothing to a signature that is no test: anybody may have such a key.
"""

import dataclasses
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.certificate import Certificate
from agent.errors import BadInput, UnsupportedOperation
from agent.fetch import Cache, Fetch
from agent.formats import tsp
from agent.formats.evidence import Evidence
from agent.operations import report
from agent.operations.report import SignatureReport, TimestampReport
from agent.operations.timestamping import trust_of
from agent.trust import intermediates, path, purposes, revocation
from agent.trust.anchors import Anchor
from agent.trust.issuer import SKEW
from agent.trust.path import Path
from agent.trust.purposes import Purpose
from agent.trust.revocation import Status

MAX_TIMESTAMPS = (
    8  # of one signature that are judged, each at the cost of a path; signatures have one, or two
)
_UNREAD = TimestampReport(None, None, ("timestamp-invalid",))
_NONCE_OCTETS = 8  # as the national clients send; RFC 8954 asks for no more
_COMPROMISES = ("keyCompromise", "cACompromise", "aACompromise")  # of agent.trust.reasons


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
    """Judges signatures at the moment `at`, for one purpose. `extra` are certificates that were given with it.

    For the purpose "timestamp" what is judged is a timestamp by itself, and its moment is what its authority says.
    """

    trust: Trust
    at: datetime
    purpose: Purpose
    extra: tuple[Certificate, ...] = ()

    def report(self, evidence: Evidence) -> SignatureReport:
        """The report on one signature."""
        around = (*evidence.certificates, *self.extra, *self.trust.between)
        timestamps = tuple(
            self._timestamp(token, evidence.stamped, around) for token in evidence.timestamps[:MAX_TIMESTAMPS]
        )
        if len(evidence.timestamps) > MAX_TIMESTAMPS:
            timestamps = (*timestamps, _UNREAD)
        found = self._report(evidence, timestamps, around)
        if found.is_of_test or not any(each.is_of_test for each in timestamps):
            return found
        return self._report(evidence, tuple(map(_without_tests, timestamps)), around)

    def _report(
        self, evidence: Evidence, timestamps: tuple[TimestampReport, ...], around: Sequence[Certificate]
    ) -> SignatureReport:
        """With what these timestamps prove."""
        proven = min((each.proven for each in timestamps if each.proven is not None), default=None)
        if self.purpose == "timestamp":
            proven = evidence.signing_time
        moment = proven or self.at
        found, reasons = self._path(evidence, moment, around)
        if self.purpose == "timestamp" and moment > self.at + SKEW:
            reasons = ("timestamp-from-the-future", *reasons)
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
            return _UNREAD
        found, problems = trust_of(timestamp, self.trust.anchors, around)
        if not timestamp.is_over(stamped):
            problems = ("timestamp-other-signature", *problems)
        if timestamp.moment > self.at + SKEW:
            problems = ("timestamp-from-the-future", *problems)
        if not problems and self._is_stamper_revoked(found, timestamp.moment):
            problems = ("timestamp-revoked",)
        return TimestampReport(timestamp, found, problems)

    def _path(
        self, evidence: Evidence, moment: datetime, around: Sequence[Certificate]
    ) -> tuple[Path | None, tuple[str, ...]]:
        if evidence.certificate is None:
            return None, ("no-path",)
        try:
            return self._built(evidence, evidence.certificate, moment, around), ()
        except path.PathFailure as failure:
            return failure.path, tuple(_path_reasons(failure))

    def _built(
        self, evidence: Evidence, certificate: Certificate, moment: datetime, around: Sequence[Certificate]
    ) -> Path:
        """With what is at hand, and only where nobody known issued the certificate with what its addresses lead to.

        Raises: PathFailure."""
        try:
            return path.build(certificate, self.trust.anchors, at=moment, intermediates=around)
        except path.PathFailure as failure:
            if evidence.signature != "valid" or failure.reason not in ("no-issuer", "bad-signature"):
                raise
            hinted = intermediates.fetched(
                certificate, fetch=self.trust.fetch, cache=self.trust.cache, now=self.at
            )
            if not hinted:
                raise
        return path.build(certificate, self.trust.anchors, at=moment, intermediates=(*around, *hinted))

    def _revocation(self, evidence: Evidence, found: Path | None, moment: datetime) -> Status:
        """Asked only where the answer can matter."""
        if found is None or not report.may_be_revoked(evidence, found):
            return revocation.NOT_CHECKED
        if self.purpose == "timestamp":
            return self._stamper_status(found, moment)
        return revocation.worst(self._statuses(found, moment))

    def _is_stamper_revoked(self, found: Path | None, moment: datetime) -> bool:
        return found is not None and self._stamper_status(found, moment).state == "revoked"

    def _stamper_status(self, found: Path, moment: datetime) -> Status:
        """Of a timestamp authority: its compromise counts whenever it was."""
        statuses = self._statuses(found, moment)
        return revocation.worst(
            [
                dataclasses.replace(status, state="revoked") if status.reason in _COMPROMISES else status
                for status in statuses
            ]
        )

    def _statuses(self, found: Path, moment: datetime) -> tuple[Status, ...]:
        return revocation.statuses_of(
            found,
            at=moment,
            now=self.at,
            fetch=self.trust.fetch,
            cache=self.trust.cache,
            ocsp_url=self.trust.ocsp_url,
            nonce=secrets.token_bytes(_NONCE_OCTETS),
        )


def _without_tests(found: TimestampReport) -> TimestampReport:
    """The same, proving nothing if a test authority made it."""
    if not found.is_of_test:
        return found
    return dataclasses.replace(found, reasons=("timestamp-test-authority", *found.reasons))


def _path_reasons(failure: path.PathFailure) -> Iterable[str]:
    match failure.reason:
        case "expired" | "not-yet-valid":
            yield f"{'certificate' if failure.depth == 0 else 'authority'}-{failure.reason}"
        case _:
            yield "no-path"
            yield f"path-{failure.reason}"


def _unsuitable(certificate: Certificate | None, purpose: Purpose) -> tuple[str, ...]:
    return () if certificate is None else purposes.unsuitable(certificate, purpose)
