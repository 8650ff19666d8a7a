"""The judge: which moment counts, who vouches at that moment, and what was taken back; each answer kept apart from the others."""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import algorithms
from agent.certificate import Certificate
from agent.formats import cms, tsp
from agent.formats.cms_verify import SignerEvidence
from agent.operations.judging import MAX_TIMESTAMPS, Judge, Trust
from agent.operations.report import SignatureReport
from agent.signer import Signer
from agent.trust import anchors
from agent.trust.anchors import Anchor, Domain
from agent.trust.issuer import SKEW
from agent.trust.purposes import Purpose
from tests.support import authority, chains, messages, simulated_authorities, timestamps, verdicts
from tests.support.authority import NOW
from tests.support.responders import MemoryCache
from tests.support.simulated_authorities import OCSP, SimulatedAuthorities
from tests.support.timestamps import AT

DOCUMENT = b"an act of work done"
DAY = timedelta(days=1)
BETWEEN = AT + 60 * DAY  # after the timestamp, before the moment of verifying
SHORT_LIVED = verdicts.signer(end=BETWEEN)


def signed(signer: Signer, *stamped_at: datetime) -> SignerEvidence:
    """What was read of a signature, with timestamps of these moments."""
    (evidence,) = cms.verify(cms.read(cms.sign(signer, DOCUMENT, at=AT, detached=False)))
    profile = tsp.profile_for(signer.algorithm)
    tokens = tuple(timestamps.token(evidence.stamped, profile, at=moment) for moment in stamped_at)
    return dataclasses.replace(evidence, timestamps=tokens)


def judged(
    evidence: SignerEvidence, trust: Trust, *, at: datetime = NOW, purpose: Purpose = "sign"
) -> SignatureReport:
    return Judge(trust, at, purpose).report(evidence)


def stamper_of(evidence: SignerEvidence) -> Certificate:
    certificate = timestamps.of(evidence)[0].evidence.certificate
    assert certificate is not None
    return certificate


# --- the moment ---------------------------------------------------------------------------------------------------


def test_everything_is_in_order() -> None:
    found = judged(signed(SHORT_LIVED, AT), verdicts.trust(simulated_authorities.new()))
    assert (found.verdict, found.reasons) == ("valid", ())
    assert (found.moment, found.basis) == (AT, "timestamp")


def test_without_a_timestamp_the_signers_clock_proves_nothing() -> None:
    trust = verdicts.trust(simulated_authorities.new())
    expired = judged(signed(SHORT_LIVED), trust)
    assert (expired.moment, expired.basis) == (NOW, "now")
    assert (expired.verdict, expired.reasons) == ("indeterminate", ("certificate-expired",))
    assert judged(signed(SHORT_LIVED), trust, at=BETWEEN - DAY).path_reasons == ()


def test_a_timestamp_after_the_end_of_the_certificate_helps_nobody() -> None:
    found = judged(signed(SHORT_LIVED, BETWEEN + DAY), verdicts.trust(simulated_authorities.new()))
    assert (found.moment, found.path_reasons) == (BETWEEN + DAY, ("certificate-expired",))
    assert found.verdict == "indeterminate"


def test_of_several_good_timestamps_the_earliest_counts() -> None:
    found = judged(signed(SHORT_LIVED, BETWEEN + DAY, AT), verdicts.OFFLINE)
    assert (found.moment, found.path_reasons, found.timestamp_reasons) == (AT, (), ())


def test_a_timestamp_of_a_time_that_has_not_come_proves_none() -> None:
    soon = NOW + SKEW
    assert judged(signed(SHORT_LIVED, soon), verdicts.OFFLINE).moment == soon
    found = judged(signed(authority.signer("p256-individual"), NOW + DAY), verdicts.OFFLINE)
    assert (found.moment, found.timestamp_reasons) == (NOW, ("timestamp-from-the-future",))


def test_a_timestamp_by_itself_does_not_come_from_the_future_either() -> None:
    (timestamp,) = timestamps.of(signed(SHORT_LIVED, NOW + DAY))
    alone = dataclasses.replace(timestamp.evidence, signing_time=timestamp.moment)
    found = judged(alone, verdicts.trust(simulated_authorities.new(), ocsp_url=OCSP), purpose="timestamp")
    assert (found.verdict, found.path_reasons) == ("indeterminate", ("timestamp-from-the-future",))


