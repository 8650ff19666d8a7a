"""Every bit of everything that is signed in a timestamp token, changed one at a time: no change is ever taken for valid.

Swept are TSTInfo, the signed attributes with their length, the signature, and the certificate, which the attribute signingCertificate
covers. What frames them is not signed.
"""

import pytest

from agent import algorithms
from agent.errors import AgentError
from agent.formats import cms_read, tsp
from tests.mutation.test_cms import flips, signed_parts, survivors
from tests.support import timestamps

pytestmark = pytest.mark.slow

OCTETS = b"octets of a signature"
PROFILES = {
    "gost2015": tsp.profile_for(algorithms.GOST_2015_512),
    "gost2004": tsp.profile_for(algorithms.GOST_2004),
    "rsa": tsp.profile_for(algorithms.RSA_SHA256),
}


def holds(token: bytes) -> bool:
    return tsp.read_token(token).evidence.signature == "valid"


@pytest.mark.parametrize("family", timestamps.FAMILIES)
def test_no_bit_of_a_token_may_change(family: str) -> None:
    token = timestamps.token(OCTETS, PROFILES[family])
    info = cms_read.read(token).content
    assert info is not None
    assert survivors(token, {"TSTInfo": info, **signed_parts(token)}, holds) == []


def test_no_bit_of_the_certificate_in_a_token_may_change() -> None:
    token = timestamps.token(OCTETS, PROFILES["gost2004"])
    certificate = timestamps.issuer("gost2004").certificate
    assert survivors(token, {"certificate": certificate.der}, holds) == []


@pytest.mark.parametrize("family", timestamps.FAMILIES)
def test_no_bit_of_the_stamped_octets_may_change(family: str) -> None:
    timestamp = tsp.read_token(timestamps.token(OCTETS, PROFILES[family]))
    assert not any(timestamp.is_over(changed) for changed in flips(OCTETS, OCTETS))


def test_no_bit_of_a_question_may_change_without_the_answer_showing_it() -> None:
    """What is asked (imprint, policy, nonce) stands in the answer, so a question that somebody changed on its way is noticed."""
    profile = PROFILES["rsa"]
    imprint = profile.digest(OCTETS)
    question = tsp.request(imprint, profile.digest, policy=profile.policy, nonce=timestamps.NONCE)

    def is_answered(asked: bytes) -> bool:
        timestamp = tsp.read_token(tsp.read_response(timestamps.answer(asked, "rsa")))
        try:
            tsp.check_answer(
                timestamp,
                imprint=imprint,
                digest=profile.digest,
                policy=profile.policy,
                nonce=timestamps.NONCE,
            )
        except AgentError:
            return False
        return True

    assert is_answered(question)
    parts = {
        "imprint": imprint,
        "policy": algorithms.oid_der(tsp.POLICY_RSA),
        "nonce": timestamps.NONCE.to_bytes(8, "big"),
    }
    assert survivors(question, parts, is_answered) == []
