"""Faults: the words for them, and which service knows which."""

import pytest

from agent.errors import BadInput
from agent.testca import simulator_faults
from agent.testca.simulator_faults import SERVICES, Fault


@pytest.mark.parametrize(
    ("text", "switch"),
    [
        ("tsp=http-500", ("tsp", Fault("http-500"))),
        ("ocsp=slow:2.5", ("ocsp", Fault("slow", 2.5))),
        ("crl=slow", ("crl", Fault("slow", 60.0))),
        ("cert=none", ("cert", Fault())),
    ],
)
def test_a_switch_is_read(text: str, switch: tuple[str, Fault]) -> None:
    assert simulator_faults.parse_switch(text) == switch


@pytest.mark.parametrize("word", ["none", "slow:2.5", "wrong-nonce", "cut-connection"])
def test_a_fault_is_written_as_it_is_read(word: str) -> None:
    assert str(Fault.parse(word)) == word


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tsp", "no SERVICE=FAULT"),
        ("", "no SERVICE=FAULT"),
        ("ftp=slow", "there are tsp, ocsp"),
        ("tsp=tired", "tsp knows no fault 'tired'; there are none, slow"),
        ("tsp=garbage:3", "takes no number"),
        ("tsp=slow:soon", "seconds"),
        ("tsp=slow:-1", "seconds"),
        ("tsp=slow:nan", "seconds"),
        ("tsp=slow:1e9", "seconds"),
        ("crl=wrong-nonce", "crl knows no fault"),
        ("cert=expired", "cert knows no fault"),
    ],
)
def test_a_switch_that_makes_no_sense_is_refused_with_what_there_is(text: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        simulator_faults.parse_switch(text)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("word", ["none", "slow", "garbage", "http-500", "cut-connection"])
def test_every_service_knows_the_faults_of_the_line(service: str, word: str) -> None:
    assert simulator_faults.checked(service, Fault.parse(word))[0] == service
