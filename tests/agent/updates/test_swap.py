"""One AppImage for another, with agents that run, and back again where the new one does not."""

import errno
import os
from pathlib import Path

import pytest

from agent import paths
from agent.errors import StorageFailed
from agent.updates import swap
from agent.updates.errors import Busy, InstallFailed
from agent.updates.swap import TakenBack, Times
from agent.updates.versions import parse
from tests.support import fake_agent

pytestmark = pytest.mark.service

OLD, NEW = "1.0", "1.1"
PATIENCE = Times(start_s=fake_agent.LIMIT_S)


@pytest.fixture
def current(tmp_path: Path) -> Path:
    return fake_agent.write(tmp_path / "bin" / "Qalamsap.AppImage", OLD)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


def put(new: Path, current: Path, state: Path, version: str = NEW) -> None:
    swap.swap(new, current, parse(version), paths.resolve(state), times=PATIENCE)


def test_the_new_file_takes_the_place_and_runs_as_the_old_one_did(
    tmp_path: Path, current: Path, state: Path
) -> None:
    new = fake_agent.write(tmp_path / "new", NEW)
    new.chmod(0o600)  # as it was fetched
    with fake_agent.running(current, state):
        put(new, current, state)
        assert fake_agent.version_of(state) == NEW
    words = f"run --state-dir {state} --port 0"
    assert fake_agent.starts(state) == [f"{OLD} {words}", f"{NEW} {words}"]
    assert current.read_bytes() == new.read_bytes()
    assert current.stat().st_mode & 0o777 == 0o755
    assert list(current.parent.iterdir()) == [current]


def test_where_no_agent_ran_none_is_started(tmp_path: Path, current: Path, state: Path) -> None:
    new = fake_agent.write(tmp_path / "new", NEW)
    put(new, current, state)
    assert current.read_bytes() == new.read_bytes()
    assert not (state / "starts").exists()
    assert list(current.parent.iterdir()) == [current]


@pytest.mark.parametrize("fault", ["ends", "another version", "hangs"])
def test_a_version_that_does_not_start_is_taken_back(
    tmp_path: Path, current: Path, state: Path, fault: str
) -> None:
    new = fake_agent.write(
        tmp_path / "new", "6.6" if fault == "another version" else NEW, said=NEW, is_broken=fault == "ends"
    )
    if fault == "hangs":
        new.write_text(
            new.read_text()
            .replace("sys.exit(3)", "")
            .replace("IS_BROKEN:", "True:\n    import time; time.sleep(600)")
        )
    old = current.read_bytes()
    times = Times(start_s=fake_agent.LIMIT_S if fault == "ends" else 1.5)
    with fake_agent.running(current, state):
        with pytest.raises(TakenBack, match=r"version 1.1 did not start"):
            swap.swap(new, current, parse(NEW), paths.resolve(state), times=times)
        assert current.read_bytes() == old
        fake_agent.wait_until(lambda: fake_agent.version_of(state) == OLD)
    assert list(current.parent.iterdir()) == [current]


@pytest.mark.parametrize(
    "text",
    [
        "#!/bin/sh\nexit 1\n",
        "#!/bin/sh\necho qalamsap 9.9, GOST\n",
        "#!/bin/sh\n",
        "no program",
        "#!/bin/sh\nsleep 60\n",
    ],
)
def test_what_does_not_even_say_its_version_disturbs_nobody(
    tmp_path: Path, current: Path, state: Path, text: str
) -> None:
    (tmp_path / "new").write_text(text)
    old = current.read_bytes()
    with fake_agent.running(current, state):
        with pytest.raises(InstallFailed) as caught:
            swap.swap(tmp_path / "new", current, parse(NEW), paths.resolve(state), times=Times(trial_s=2.0))
        assert not isinstance(caught.value, TakenBack)
        assert fake_agent.version_of(state) == OLD
    assert fake_agent.starts(state) == [f"{OLD} run --state-dir {state} --port 0"]
    assert current.read_bytes() == old
    assert list(current.parent.iterdir()) == [current]


def test_an_approval_goes_on_and_nothing_is_changed(tmp_path: Path, current: Path, state: Path) -> None:
    fake_agent.write(current, OLD, busy=True)
    old = current.read_bytes()
    with fake_agent.running(current, state):
        with pytest.raises(Busy, match="an approval runs"):
            put(fake_agent.write(tmp_path / "new", NEW), current, state)
        assert fake_agent.version_of(state) == OLD
    assert current.read_bytes() == old
    assert list(current.parent.iterdir()) == [current]


def test_a_disk_that_is_full_disturbs_nobody(
    tmp_path: Path, current: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("agent.updates.swap.shutil.copyfileobj", full)
    old = current.read_bytes()
    with fake_agent.running(current, state):
        with pytest.raises(StorageFailed, match="No space left"):
            put(fake_agent.write(tmp_path / "new", NEW), current, state)
        assert fake_agent.version_of(state) == OLD
    assert current.read_bytes() == old
    assert list(current.parent.iterdir()) == [current]


def test_a_file_system_without_links_will_do(
    tmp_path: Path, current: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise PermissionError(errno.EPERM, "no links")

    monkeypatch.setattr(Path, "hardlink_to", none)
    new = fake_agent.write(tmp_path / "new", NEW)
    put(new, current, state)
    assert current.read_bytes() == new.read_bytes()
    assert list(current.parent.iterdir()) == [current]


def test_a_link_that_somebody_left_beside_it_leads_nowhere(
    tmp_path: Path, current: Path, state: Path
) -> None:
    (tmp_path / "precious").write_text("mine")
    for left in (".Qalamsap.AppImage.new", ".Qalamsap.AppImage.previous"):
        (current.parent / left).symlink_to(tmp_path / "precious")
    new = fake_agent.write(tmp_path / "new", NEW)
    put(new, current, state)
    assert (tmp_path / "precious").read_text() == "mine"
    assert current.read_bytes() == new.read_bytes()
    assert not current.is_symlink()
    assert list(current.parent.iterdir()) == [current]


def test_the_new_file_is_on_the_disk_before_it_takes_the_name(
    tmp_path: Path, current: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, old = fake_agent.write(tmp_path / "new", NEW), current.read_bytes()
    synced: list[tuple[int, bytes]] = []
    monkeypatch.setattr(
        "agent.updates.swap.os.fsync",
        lambda number: synced.append((os.fstat(number).st_size, current.read_bytes())),
    )
    put(new, current, state)
    assert synced[0] == (new.stat().st_size, old)
    assert {content for _, content in synced} == {old}  # the notes, too, were there before


def test_what_an_update_left_that_was_killed_is_no_hindrance(
    tmp_path: Path, current: Path, state: Path
) -> None:
    for left in (".Qalamsap.AppImage.new", ".Qalamsap.AppImage.previous"):
        (current.parent / left).write_bytes(b"half")
    new = fake_agent.write(tmp_path / "new", NEW)
    put(new, current, state)
    assert current.read_bytes() == new.read_bytes()
    assert list(current.parent.iterdir()) == [current]
