"""Leading a running simulator."""

import json

import pytest

from agent.testca import simulator_control
from agent.testca.simulator import Answer, Simulator
from agent.trust import ocsp
from tests.support import authority, chains, simulated_authorities
from tests.support.authority import NOW

OWNER = "p256-individual"


@pytest.fixture
def simulator() -> Simulator:
    return simulated_authorities.new().simulator


def tell(simulator: Simulator, path: str, value: object) -> Answer:
    body = json.dumps(value).encode()
    return simulator_control.answer(simulator, "POST", f"/control/{path}", body, at=NOW)


def state(answer: Answer) -> dict[str, dict[str, object]]:
    assert (answer.status, answer.content_type) == (200, "application/json"), answer.body
    found: dict[str, dict[str, object]] = json.loads(answer.body)
    return found


def test_the_state_tells_faults_and_questions(simulator: Simulator) -> None:
    simulator.answer("GET", "/cert/rsa.cer", at=NOW)
    assert state(simulator_control.answer(simulator, "GET", "/control/", b"", at=NOW)) == {
        "faults": {"tsp": "none", "ocsp": "none", "crl": "none", "cert": "none"},
        "questions": {"tsp": 0, "ocsp": 0, "crl": 0, "cert": 1},
    }


def test_faults_are_switched_and_those_not_named_stay(simulator: Simulator) -> None:
    tell(simulator, "faults", {"tsp": "rejection", "ocsp": "slow:2"})
    after = state(tell(simulator, "faults", {"tsp": "none"}))
    assert after["faults"] == {"tsp": "none", "ocsp": "slow:2", "crl": "none", "cert": "none"}


def test_all_faults_of_a_command_are_switched_or_none(simulator: Simulator) -> None:
    assert tell(simulator, "faults", {"tsp": "rejection", "crl": "rejection"}).status == 400
    assert simulator.faults["tsp"].kind == "none"


def status(simulator: Simulator) -> str:
    certificate, issuer = authority.certificate(OWNER), authority.issuing()[-1]
    answer = simulator.answer("POST", "/ocsp/", ocsp.request(certificate, issuer, nonce=None), at=NOW)
    return ocsp.read(answer.body, certificate, issuer, nonce=None, at=NOW).status


def revoke(simulator: Simulator, certificate: bytes, query: str = "") -> Answer:
    return simulator_control.answer(simulator, "POST", f"/control/revocations{query}", certificate, at=NOW)


def test_a_certificate_is_revoked_and_released(simulator: Simulator) -> None:
    certificate = authority.certificate(OWNER)
    assert status(simulator) == "good"
    state(revoke(simulator, certificate.pem().encode(), "?reason=certificateHold"))
    assert status(simulator) == "revoked"
    state(revoke(simulator, certificate.der, "?reason=removeFromCRL"))
    assert status(simulator) == "good"
    state(revoke(simulator, certificate.der))
    assert status(simulator) == "revoked"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (["tsp"], "object"),
        ({"tsp": 5}, "string"),
        ({"ftp": "none"}, "unknown service"),
        ({"crl": "wrong-nonce"}, "crl knows no fault"),
    ],
)
def test_faults_that_make_no_sense_are_refused_with_the_reason(
    simulator: Simulator, value: object, reason: str
) -> None:
    answer = tell(simulator, "faults", value)
    assert answer.status == 400
    assert reason in answer.body.decode()


@pytest.mark.parametrize(
    ("certificate", "query", "reason"),
    [
        (b"", "", "certificate"),
        (b"{}", "", "certificate"),
        (chains.person().certificate.der, "", "somebody else"),
        (authority.certificate(OWNER).der, "?reason=mood", "keyCompromise"),
        (authority.certificate(OWNER).der, "?reason=", "keyCompromise"),
        (authority.certificate(OWNER).der, "?serial=5", "only"),
        (authority.certificate(OWNER).der, "?reason", "query"),
        (authority.certificate(OWNER).der, "?reason=a&reason=b&reason=c", "query"),
    ],
)
def test_revocations_that_make_no_sense_are_refused_with_the_reason(
    simulator: Simulator, certificate: bytes, query: str, reason: str
) -> None:
    answer = revoke(simulator, certificate, query)
    assert answer.status == 400
    assert reason in answer.body.decode()
    assert status(simulator) == "good"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(simulator: Simulator, body: bytes) -> None:
    assert simulator_control.answer(simulator, "POST", "/control/faults", body, at=NOW).status == 400


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/control/faults"), ("POST", "/control/"), ("POST", "/control/x")]
)
def test_there_is_nothing_else(simulator: Simulator, method: str, path: str) -> None:
    assert simulator_control.answer(simulator, method, path, b"{}", at=NOW).status == 404
