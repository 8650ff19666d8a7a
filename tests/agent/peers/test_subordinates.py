"""Numbers that people were given beside their own."""

from pathlib import Path

from agent.peers.subordinates import Subordinates


def test_numbers_in_a_range_are_subordinate_and_others_are_not(tmp_path: Path) -> None:
    (table := tmp_path / "subuid").write_bytes(b"anna:100000:65536\nboris:165536:10\n")
    found = Subordinates(table)
    assert [number in found for number in (99999, 100000, 165535, 165536, 165545, 165546, 1000)] == [
        False, True, True, True, True, False, False,
    ]  # fmt: skip


def test_a_table_that_changes_counts_at_once(tmp_path: Path) -> None:
    found = Subordinates(table := tmp_path / "subuid")
    assert 100000 not in found
    table.write_bytes(b"anna:100000:1\n")
    assert 100000 in found
    table.write_bytes(b"anna:100000:1\nboris:200000:1\n")
    assert 200000 in found
    table.unlink()
    assert 100000 not in found


def test_lines_that_make_no_sense_are_passed_over(tmp_path: Path) -> None:
    (table := tmp_path / "subuid").write_bytes(b"\n# x\nanna\nanna:x:1\n\xff:1:2:3\nboris:100000:1\n")
    found = Subordinates(table)
    assert (100000 in found, 1 in found) == (True, False)
