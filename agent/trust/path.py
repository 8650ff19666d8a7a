"""A certification path from a certificate to an anchor, for a purpose, at a moment (RFC 5280 §6.1, as far as this country's needs).

An issuer is who has exactly the octets of the issuer's name and the key that verifies the signature. Addresses inside
certificates are not asked: genuine certificates of 2023 name another authority's file there.

Checked of every certificate: name and signature of the issuer, dates, critical extensions, the strength of key and signature; of authorities
also basic constraints, path length and the right to sign certificates; of the first one the purpose. Policies are recorded and limit
nobody: national roots, authorities and persons have policies of different arcs, so the policy tree of §6.1.3 would always be empty.

# Not checked here: revocation (agent.trust.revocation). A critical name constraint is an unknown critical extension: nobody
# in the country uses one.
"""

import dataclasses
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal, get_args

from agent.certificate import Certificate
from agent.errors import InvalidSignature, NoPath, UnsupportedKey
from agent.trust.anchors import Anchor
from agent.trust.purposes import Purpose, unsuitable

Reason = Literal[
    "no-issuer",
    "bad-signature",
    "weak-algorithm",
    "not-a-ca",
    "unknown-critical",
    "key-usage",
    "extended-key-usage",
    "not-yet-valid",
    "expired",
]

MAX_LENGTH = 6  # certificates below the anchor; national paths have one or two
MAX_CHECKS = (
    100  # signatures verified for one path: authorities of one name may be many, and may issue to each other
)

MIN_RSA_BITS = 2048

# SHA-1 and MD5 under RSA, DSA and ECDSA (RFC 3279 §2.2): whoever can find collisions could have made the certificate.
_WEAK_SIGNATURES = frozenset({
    "1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10040.4.3", "1.2.840.10045.4.1",
})  # fmt: skip

# Of several failed attempts the one that came furthest is told: this order.
_HOW_FAR: tuple[Reason, ...] = get_args(Reason)


@dataclasses.dataclass(frozen=True, slots=True)
class Path:
    """`certificates` from the one in question upwards, without the anchor's own; each signed by the next, the last by `anchor`."""

    certificates: tuple[Certificate, ...]
    anchor: Anchor

    @property
    def policies(self) -> tuple[str, ...]:
        """OIDs of the policies that the certificate in question was issued under."""
        return self.certificates[0].policies

    @property
    def issuer(self) -> Anchor | Certificate:
        """Who issued the certificate in question."""
        return self.certificates[1] if len(self.certificates) > 1 else self.anchor


class PathFailure(NoPath):
    """Why there is no path.

    "no-issuer": nobody known has the issuer's name. "bad-signature": somebody has, but did not sign it. "weak-algorithm": a
    signature with SHA-1, or a short RSA key, proves nothing any more. "not-a-ca": who signed it may not issue certificates, or
    not that deep. "unknown-critical": a certificate says that it must not be used by who doesn't understand all of it, and
    we don't. "key-usage", "extended-key-usage": the certificate in question is not for this purpose. "expired",
    "not-yet-valid": only a date is wrong. From "unknown-critical" on `path` is the path as it would be. `depth` is the place of the offender: 0 for the certificate itself, upwards from there.
    """

    def __init__(self, reason: Reason, depth: int, path: Path | None = None) -> None:
        super().__init__(f"{reason} at depth {depth}")
        self.reason = reason
        self.depth = depth
        self.path = path


def build(
    certificate: Certificate,
    anchors: Iterable[Anchor],
    *,
    at: datetime,
    intermediates: Iterable[Certificate] = (),
    purpose: Purpose | None = None,
) -> Path:
    """The shortest path from `certificate` to one of `anchors` that is valid at the moment `at`.

    `intermediates` are certificates of unknown merit that may stand between. Without a `purpose` any will do.

    Raises: PathFailure (a NoPath).
    """
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone")
    failures = [PathFailure("no-issuer", 0)]
    for found in _paths(certificate, tuple(anchors), tuple(intermediates), failures):
        failure = _extension_failure(found) or _purpose_failure(found, purpose) or _date_failure(found, at)
        if failure is None:
            return found
        failures.append(failure)
    raise max(failures, key=lambda failure: _HOW_FAR.index(failure.reason))


def _paths(
    certificate: Certificate,
    anchors: tuple[Anchor, ...],
    intermediates: tuple[Certificate, ...],
    failures: list[PathFailure],
) -> Iterator[Path]:
    """Every path by names, signatures and the right to issue, shortest first. What stands in the way goes to `failures`."""
    waiting: deque[tuple[Certificate, ...]] = deque([(certificate,)])
    checks = 0
    while waiting and checks < MAX_CHECKS:
        chain = waiting.popleft()
        depth = len(chain)
        if _is_weak(chain[-1]):
            failures.append(PathFailure("weak-algorithm", depth - 1))
            continue
        for anchor in (a for a in anchors if a.name_der == chain[-1].issuer.der):
            checks += 1
            if not _is_signed_by(chain[-1], anchor):
                failures.append(PathFailure("bad-signature", depth - 1))
            elif anchor.path_length is not None and depth - 1 > anchor.path_length:
                failures.append(PathFailure("not-a-ca", depth))
            else:
                yield Path(chain, anchor)
        for issuer in (i for i in intermediates if i.subject.der == chain[-1].issuer.der and i not in chain):
            checks += 1
            if not _is_signed_by(chain[-1], issuer):
                failures.append(PathFailure("bad-signature", depth - 1))
            elif not _may_issue(issuer, depth - 1):
                failures.append(PathFailure("not-a-ca", depth))
            elif depth < MAX_LENGTH:
                waiting.append((*chain, issuer))


def _is_signed_by(certificate: Certificate, issuer: Anchor | Certificate) -> bool:
    try:
        if isinstance(issuer, Anchor):
            issuer.verify_issued(certificate)
        else:
            certificate.verify_issued_by(issuer)
    except (InvalidSignature, UnsupportedKey):
        return False
    return True


def _is_weak(certificate: Certificate) -> bool:
    key = certificate.public_key
    return certificate.signature_algorithm_oid in _WEAK_SIGNATURES or 0 < key.size_bits < MIN_RSA_BITS


def _may_issue(issuer: Certificate, authorities_below: int) -> bool:
    """RFC 5280 §6.1.4 (k)-(n): an authority, with the right to sign certificates, of this depth."""
    if unsuitable(issuer, "authority"):
        return False
    return issuer.path_length is None or authorities_below <= issuer.path_length


def _extension_failure(path: Path) -> PathFailure | None:
    """RFC 5280 §4.2: a critical extension that is not understood makes a certificate unusable."""
    for depth, member in enumerate(path.certificates):
        if member.unhandled_critical:
            return PathFailure("unknown-critical", depth, path)
    return None


def _purpose_failure(path: Path, purpose: Purpose | None) -> PathFailure | None:
    reasons = unsuitable(path.certificates[0], purpose) if purpose else ()
    return PathFailure(reasons[0], 0, path) if reasons else None


def _date_failure(path: Path, at: datetime) -> PathFailure | None:
    members: list[Certificate | Anchor] = [*path.certificates, path.anchor]
    for depth, member in enumerate(members):
        if at < member.not_before:
            return PathFailure("not-yet-valid", depth, path)
        if at > member.not_after:
            return PathFailure("expired", depth, path)
    return None
