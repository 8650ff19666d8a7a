"""Where the first root of trust comes from, and who may put another in its place."""

import os
from pathlib import Path

import pytest

from agent import paths
from agent.updates import trusted_root
from agent.updates.errors import UpdatesOff


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "update-root.json"


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    file = tmp_path / "root.json"
    file.write_bytes(b"shipped")
    return file


def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of whoever runs the tests pass for root's."""
    real = os.fstat

    def fstat(descriptor: int) -> os.stat_result:
        found = list(real(descriptor))
        found[4] = 0
        return os.stat_result(found)

    monkeypatch.setattr("agent.updates.trusted_root.os.fstat", fstat)


def test_the_shipped_root_counts(own: Path, shipped: Path) -> None:
    assert trusted_root.read(own, shipped) == b"shipped"


def test_a_root_of_who_runs_the_computer_counts_instead(
    own: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_root(monkeypatch)
    own.write_bytes(b"own")
    own.chmod(0o644)
    assert trusted_root.read(own, shipped) == b"own"


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_root_that_others_may_write_is_refused(
    own: Path, shipped: Path, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_root(monkeypatch)
    own.write_bytes(b"own")
    own.chmod(mode)
    with pytest.raises(UpdatesOff, match="must belong to root"):
        trusted_root.read(own, shipped)


def test_a_root_that_somebody_else_put_there_is_refused(
    own: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.write_bytes(b"own")
    own.chmod(0o600)
    real = os.fstat

    def fstat(descriptor: int) -> os.stat_result:
        found = list(real(descriptor))
        found[4] = 1000
        return os.stat_result(found)

    monkeypatch.setattr("agent.updates.trusted_root.os.fstat", fstat)
    with pytest.raises(UpdatesOff, match="must belong to root"):
        trusted_root.read(own, shipped)


def test_an_endless_root_is_none(own: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_root(monkeypatch)
    own.write_bytes(bytes(trusted_root.MOST_BYTES + 1))
    own.chmod(0o600)
    with pytest.raises(UpdatesOff, match="no root of trust"):
        trusted_root.read(own, shipped)


def test_a_pipe_in_its_place_keeps_nobody_waiting(own: Path, shipped: Path) -> None:
    os.mkfifo(own)
    with pytest.raises(UpdatesOff, match="can't be read"):
        trusted_root.read(own, shipped)


def test_without_any_root_nobody_is_believed(own: Path, tmp_path: Path) -> None:
    with pytest.raises(UpdatesOff, match="came without a root of trust"):
        trusted_root.read(own, tmp_path / "none")


def test_the_own_root_lies_beside_the_policy() -> None:
    assert trusted_root.own_file() == paths.policy_file().parent / "update-root.json"


def test_what_is_shipped_is_a_root_or_nothing() -> None:
    """No root in this tree: a ceremony makes one. If it was held, every computer has to understand it."""
    if trusted_root.SHIPPED.exists():
        from tuf.api.metadata import Metadata, Root

        found = Metadata[Root].from_file(str(trusted_root.SHIPPED)).signed
        assert found.roles["root"].threshold >= 2
    else:
        assert trusted_root.OFFICIAL_URL == ""
