"""The simulator without HTTP: what is where, for whom, and what goes wrong when it is told to."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import BadInput
from agent.testca import profiles
from agent.testca.authority import FAMILIES
from agent.testca.simulator import Simulator
from agent.testca.simulator_faults import OF_THE_LINE, SERVICES, Fault
from agent.trust import crl, ocsp
from tests.support import authority, simulated_authorities
from tests.support.authority import NOW

RSA = FAMILIES.index("rsa")
OWNER = "rsa-sign-individual"
QUESTIONS = {
    "tsp": ("POST", "/tsp/", b"0"),
    "ocsp": ("POST", "/ocsp/", b"0"),
    "crl": ("GET", "/crl/rsa.crl", b""),
    "cert": ("GET", "/cert/rsa.cer", b""),
}


@pytest.fixture
def simulator() -> Simulator:
    return simulated_authorities.new().simulator


def ocsp_request() -> bytes:
    return ocsp.request(authority.certificate(OWNER), authority.issuing()[RSA], nonce=None)


@pytest.mark.parametrize("name", authority.NAMES)
def test_every_address_in_a_certificate_of_the_authority_leads_to_an_answer(
    simulator: Simulator, name: str
) -> None:
    addresses = authority.certificate(name).addresses
    for url in (*addresses.crl, *addresses.delta_crl, *addresses.ca_issuers):
        assert simulator.answer("GET", url, at=NOW).status == 200
    (responder,) = addresses.ocsp
    assert simulator.answer("POST", responder, b"0", at=NOW).status == 200


@pytest.mark.parametrize("family", FAMILIES)
def test_certificates_and_lists_of_both_authorities_of_a_family_are_there(
    simulator: Simulator, family: str
) -> None:
    number = FAMILIES.index(family)
    for suffix, expected in (("", authority.issuing()[number]), ("-root", authority.roots()[number])):
        assert simulator.answer("GET", f"/cert/{family}{suffix}.cer", at=NOW).body == expected.der
        full = crl.read(simulator.answer("GET", f"/crl/{family}{suffix}.crl", at=NOW).body, expected)
        delta = crl.read(simulator.answer("GET", f"/crl/{family}{suffix}_d.crl", at=NOW).body, expected)
        crl.check_fits(delta, full)


@pytest.mark.parametrize("quoted", [quote, lambda text: quote(text, safe=""), str])
def test_ocsp_takes_get_with_the_request_in_base64(simulator: Simulator, quoted: object) -> None:
    text = base64.b64encode(ocsp_request()).decode()
    got = simulator.answer("GET", f"/ocsp/{quoted(text)}", at=NOW)  # type: ignore[operator]
    posted = simulator.answer("POST", "/ocsp/", ocsp_request(), at=NOW)
    assert got == posted  # RSA signs the same octets alike
    assert got.content_type == "application/ocsp-response"


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("http://tsp.pki.gov.kz", "/tsp/"),
        ("http://tsp.pki.gov.kz:80/", "/tsp/"),
        ("http://ocsp.pki.gov.kz/", "/ocsp/"),
        ("http://test.pki.gov.kz/tsp/", "/tsp/"),
        ("http://test.pki.gov.kz/ocsp/", "/ocsp/"),
        ("/tsp", "/tsp/"),
    ],
)
def test_the_countrys_timestamps_and_status_lead_here_too(simulator: Simulator, url: str, same: str) -> None:
    here, there = (simulator.answer("POST", each, b"0", at=NOW) for each in (same, url))
    assert here.status == 200
    assert (there.status, there.content_type) == (here.status, here.content_type)


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/cert/", 404),
        ("GET", "/cert/rsa.crl", 404),
        ("GET", "/cert/dsa.cer", 404),
        ("GET", "/cert/rsa_d.cer", 404),
        ("GET", "/cert/../rsa.cer", 404),
        ("GET", "/crl/rsa.cer", 404),
        ("POST", "/crl/rsa.crl", 405),
        ("GET", "/tsp/", 405),
        ("POST", "/tsp/more", 404),
        ("PUT", "/ocsp/", 405),
        ("GET", "/ocsp/*", 400),
        ("GET", "http://[::1/tsp/", 400),
        ("GET", "http://example.kz/cert/rsa.cer", 403),
        ("GET", "https://qalamsap.invalid/cert/rsa.cer", 403),
        ("GET", "ftp://qalamsap.invalid/cert/rsa.cer", 403),
        ("GET", "//qalamsap.invalid/cert/rsa.cer", 403),
        ("GET", "http://test.pki.gov.kz/cert/rsa.cer", 403),
        ("GET", "http://crl.pki.gov.kz/nca_gost_2022.crl", 403),
    ],
)
def test_everything_else_is_refused_in_words(
    simulator: Simulator, method: str, url: str, status: int
) -> None:
    answer = simulator.answer(method, url, at=NOW)
    assert answer.status == status
    assert answer.content_type.startswith("text/plain")
    assert answer.body
    assert set(simulator.questions.values()) == {0}


def test_a_body_must_be_what_it_calls_itself(simulator: Simulator) -> None:
    def status(content_type: str | None) -> int:
        return simulator.answer("POST", "/tsp/", b"0", at=NOW, content_type=content_type).status

    assert status("application/timestamp-query") == 200
    assert status(None) == 200
    assert status("application/ocsp-request") == 415
    assert status("") == 415


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_fails_alone_and_is_mended(simulator: Simulator, service: str) -> None:
    simulator.switch(service, Fault("http-500"))
    statuses = {name: simulator.answer(*question, at=NOW).status for name, question in QUESTIONS.items()}
    assert statuses == {name: 500 if name == service else 200 for name in SERVICES}
    simulator.switch(service, Fault("none"))
    assert simulator.answer(*QUESTIONS[service], at=NOW).status == 200
    assert simulator.questions == {name: 2 if name == service else 1 for name in SERVICES}


@pytest.mark.parametrize("service", SERVICES)
def test_faults_of_the_line_are_told_to_whoever_sends_the_answer(simulator: Simulator, service: str) -> None:
    right = simulator.answer(*QUESTIONS[service], at=NOW)
    assert (right.delay_s, right.is_cut) == (0, False)
    simulator.switch(service, Fault("slow", 3.5))
    assert simulator.answer(*QUESTIONS[service], at=NOW).delay_s == 3.5
    simulator.switch(service, Fault("cut-connection"))
    assert simulator.answer(*QUESTIONS[service], at=NOW).is_cut
    simulator.switch(service, Fault("garbage"))
    garbage = simulator.answer(*QUESTIONS[service], at=NOW)
    assert (garbage.status, garbage.content_type) == (200, right.content_type)
    assert garbage.body.startswith(b"<html>")
    assert simulator.faults[service] == Fault("garbage")  # type: ignore[index]


def test_a_fault_that_a_service_can_not_have_changes_nothing(simulator: Simulator) -> None:
    with pytest.raises(BadInput):
        simulator.switch("cert", Fault("wrong-nonce"))
    assert {fault.kind for fault in simulator.faults.values()} == {OF_THE_LINE[0]}


@given(
    method=st.sampled_from(["GET", "POST", "HEAD"]),
    url=st.one_of(
        st.text(max_size=60),
        st.builds("/{}/{}".format, st.sampled_from(SERVICES), st.text(max_size=30)),
        st.builds(f"{profiles.ADDRESS}/{{}}".format, st.text(max_size=30)),
    ),
    body=st.binary(max_size=60),
)
def test_whatever_is_asked_has_an_answer(method: str, url: str, body: bytes) -> None:
    answer = _SIMULATOR.answer(method, url, body, at=NOW)
    assert answer.status in {200, 400, 403, 404, 405}


_SIMULATOR = simulated_authorities.new().simulator
