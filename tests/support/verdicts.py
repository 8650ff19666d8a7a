"""Whom tests of verdicts trust, and keys of the test authority with dates of their own.

    authorities = simulated_authorities.new()
    verify.verify(message, at=NOW, trust=verdicts.trust(authorities))

`Trust` ends at the issuing authorities that are checked in; with `authorities` it asks them about revocation. Their timestamp
authorities name no OCSP server, so `ocsp_url` stands for it where that matters.
"""

import dataclasses
import functools
from datetime import UTC, datetime
from typing import Any

from agent.keystores.software import SoftwareSigner
from agent.operations.judging import Trust
from agent.operations.timestamping import TimestampAuthority
from agent.signer import Signer
from agent.testca import key_set, keys
from agent.trust import anchors
from tests.support import authority, simulated_authorities
from tests.support.simulated_authorities import TSP, SimulatedAuthorities

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
ANCHORS = anchors.from_certificates(authority.issuing())
OFFLINE = Trust(ANCHORS)


def trust(authorities: SimulatedAuthorities, **changes: Any) -> Trust:
    return dataclasses.replace(OFFLINE, fetch=authorities, **changes)


def timestamp_authority(fetch: Any, **changes: Any) -> TimestampAuthority:
    """Whom signatures are stamped by; `fetch` is SimulatedAuthorities, or what stands in its place."""
    return dataclasses.replace(TimestampAuthority(TSP, fetch, ANCHORS), **changes)


@functools.cache
def signer(profile: str = "p256-individual", *, start: datetime = START, end: datetime = END) -> Signer:
    """Somebody with a key of the test authority, for so long."""
    people = key_set.PEOPLE
    issued = simulated_authorities.shared_authority().issue(
        profile, people.head, people.organisation, not_before=start, not_after=end
    )
    return SoftwareSigner(issued.certificate, keys.read(issued.pkcs8_der).private_key)
