"""What journeys share: a hidden screen, and real agents on it."""

from collections.abc import Iterator

import pytest

from demo import screen


@pytest.fixture(scope="module")
def hidden_screen() -> Iterator[screen.Screen]:
    lacking = screen.missing()
    if lacking:
        pytest.skip(f"needs tool: {', '.join(lacking)}")
    with screen.hidden_screen() as hidden:
        yield hidden
