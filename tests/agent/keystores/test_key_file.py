"""Key files on the disk: whole or not there, for their owner only, never over another file."""

import errno
import os
import stat
from pathlib import Path

import pytest

from agent.errors import BrokenKeyStore, KeyNotKept
from agent.keystores import key_file

posix = pytest.mark.skipif(os.name != "posix", reason="file modes and links of POSIX")


def test_a_new_file_is_whole_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "key.p12"
    key_file.write_new(path, b"octets")
    assert path.read_bytes() == b"octets"
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_only_its_owner_can_read_it_also_after_it_was_replaced(tmp_path: Path) -> None:
    path = tmp_path / "key.p12"
    before = os.umask(0)
    try:
        key_file.write_new(path, b"octets")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        key_file.replace(path, b"octets", b"others")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert path.read_bytes() == b"others"


def test_what_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "key.p12"
    path.write_bytes(b"mine")
    with pytest.raises(KeyNotKept, match="already"):
        key_file.write_new(path, b"octets")
    assert path.read_bytes() == b"mine"
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(KeyNotKept):
        key_file.write_new(folder, b"octets")


@posix
def test_a_link_to_nowhere_is_something_too(tmp_path: Path) -> None:
    (tmp_path / "key.p12").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyNotKept, match="already"):
        key_file.write_new(tmp_path / "key.p12", b"octets")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["nowhere/key.p12", "a\0b.p12", "x" * 300])
def test_a_place_that_can_not_be_is_told_without_its_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyNotKept) as caught:
        key_file.write_new(tmp_path / name, b"octets")
    assert str(tmp_path) not in caught.value.detail
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_nothing_new_and_everything_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path, old = tmp_path / "key.p12", tmp_path / "old.p12"
    old.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), full)
    with pytest.raises(KeyNotKept, match="No space left"):
        key_file.write_new(path, b"octets")
    with pytest.raises(KeyNotKept, match="No space left"):
        key_file.replace(old, b"old", b"new")
    assert list(tmp_path.iterdir()) == [old]
    assert old.read_bytes() == b"old"


def test_who_is_interrupted_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        key_file.write_new(tmp_path / "key.p12", b"octets")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_changed_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "key.p12"
    path.write_bytes(b"another")
    with pytest.raises(KeyNotKept, match="changed"):
        key_file.replace(path, b"before", b"after")
    assert path.read_bytes() == b"another"
    path.unlink()
    with pytest.raises(BrokenKeyStore):
        key_file.replace(path, b"before", b"after")
    assert list(tmp_path.iterdir()) == []


@posix
def test_where_a_link_leads_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real.p12").write_bytes(b"before")
    link = tmp_path / "link.p12"
    link.symlink_to("real.p12")
    key_file.replace(link, b"before", b"after")
    assert link.is_symlink()
    assert (tmp_path / "real.p12").read_bytes() == b"after"
