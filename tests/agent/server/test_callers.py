"""Who may speak to our servers, by Host and Origin."""

import pytest

from agent.origins import Origin
from agent.server import callers
from agent.server.callers import Refusal

PORT = 24680


@pytest.mark.parametrize("host", ["127.0.0.1:24680", "LOCALHOST:24680", "[::1]:24680"])
def test_our_own_names_with_our_port_are_let_in(host: str) -> None:
    assert callers.host_refusal([host], PORT, 443) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_the_usual_port_of_the_scheme_may_be_left_out(host: str) -> None:
    assert callers.host_refusal([host], 443, 443) is None
    assert callers.host_refusal([host], PORT, 443) is not None


@pytest.mark.parametrize(
    "host", ["evil.example:24680", "127.0.0.1.evil.example:24680", "127.0.0.1:13579", "", "127.0.0.1:24680x"]
)
def test_another_name_or_port_is_turned_away(host: str) -> None:
    refusal = callers.host_refusal([host], PORT, 443)
    assert refusal is not None
    assert refusal.status == 421


@pytest.mark.parametrize("hosts", [[], ["127.0.0.1:24680", "127.0.0.1:24680"]])
def test_there_is_exactly_one_host(hosts: list[str]) -> None:
    refusal = callers.host_refusal(hosts, PORT, 443)
    assert refusal is not None
    assert refusal.status == 400


def test_the_origin_says_who_asks() -> None:
    assert callers.origin_of([]) == Origin("program")
    found = callers.origin_of(["https://kds.example.kz"])
    assert isinstance(found, Origin)
    assert found.canonical == "https://kds.example.kz"


@pytest.mark.parametrize("origins", [["https://a.kz", "https://a.kz"], ["https://a.kz/path"], ["no origin"]])
def test_two_origins_and_nonsense_are_refused(origins: list[str]) -> None:
    refusal = callers.origin_of(origins)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 403
