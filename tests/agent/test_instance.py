"""One agent per person, and the name of the program that holds the port."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent import instance, paths
from agent.instance import AlreadyRunning, Holder, Lock

TRIES_TO_LOCK = (
    "import sys, pathlib; from agent import instance; instance.Lock.take(pathlib.Path(sys.argv[1]))"
)


def test_a_second_agent_is_told_which_process_runs_already(tmp_path: Path) -> None:
    path = tmp_path / "state" / "agent.lock"
    with Lock.take(path):
        with pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"):
            Lock.take(path)
        second = subprocess.run(
            [sys.executable, "-c", TRIES_TO_LOCK, str(path)],
            check=False,
            cwd=paths.CODE_ROOT,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert "AlreadyRunning" in second.stderr
    with Lock.take(path):
        assert path.read_text() == f"{os.getpid()}\n"


def test_a_lock_may_be_released_twice(tmp_path: Path) -> None:
    lock = Lock.take(tmp_path / "agent.lock")
    lock.release()
    lock.release()


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs tool: /proc/net/tcp")
def test_the_program_that_listens_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        holder = instance.who_holds(port)
        assert holder is not None
        assert holder.process_id == os.getpid()
        assert holder.user_id == os.geteuid()
        assert f"process {os.getpid()}" in str(holder)
        error = instance.port_busy(port)
        assert error.code == "port-busy"
        assert str(port) in error.detail
        assert f"process {os.getpid()}" in error.detail
    assert instance.who_holds(port) is None


def test_a_program_of_somebody_else_is_named_by_its_user(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:350B 00000000:0000 01 00000000:00000000 00:00000000 00000000  1001        0 111 1 0 100\n"
        "   1: 0100007F:350B 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1002        0 222 1 0 100\n"
    )
    assert instance.who_holds(13579, proc=tmp_path) == Holder(1002)
    assert "1002" in str(Holder(1002))
    assert instance.who_holds(13580, proc=tmp_path) is None


def test_without_proc_the_error_says_less(tmp_path: Path) -> None:
    assert instance.who_holds(1, proc=tmp_path) is None


def test_an_open_window_is_known_until_it_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "shown"
    assert not instance.is_anything_shown(folder)
    with instance.shown(folder):
        assert instance.is_anything_shown(folder)
        assert instance.is_anything_shown(folder)
    assert not instance.is_anything_shown(folder)
    assert list(folder.iterdir()) == []


def test_what_a_process_left_that_was_killed_is_no_window(tmp_path: Path) -> None:
    folder = tmp_path / "shown"
    folder.mkdir()
    (folder / "4711.lock").write_text("4711\n")
    assert not instance.is_anything_shown(folder)
    assert list(folder.iterdir()) == []


def test_a_window_is_shown_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with instance.shown(tmp_path / "file" / "shown"):
        pass


def test_a_lock_is_looked_at_without_making_or_changing_anything(tmp_path: Path) -> None:
    path = tmp_path / "agent.lock"
    assert not instance.is_held(path)
    assert list(tmp_path.iterdir()) == []
    with Lock.take(path):
        assert instance.is_held(path)
        assert path.read_text() == f"{os.getpid()}\n"
    assert not instance.is_held(path)
    path.chmod(0o400)
    assert not instance.is_held(path)
    with pytest.raises(NotADirectoryError):
        instance.is_held(path / "below")


def test_where_no_open_file_can_be_removed_an_ended_window_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows."""
    unlink = Path.unlink

    def refuse_open(self: Path, *, missing_ok: bool = False) -> None:
        if instance.is_held(self):
            raise PermissionError(13, "Access is denied")
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse_open)
    with instance.shown(tmp_path / "shown"):
        assert instance.is_anything_shown(tmp_path / "shown")
    assert list((tmp_path / "shown").iterdir()) == []


def test_a_link_is_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "agent.lock"
    (tmp_path / "other").touch()
    for target in ("other", "nowhere"):
        path.unlink(missing_ok=True)
        path.symlink_to(tmp_path / target)
        with pytest.raises(OSError, match="a link lies where a lock should"):
            instance.is_held(path)


def test_what_leads_elsewhere_on_windows_is_known_by_its_tag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not instance.leads_elsewhere(tmp_path)
    usual = tmp_path.lstat()
    for tag, leads in ((0xA0000003, True), (0xA000000C, True), (0x9000001A, False), (0, False)):
        # A junction, a symbolic link, a file of OneDrive, none.
        status = SimpleNamespace(st_mode=usual.st_mode, st_reparse_tag=tag)
        monkeypatch.setattr(Path, "lstat", lambda _, status=status: status)
        assert instance.leads_elsewhere(tmp_path) is leads
