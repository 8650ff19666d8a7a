"""The fake that tests ask in memory, and the simulator over HTTP by the agent's own client: the same answers, the same errors."""

import dataclasses
from collections.abc import Iterator

import pytest

from agent.errors import Unreachable
from agent.fetch import LIMITS, Fetch, Kind, Limits, Question
from agent.fetch_hosts import national, parse_rule
from agent.formats import tsp
from agent.http_fetch import FetchSettings, HttpFetch
from agent.testca.simulator_faults import KINDS, SERVICES, Service
from agent.trust import crl, ocsp
from tests.support import authority, simulated_authorities
from tests.support.authority import NOW
from tests.support.simulated_authorities import OCSP, TSP, SimulatedAuthorities

PROFILE = tsp.profile_for(authority.signer("rsa-sign-individual").algorithm)
CERTIFICATE, ISSUER = authority.certificate("rsa-sign-individual"), authority.issuing()[2]
IMPRINT, NONCE = PROFILE.digest(b"signature"), 0x1234
QUESTIONS: dict[Service, Question] = {
    "tsp": Question(
        "timestamp", TSP, tsp.request(IMPRINT, PROFILE.digest, policy=PROFILE.policy, nonce=NONCE)
    ),
    "ocsp": Question("ocsp", OCSP, ocsp.request(CERTIFICATE, ISSUER, nonce=bytes(8))),
    "crl": Question("crl", simulated_authorities.crl("rsa")),
    "cert": Question("certificate", simulated_authorities.issuing("rsa")),
}
# Nobody waits long for what is slow on purpose.
SHORT: dict[Kind, Limits] = {kind: dataclasses.replace(each, seconds=0.3) for kind, each in LIMITS.items()}


@dataclasses.dataclass(frozen=True)
class Both:
    fake: SimulatedAuthorities
    real: HttpFetch


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    fake = simulated_authorities.new()
    rules = (*national(), parse_rule("qalamsap.invalid"), parse_rule("example.kz"))
    with simulated_authorities.served(fake.simulator) as server:
        yield Both(fake, HttpFetch(FetchSettings(rules, server.url), limits=SHORT))


def outcome(fetch: Fetch, question: Question) -> object:
    """The error in words; or of an answer what does not change from one to the next."""
    try:
        octets = fetch(question)
    except Unreachable as error:
        return error.detail
    if question.kind != "timestamp":
        return octets  # RSA signs the same octets alike
    try:
        timestamp = tsp.read_token(tsp.read_response(octets))
    except Exception as error:
        return type(error), str(error)
    return (
        timestamp.moment, timestamp.policy, timestamp.imprint, timestamp.nonce, timestamp.certificates,
        timestamp.evidence.signature,
    )  # fmt: skip


@pytest.mark.parametrize(("service", "word"), [(s, word) for s in SERVICES for word in KINDS[s]])
def test_both_answer_and_fail_alike(both: Both, service: Service, word: str) -> None:
    both.fake.switch(service, word)
    try:
        real, fake = (outcome(fetch, QUESTIONS[service]) for fetch in (both.real, both.fake))
    finally:
        both.fake.switch(service, "none")
    if (
        word == "slow"
    ):  # the connection or the whole question may run out of time first, and only one of them tells the host
        real = str(real).partition(":")[0]
    assert real == fake


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("http://qalamsap.invalid/nothing", b""),
        ("http://qalamsap.invalid/tsp/", b""),
        ("http://example.kz/tsp/", b"0"),
        ("http://tsp.pki.gov.kz", b"0"),
        ("http://crl.pki.gov.kz/nca_gost_2022.crl", b""),
    ],
)
def test_both_refuse_the_same_addresses(both: Both, url: str, body: bytes) -> None:
    question = Question("timestamp", url, body)
    assert outcome(both.real, question) == outcome(both.fake, question)


def test_both_learn_of_a_revocation_at_once(both: Both) -> None:
    both.fake.revoke(CERTIFICATE, reason="superseded")
    for fetch in (both.real, both.fake):
        answer = ocsp.read(fetch(QUESTIONS["ocsp"]), CERTIFICATE, ISSUER, nonce=bytes(8), at=NOW)
        assert (answer.status, answer.reason) == ("revoked", "superseded")
        assert crl.read(fetch(QUESTIONS["crl"]), ISSUER).find(CERTIFICATE.serial_number) is not None
    both.fake.revoke(CERTIFICATE, reason="removeFromCRL")


def test_the_fake_counts_what_it_was_asked() -> None:
    fake = simulated_authorities.new()
    fake(QUESTIONS["cert"])
    fake.switch("cert", "http-500")
    with pytest.raises(Unreachable, match=r"status: qalamsap\.invalid 500"):
        fake(QUESTIONS["cert"])
    assert fake.count("certificate") == 2
    assert fake.count("ocsp") == 0
    assert [question.url for question in fake.asked] == [simulated_authorities.issuing("rsa")] * 2