def test_of_a_heap_of_timestamps_a_few_are_judged_and_the_rest_is_told() -> None:
    evidence = signed(SHORT_LIVED, AT)
    most = dataclasses.replace(evidence, timestamps=evidence.timestamps * MAX_TIMESTAMPS)
    assert judged(most, verdicts.OFFLINE).timestamp_reasons == ()
    heap = dataclasses.replace(evidence, timestamps=evidence.timestamps * (MAX_TIMESTAMPS + 100))
    found = judged(heap, verdicts.OFFLINE)
    assert len(found.timestamps) == MAX_TIMESTAMPS + 1
    assert (found.moment, found.timestamp_reasons) == (AT, ("timestamp-invalid",))


def test_an_expired_authority_is_told_apart_from_an_expired_certificate() -> None:
    old = chains.issue("Old", by=chains.root(), ca=True, end=chains.START + DAY)
    evidence = signed(chains.issue("Person", by=old, extended=[chains.EMAIL_PROTECTION]))
    trust = Trust(anchors.from_certificates([old.certificate]))
    assert judged(evidence, trust).path_reasons == ("authority-expired",)


# --- revocation and the moment ------------------------------------------------------------------------------------


def test_a_certificate_that_was_revoked_after_the_timestamp_is_good() -> None:
    authorities = simulated_authorities.new()
    authorities.revoke(SHORT_LIVED.certificate, at=AT + DAY, reason="keyCompromise")
    found = judged(signed(SHORT_LIVED, AT), verdicts.trust(authorities))
    assert (found.verdict, found.revocation.state) == ("valid", "good")
    assert (found.revocation.revoked_at, found.revocation.detail) == (AT + DAY, "revoked-later")


def test_a_certificate_that_was_revoked_before_the_timestamp_is_revoked() -> None:
    authorities = simulated_authorities.new()
    authorities.revoke(SHORT_LIVED.certificate, at=AT - DAY)
    found = judged(signed(SHORT_LIVED, AT), verdicts.trust(authorities))
    assert (found.verdict, found.reasons) == ("invalid", ("revocation-revoked",))


def test_without_a_timestamp_a_certificate_that_is_revoked_now_is_revoked() -> None:
    authorities, signer = simulated_authorities.new(), authority.signer("p256-individual")
    authorities.revoke(signer.certificate, at=AT)
    found = judged(signed(signer), verdicts.trust(authorities))
    assert (found.verdict, found.reasons) == ("invalid", ("revocation-revoked",))


@pytest.mark.parametrize(
    ("faults", "state", "verdict"),
    [
        ({}, "good", "valid"),
        ({"ocsp": "unknown", "crl": "http-500"}, "unknown", "indeterminate"),
        ({"ocsp": "http-500", "crl": "http-500"}, "unreachable", "indeterminate"),
        ({"ocsp": "garbage", "crl": "expired"}, "unreachable", "indeterminate"),
        ({"ocsp": "bad-signature", "crl": "bad-signature"}, "unreachable", "indeterminate"),
        ({"ocsp": "slow:20"}, "good", "valid"),  # lists do as well
    ],
)
def test_unknown_and_unreachable_are_neither_good_nor_revoked_nor_each_other(
    faults: Mapping[str, str], state: str, verdict: str
) -> None:
    authorities = simulated_authorities.new()
    for service, fault in faults.items():
        authorities.switch(service, fault)
    found = judged(signed(authority.signer("p256-individual")), verdicts.trust(authorities))
    assert (found.revocation.state, found.verdict) == (state, verdict)
    assert found.reasons == (() if state == "good" else (f"revocation-{state}",))


def test_offline_nothing_was_checked_and_that_is_another_answer() -> None:
    found = judged(signed(authority.signer("p256-individual")), verdicts.OFFLINE)
    assert (found.verdict, found.reasons) == ("indeterminate", ("revocation-not-checked",))


def test_what_an_authority_said_is_kept_for_a_while() -> None:
    authorities, evidence = simulated_authorities.new(), signed(authority.signer("p256-individual"))
    cache = MemoryCache()
    assert judged(evidence, verdicts.trust(authorities, cache=cache)).verdict == "valid"
    assert judged(evidence, verdicts.trust(authorities, cache=cache)).verdict == "valid"
    assert authorities.count("ocsp") == 1
    assert judged(evidence, Trust(verdicts.ANCHORS, cache=cache)).verdict == "valid"


