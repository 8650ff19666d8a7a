"""Folders and an identity of a test's own."""

from pathlib import Path

import pytest

from agent.localhost import authority, identity
from tests.support.trusting import NOW, Person


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    found = Person(tmp_path / "home", tmp_path / "root", tmp_path / "state")
    found.home.mkdir()
    (found.root / "etc").mkdir(parents=True)
    return found


@pytest.fixture
def issued(tmp_path: Path) -> identity.Identity:
    return authority.issue(tmp_path / "tls", NOW)
