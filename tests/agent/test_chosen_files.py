"""Files that were chosen for sites."""

import json
import logging
import typing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import chosen_files
from agent.chosen_files import ChosenFiles, Grounds
from agent.errors import StorageFailed
from agent.origins import Origin

AT = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
SITE = Origin.parse("https://kds.example.kz")
OTHER = Origin.parse("https://other.example.kz")
ACT = Path("/home/a/act.pdf")


@pytest.fixture
def book(tmp_path: Path) -> ChosenFiles:
    return ChosenFiles(tmp_path / "state" / "chosen-files.json")


def broken(book: ChosenFiles) -> Path:
    return book.path.with_name("chosen-files.json.broken")


def test_a_site_may_name_what_was_chosen_for_it_for_a_day(book: ChosenFiles) -> None:
    assert book.find(SITE, str(ACT), AT, "chosen-file") is None
    book.remember(SITE, str(ACT), ACT, AT, "chosen-file")
    assert book.find(SITE, str(ACT), AT + timedelta(hours=23), "chosen-file") == ACT
    assert book.find(SITE, str(ACT), AT + timedelta(hours=24), "chosen-file") is None


def test_no_other_site_may(book: ChosenFiles) -> None:
    book.remember(SITE, str(ACT), ACT, AT, "chosen-file")
    for origin in (OTHER, Origin.parse("https://kds.example.kz:8443"), Origin.parse("http://kds.example.kz")):
        assert book.find(origin, str(ACT), AT, "chosen-file") is None


def test_no_other_path_may_be_named(book: ChosenFiles) -> None:
    book.remember(SITE, str(ACT), ACT, AT, "chosen-file")
    for named in ("/home/a", "/home/a/act.pdf.bak", "/home/a/ACT.pdf", "act.pdf", "", "/home/a/x/act.pdf"):
        assert book.find(SITE, named, AT, "chosen-file") is None


def test_a_choice_counts_on_its_own_grounds_only(book: ChosenFiles) -> None:
    book.remember(SITE, str(ACT), ACT, AT, "chosen-file")
    assert book.find(SITE, str(ACT), AT, "chosen-file") == ACT
    assert book.find(SITE, str(ACT), AT, "chosen-key") is None
    assert book.find(SITE, str(ACT), AT, "allowed") is None
    moved = Path("/home/b/act.pdf")
    book.remember(SITE, str(ACT), moved, AT, "allowed")
    assert book.find(SITE, str(ACT), AT, "chosen-file") == ACT
    assert book.find(SITE, str(ACT), AT, "allowed") == moved


def test_a_path_may_count_on_more_than_one_of_them(book: ChosenFiles) -> None:
    book.remember(SITE, str(ACT), ACT, AT, "allowed")
    assert book.find(SITE, str(ACT), AT, "chosen-file", "allowed") == ACT
    assert book.find(SITE, str(ACT), AT, "chosen-file", "chosen-key") is None
    assert book.find(SITE, str(ACT), AT) is None


@pytest.mark.parametrize("use", ["sign", "open_key", "verify"])
def test_what_an_earlier_version_noted_for_a_use_is_not_there(book: ChosenFiles, use: str) -> None:
    book.remember(SITE, str(ACT), ACT, AT, "chosen-file")
    record = json.loads(book.path.read_text())
    record["files"] = [[*row[:4], use] for row in record["files"]]
    book.path.write_text(json.dumps(record))
    assert book.find(SITE, str(ACT), AT, *typing.get_args(Grounds)) is None
    assert not book.has_seen(SITE, str(ACT), AT)
    book.remember(SITE, "/b", Path("/b"), AT, "allowed")
    assert book.find(SITE, "/b", AT, "allowed") == Path("/b")
    assert not broken(book).exists()


def test_what_was_noted_without_grounds_is_not_there(book: ChosenFiles) -> None:
    book.remember(SITE, str(ACT), ACT, AT, "chosen-file")
    record = json.loads(book.path.read_text())
    record["files"] = [row[:4] for row in record["files"]]
    book.path.write_text(json.dumps(record))
    assert [book.find(SITE, str(ACT), AT, each) for each in typing.get_args(Grounds)] == [None] * 3
    book.remember(SITE, "/b", Path("/b"), AT, "chosen-file")
    assert book.find(SITE, "/b", AT, "chosen-file") == Path("/b")
    assert not broken(book).exists()


def test_a_site_has_seen_what_it_was_given_and_the_folder_of_that(book: ChosenFiles) -> None:
    book.remember(SITE, str(ACT), ACT, AT, "allowed")
    for seen in ("/home/a", "/home/a/act.pdf", "/home/a/./x/.."):
        assert book.has_seen(SITE, seen, AT)
        assert not book.has_seen(OTHER, seen, AT)
        assert not book.has_seen(Origin.parse(None), seen, AT)
        assert not book.has_seen(SITE, seen, AT + timedelta(hours=24))
    for unseen in ("/home", "/home/a/b.pdf", "/home/a/act.pdf/x", "/"):
        assert not book.has_seen(SITE, unseen, AT)


def test_a_path_is_found_in_other_spellings_and_by_where_it_led(book: ChosenFiles) -> None:
    book.remember(SITE, "/home/a/link.pdf", ACT, AT, "chosen-file")
    for named in ("/home/a/link.pdf", "/home/a/./link.pdf", "/home//a/b/../link.pdf", str(ACT)):
        assert book.find(SITE, named, AT, "chosen-file") == ACT


