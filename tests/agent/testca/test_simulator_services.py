"""What the simulated servers say, as the agent's own readers understand it, for every family of algorithms."""

import secrets
from datetime import timedelta

import pytest

from agent.certificate import Certificate
from agent.errors import BadInput, TimestampFailed
from agent.formats import tsp
from agent.testca import key_set, simulator_faults
from agent.testca.authority import FAMILIES
from agent.testca.simulator_faults import NO_FAULT, OF_CRL, OF_OCSP, OF_TSP, Fault
from agent.testca.simulator_services import Services
from agent.trust import crl, ocsp
from agent.trust.issuer import BadAnswer
from tests.support import authority, chains, simulated_authorities
from tests.support.authority import NOW

STAMPING = {
    "gost2015": "gost2015-individual",
    "gost2004": "gost2004-individual",
    "rsa": "rsa-sign-individual",
}
OWNERS = {**STAMPING, "ecdsa": "p256-individual"}
NONCE = bytes(range(8))
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def services() -> Services:
    return Services(simulated_authorities.shared_authority(), at=NOW)


def issuer_of(family: str) -> Certificate:
    return authority.issuing()[FAMILIES.index(family)]


def stamp(services: Services, name: str, fault: Fault = NO_FAULT) -> tsp.Timestamp:
    """Asks and reads as the agent does it."""
    profile = tsp.profile_for(authority.signer(name).algorithm)
    imprint, nonce = profile.digest(b"signature"), secrets.randbits(63)
    request = tsp.request(imprint, profile.digest, policy=profile.policy, nonce=nonce)
    timestamp = tsp.read_token(tsp.read_response(services.timestamp(request, at=NOW, fault=fault)))
    tsp.check_answer(timestamp, imprint=imprint, digest=profile.digest, policy=profile.policy, nonce=nonce)
    return timestamp


def status(
    services: Services, family: str, fault: Fault = NO_FAULT, *, nonce: bytes | None = NONCE
) -> ocsp.Answer:
    certificate, issuer = authority.certificate(OWNERS[family]), issuer_of(family)
    response = services.status(ocsp.request(certificate, issuer, nonce=nonce), at=LATER, fault=fault)
    return ocsp.read(response, certificate, issuer, nonce=nonce, at=LATER)


def full_and_delta(services: Services, family: str) -> tuple[crl.RevocationList, crl.RevocationList]:
    full, delta = (
        crl.read(
            services.list(family, "issuing", is_delta=is_delta, at=LATER, fault=NO_FAULT), issuer_of(family)
        )
        for is_delta in (False, True)
    )
    return full, delta


@pytest.mark.parametrize(("family", "name"), STAMPING.items())
def test_a_timestamp_is_that_of_the_family_whose_policy_is_asked_for(
    services: Services, family: str, name: str
) -> None:
    timestamp = stamp(services, name)
    assert timestamp.moment == NOW
    assert timestamp.is_over(b"signature")
    assert timestamp.evidence.signature == "valid"
    (service,) = timestamp.certificates
    service.verify_issued_by(issuer_of(family))
    assert service.not_before <= NOW <= service.not_after
    assert stamp(services, name).serial_number != timestamp.serial_number


@pytest.mark.parametrize("family", FAMILIES)
def test_a_certificate_is_good_until_it_is_revoked(services: Services, family: str) -> None:
    assert status(services, family).status == "good"
    certificate = authority.certificate(OWNERS[family])
    services.revoke(certificate, at=LATER, reason="keyCompromise")
    answer = status(services, family)
    assert (answer.status, answer.reason, answer.revoked_at) == ("revoked", "keyCompromise", LATER)
    assert answer.nonce_matched
    full, delta = full_and_delta(services, family)
    for found in (full, delta):
        entry = found.find(certificate.serial_number)
        assert entry is not None
        assert (entry.reason, entry.revoked_at) == ("keyCompromise", LATER)
    crl.check_fits(delta, full)
    others = set(FAMILIES) - {family}
    assert {status(services, other).status for other in others} == {"good"}


def test_a_hold_ends(services: Services) -> None:
    certificate = authority.certificate(OWNERS["rsa"])
    services.revoke(certificate, at=NOW + timedelta(minutes=1), reason="certificateHold")
    before, _ = full_and_delta(services, "rsa")
    services.revoke(certificate, at=LATER, reason="removeFromCRL")
    assert status(services, "rsa").status == "good"
    full, delta = full_and_delta(services, "rsa")
    assert full.find(certificate.serial_number) is None
    assert crl.find(before, delta, certificate.serial_number) is None


