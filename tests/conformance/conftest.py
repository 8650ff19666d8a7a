"""What tests with published clients share."""

from pathlib import Path

import pytest

from tests.support import npm_clients


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with our programs and the published clients that they drive."""
    return npm_clients.install(tmp_path_factory.mktemp("clients"))
