"""Files that are ours alone among those of others."""

from pathlib import Path

import pytest

from agent.localhost import own_file
from agent.localhost.errors import ForeignFile
from agent.localhost.record import Record


def test_a_file_is_written_for_all_to_read_and_taken_back_with_its_folders(tmp_path: Path) -> None:
    record, path = Record(tmp_path / "state"), tmp_path / "etc/firefox/policies/ours.pem"
    assert own_file.put(path, b"pem", record)
    assert not own_file.put(path, b"pem", record)
    assert path.stat().st_mode & 0o777 == 0o644
    assert own_file.take_back(path, record)
    assert not own_file.take_back(path, record)
    record.tidy()
    assert not (tmp_path / "etc").exists()


def test_a_file_of_somebody_else_is_not_overwritten(tmp_path: Path) -> None:
    record, path = Record(tmp_path / "state"), tmp_path / "ours.pem"
    path.write_bytes(b"theirs")
    with pytest.raises(ForeignFile):
        own_file.put(path, b"pem", record)
    assert not own_file.take_back(path, record)
    assert path.read_bytes() == b"theirs"


def test_a_file_that_somebody_changed_since_stays(tmp_path: Path) -> None:
    record, path = Record(tmp_path / "state"), tmp_path / "ours.pem"
    own_file.put(path, b"pem", record)
    path.write_bytes(b"changed")
    with pytest.raises(ForeignFile, match="changed by somebody"):
        own_file.take_back(path, record)
    assert path.read_bytes() == b"changed"
