"""What journeys share: a hidden screen, and real agents on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import screen
from tests.support import walks


@pytest.fixture(scope="module")
def hidden_screen() -> Iterator[screen.Screen]:
    lacking = screen.missing()
    if lacking:
        pytest.skip(f"needs tool: {', '.join(lacking)}")
    with screen.hidden_screen() as hidden:
        yield hidden


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, artefacts: Path) -> Iterator[walks.Walk]:
    """One agent for all tests of a file, with everything on that a setting switches on."""
    flags = ("--flat-api", "--https-api", "--https-api-port", "0")
    with walks.open_walk(tmp_path_factory.mktemp("walk"), artefacts / "journeys", *flags) as made:
        yield made
