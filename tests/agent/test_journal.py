"""The journal."""

import errno
import hashlib
import json
import multiprocessing
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent import journal
from agent.errors import StorageFailed
from agent.journal import Journal, JournalBroken

AT = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


@pytest.fixture
def book(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state" / "journal.jsonl")


def receipt(owner: str = "ТЕСТОВ ТЕСТ", count: int = 1) -> dict[str, Any]:
    return {"site": "kds.example.kz", "owner": owner, "count": count}


def test_each_line_holds_the_hash_of_the_line_before_it(book: Journal) -> None:
    for number in range(3):
        book.write("asked", f"{number:x}", AT, {"count": number})
    lines = book.path.read_bytes().splitlines(keepends=True)
    entries = [json.loads(line) for line in lines]
    assert [entry["previous"] for entry in entries] == [
        journal.FIRST,
        hashlib.sha256(lines[0]).hexdigest(),
        hashlib.sha256(lines[1]).hexdigest(),
    ]
    assert entries[1] == {
        "previous": entries[1]["previous"],
        "time": "2026-11-23T12:30:00+00:00",
        "event": "asked",
        "id": "1",
        "count": 1,
    }
    assert book.verify_chain() == 3


def test_only_the_owner_can_read_it(book: Journal) -> None:
    book.write("asked", "1", AT, {})
    assert book.path.stat().st_mode & 0o777 == 0o600
    assert book.path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(("kept", "line"), [(2, 3), (0, 1)])
def test_an_end_that_was_cut_off_is_seen(book: Journal, kept: int, line: int) -> None:
    for number in range(3):
        book.write("asked", f"{number:x}", AT, {})
    lines = book.path.read_bytes().splitlines(keepends=True)
    book.path.write_bytes(b"".join(lines[:kept]))
    with pytest.raises(JournalBroken, match="missing") as broken:
        book.verify_chain()
    assert broken.value.line == line


def test_a_journal_that_was_deleted_is_seen(book: Journal) -> None:
    book.write("asked", "1", AT, {})
    book.path.unlink()
    with pytest.raises(JournalBroken, match="missing"):
        book.verify_chain()


def test_what_was_written_before_the_power_went_is_no_damage(book: Journal) -> None:
    book.write("asked", "1", AT, {})
    end = book.path.with_name("journal.jsonl.end")
    earlier = end.read_bytes()
    book.write("asked", "2", AT, {})
    end.write_bytes(earlier)  # it is written after the entry
    assert book.verify_chain() == 2
    end.unlink()  # a journal of an earlier version
    assert book.verify_chain() == 2
    end.write_bytes(b"nonsense")
    with pytest.raises(JournalBroken):
        book.verify_chain()


def test_a_journal_that_is_not_there_is_empty(book: Journal) -> None:
    assert book.verify_chain() == 0
    assert book.recent(5) == ()


def test_lines_longer_than_a_block_are_chained(book: Journal) -> None:
    digests = journal.digests_of(["a" * 64] * 3000)
    for _ in range(3):
        book.write("signed", "1", AT, {**digests, **receipt(count=3000)})
    assert book.verify_chain() == 3
    assert [each.count for each in book.recent(5)] == [3000] * 3


@pytest.mark.parametrize("line", [0, 1])
def test_a_changed_line_breaks_the_chain(book: Journal, line: int) -> None:
    for _ in range(3):
        book.write("asked", "1", AT, {"count": 1})
    lines = book.path.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b'"count":1', b'"count":2')
    book.path.write_bytes(b"".join(lines))
    with pytest.raises(JournalBroken) as broken:
        book.verify_chain()
    assert broken.value.line == line + 2


def test_a_missing_line_breaks_the_chain(book: Journal) -> None:
    for _ in range(3):
        book.write("asked", "1", AT, {})
    lines = book.path.read_bytes().splitlines(keepends=True)
    book.path.write_bytes(lines[0] + lines[2])
    with pytest.raises(JournalBroken, match="line 2"):
        book.verify_chain()


def test_a_torn_line_is_named_and_does_not_hide_what_follows(book: Journal) -> None:
    book.write("signed", "1", AT, receipt("A"))
    with book.path.open("ab") as stream:
        stream.write(b'{"previous":"')
    book.write("signed", "2", AT, receipt("B"))
    assert [each.owner for each in book.recent(5)] == ["B", "A"]
    with pytest.raises(JournalBroken, match="line 2"):
        book.verify_chain()


def test_recent_signatures_come_newest_first_and_skip_all_else(book: Journal) -> None:
    for number in range(7):
        book.write("asked", "x", AT, receipt(str(number)))
        book.write("signed", "x", AT, receipt(str(number), number))
        book.write("decided", "x", AT, {})
    assert [each.owner for each in book.recent(5)] == ["6", "5", "4", "3", "2"]
    assert book.recent(1)[0].site == "kds.example.kz"


def test_half_a_line_that_is_being_written_is_passed_over(book: Journal) -> None:
    book.write("signed", "1", AT, receipt())
    with book.path.open("ab") as stream:
        stream.write(b'{"event":"signed","time":"2026')
    assert len(book.recent(5)) == 1


def test_a_full_disk_is_told_and_leaves_no_half_line(book: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    book.write("asked", "1", AT, {})
    before = book.path.read_bytes()
    real = journal._write_all

    def runs_out(stream: Any, octets: bytes) -> None:
        real(stream, octets[:20])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(journal, "_write_all", runs_out)
    with pytest.raises(StorageFailed, match="No space left"):
        book.write("signed", "1", AT, receipt())
    assert book.path.read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_real_full_device_is_told(tmp_path: Path) -> None:
    full = tmp_path / "journal.jsonl"
    full.symlink_to("/dev/full")
    with pytest.raises(StorageFailed):
        Journal(full).write("asked", "1", AT, {})


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFailed):
        Journal(tmp_path / "file" / "journal.jsonl").write("asked", "1", AT, {})


def _write_many(path: Path, count: int) -> None:
    for number in range(count):
        Journal(path).write("asked", str(number), AT, {})


def test_several_processes_write_one_chain(book: Journal) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(book.path, 20)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    assert book.verify_chain() == 60
