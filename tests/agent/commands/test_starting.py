"""`qalamsap autostart`."""

from pathlib import Path

import pytest

from tests.support.command_line import CommandLine


def test_it_is_switched_and_says_how_it_is(
    run: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    said = []
    for words in ([], ["on"], [], ["off"], []):
        assert run("autostart", *words) == 0
        said.append(run.out.strip())
    assert said == ["off", "on", "on", "off", "off"]
    assert run("autostart", "maybe") == 64
