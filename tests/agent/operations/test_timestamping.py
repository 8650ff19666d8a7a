"""Getting a timestamp: what is asked, what is believed, and that nothing else ever counts as one."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from agent import algorithms
from agent.config import DEFAULT_TIMESTAMP_URL
from agent.errors import AgentError, BadInput, TimestampFailed, Unreachable
from agent.fetch import Question
from agent.formats import tsp
from agent.operations import timestamping
from agent.testca import profiles, tsa
from agent.testca.authority import Issuer
from agent.trust import anchors
from tests.support import authority, chains, people, simulated_authorities, timestamps, verdicts
from tests.support.authority import NOW
from tests.support.memory_store import MemoryStore
from tests.support.simulated_authorities import TSP

SIGNATURE = b"octets of a signature"
PROFILE = tsp.Profile(tsp.POLICY_GOST_2015, algorithms.STREEBOG_512)
FAULTS = {
    "http-500": "status: qalamsap.invalid 500",
    "slow:20": "too-slow",
    "cut-connection": "cut-off: qalamsap.invalid",
    "garbage": "ASN.1",
    "rejection": "refused: rejection, systemFailure",
    "wrong-nonce": "does not repeat the nonce",
    "wrong-imprint": "over something else than was asked",
    "other-policy": "made under policy",
    "bad-signature": "timestamp-invalid",
    "expired": "timestamp-expired",
}


@pytest.mark.parametrize(
    "profile",
    [
        PROFILE,
        tsp.Profile(tsp.POLICY_GOST_2004, algorithms.GOST_94),
        tsp.Profile(tsp.POLICY_RSA, algorithms.SHA256),
        tsp.Profile(None, algorithms.SHA512),
    ],
)
def test_what_comes_back_is_a_token_over_the_signature(profile: tsp.Profile) -> None:
    token = verdicts.timestamp_authority(simulated_authorities.new()).stamp(SIGNATURE, profile)
    timestamp = tsp.read_token(token)
    assert (timestamp.moment, timestamp.digest) == (NOW, profile.digest)
    assert timestamp.is_over(SIGNATURE)


def test_the_authority_learns_a_digest_and_each_time_another_nonce() -> None:
    authorities = simulated_authorities.new()
    for _ in range(2):
        verdicts.timestamp_authority(authorities).stamp(SIGNATURE, PROFILE)
    first, second = authorities.asked
    assert (first.kind, first.url) == ("timestamp", TSP)
    assert PROFILE.digest(SIGNATURE) in first.body
    assert SIGNATURE not in first.body
    assert first.body != second.body


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_is_not_a_good_timestamp_is_none(fault: str) -> None:
    authorities = simulated_authorities.new()
    authorities.switch("tsp", fault)
    with pytest.raises(TimestampFailed, match=FAULTS[fault]):
        verdicts.timestamp_authority(authorities).stamp(SIGNATURE, PROFILE)


@pytest.mark.parametrize("error", [Unreachable("no-address"), BadInput("junk")])
def test_whatever_goes_wrong_is_one_kind_of_error_that_keeps_its_detail(error: AgentError) -> None:
    def fail(_question: Question) -> bytes:
        raise error

    with pytest.raises(TimestampFailed) as caught:
        verdicts.timestamp_authority(fail).stamp(SIGNATURE, PROFILE)
    assert caught.value.detail == f"no timestamp could be had: {error.detail}"


def test_offline_nobody_is_asked() -> None:
    with pytest.raises(TimestampFailed, match="offline"):
        verdicts.timestamp_authority(None).stamp(SIGNATURE, PROFILE)


def test_an_authority_that_nobody_vouches_for_is_not_believed() -> None:
    strangers = anchors.from_certificates(simulated_authorities.another_authority().issuing)
    stamping = verdicts.timestamp_authority(simulated_authorities.new(), anchors=strangers)
    with pytest.raises(TimestampFailed, match="timestamp-untrusted"):
        stamping.stamp(SIGNATURE, PROFILE)


def test_authorities_between_are_taken_from_the_operator_where_only_roots_are_trusted() -> None:
    roots = anchors.from_certificates(authority.roots())
    stamping = verdicts.timestamp_authority(simulated_authorities.new(), anchors=roots)
    with pytest.raises(TimestampFailed, match="timestamp-untrusted"):
        stamping.stamp(SIGNATURE, PROFILE)
    assert dataclasses.replace(stamping, between=authority.issuing()).stamp(SIGNATURE, PROFILE)


def answering(issuer: Issuer) -> Callable[[Question], bytes]:
    """A server whose timestamps bear this key's signature, whatever that is for."""
    return lambda question: tsa.respond(question.body, issuer, at=NOW, serial_number=17)


