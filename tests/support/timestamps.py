"""Timestamps from the test authority that is checked in: one timestamp authority for each family, made when first asked."""

import functools
import itertools
from datetime import UTC, datetime

from agent.formats import cades, tsp
from agent.formats.evidence import Evidence
from agent.testca import tsa
from agent.testca.authority import Issuer, TestAuthority
from tests.support import authority

AT = datetime(2026, 6, 1, 9, 30, 15, tzinfo=UTC)
NONCE = 0x6CD779C92F27E02B
FAMILIES = tuple(tsp_family for tsp_family in authority.FAMILIES if tsp_family != "ecdsa")
_serial_numbers = itertools.count(1 << 158)


@functools.cache
def issuer(family: str = "gost2015") -> Issuer:
    """The authority that stamps with a key of that family; its certificate is of 2026."""
    known = TestAuthority.load(authority.FOLDER / "ca")
    return known.issue_service("timestamping", family, not_before=datetime(2026, 1, 1, tzinfo=UTC))


def answer(question: bytes, family: str, *, at: datetime = AT) -> bytes:
    """What the authority of that family answers."""
    return tsa.respond(question, issuer(family), at=at, serial_number=next(_serial_numbers))


def token(octets: bytes, profile: tsp.Profile, *, at: datetime = AT) -> bytes:
    """A token over `octets`, as the agent asks for it."""
    question = tsp.request(profile.digest(octets), profile.digest, policy=profile.policy, nonce=NONCE)
    return tsp.read_response(answer(question, tsa.family_of(question), at=at))


def stamped(message: bytes, *, at: datetime = AT) -> bytes:
    """The CMS with a timestamp at every signature that has none."""
    return cades.with_timestamps(
        message, {one.index: token(one.signature, one.profile, at=at) for one in cades.unstamped(message)}
    )


def of(evidence: Evidence) -> tuple[tsp.Timestamp, ...]:
    """The timestamps that lie with a signature, read; each should be `is_over(evidence.stamped)`."""
    return tuple(tsp.read_token(token) for token in evidence.timestamps)
