"""Getting a timestamp: the one conversation with an authority that a signature may need (RFC 3161).

Only a digest of the signature's octets leaves the computer. What comes back is believed when it answers this very request
(imprint, policy, nonce), when its signature holds, and when an authority that we know vouches for who made it: its own anchors, not those of
the signer, because a test key may carry a production timestamp and the other way round.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from agent.certificate import Certificate
from agent.config import DEFAULT_TIMESTAMP_URL
from agent.errors import AgentError, TimestampFailed
from agent.fetch import Fetch, Question
from agent.formats import tsp
from agent.formats.tsp import Profile, Timestamp
from agent.operations.approval import Approval
from agent.trust import anchors, path, purposes
from agent.trust.anchors import Anchor
from agent.trust.path import Path

_OF_DATES = {
    "expired": "timestamp-expired",
    "not-yet-valid": "timestamp-not-yet-valid",
}  # by why there is no path
_NONCE_BITS = 63  # a positive INTEGER of at most 8 octets, as the national clients send


@dataclass(frozen=True, slots=True)
class TimestampAuthority:
    """Whom to ask, and whom to believe. `between` are certificates of authorities that may stand below the anchors."""

    url: str
    fetch: Fetch | None
    anchors: tuple[Anchor, ...]
    between: tuple[Certificate, ...] = ()

    def stamp(self, octets: bytes, profile: Profile) -> bytes:
        """A checked TimeStampToken over `octets`, of the policy and with the hash that the profile names.

        Raises: TimestampFailed.
        """
        if self.fetch is None:
            raise TimestampFailed("offline: no timestamp authority is asked")
        imprint, nonce = profile.digest(octets), secrets.randbits(_NONCE_BITS)
        question = tsp.request(imprint, profile.digest, policy=profile.policy, nonce=nonce)
        try:
            token = tsp.read_response(self.fetch(Question("timestamp", self.url, question)))
            timestamp = tsp.read_token(token)
            tsp.check_answer(
                timestamp, imprint=imprint, digest=profile.digest, policy=profile.policy, nonce=nonce
            )
        except TimestampFailed:
            raise
        except AgentError as error:
            raise TimestampFailed(f"no timestamp could be had: {error.detail or error.code}") from error
        _, problems = trust_of(timestamp, self._believed, self.between)
        if problems:
            raise TimestampFailed(f"the timestamp can't be believed: {', '.join(problems)}")
        return token

    @property
    def _believed(self) -> tuple[Anchor, ...]:
        """The national server is asked by http, and who stands in between could have that of the test site answer in its place."""
        is_national = self.url == DEFAULT_TIMESTAMP_URL
        return tuple(anchor for anchor in self.anchors if not (is_national and anchor.domain == "test"))


def authority(approval: Approval) -> TimestampAuthority:
    """The timestamp authority of this agent."""
    own = (*approval.authorities, *approval.test_authorities)
    return TimestampAuthority(
        url=approval.timestamp_url,
        fetch=approval.fetch,
        anchors=(
            *anchors.production(),
            *approval.test_anchors,
            *anchors.from_certificates(approval.authorities),
        ),
        between=own,
    )


def trust_of(
    timestamp: Timestamp, ends: Sequence[Anchor], between: Sequence[Certificate]
) -> tuple[Path | None, tuple[str, ...]]:
    """The path of who made this timestamp, and why it proves no time, as stable words; none where it does.

    Not looked at: what it is a timestamp of.
    """
    evidence = timestamp.evidence
    if evidence.signature != "valid" or evidence.certificate is None:
        return None, ("timestamp-invalid",)
    may_stamp = not purposes.unsuitable(evidence.certificate, "timestamp")
    problems: tuple[str, ...] = () if may_stamp else ("timestamp-key-usage",)
    if timestamp.has_weak_imprint:
        problems = (*problems, "timestamp-weak-digest")
    around = (*timestamp.certificates, *between)
    try:
        return path.build(evidence.certificate, ends, at=timestamp.moment, intermediates=around), problems
    except path.PathFailure as failure:
        return failure.path, (*problems, _OF_DATES.get(failure.reason, "timestamp-untrusted"))
