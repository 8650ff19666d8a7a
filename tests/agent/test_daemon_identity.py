"""Which TLS identity an agent shows: its person's own, or the machine's, and when."""

import datetime as dt
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent import daemon, paths
from agent.config import Config
from agent.localhost import authority, identity
from tests.support.trusting import NOW


@pytest.mark.parametrize(
    ("is_brokered", "needs_broker", "shows"),
    [(True, True, "machine"), (False, True, "own"), (False, False, "machine"), (True, False, "machine")],
)
def test_the_machines_is_shown_where_a_broker_is_or_none_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_brokered: bool, needs_broker: bool, shows: str
) -> None:
    tmp_path.chmod(0o755)
    machines = authority.issue(tmp_path / "machine", NOW)
    identity.share(machines)
    places = paths.resolve(tmp_path / "person")
    own = authority.issue(places.tls_dir, NOW)
    monkeypatch.setattr(identity, "NEEDS_BROKER", needs_broker)
    # Root's files are only made by root: here whoever runs this stands for it.
    real = identity.shared
    monkeypatch.setattr(identity, "shared", lambda folder, at: real(folder, at, os.geteuid()))
    config = Config(paths=places, machine_tls_dir=tmp_path / "machine")
    agent = SimpleNamespace(_is_brokered=is_brokered, _config=config)
    shown = daemon._Daemon._current_identity(agent)  # type: ignore[arg-type]
    assert shown == {"machine": machines, "own": own}[shows]


def test_what_is_not_shared_or_has_ended_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setattr(identity, "NEEDS_BROKER", False)
    places = paths.resolve(tmp_path / "person")
    own = authority.issue(places.tls_dir, NOW)
    config = Config(paths=places, machine_tls_dir=tmp_path / "machine")
    agent = SimpleNamespace(_is_brokered=False, _config=config)
    assert daemon._Daemon._current_identity(agent) == own  # type: ignore[arg-type]
    authority.issue(tmp_path / "machine", NOW)
    assert daemon._Daemon._current_identity(agent) == own  # type: ignore[arg-type]
    old = authority.issue(tmp_path / "old", NOW - authority.LIFE - dt.timedelta(days=2))
    identity.share(old)
    agent._config = Config(paths=places, machine_tls_dir=tmp_path / "old")
    assert daemon._Daemon._current_identity(agent) == own  # type: ignore[arg-type]
