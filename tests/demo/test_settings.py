from pathlib import Path

import pytest

from demo.settings import Settings

HERE = Path()


def test_the_portal_knows_its_own_origins() -> None:
    settings = Settings(HERE, 8443, is_tls=True, public_name="https://portal.test:8443/")
    assert settings.origins[0] == "https://portal.test:8443"
    assert {"https://127.0.0.1:8443", "https://localhost:8443", "https://[::1]:8443"} <= set(settings.origins)
    assert settings.url == "https://127.0.0.1:8443/"


def test_a_default_port_does_not_stand_in_an_origin() -> None:
    assert "http://127.0.0.1" in Settings(HERE, 80).origins
    assert "http://127.0.0.1:443" in Settings(HERE, 443).origins


def test_an_ipv6_address_stands_in_brackets() -> None:
    settings = Settings(HERE, 8080, host="::1")
    assert settings.url == "http://[::1]:8080/"
    assert settings.origins.count("http://[::1]:8080") == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "wss://agent.example/", "wss:///", "127.0.0.1"])
def test_an_agent_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="agent"):
        Settings(HERE, 1, agent_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:1",
        "http://tsp.pki.gov.kz:80",
        "http://127.0.0.1",
        "http://127.0.0.1:0",
        "http://127.0.0.1:x",
        "http://127.0.0.1:1/tsp/",
        "127.0.0.1:1",
        "",
    ],
)
def test_a_simulator_of_authorities_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="simulator"):
        Settings(HERE, 1, authorities_url=url)


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:8091", "http://localhost:8091/"])
def test_a_simulator_of_authorities_is_here_or_nowhere(url: str | None) -> None:
    assert Settings(HERE, 1, authorities_url=url).authorities_url == url


@pytest.mark.parametrize("name", ["portal.test", "https://portal.test/path", "ftp://portal.test", "https://"])
def test_a_public_name_that_is_no_origin_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="public name"):
        Settings(HERE, 1, public_name=name)


def test_the_page_of_the_agent_follows_from_its_socket() -> None:
    assert Settings(HERE, 1).agent_page == "https://127.0.0.1:13579/"
    assert Settings(HERE, 1, agent_url="ws://localhost:9/").agent_page == "http://localhost:9/"