def test_the_operators_responder_is_asked_in_place_of_the_certificates_own() -> None:
    authorities = simulated_authorities.new()
    trust = verdicts.trust(authorities, ocsp_url="http://localhost/ocsp/")
    assert judged(signed(authority.signer("p256-individual")), trust).verdict == "valid"
    assert [question.url for question in authorities.asked] == ["http://localhost/ocsp/"]


def test_nobody_is_asked_about_a_signature_that_is_bad_anyway_or_nobodys() -> None:
    authorities, good = simulated_authorities.new(), signed(authority.signer("p256-individual"))
    bad = dataclasses.replace(good, signature="invalid", reasons=("signature-mismatch",))
    assert judged(bad, verdicts.trust(authorities)).verdict == "invalid"
    assert judged(bad, Trust((), fetch=authorities)).path is None
    nobodys = dataclasses.replace(good, certificate=None, signature="unchecked", reasons=("no-certificate",))
    found = judged(nobodys, verdicts.trust(authorities))
    assert (found.path, found.unsuitable) == (None, ())
    assert found.reasons == ("no-certificate", "no-path")
    assert authorities.asked == []
    stranger = judged(good, Trust((), fetch=authorities))
    assert stranger.reasons == ("no-path", "path-no-issuer")
    assert {question.kind for question in authorities.asked} == {"certificate"}  # who may have issued it


def test_an_authority_between_that_nobody_gave_is_fetched_from_where_the_certificate_says() -> None:
    authorities, evidence = simulated_authorities.new(), signed(authority.signer("p256-individual"))
    roots = anchors.from_certificates(authority.roots())
    found = judged(evidence, Trust(roots, fetch=authorities))
    assert found.verdict == "valid"
    assert found.path is not None
    assert len(found.path.certificates) == 2
    assert [question.kind for question in authorities.asked] == ["certificate", "ocsp"]
    authorities.switch("cert", "garbage")
    assert judged(evidence, Trust(roots, fetch=authorities)).reasons[:2] == ("no-path", "path-no-issuer")


# --- what a timestamp is worth ------------------------------------------------------------------------------------


def test_a_timestamp_over_another_signature_proves_nothing() -> None:
    mine, other = signed(SHORT_LIVED, AT), signed(SHORT_LIVED, AT)
    swapped = dataclasses.replace(mine, timestamps=other.timestamps)
    found = judged(swapped, verdicts.trust(simulated_authorities.new()))
    assert (found.verdict, found.basis) == ("indeterminate", "now")
    assert found.reasons == ("timestamp-other-signature", "certificate-expired")
    assert found.timestamps[0].proven is None


@pytest.mark.parametrize("junk", [b"", b"junk", b"\x30\x00", b"\x30\x03\x02\x01\x00"])
def test_a_timestamp_that_can_not_be_read_proves_nothing_and_takes_nothing_away(junk: bytes) -> None:
    authorities, good = simulated_authorities.new(), signed(SHORT_LIVED, AT)
    alone = judged(dataclasses.replace(good, timestamps=(junk,)), verdicts.trust(authorities))
    assert alone.reasons == ("timestamp-invalid", "certificate-expired")
    assert (alone.verdict, alone.timestamps[0].timestamp) == ("indeterminate", None)
    beside = judged(
        dataclasses.replace(good, timestamps=(junk, *good.timestamps)), verdicts.trust(authorities)
    )
    assert (beside.moment, beside.reasons) == (AT, ("timestamp-invalid",))


def test_a_timestamp_with_a_bad_signature_proves_nothing() -> None:
    good = signed(SHORT_LIVED, AT)
    (token,) = good.timestamps
    damaged = dataclasses.replace(good, timestamps=(token[:-1] + bytes((token[-1] ^ 1,)),))
    assert judged(damaged, verdicts.OFFLINE).timestamp_reasons == ("timestamp-invalid",)


def test_a_timestamp_of_a_stranger_proves_nothing() -> None:
    person = chains.person("gost2015")
    trust = Trust(anchors.from_certificates([chains.root("gost2015").certificate]))
    found = judged(signed(person, AT), trust)
    assert (found.basis, found.timestamp_reasons) == ("now", ("timestamp-untrusted",))