def test_who_was_revoked_before_the_start_stands_in_the_whole_list_only(services: Services) -> None:
    certificate = authority.certificate(OWNERS["ecdsa"])
    services.revoke(certificate, at=NOW)
    full, delta = full_and_delta(services, "ecdsa")
    assert full.find(certificate.serial_number) is not None
    assert delta.find(certificate.serial_number) is None


def test_an_issuing_authority_stands_in_the_list_of_its_root(services: Services) -> None:
    root = authority.roots()[FAMILIES.index("rsa")]
    services.revoke(issuer_of("rsa"), at=NOW, reason="cACompromise")
    octets = services.list("rsa", "root", is_delta=False, at=LATER, fault=NO_FAULT)
    assert crl.read(octets, root).find(issuer_of("rsa").serial_number) is not None
    assert status(services, "rsa").status == "good"


def test_only_what_this_authority_issued_is_revoked_and_only_for_a_reason(services: Services) -> None:
    with pytest.raises(BadInput, match="somebody else"):
        services.revoke(chains.person().certificate, at=NOW)
    with pytest.raises(BadInput, match="keyCompromise"):
        services.revoke(authority.certificate(OWNERS["rsa"]), at=NOW, reason="mood")


def test_an_authority_of_the_same_names_is_somebody_else(services: Services) -> None:
    """All test authorities are called alike."""
    other = simulated_authorities.another_authority()
    issued = other.issue("p256-individual", key_set.PEOPLE.individual, not_before=NOW)
    assert issued.certificate.issuer.der == issuer_of("ecdsa").subject.der
    with pytest.raises(BadInput, match="somebody else"):
        services.revoke(issued.certificate, at=NOW)


def test_a_question_about_somebody_elses_certificate_is_refused(services: Services) -> None:
    person = chains.person()
    question = ocsp.request(person.certificate, chains.root().certificate, nonce=None)
    response = services.status(question, at=NOW, fault=NO_FAULT)
    with pytest.raises(BadAnswer, match="unauthorized"):
        ocsp.read(response, person.certificate, chains.root().certificate, nonce=None, at=NOW)


@pytest.mark.parametrize("octets", [b"", b"\x30", b"\x30\x00", b"<html>", bytes(3000)])
def test_what_can_not_be_read_is_answered_with_the_protocols_own_no(
    services: Services, octets: bytes
) -> None:
    with pytest.raises(TimestampFailed, match="rejection"):
        tsp.read_response(services.timestamp(octets, at=NOW, fault=NO_FAULT))
    response = services.status(octets, at=NOW, fault=NO_FAULT)
    with pytest.raises(BadAnswer, match="malformed-request"):
        ocsp.read(response, authority.certificate(OWNERS["rsa"]), issuer_of("rsa"), nonce=None, at=NOW)


@pytest.mark.parametrize("word", OF_TSP)
def test_every_fault_of_a_timestamp_shows(services: Services, word: str) -> None:
    try:
        timestamp = stamp(services, STAMPING["rsa"], Fault(word))
    except TimestampFailed:
        return
    (service,) = timestamp.certificates
    assert timestamp.evidence.signature == "invalid" or timestamp.moment > service.not_after


@pytest.mark.parametrize("word", OF_OCSP)
def test_every_fault_of_an_ocsp_answer_shows(services: Services, word: str) -> None:
    try:
        answer = status(services, "rsa", Fault(word))
    except BadAnswer:
        return
    assert answer.status == "unknown" or not answer.nonce_matched


@pytest.mark.parametrize("word", OF_CRL)
def test_every_fault_of_a_list_shows(services: Services, word: str) -> None:
    full, _ = full_and_delta(services, "rsa")
    octets = services.list("rsa", "issuing", is_delta=True, at=LATER, fault=Fault(word))
    with pytest.raises(BadAnswer):
        _use(octets, full)


def _use(octets: bytes, full: crl.RevocationList) -> None:
    delta = crl.read(octets, issuer_of("rsa"))
    delta.check_current(LATER)
    crl.check_fits(delta, full)


def test_a_fault_of_one_question_is_none_of_the_next(services: Services) -> None:
    with pytest.raises(BadAnswer):
        status(services, "rsa", Fault("expired"))
    assert status(services, "rsa").status == "good"
    assert simulator_faults.NO_FAULT.kind == "none"
