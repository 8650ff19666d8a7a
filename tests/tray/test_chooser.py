import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

import typing
from pathlib import Path

from PySide6.QtCore import QDir, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog, QTreeView, QWidget

from protocol import prompts
from tray import chooser, texts


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "act.pdf").write_bytes(b"act")
    (tmp_path / "own.p12").write_bytes(b"key")
    return tmp_path


@pytest.fixture
def make(application, folder):
    parents = []

    def chosen_by(kind=chooser.EmbeddedChooser, purpose="file", filters=("Все файлы (*)",)):
        parents.append(QWidget())
        made = kind(parents[-1], texts.load("ru"), purpose, folder=str(folder), filters=list(filters))
        parents[-1].show()
        made.show()
        application.processEvents()
        return made

    yield chosen_by
    for parent in parents:
        parent.close()
        parent.deleteLater()


def entered(made, text):
    made.name.clear()
    QTest.keyClicks(made.name, text)


def test_its_words_are_the_persons(make):
    made = make(purpose="save", filters=["Файлы ключей (*.p12)"])
    assert made.labelText(QFileDialog.DialogLabel.LookIn) == "Папка:"
    assert made.labelText(QFileDialog.DialogLabel.Accept) == "Сохранить"
    assert made.labelText(QFileDialog.DialogLabel.Reject) == "Отмена"
    assert made.findChild(QTreeView, "treeView").accessibleName() == "Файлы"


def test_looking_for_a_file_changes_nothing_on_the_disk(make):
    assert make().testOption(QFileDialog.Option.ReadOnly)
    assert make(purpose="folder").testOption(QFileDialog.Option.ReadOnly)
    saving = make(purpose="save")
    assert not saving.testOption(QFileDialog.Option.ReadOnly)
    assert saving.testOption(QFileDialog.Option.DontConfirmOverwrite)


def test_a_file_is_chosen_once_it_is_there(make, folder):
    made = make()
    changes = []
    made.changed.connect(lambda: changes.append(made.chosen))
    assert made.chosen == ""
    entered(made, "act.pd")
    assert made.chosen == ""
    QTest.keyClicks(made.name, "f")
    assert made.chosen == QDir.toNativeSeparators(str(folder / "act.pdf"))
    assert changes[-1] == made.chosen
    entered(made, "below")
    assert made.chosen == ""


def test_return_takes_the_file_and_goes_into_a_folder(make, folder):
    made = make()
    taken = []
    made.submitted.connect(lambda: taken.append(made.chosen))
    entered(made, "below")
    QTest.keyClick(made.name, Qt.Key.Key_Return)
    assert taken == []
    assert Path(made.directory().path()) == folder / "below"
    entered(made, str(folder / "own.p12"))
    QTest.keyClick(made.name, Qt.Key.Key_Return)
    assert taken == [str(folder / "own.p12")]
    assert made.isVisible()


def test_return_on_what_is_not_there_does_nothing(make):
    made = make()
    taken = []
    made.submitted.connect(lambda: taken.append(True))
    entered(made, "nothing.pdf")
    QTest.keyClick(made.name, Qt.Key.Key_Return)
    assert taken == []
    assert made.isVisible()


def test_a_folder_is_the_one_that_is_open_or_selected(make, folder):
    made = make(purpose="folder", filters=())
    assert made.chosen == str(folder)
    entered(made, "below")
    assert made.chosen == str(folder / "below")
    entered(made, "act.pdf")
    assert made.chosen == ""


def test_escape_is_told_and_the_buttons_are_the_windows(make):
    made = make()
    refused = []
    made.refused.connect(lambda: refused.append(True))
    QTest.keyClick(made.name, Qt.Key.Key_Escape)
    assert refused == [True]
    assert not made.findChild(QDialogButtonBox).isVisible()


@pytest.mark.parametrize(
    ("kind", "filters"),
    [
        ("any", ["Все файлы (*)"]),
        ("folder", []),
        ("key", ["Файлы ключей (*.p12 *.pfx *.jks *.bin)", "Все файлы (*)"]),
        ("pkcs12", ["Файлы ключей (*.p12)", "Все файлы (*)"]),
        ("jks", ["Файлы ключей (*.jks)", "Все файлы (*)"]),
        ("certificate", ["Сертификаты (*.cer *.der)", "Все файлы (*)"]),
        ("crl", ["Списки отозванных сертификатов (*.crl)", "Все файлы (*)"]),
    ],
)
def test_each_kind_has_its_filters(kind, filters):
    assert chooser.filters_of(texts.load("ru"), kind) == filters


def test_no_kind_is_forgotten():
    for kind in typing.get_args(prompts.FileKind):
        chooser.filters_of(texts.load("kk"), kind)


def test_it_starts_where_it_was_told_or_at_the_nearest_folder_above(folder):
    assert chooser.start_folder(str(folder / "below")) == str(folder / "below")
    assert chooser.start_folder(str(folder / "act.pdf")) == str(folder)
    assert chooser.start_folder(str(folder / "gone" / "deeper")) == str(folder)
    assert chooser.start_folder("/") == "/"


@pytest.mark.parametrize(
    "named",
    [
        "",
        "relative",
        "/no-such-folder-at-all/x",
        "a\0b",
        "/a\0b",
        "/" + "x" * 5000,
        "\\\\evil\\share",
        "//evil/share",
        "\\\\?\\UNC\\evil\\share",
    ],
)
def test_it_starts_at_home_where_nothing_of_it_is_there_or_it_is_another_computer(named):
    assert chooser.start_folder(named) == QDir.homePath()


def test_places_that_are_not_there_are_not_offered(monkeypatch, tmp_path):
    (tmp_path / "sticks" / "aigerim" / "KINGSTON").mkdir(parents=True)
    monkeypatch.setattr(chooser, "_STICKS", (str(tmp_path / "none"), str(tmp_path / "sticks")))
    monkeypatch.setattr(chooser.getpass, "getuser", lambda: "aigerim")
    places = [url.toLocalFile() for url in chooser._places()]
    assert str(tmp_path / "sticks" / "aigerim" / "KINGSTON") in places
    assert all(Path(place or "/").is_dir() for place in places)