def test_a_timestamp_over_a_weak_digest_proves_nothing() -> None:
    evidence = signed(SHORT_LIVED)
    weak = timestamps.token(evidence.stamped, tsp.Profile(tsp.POLICY_GOST_2015, algorithms.SHA1))
    found = judged(dataclasses.replace(evidence, timestamps=(weak,)), verdicts.OFFLINE)
    assert found.timestamp_reasons == ("timestamp-weak-digest",)


def test_a_stamper_whose_certificate_has_run_out_since_is_believed_of_its_time() -> None:
    found = judged(signed(SHORT_LIVED, AT), verdicts.OFFLINE, at=NOW + 3 * 365 * DAY)
    assert (found.moment, found.timestamp_reasons, found.path_reasons) == (AT, (), ())


# --- a stamper that was taken back --------------------------------------------------------------------------------


def revoked_stamper(
    evidence: SignerEvidence, at: datetime, reason: str
) -> tuple[SimulatedAuthorities, SignatureReport]:
    authorities = simulated_authorities.new()
    authorities.revoke(stamper_of(evidence), at=at, reason=reason)
    return authorities, judged(evidence, verdicts.trust(authorities, ocsp_url=OCSP))


@pytest.mark.parametrize("reason", ["unspecified", "superseded", "keyCompromise"])
def test_a_timestamp_of_an_authority_that_was_revoked_by_then_proves_nothing(reason: str) -> None:
    _, found = revoked_stamper(signed(SHORT_LIVED, AT), AT - DAY, reason)
    assert found.reasons == ("timestamp-revoked", "certificate-expired")
    assert (found.verdict, found.basis) == ("indeterminate", "now")


@pytest.mark.parametrize("reason", ["unspecified", "superseded", "cessationOfOperation"])
def test_what_an_authority_stamped_before_it_ended_stays(reason: str) -> None:
    _, found = revoked_stamper(signed(SHORT_LIVED, AT), AT + DAY, reason)
    assert (found.verdict, found.moment) == ("valid", AT)


@pytest.mark.parametrize("reason", ["keyCompromise", "cACompromise"])
def test_nothing_that_a_stolen_key_stamped_stays_whenever_that_was(reason: str) -> None:
    _, found = revoked_stamper(signed(SHORT_LIVED, AT), AT + DAY, reason)
    assert found.timestamp_reasons == ("timestamp-revoked",)


@pytest.mark.parametrize("fault", ["http-500", "garbage", "bad-signature", "unknown"])
def test_an_authority_that_nobody_answers_for_is_believed(fault: str) -> None:
    authorities = simulated_authorities.new()
    authorities.switch("ocsp", fault)
    found = judged(signed(SHORT_LIVED, AT), verdicts.trust(authorities, ocsp_url=OCSP))
    assert (found.moment, found.timestamp_reasons) == (AT, ())


def test_nobody_is_asked_about_the_authority_of_a_timestamp_that_proves_nothing_anyway() -> None:
    mine, other = signed(SHORT_LIVED, AT), signed(SHORT_LIVED, AT)
    authorities = simulated_authorities.new()
    swapped = dataclasses.replace(mine, timestamps=other.timestamps, signature="invalid")
    judged(swapped, verdicts.trust(authorities, ocsp_url=OCSP))
    assert authorities.asked == []


# --- domains ------------------------------------------------------------------------------------------------------


def test_signer_and_stamper_are_each_under_their_own_anchor() -> None:
    person = chains.person("gost2015")
    both = anchors.from_certificates([chains.root("gost2015").certificate, *authority.issuing()])
    found = judged(signed(person, AT), Trust(both))
    assert found.path is not None
    assert found.timestamps[0].path is not None
    assert found.path.anchor.title == "Root gost2015"
    assert found.timestamps[0].path.anchor.title == "QALAMSAP TEST CA (GOST 2015)"
    assert found.reasons == ("revocation-not-checked",)


def test_a_published_test_signature_with_a_production_timestamp_names_both_domains(vectors: Path) -> None:
    published = messages.get(vectors, "skarm_individual_gost2015_tsp_attached")
    (evidence,) = cms.verify(cms.read(published.data))
    at = datetime(2026, 11, 23, tzinfo=UTC)
    found = judged(evidence, Trust(anchors.national()), at=at)
    assert found.path is not None
    (timestamp,) = found.timestamps
    assert timestamp.path is not None
    assert (found.path.anchor.domain, timestamp.path.anchor.domain) == ("test", "production")
    assert (found.basis, found.reasons) == ("timestamp", ("test-authority", "revocation-not-checked"))
    under_production = judged(evidence, Trust(anchors.production()), at=at)
    assert (under_production.timestamp_reasons, under_production.path) == ((), None)
    under_test = judged(evidence, Trust(anchors.test()), at=at)
    assert (under_test.timestamp_reasons, under_test.basis) == (("timestamp-untrusted",), "now")


