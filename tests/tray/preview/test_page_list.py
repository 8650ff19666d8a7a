import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from protocol import preview
from tray import texts
from tray.preview.drawings import Drawings
from tray.preview.inquiry import Where
from tray.preview.page_list import PageList

A4 = preview.Size(595, 842)
HERE = Where(0)


@pytest.fixture
def sheets(put_up):
    made = put_up(PageList(texts.load("en"), Drawings()), 120, 400)
    made.show_pages(HERE, (A4, preview.Size(842, 595), A4, A4, A4, A4, A4, A4))
    return made


def test_pages_in_sight_are_wanted_small(application, sheets):
    application.processEvents()
    wanted = dict(sheets.wanted())
    assert list(wanted) == [0, 1, 2]
    assert wanted[0] < wanted[1] <= 72 * sheets.devicePixelRatioF()


def test_nothing_is_wanted_of_a_list_that_is_not_shown(application, sheets):
    sheets.hide()
    assert list(sheets.wanted()) == []


def test_following_the_reader_is_no_choice_and_going_by_keyboard_is(application, sheets):
    chosen = []
    sheets.chosen.connect(chosen.append)
    sheets.follow(4)
    assert (sheets.currentIndex().row(), chosen) == (4, [])
    QTest.keyClick(sheets, Qt.Key.Key_Down)
    assert chosen == [5]
    QTest.keyClick(sheets, Qt.Key.Key_Home)
    assert chosen == [5, 0]


def test_a_page_is_called_by_its_number(application, sheets):
    model = sheets.model()
    assert model.data(model.index(2, 0), Qt.ItemDataRole.AccessibleTextRole) == "Page 3"
    assert sheets.accessibleName() == "List of pages"


def test_what_was_drawn_is_seen(application, sheets):
    drawn = preview.Drawn(0, 0, 68, 96)
    sheets._drawings.put(HERE, "small", preview.Draw(0, 0, 68), drawn, b"\x20\x40\x60" * 68 * 96)
    sheets.refresh()
    area = sheets.visualRect(sheets.model().index(0, 0))
    picture = sheets.viewport().grab().toImage()
    assert picture.pixelColor(area.center().x(), area.top() + 40).name() == "#204060"


def test_scrolling_wants_others(application, sheets):
    wants = []
    sheets.wants.connect(lambda: wants.append(1))
    sheets.follow(7)
    assert wants
    assert [page for page, _ in sheets.wanted()][-1] == 7