def test_what_was_chosen_last_under_a_name_counts(book: ChosenFiles) -> None:
    book.remember(SITE, "/home/a/link.pdf", ACT, AT, "chosen-file")
    book.remember(SITE, "/home/a/link.pdf", Path("/home/a/new.pdf"), AT, "chosen-file")
    assert book.find(SITE, "/home/a/link.pdf", AT, "chosen-file") == Path("/home/a/new.pdf")
    assert book.find(SITE, str(ACT), AT, "chosen-file") is None


def test_a_comparison_looks_at_no_disk(book: ChosenFiles, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "act.pdf")
    book.remember(SITE, str(tmp_path / "act.pdf"), tmp_path / "act.pdf", AT, "chosen-file")
    assert book.find(SITE, str(tmp_path / "link"), AT, "chosen-file") is None


@pytest.mark.parametrize("header", ["http://example.kz", "null", None, "chrome-extension://abcdef"])
def test_whoever_can_not_be_told_from_others_is_never_remembered(
    book: ChosenFiles, header: str | None
) -> None:
    origin = Origin.parse(header)
    with pytest.raises(ValueError, match="never remembered"):
        book.remember(origin, str(ACT), ACT, AT, "chosen-file")
    assert book.find(origin, str(ACT), AT, "chosen-file") is None
    assert not book.path.exists()


@pytest.mark.parametrize(
    "path", ["", "act.pdf", "~/act.pdf", "/home/\0", "/home/\n", "/home/\udcff", "/" + 4096 * "a"]
)
def test_what_a_page_can_not_name_is_no_path(book: ChosenFiles, path: str) -> None:
    assert not chosen_files.is_path(path)
    with pytest.raises(ValueError, match="not a path"):
        book.remember(SITE, path, ACT, AT, "chosen-file")
    with pytest.raises(ValueError, match="not a path"):
        book.remember(SITE, str(ACT), Path(path), AT, "chosen-file")


def test_letters_of_every_script_make_a_path(book: ChosenFiles) -> None:
    book.remember(SITE, "/үй/акт №1.pdf", Path("/үй/акт №1.pdf"), AT, "chosen-file")
    assert book.find(SITE, "/үй/акт №1.pdf", AT, "chosen-file") == Path("/үй/акт №1.pdf")


def test_only_the_owner_can_read_it(book: ChosenFiles) -> None:
    book.remember(SITE, str(ACT), ACT, AT, "chosen-file")
    assert book.path.stat().st_mode & 0o777 == 0o600


def test_what_has_ended_is_forgotten_at_the_next_choice(book: ChosenFiles) -> None:
    book.remember(SITE, str(ACT), ACT, AT, "chosen-file")
    book.remember(OTHER, "/b", Path("/b"), AT + timedelta(days=2), "chosen-file")
    assert "act.pdf" not in book.path.read_text()


def test_a_site_keeps_so_many_and_takes_none_from_others(
    book: ChosenFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chosen_files, "MAX_FILES_OF_A_SITE", 2)
    book.remember(OTHER, str(ACT), ACT, AT, "chosen-file")
    for number in range(4):
        book.remember(SITE, f"/{number}", Path(f"/{number}"), AT, "chosen-file")
    assert [book.find(SITE, f"/{number}", AT, "chosen-file") is not None for number in range(4)] == [
        False,
        False,
        True,
        True,
    ]
    assert book.find(OTHER, str(ACT), AT, "chosen-file") == ACT


def test_not_more_than_so_many_files_are_kept_in_all(
    book: ChosenFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chosen_files, "MAX_FILES", 3)
    for number in range(5):
        book.remember(Origin.parse(f"https://site{number}.kz"), str(ACT), ACT, AT, "chosen-file")
    kept = [
        book.find(Origin.parse(f"https://site{number}.kz"), str(ACT), AT, "chosen-file")
        for number in range(5)
    ]
    assert kept == [None, None, ACT, ACT, ACT]


def test_the_longest_paths_that_are_kept_can_be_read_again() -> None:
    longest = chosen_files.MAX_FILES * (2 * 2 * chosen_files.MAX_PATH_BYTES + 1000)
    assert longest < chosen_files._MAX_FILE_BYTES


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"files":{}}x', '{"files":[1]}', '{"files":[[]]}', '{"files":[["a","b","c"]]}', '{"files":[["a","b","c","soon","allowed"]]}',
     '{"files":[["a","b","c","2026-01-01T00:00:00","allowed"]]}', '{"files":[["a","b","c","2026-01-01T00:00:00Z","burn"]]}',
     '{"files":[["a","b","c","2026-01-01T00:00:00Z",[]]]}', "[" * 100_000],
)  # fmt: skip
def test_of_a_damaged_record_nothing_counts_and_the_next_choice_puts_it_aside(
    book: ChosenFiles, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    book.path.parent.mkdir()
    book.path.write_text(content)
    with caplog.at_level(logging.WARNING, "agent"):
        assert book.find(SITE, str(ACT), AT, "chosen-file") is None
        assert not book.has_seen(SITE, str(ACT), AT)
    assert book.path.read_text() == content
    assert "damaged" in caplog.text
    book.remember(SITE, str(ACT), ACT, AT, "chosen-file")
    assert book.find(SITE, str(ACT), AT, "chosen-file") == ACT
    assert broken(book).read_text() == content
    assert "put aside" in caplog.text


def test_a_record_that_can_not_be_read_is_an_error(book: ChosenFiles) -> None:
    book.path.mkdir(parents=True)
    with pytest.raises(StorageFailed):
        book.find(SITE, str(ACT), AT, "chosen-file")
    with pytest.raises(StorageFailed):
        book.remember(SITE, str(ACT), ACT, AT, "chosen-file")


def test_a_record_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFailed):
        ChosenFiles(tmp_path / "file" / "chosen-files.json").remember(SITE, str(ACT), ACT, AT, "chosen-file")