def under(domain: Domain, *names: str) -> tuple[Anchor, ...]:
    """Issuing authorities of the families, as if they were of that domain."""
    return tuple(
        dataclasses.replace(anchor, domain=domain)
        for anchor in verdicts.ANCHORS
        if any(name in anchor.title for name in names)
    )


def test_a_test_authority_makes_nothing_valid() -> None:
    trust = verdicts.trust(simulated_authorities.new(), anchors=under("test", "ECDSA", "RSA"))
    found = judged(signed(SHORT_LIVED, AT), trust)
    assert (found.verdict, found.reasons, found.moment) == ("indeterminate", ("test-authority",), AT)
    assert not found.holds_but_for_revocation


@pytest.mark.parametrize("domain", ["production", "given"])
def test_a_timestamp_of_a_test_authority_proves_nothing_to_a_signature_that_is_no_test(
    domain: Domain,
) -> None:
    ends = (*under(domain, "ECDSA"), *under("test", "RSA"))
    found = judged(signed(SHORT_LIVED, AT), verdicts.trust(simulated_authorities.new(), anchors=ends))
    assert (found.verdict, found.moment, found.basis) == ("indeterminate", NOW, "now")
    assert found.reasons == ("timestamp-test-authority", "certificate-expired")
    assert found.timestamps[0].proven is None


def test_nor_to_one_that_nobody_vouches_for() -> None:
    found = judged(signed(SHORT_LIVED, AT), Trust(under("test", "RSA")))
    assert found.timestamp_reasons == ("timestamp-test-authority",)
    assert (found.path, found.moment) == (None, NOW)


# --- purpose ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "purpose", "reasons"),
    [
        ("rsa-sign-individual", "sign", ()),
        ("rsa-sign-individual", "identify", ("extended-key-usage",)),
        ("rsa-auth-individual", "identify", ()),
        ("rsa-auth-individual", "sign", ("key-usage", "extended-key-usage")),
        ("gost2015-individual", "sign", ()),
    ],
)
def test_a_key_is_judged_by_what_it_is_for(name: str, purpose: Purpose, reasons: tuple[str, ...]) -> None:
    found = judged(signed(authority.signer(name)), verdicts.OFFLINE, purpose=purpose)
    assert found.unsuitable == reasons


def test_a_timestamp_by_itself_is_judged_at_its_own_moment_and_as_a_timestamp() -> None:
    evidence = signed(SHORT_LIVED, AT)
    (timestamp,) = timestamps.of(evidence)
    alone = dataclasses.replace(timestamp.evidence, signing_time=timestamp.moment)
    authorities = simulated_authorities.new()
    trust = verdicts.trust(authorities, ocsp_url=OCSP)
    found = judged(alone, trust, purpose="timestamp")
    assert (found.verdict, found.moment, found.basis) == ("valid", AT, "timestamp")
    assert judged(alone, trust).unsuitable == ("key-usage", "extended-key-usage")
    authorities.revoke(stamper_of(evidence), at=AT + DAY, reason="superseded")
    assert judged(alone, trust, purpose="timestamp").verdict == "valid"
    authorities.revoke(stamper_of(evidence), at=AT + DAY, reason="keyCompromise")
    assert judged(alone, trust, purpose="timestamp").reasons == ("revocation-revoked",)


def test_an_authority_that_lies_nowhere_is_fetched_from_where_the_certificate_says() -> None:
    authorities, roots = simulated_authorities.new(), anchors.from_certificates(authority.roots())
    evidence = signed(authority.signer("gost2015-head"))
    assert judged(evidence, Trust(roots)).path_reasons == ("no-path", "path-no-issuer")
    found = judged(evidence, Trust(roots, fetch=authorities))
    assert found.path is not None
    assert [certificate.is_ca for certificate in found.path.certificates] == [False, True]
    assert authorities.count("certificate") == 1
