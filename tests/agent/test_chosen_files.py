"""Files that were chosen for sites."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import chosen_files
from agent.chosen_files import ChosenFiles
from agent.errors import StorageFailed
from agent.origins import Origin

AT = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
SITE = Origin.parse("https://kds.example.kz")
OTHER = Origin.parse("https://other.example.kz")
ACT = Path("/home/a/act.pdf")


@pytest.fixture
def book(tmp_path: Path) -> ChosenFiles:
    return ChosenFiles(tmp_path / "state" / "chosen-files.json")


def test_a_site_may_name_what_was_chosen_for_it_for_a_day(book: ChosenFiles) -> None:
    assert book.find(SITE, str(ACT), AT) is None
    book.remember(SITE, str(ACT), ACT, AT)
    assert book.find(SITE, str(ACT), AT + timedelta(hours=23)) == ACT
    assert book.find(SITE, str(ACT), AT + timedelta(hours=24)) is None


def test_no_other_site_may(book: ChosenFiles) -> None:
    book.remember(SITE, str(ACT), ACT, AT)
    for origin in (OTHER, Origin.parse("https://kds.example.kz:8443"), Origin.parse("http://kds.example.kz")):
        assert book.find(origin, str(ACT), AT) is None


def test_no_other_path_may_be_named(book: ChosenFiles) -> None:
    book.remember(SITE, str(ACT), ACT, AT)
    for named in ("/home/a", "/home/a/act.pdf.bak", "/home/a/ACT.pdf", "act.pdf", "", "/home/a/x/act.pdf"):
        assert book.find(SITE, named, AT) is None


def test_a_path_is_found_in_other_spellings_and_by_where_it_led(book: ChosenFiles) -> None:
    book.remember(SITE, "/home/a/link.pdf", ACT, AT)
    for named in ("/home/a/link.pdf", "/home/a/./link.pdf", "/home//a/b/../link.pdf", str(ACT)):
        assert book.find(SITE, named, AT) == ACT


def test_what_was_chosen_last_under_a_name_counts(book: ChosenFiles) -> None:
    book.remember(SITE, "/home/a/link.pdf", ACT, AT)
    book.remember(SITE, "/home/a/link.pdf", Path("/home/a/new.pdf"), AT)
    assert book.find(SITE, "/home/a/link.pdf", AT) == Path("/home/a/new.pdf")
    assert book.find(SITE, str(ACT), AT) is None


def test_a_comparison_looks_at_no_disk(book: ChosenFiles, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "act.pdf")
    book.remember(SITE, str(tmp_path / "act.pdf"), tmp_path / "act.pdf", AT)
    assert book.find(SITE, str(tmp_path / "link"), AT) is None


@pytest.mark.parametrize("header", ["http://example.kz", "null", None, "chrome-extension://abcdef"])
def test_whoever_can_not_be_told_from_others_is_never_remembered(
    book: ChosenFiles, header: str | None
) -> None:
    origin = Origin.parse(header)
    with pytest.raises(ValueError, match="never remembered"):
        book.remember(origin, str(ACT), ACT, AT)
    assert book.find(origin, str(ACT), AT) is None
    assert not book.path.exists()


@pytest.mark.parametrize(
    "path", ["", "act.pdf", "~/act.pdf", "/home/\0", "/home/\n", "/home/\udcff", "/" + 4096 * "a"]
)
def test_what_a_page_can_not_name_is_no_path(book: ChosenFiles, path: str) -> None:
    assert not chosen_files.is_path(path)
    with pytest.raises(ValueError, match="not a path"):
        book.remember(SITE, path, ACT, AT)
    with pytest.raises(ValueError, match="not a path"):
        book.remember(SITE, str(ACT), Path(path), AT)


def test_letters_of_every_script_make_a_path(book: ChosenFiles) -> None:
    book.remember(SITE, "/үй/акт №1.pdf", Path("/үй/акт №1.pdf"), AT)
    assert book.find(SITE, "/үй/акт №1.pdf", AT) == Path("/үй/акт №1.pdf")


def test_only_the_owner_can_read_it(book: ChosenFiles) -> None:
    book.remember(SITE, str(ACT), ACT, AT)
    assert book.path.stat().st_mode & 0o777 == 0o600


def test_what_has_ended_is_forgotten_at_the_next_choice(book: ChosenFiles) -> None:
    book.remember(SITE, str(ACT), ACT, AT)
    book.remember(OTHER, "/b", Path("/b"), AT + timedelta(days=2))
    assert "act.pdf" not in book.path.read_text()


def test_a_site_keeps_so_many_and_takes_none_from_others(
    book: ChosenFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chosen_files, "MAX_FILES_OF_A_SITE", 2)
    book.remember(OTHER, str(ACT), ACT, AT)
    for number in range(4):
        book.remember(SITE, f"/{number}", Path(f"/{number}"), AT)
    assert [book.find(SITE, f"/{number}", AT) is not None for number in range(4)] == [
        False,
        False,
        True,
        True,
    ]
    assert book.find(OTHER, str(ACT), AT) == ACT


def test_not_more_than_so_many_files_are_kept_in_all(
    book: ChosenFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chosen_files, "MAX_FILES", 3)
    for number in range(5):
        book.remember(Origin.parse(f"https://site{number}.kz"), str(ACT), ACT, AT)
    kept = [book.find(Origin.parse(f"https://site{number}.kz"), str(ACT), AT) for number in range(5)]
    assert kept == [None, None, ACT, ACT, ACT]


def test_the_longest_paths_that_are_kept_can_be_read_again() -> None:
    longest = chosen_files.MAX_FILES * (2 * 2 * chosen_files.MAX_PATH_BYTES + 1000)
    assert longest < chosen_files._MAX_FILE_BYTES


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"files":{}}x', '{"files":[1]}', '{"files":[["a","b","c"]]}', '{"files":[["a","b","c","soon"]]}',
     '{"files":[["a","b","c","2026-01-01T00:00:00"]]}'],
)  # fmt: skip
def test_a_broken_record_is_an_error_and_no_reset(book: ChosenFiles, content: str) -> None:
    book.path.parent.mkdir()
    book.path.write_text(content)
    with pytest.raises(StorageFailed):
        book.find(SITE, str(ACT), AT)
    with pytest.raises(StorageFailed):
        book.remember(SITE, str(ACT), ACT, AT)
    assert book.path.read_text() == content


def test_a_record_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFailed):
        ChosenFiles(tmp_path / "file" / "chosen-files.json").remember(SITE, str(ACT), ACT, AT)
