import os

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import QMimeData, QUrl

from tests.support import drags
from tray import dropped
from tray.dropped import Dropped, Inside


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Ключи").mkdir()
    for name in ("act.pdf", "Ключи/b.p12", "Ключи/a.PFX", "Ключи/note.txt", "Ключи/.hidden.p12"):
        (tmp_path / name).touch()
    return tmp_path


def test_files_and_folders_are_told_apart_and_each_comes_once(folder):
    act, keys = str(folder / "act.pdf"), str(folder / "Ключи")
    found = dropped.read(drags.files(act, keys, act, folder / "gone.pdf"))
    assert found == Dropped((act,), (keys,), missing=1)
    assert found.paths == (act, keys)


@pytest.mark.parametrize(
    "name",
    [
        "https://example.kz/key.p12",
        "smb://server/share/key.p12",
        "file://server/share/key.p12",
        "file:////server/share/key.p12",
        "file:///%5Cserver/share/key.p12",
        "file:///%5C%5Cserver/share/key.p12",
        "file://localhost/%5Cserver/share/key.p12",
        "data:text/plain,key.p12",
        "key.p12",
        "",
    ],
)
def test_what_lies_elsewhere_is_counted_and_never_looked_up(name, monkeypatch):
    def fail(*_):
        raise AssertionError("it was looked up")

    for each in ("_is_file", "_is_folder"):
        monkeypatch.setattr(dropped, each, fail)
    assert dropped.of_urls([QUrl(name)]) == Dropped(elsewhere=1)


def test_this_computer_may_be_named(folder):
    url = QUrl.fromLocalFile(str(folder / "act.pdf"))
    url.setHost("localhost")
    assert dropped.of_urls([url]).files == (str(folder / "act.pdf"),)


def test_words_and_nothing_are_no_files(application):
    words = QMimeData()
    words.setText("/etc/passwd")
    assert dropped.read(words) == dropped.read(None) == Dropped()


def test_what_is_neither_file_nor_folder_is_missing(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("needs tool: named pipes")
    os.mkfifo(tmp_path / "pipe.p12")
    long = "x" * 5000
    assert dropped.read(drags.files(tmp_path / "pipe.p12", tmp_path / long)) == Dropped(missing=2)


def test_the_files_of_a_folder_are_sorted_without_hidden_ones_and_folders(folder):
    keys = folder / "Ключи"
    (keys / "deeper").mkdir()
    assert dropped.inside(str(keys)).files == tuple(str(keys / n) for n in ("a.PFX", "b.p12", "note.txt"))
    assert dropped.inside(str(folder / "gone")) == Inside(is_readable=False)
    assert dropped.inside("a\0b") == Inside(is_readable=False)


def test_of_an_endless_folder_the_beginning_is_enough(folder, monkeypatch):
    monkeypatch.setattr(dropped, "_MOST_ENTRIES", 2)
    assert len(dropped.inside(str(folder / "Ключи")).files) <= 2


def test_a_name_goes_by_its_ending_in_whatever_letters(folder):
    assert Dropped(("/a.PFX", "/b.p12.old", "/c.p12")).named(dropped.KEY_ENDINGS) == ("/a.PFX", "/c.p12")


def test_whether_a_file_can_be_read_is_seen(folder, monkeypatch):
    assert dropped.is_readable(str(folder / "act.pdf"))
    assert not dropped.is_readable(str(folder / "gone.pdf"))
    assert not dropped.is_readable("a\0b")
