"""Files written whole, with their permissions kept, and folders taken back."""

import os
from pathlib import Path

import pytest

from agent.localhost import files


def test_a_new_file_has_exactly_the_mode_asked_for(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        files.write_atomically(tmp_path / "public", b"x", files.PUBLIC)
        files.write_atomically(tmp_path / "private", b"x", files.PRIVATE)
    finally:
        os.umask(before)
    assert (tmp_path / "public").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "private").stat().st_mode & 0o777 == 0o600


def test_a_file_that_was_there_keeps_its_mode_and_stays_a_link(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"old")
    target.chmod(0o640)
    (tmp_path / "link").symlink_to(target)
    files.write_atomically(tmp_path / "link", b"new", files.PUBLIC)
    assert (tmp_path / "link").is_symlink()
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_failed_write_leaves_the_old_file_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"old")

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        files.write_atomically(tmp_path / "file", b"new", files.PUBLIC)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_missing_file_reads_as_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert files.read_if_there(tmp_path / "file") == b""
    assert files.read_if_there(tmp_path / "missing") is None
    assert files.read_if_there(tmp_path / "file" / "below") is None


def test_folders_that_were_made_are_taken_back_while_empty(tmp_path: Path) -> None:
    deep = tmp_path / "a/b/c"
    made = files.missing_folders(deep)
    assert made == (tmp_path / "a", tmp_path / "a/b", deep)
    files.make_folders(deep)
    assert files.missing_folders(deep) == ()
    (tmp_path / "a/other").write_bytes(b"somebody else's")
    files.remove_empty_folders(made)
    assert not (tmp_path / "a/b").exists()
    assert (tmp_path / "a/other").exists()


def test_folders_get_the_mode_asked_for_and_existing_ones_keep_theirs(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir(mode=0o711)
    before = os.umask(0o077)
    try:
        files.make_folders(tmp_path / "there/new/newer", 0o755)
    finally:
        os.umask(before)
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("there", "there/new", "there/new/newer")]
    assert modes == [0o711, 0o755, 0o755]