def test_a_certificate_for_something_else_stamps_nothing() -> None:
    known = simulated_authorities.shared_authority()
    responder = known.issue_service(profiles.OCSP_RESPONDING, "gost2015", not_before=NOW)
    with pytest.raises(TimestampFailed, match="timestamp-key-usage"):
        verdicts.timestamp_authority(answering(responder)).stamp(SIGNATURE, PROFILE)
    stamper = known.issue_service(profiles.TIMESTAMPING, "gost2015", not_before=NOW)
    assert verdicts.timestamp_authority(answering(stamper)).stamp(SIGNATURE, PROFILE)


def test_an_authority_is_believed_from_the_first_moment_of_its_certificate_and_not_before() -> None:
    known = simulated_authorities.shared_authority()
    early = known.issue_service(profiles.TIMESTAMPING, "gost2015", not_before=NOW + timedelta(seconds=1))
    with pytest.raises(TimestampFailed, match="timestamp-not-yet-valid"):
        verdicts.timestamp_authority(answering(early)).stamp(SIGNATURE, PROFILE)


# --- what a timestamp is worth, whoever asked for it ------------------------------------------------------------------


def test_a_good_timestamp_has_a_path_and_no_problem() -> None:
    timestamp = tsp.read_token(timestamps.token(SIGNATURE, PROFILE))
    found, problems = timestamping.trust_of(timestamp, verdicts.ANCHORS, ())
    assert problems == ()
    assert found is not None
    assert found.anchor.sha256 == authority.issuing()[0].fingerprint


def test_a_weak_imprint_is_a_problem_and_the_path_is_told_all_the_same() -> None:
    weak = tsp.Profile(tsp.POLICY_GOST_2015, algorithms.SHA1)
    timestamp = tsp.read_token(timestamps.token(SIGNATURE, weak))
    found, problems = timestamping.trust_of(timestamp, verdicts.ANCHORS, ())
    assert problems == ("timestamp-weak-digest",)
    assert found is not None


def test_problems_are_told_together() -> None:
    weak = tsp.Profile(tsp.POLICY_GOST_2015, algorithms.SHA1)
    timestamp = tsp.read_token(timestamps.token(SIGNATURE, weak))
    assert timestamping.trust_of(timestamp, (), ()) == (
        None,
        ("timestamp-weak-digest", "timestamp-untrusted"),
    )


def test_a_timestamp_that_is_damaged_has_no_path() -> None:
    token = timestamps.token(SIGNATURE, PROFILE)
    timestamp = tsp.read_token(token[:-1] + bytes((token[-1] ^ 1,)))
    assert timestamping.trust_of(timestamp, verdicts.ANCHORS, ()) == (None, ("timestamp-invalid",))


# --- of the test site ---------------------------------------------------------------------------------------------


def test_an_answer_of_a_test_authority_is_none_of_the_national_server() -> None:
    """It is asked by http: who stands in between could pass the question on to the test site."""
    ends = tuple(dataclasses.replace(anchor, domain="test") for anchor in verdicts.ANCHORS)
    authorities = simulated_authorities.new()

    def astray(asked: Question) -> bytes:
        return authorities(dataclasses.replace(asked, url=TSP))

    elsewhere = verdicts.timestamp_authority(astray, anchors=ends)
    assert tsp.read_token(elsewhere.stamp(SIGNATURE, PROFILE)).is_over(SIGNATURE)
    national = dataclasses.replace(elsewhere, url=DEFAULT_TIMESTAMP_URL)
    with pytest.raises(TimestampFailed, match="timestamp-untrusted"):
        national.stamp(SIGNATURE, PROFILE)


# --- of an agent --------------------------------------------------------------------------------------------------


def test_an_agent_believes_the_nation_its_own_tests_and_whom_the_operator_named(tmp_path: Path) -> None:
    own, test = chains.issue("Own", ca=True).certificate, chains.issue("Test", ca=True).certificate
    authorities = simulated_authorities.new()
    asked = people.approval(
        tmp_path,
        MemoryStore({}),
        fetch=authorities,
        timestamp_url=TSP,
        authorities=(own,),
        test_authorities=(test,),
        test_anchors=anchors.from_certificates([test]),
    )
    found = timestamping.authority(asked)
    assert (found.url, found.fetch) == (TSP, authorities)
    assert {anchor.sha256 for anchor in found.anchors} == {
        *(anchor.sha256 for anchor in anchors.production()),
        own.fingerprint,
        test.fingerprint,
    }
    assert found.between == (own, test)
