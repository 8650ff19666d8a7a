"""What tests with published clients share."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support import npm_clients, simulated_authorities


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with our programs and the published clients that they drive."""
    return npm_clients.install(tmp_path_factory.mktemp("clients"))


@pytest.fixture(scope="module")
def timestamp_url() -> Iterator[str]:
    """A time stamping server."""
    now = datetime.now(UTC)
    simulator = simulated_authorities.new(now=now).simulator
    with simulated_authorities.served(simulator, now=now) as server:
        yield f"{server.url}tsp/"
