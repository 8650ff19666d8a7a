"""The command line, for tests that want signed files."""

from pathlib import Path

import pytest

from tests.support.command_line import CommandLine


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(tmp_path, monkeypatch, capsys)
