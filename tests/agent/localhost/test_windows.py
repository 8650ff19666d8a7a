"""Honest words on Windows: not built, and what to do by hand."""

from pathlib import Path

import pytest

from agent.errors import UnsupportedOperation
from agent.localhost import windows


@pytest.mark.parametrize("verb", [windows.install, windows.status, windows.remove])
def test_each_command_says_that_it_is_not_built_and_names_the_file(verb) -> None:
    with pytest.raises(
        UnsupportedOperation, match=r"on Windows is not built yet; by hand: .*/tls/authority\.pem"
    ):
        verb(Path("/tls/authority.pem"))
