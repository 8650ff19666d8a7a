"""Policies of a computer that is a folder of the test: owned by whoever runs it, where a real one is root's."""

import os
from pathlib import Path

import pytest

from agent.policy import reader
from agent.policy.files import OwnedFiles


def placed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the policy of the computer is from now on; `policy.d` beside it. Nothing stands there yet."""
    etc = folder / "etc-qalamsap"
    etc.mkdir(mode=0o755)
    etc.chmod(0o755)
    place = OwnedFiles(etc / "policy.toml", etc / "policy.d", owner=os.getuid(), top=folder)
    defaults = OwnedFiles(etc / "defaults.toml", owner=os.getuid(), top=folder)
    monkeypatch.setattr(reader, "places_of_policies", lambda: (place,))
    monkeypatch.setattr(reader, "places_of_defaults", lambda: (defaults,))
    return etc / "policy.toml"


def write(path: Path, text: str) -> None:
    """The file, written as an administrator writes it: others may read it."""
    path.parent.mkdir(mode=0o755, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
