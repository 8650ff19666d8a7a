from pathlib import Path

import pytest

from agent.errors import Unreachable
from agent.fetch import Question
from agent.http_fetch import HttpFetch
from demo import authorities
from demo.settings import Settings
from tests.support import simulated_authorities


def test_without_an_address_nobody_is_asked() -> None:
    assert authorities.fetch(Settings(Path(), 1)) is None


def test_the_servers_that_certificates_name_are_found_in_the_simulator_and_no_others() -> None:
    with simulated_authorities.served(simulated_authorities.new().simulator) as server:
        fetch = authorities.fetch(Settings(Path(), 1, authorities_url=server.url))
        assert isinstance(fetch, HttpFetch)
        assert fetch(Question("crl", simulated_authorities.crl("rsa")))
        with pytest.raises(Unreachable, match="not-allowed"):
            fetch(Question("crl", "http://crl.pki.gov.kz/nca.crl"))


def test_a_person_is_not_kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorities, "PATIENCE_S", 0.3)
    world = simulated_authorities.new()
    world.switch("crl", "slow:20")
    with simulated_authorities.served(world.simulator) as server:
        fetch = authorities.fetch(Settings(Path(), 1, authorities_url=server.url))
        assert fetch is not None
        with pytest.raises(Unreachable, match="too-slow"):
            fetch(Question("crl", simulated_authorities.crl("rsa")))
