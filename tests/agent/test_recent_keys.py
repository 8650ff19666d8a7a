"""The key files that were used."""

from pathlib import Path

import pytest

from agent.errors import StorageFailed
from agent.recent_keys import MAX_FILES, RecentKeys, UsedKey


def used(number: int, owner: str = "ТЕСТОВ ТЕСТ") -> UsedKey:
    return UsedKey(f"/keys/{number}.p12", owner, "2027-01-01T00:00:00+00:00")


def test_the_last_used_comes_first_and_once(tmp_path: Path) -> None:
    record = RecentKeys(tmp_path / "state" / "folders.json")
    assert record.read() == ()
    for number in (1, 2, 1):
        record.add(used(number, f"owner {number}"))
    assert [key.path for key in record.read()] == ["/keys/1.p12", "/keys/2.p12"]
    assert record.path.stat().st_mode & 0o777 == 0o600


def test_the_record_stays_short(tmp_path: Path) -> None:
    record = RecentKeys(tmp_path / "folders.json")
    for number in range(MAX_FILES + 3):
        record.add(used(number))
    assert len(record.read()) == MAX_FILES


@pytest.mark.parametrize("content", ["", "{", '{"keys":[{}]}', '{"keys":5}', "[]"])
def test_a_broken_record_is_none_and_is_replaced(tmp_path: Path, content: str) -> None:
    record = RecentKeys(tmp_path / "folders.json")
    record.path.write_text(content)
    assert record.read() == ()
    record.add(used(1))
    assert record.read() == (used(1),)


def test_a_record_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFailed):
        RecentKeys(tmp_path / "file" / "folders.json").add(used(1))
