import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from protocol.desk import doctor as page
from tests.support.qt_waiting import until
from tray import texts
from tray.chooser import Chooser
from tray.desk.bundle import BundlePanel

GATHERED = page.Gathered(
    "qalamsap-support-2026-11-27-1230.zip",
    (
        page.Part("README.txt", "что внутри", "Что внутри:\n  log.txt\n"),
        page.Part("log.txt", "журнал работы", "первая\nвторая \u202egnirts\x1b[31m\n" + "x" * 5000),
    ),
    ("ключи и пароли", "документы"),
)


class Made:
    def __init__(self, put_up, language):
        self.asked = []
        self.saved = []
        self.closed = []
        self.panel = put_up(
            BundlePanel(
                texts.load(language),
                self.asked.append,
                self.saved.append,
                lambda: self.closed.append(True),
            ),
            776,
            700,
        )


@pytest.fixture(params=["kk", "ru", "en"])
def made(put_up, request):
    found = Made(put_up, request.param)
    found.panel.show_bundle(GATHERED)
    QApplication.processEvents()
    return found


def click(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_all_that_is_in_it_can_be_read_part_by_part(made):
    panel = made.panel
    assert panel.text.toPlainText() == GATHERED.parts[0].text
    panel.parts.setFocus()
    QTest.keyClick(panel.parts, Qt.Key.Key_Down)
    shown = panel.text.toPlainText()
    assert shown.startswith("первая\nвторая ")
    assert shown.endswith("x" * 5000)  # nothing is cut: what is saved is what is shown
    assert "\u202e" not in shown
    assert "\x1b" not in shown
    assert panel.text.isReadOnly()
    assert "log.txt" in panel.text.accessibleName()


def test_what_was_left_out_is_said_in_full(made):
    assert made.panel.left_out.text().splitlines() == ["• ключи и пароли", "• документы"]


def test_the_names_of_sites_are_a_choice_of_their_own(made):
    panel = made.panel
    panel.parts.setCurrentIndex(1)
    click(panel.keep_sites)
    assert made.asked == [True]
    panel.enable(is_on=False)
    assert not panel.save.isEnabled()
    panel.show_bundle(GATHERED)
    assert panel.parts.currentIndex() == 1  # who reads the log goes on reading it
    assert panel.save.isEnabled()
    click(panel.keep_sites)
    assert made.asked == [True, False]


def test_the_person_chooses_where_it_is_saved(made, tmp_path):
    click(made.panel.save)
    found = made.panel.findChildren(QDialog)
    assert until(lambda: any(isinstance(each, Chooser) for each in made.panel.findChildren(QDialog)))
    chooser = next(each for each in found or made.panel.findChildren(QDialog) if isinstance(each, Chooser))
    assert chooser.defaultSuffix() == "zip"
    assert made.saved == []
    chooser.fileSelected.emit(str(tmp_path / "a.zip"))
    assert made.saved == [str(tmp_path / "a.zip")]
    chooser.close()


def test_nothing_is_saved_where_the_person_does_not_want_it(made):
    click(made.panel.cancel)
    assert made.closed == [True]
    assert made.saved == []


def test_a_tab_leaves_the_text(made):
    made.panel.text.setFocus()
    QTest.keyClick(made.panel.text, Qt.Key.Key_Tab)
    assert not made.panel.text.hasFocus()


def test_before_there_is_a_bundle_there_is_nothing_to_save(put_up):
    empty = Made(put_up, "ru")
    click(empty.panel.save)
    assert empty.saved == []
    assert empty.panel.findChildren(QDialog) == []
