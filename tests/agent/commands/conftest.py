"""The command line for each test of it, and the servers of authorities that it asks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support import authority, simulated_authorities
from tests.support.command_line import CommandLine
from tests.support.simulated_authorities import TSP, SimulatedAuthorities


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.fixture
def authorities(run: CommandLine) -> Iterator[SimulatedAuthorities]:
    """Servers that the commands reach over HTTP, by way of the simulator as their proxy; the test authority is trusted."""
    now = datetime.now(UTC)
    found = simulated_authorities.new(now=now)
    with simulated_authorities.served(found.simulator, now=now) as server:
        run.network = (
            "--proxy", server.url, "--fetch-host", "qalamsap.invalid",
            "--authority", authority.FOLDER / "ca",
        )  # fmt: skip
        run.stamping = ("--timestamp-url", TSP)
        yield found
