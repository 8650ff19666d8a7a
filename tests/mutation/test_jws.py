"""Every bit of a token's text, in every family.

A bit of a character is flipped, so most changes leave the alphabet and end as BadInput; the others change header, payload or
signature. Nothing of a token is unsigned: the white space around one is not part of it.
"""

import pytest

from agent.errors import BadInput
from agent.formats import jws
from tests.support import chains
from tests.support.sweeps import flips

PAYLOAD = b'{"sub":"1"}'


def held(token: bytes, payload: bytes | None) -> list[str]:
    try:
        return [evidence.signature for evidence in jws.verify(token, payload)]
    except BadInput:
        return []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "detached"), [*((family, False) for family in chains.FAMILIES), ("p256", True)]
)
def test_no_bit_of_a_token_may_change(family: str, detached: bool) -> None:
    token = jws.sign(chains.person(family), PAYLOAD, detached=detached, header={"typ": "JWT"}).encode()
    payload = PAYLOAD if detached else None
    assert held(token, payload) == ["valid"]
    for bit, changed in flips(token):
        assert "valid" not in held(changed, payload), bit


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_no_bit_of_a_detached_payload_may_change(family: str) -> None:
    token = jws.sign(chains.person(family), PAYLOAD, detached=True)
    for bit, changed in flips(PAYLOAD):
        (evidence,) = jws.verify(token, changed)
        assert evidence.reasons == ("signature-mismatch",), bit
