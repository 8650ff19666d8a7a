"""Statements 28 to 31 of the format reference: timestamps."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent import algorithms
from agent.algorithms import DigestAlgorithm
from agent.errors import NoPath
from agent.formats import cms, tsp
from agent.formats.cms_verify import SignerEvidence
from agent.formats.tsp import Timestamp
from agent.trust import anchors, path, purposes
from tests.support import authority, chains, messages, timestamps

DOCUMENT = b"a document"
NATIONAL_CHAINS = {"skarm": anchors.production, "mitwork": anchors.test, "ncanode": anchors.test}
OTHER = {anchors.production: anchors.test, anchors.test: anchors.production}


def in_messages(vectors: Path) -> Iterator[tuple[str, SignerEvidence, Timestamp]]:
    """Each timestamp in a published CMS, with the name of the message and the signature it lies beside."""
    for published in messages.published(vectors):
        for evidence in cms.verify(cms.read(published.data), published.document):
            for timestamp in timestamps.of(evidence):
                yield published.name, evidence, timestamp


def alone(vectors: Path) -> Timestamp:
    return tsp.read_token(tsp.read_response((vectors / "tsp/ncanode_tsp_response.tsr").read_bytes()))


def own(family: str) -> tuple[SignerEvidence, Timestamp]:
    message = timestamps.stamped(cms.sign(chains.person(family), DOCUMENT, at=timestamps.AT, detached=False))
    (evidence,) = cms.verify(cms.read(message))
    (timestamp,) = timestamps.of(evidence)
    return evidence, timestamp


# --- 28 ---------------------------------------------------------------------------------------------------------------


def expect_over_the_signature(evidence: SignerEvidence, timestamp: Timestamp) -> None:
    signature = evidence.signer_info.signature
    assert timestamp.imprint == timestamp.digest(signature)
    assert timestamp.is_over(signature)
    assert not timestamp.is_over(signature[::-1])
    assert not timestamp.is_over(evidence.signer_info.signed_attributes or b"")


def test_s28_what_is_stamped_are_the_octets_of_the_signature(vectors: Path) -> None:
    found = list(in_messages(vectors))
    assert len(found) >= 4
    for _, evidence, timestamp in found:
        expect_over_the_signature(evidence, timestamp)


@pytest.mark.own_sample
@pytest.mark.parametrize("family", chains.FAMILIES)
def test_s28_holds_for_our_own_messages(family: str) -> None:
    """The production token of 2025 with its signature is not in the folder either."""
    expect_over_the_signature(*own(family))


# --- 29 ---------------------------------------------------------------------------------------------------------------


def test_s29_a_token_verifies_and_its_authority_is_of_one_domain(vectors: Path) -> None:
    tokens = [(name, timestamp) for name, _, timestamp in in_messages(vectors)]
    for name, timestamp in [*tokens, ("ncanode_tsp_response", alone(vectors))]:
        evidence = timestamp.evidence
        assert (evidence.signature, evidence.reasons) == ("valid", ()), name
        assert evidence.certificate is not None
        assert purposes.unsuitable(evidence.certificate, "timestamp") == ()
        trusted = NATIONAL_CHAINS[name.partition("_")[0]]
        assert path.build(evidence.certificate, trusted(), at=timestamp.moment)
        with pytest.raises(NoPath):
            path.build(evidence.certificate, OTHER[trusted](), at=timestamp.moment)


@pytest.mark.own_sample
@pytest.mark.parametrize("family", ["gost2015", "gost2004", "rsa"])
def test_s29_holds_for_our_own_tokens(family: str) -> None:
    _, timestamp = own(family)
    certificate = timestamp.evidence.certificate
    assert timestamp.evidence.signature == "valid"
    assert certificate is not None
    assert purposes.unsuitable(certificate, "timestamp") == ()
    trusted = anchors.from_certificates(authority.issuing())
    assert path.build(certificate, trusted, at=timestamp.moment).certificates == (certificate,)
    with pytest.raises(NoPath):
        path.build(certificate, anchors.national(), at=timestamp.moment)


# --- 30 ---------------------------------------------------------------------------------------------------------------

SIGNED_WITH = {
    tsp.POLICY_GOST_2004: algorithms.GOST_2004.name,
    tsp.POLICY_RSA: algorithms.RSA_SHA256.name,
    tsp.POLICY_GOST_2015: algorithms.GOST_2015_512.name,
}


@pytest.mark.parametrize(
    ("name", "policy", "digest"),
    [
        ("skarm_individual", tsp.POLICY_GOST_2015, algorithms.STREEBOG_512),
        ("mitwork", tsp.POLICY_GOST_2004, algorithms.GOST_94),
    ],
    ids=["skarm", "mitwork"],
)
def test_s30_the_policy_names_the_algorithm_of_the_authority(
    vectors: Path, name: str, policy: str, digest: DigestAlgorithm
) -> None:
    found = [one for one in in_messages(vectors) if one[0].startswith(name)]
    assert found
    for _, evidence, timestamp in found:
        assert evidence.algorithm_name == algorithms.GOST_2015_512.name
        assert (timestamp.policy, timestamp.digest) == (policy, digest)
        assert timestamp.evidence.algorithm_name == SIGNED_WITH[policy]


def test_s30_an_imprint_of_sha1_under_the_policy_of_gost2004_is_read(vectors: Path) -> None:
    timestamp = alone(vectors)
    assert (timestamp.policy, timestamp.digest) == (tsp.POLICY_GOST_2004, algorithms.SHA1)
    assert timestamp.evidence.algorithm_name == SIGNED_WITH[timestamp.policy]
    assert timestamp.has_weak_imprint


@pytest.mark.own_sample
@pytest.mark.parametrize("family", ["gost2015", "gost2004", "rsa"])
def test_s30_holds_for_our_own_tokens(family: str) -> None:
    """RSA too, whose published sample, zip/skarm_sign.zip, is not in the folder."""
    _, timestamp = own(family)
    assert timestamp.evidence.algorithm_name == SIGNED_WITH[timestamp.policy]


# --- 31 ---------------------------------------------------------------------------------------------------------------


def test_s31_a_test_signer_with_a_production_timestamp_is_each_under_his_own_anchors(vectors: Path) -> None:
    published = messages.get(vectors, "skarm_individual_gost2015_tsp_attached")
    (evidence,) = cms.verify(cms.read(published.data))
    (timestamp,) = timestamps.of(evidence)
    signer, stamper = evidence.certificate, timestamp.evidence.certificate
    assert evidence.signature == timestamp.evidence.signature == "valid"
    assert signer is not None
    assert stamper is not None
    assert path.build(signer, anchors.test(), at=timestamp.moment).anchor.domain == "test"
    assert path.build(stamper, anchors.production(), at=timestamp.moment).anchor.domain == "production"
    for certificate, trusted in ((signer, anchors.production()), (stamper, anchors.test())):
        with pytest.raises(NoPath):
            path.build(certificate, trusted, at=timestamp.moment)


@pytest.mark.own_sample
def test_s31_holds_for_our_own_signer_and_an_authority_that_others_vouch_for() -> None:
    evidence, timestamp = own("gost2015")
    signer, stamper = evidence.certificate, timestamp.evidence.certificate
    assert signer is not None
    assert stamper is not None
    signers = anchors.from_certificates([chains.root("gost2015").certificate])
    stampers = anchors.from_certificates(authority.issuing())
    assert path.build(signer, signers, at=timestamp.moment + timedelta(hours=1))
    assert path.build(stamper, stampers, at=timestamp.moment)
    for certificate, trusted in ((signer, stampers), (stamper, signers)):
        with pytest.raises(NoPath):
            path.build(certificate, trusted, at=timestamp.moment)
