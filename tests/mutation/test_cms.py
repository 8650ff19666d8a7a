"""Every bit of everything that is signed in a CMS, changed one at a time: no change is ever taken for valid.

Swept are the document (inside, and beside), the signed attributes with their tag and length, and the octets of the signature; for
messages with a timestamp all of these in its token too, where the document is TSTInfo.

Not swept, because no signature covers them, are the frame (tags and lengths around), the sets of digest algorithms and of
certificates, and the identifiers in SignerInfo: a change there ends in BadInput, in an unfound certificate or in another
algorithm, which tests/agent/formats/test_cms_verify.py shows. The certificate itself is covered by signingCertificateV2.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from agent.errors import AgentError
from agent.formats import cms, cms_read, tsp
from tests.support import chains, timestamps

pytestmark = pytest.mark.slow

DOCUMENT = b"an act, 5 t"
AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
FAMILIES = pytest.mark.parametrize("family", chains.FAMILIES)


def flips(octets: bytes, part: bytes) -> Iterator[bytes]:
    """`octets` with each single bit of `part`, which it holds once, changed in turn."""
    assert octets.count(part) == 1
    start = octets.index(part)
    changed = bytearray(octets)
    for position in range(start, start + len(part)):
        for bit in range(8):
            changed[position] ^= 1 << bit
            yield bytes(changed)
            changed[position] ^= 1 << bit


def survivors(
    octets: bytes, parts: dict[str, bytes], holds: Callable[[bytes], bool]
) -> list[tuple[str, int]]:
    """Which changes went unnoticed: part and number of the bit. Typed errors are a way of noticing."""
    assert holds(octets)
    found = []
    for name, part in parts.items():
        for bit, changed in enumerate(flips(octets, part)):
            try:
                if holds(changed):
                    found.append((name, bit))
            except AgentError:
                continue
    return found


def signed_parts(message: bytes) -> dict[str, bytes]:
    """What one signer signed, and the signature. The attributes are stored under another tag than they are signed with."""
    (signer,) = cms_read.read(message).signers
    assert signer.signed_attributes is not None
    return {"attributes": signer.signed_attributes[1:], "signature": signer.signature}


@FAMILIES
def test_no_bit_of_an_attached_message_may_change(family: str) -> None:
    message = cms.sign(chains.person(family), DOCUMENT, at=AT, detached=False)

    def holds(changed: bytes) -> bool:
        (evidence,) = cms.verify(cms.read(changed))
        return evidence.signature == "valid"

    assert survivors(message, {"document": DOCUMENT, **signed_parts(message)}, holds) == []


@FAMILIES
def test_no_bit_of_a_detached_message_may_change(family: str) -> None:
    message = cms.sign(chains.person(family), DOCUMENT, at=AT, detached=True)

    def holds(changed: bytes) -> bool:
        (evidence,) = cms.verify(cms.read(changed), DOCUMENT)
        return evidence.signature == "valid"

    assert survivors(message, signed_parts(message), holds) == []


@FAMILIES
def test_no_bit_of_the_document_beside_a_message_may_change(family: str) -> None:
    message = cms.read(cms.sign(chains.person(family), DOCUMENT, at=AT, detached=True))

    def holds(changed: bytes) -> bool:
        (evidence,) = cms.verify(message, changed)
        return evidence.signature == "valid"

    assert survivors(DOCUMENT, {"document": DOCUMENT}, holds) == []


@pytest.mark.parametrize("family", ["gost2015", "p256"])
def test_no_bit_of_a_certificate_in_a_message_may_change(family: str) -> None:
    person = chains.person(family)
    message = cms.sign(person, DOCUMENT, at=AT, detached=False)

    def holds(changed: bytes) -> bool:
        (evidence,) = cms.verify(cms.read(changed))
        return evidence.signature == "valid"

    assert survivors(message, {"certificate": person.certificate.der}, holds) == []


@pytest.mark.parametrize("family", ["gost2015", "p256"])
def test_no_bit_of_a_message_with_a_timestamp_may_change(family: str) -> None:
    """Neither of what the timestamp authority signed, nor of the link to what the signer did. His own part is swept above."""
    message = timestamps.stamped(cms.sign(chains.person(family), DOCUMENT, at=AT, detached=False))
    (signer,) = cms_read.read(message).signers
    (token,) = signer.timestamp_tokens
    info = cms_read.read(token).content
    assert info is not None

    def holds(changed: bytes) -> bool:
        read = cms.read(changed)
        timestamp = tsp.read_token(read.signers[0].timestamp_tokens[0])
        if timestamp.evidence.signature != "valid" or not timestamp.is_over(read.signers[0].signature):
            return False
        (evidence,) = cms.verify(read)
        return evidence.signature == "valid"

    parts = {"link": signer.signature, "TSTInfo": info}
    parts |= {f"token's {name}": part for name, part in signed_parts(token).items()}
    assert survivors(message, parts, holds) == []
