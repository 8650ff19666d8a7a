import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from protocol import preview
from tray import texts, theme
from tray.preview import pages
from tray.preview.drawings import Drawings
from tray.preview.inquiry import Where
from tray.preview.pages import PagesView, lay_out

A4 = preview.Size(595, 842)
WIDE = preview.Size(842, 595)
HERE = Where(0)
ROOM = 300
SETTLED_MS = 200


@pytest.fixture
def view(put_up):
    def show(sizes=(A4,) * 5, drawings=None, size=(ROOM, 400)):
        made = put_up(PagesView(texts.load("en"), drawings or Drawings()), *size)
        made.show_pages(HERE, tuple(sizes))
        QTest.qWait(SETTLED_MS)
        return made

    return show


def draw(view, page, width, colour=b"\x20\x40\x60"):
    height = round(width * 842 / 595)
    drawn = preview.Drawn(0, page, width, height)
    assert view._drawings.put(HERE, "page", preview.Draw(0, page, width), drawn, colour * width * height)
    view.refresh()


def colour_at(view, across, down):
    return view.viewport().grab().toImage().pixelColor(across, down).name()


def test_pages_fit_the_width_and_follow_each_other():
    found = lay_out((A4, WIDE), 424, None)
    assert [box[0] for box in found.boxes] == [400, 400]
    assert found.tops[1] == found.tops[0] + found.boxes[0][1] + 12
    assert found.height == found.tops[1] + found.boxes[1][1] + 12


def test_a_small_picture_is_not_blown_up():
    assert lay_out((preview.Size(30, 30),), 1000, None).boxes == ((80, 80),)


def test_a_scale_counts_from_the_real_size():
    assert lay_out((preview.Size(72, 144),), 10, 1.5).boxes == ((144, 288),)


def test_no_pages_are_laid_out_too():
    found = lay_out((), 100, None)
    assert (found.height, list(found.pages(0, 100)), found.page_at(50)) == (0, [], 0)


@pytest.mark.parametrize(
    ("top", "bottom", "seen"), [(0, 5, []), (0, 13, [0]), (0, 200, [0, 1]), (112, 124, []), (113, 125, [1])]
)
def test_pages_between_two_heights(top, bottom, seen):
    found = lay_out((preview.Size(75, 75),) * 3, 1, 1.0)  # 100 pixels each, from 12, 124, 236 on
    assert list(found.pages(top, bottom)) == seen


def test_what_is_in_sight_is_wanted_first_then_what_comes_next(application, view):
    one = view()
    wanted = list(one.wanted())
    assert [page for page, _ in wanted] == [0, 1, 2]  # of the second a little is seen
    assert {width for _, width in wanted} == {one._layout.boxes[0][0]}
    one.go_to(3)
    assert [page for page, _ in one.wanted()] == [3, 4, 2]
    draw(one, 3, wanted[0][1])
    assert [page for page, _ in one.wanted()] == [4, 2]


def test_nothing_is_wanted_while_the_scale_changes(application, view):
    one = view()
    one.zoom_in()
    assert list(one.wanted()) == []
    wants = []
    one.wants.connect(lambda: wants.append(1))
    QTest.qWait(SETTLED_MS)
    assert wants
    assert next(one.wanted())[1] == one._layout.boxes[0][0]


def test_a_page_is_drawn_where_it_lies_and_paper_is_white_before(application, view):
    one = view()
    assert colour_at(one, 140, 100) == "#ffffff"
    assert colour_at(one, 3, 100) != "#ffffff"
    draw(one, 0, 50)  # too small: it stands in
    assert colour_at(one, 140, 100) == "#204060"


def test_a_page_that_failed_says_why(application, view):
    one = view()
    one._drawings.fail(HERE, 0, "crashed")
    one.refresh()
    picture = one.viewport().grab().toImage()
    danger = theme.LIGHT.danger.lower()
    found = {picture.pixelColor(across, down).name() for across in range(20, 260) for down in range(150, 250)}
    assert danger in found


def test_the_page_that_is_read_is_told(application, view):
    one = view()
    moved = []
    one.moved.connect(moved.append)
    one.go_to(2)
    QTest.keyClick(one, Qt.Key.Key_End)
    QTest.keyClick(one, Qt.Key.Key_Home)
    assert moved == [2, 4, 0]
    assert one.accessibleName() == "Page 1 of 5"
    QTest.keyClick(one, Qt.Key.Key_PageDown)
    QTest.keyClick(one, Qt.Key.Key_Space)
    assert one.verticalScrollBar().value() == 2 * one.verticalScrollBar().pageStep()


def test_the_scale_goes_in_steps_and_keeps_what_is_in_the_middle(application, view):
    one = view()
    one.go_to(3)
    fit = one.scale
    one.zoom_in()
    assert one.scale == pytest.approx(next(zoom for zoom in pages.ZOOMS if zoom > fit + 0.005), rel=0.01)
    middle = one.verticalScrollBar().value() + one.viewport().height() // 2
    assert one._layout.page_at(middle) == 3
    for _ in pages.ZOOMS:
        one.zoom_in()
    assert one.zoom == pages.ZOOMS[-1]
    assert one.horizontalScrollBar().maximum() > 0
    for _ in pages.ZOOMS:
        one.zoom_out()
    assert one.zoom == pages.ZOOMS[0]
    one.set_zoom(None)
    assert one.scale == fit
    assert one.horizontalScrollBar().maximum() == 0


def wheel(view, turned, modifiers=Qt.KeyboardModifier.NoModifier):
    at = QPointF(50, 50)
    event = QWheelEvent(
        at, view.mapToGlobal(at), QPoint(), QPoint(0, turned), Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)


def test_the_wheel_scrolls_and_with_ctrl_scales(application, view):
    one = view()
    wheel(one, -120)
    assert one.verticalScrollBar().value() > 0
    before = one.scale
    wheel(one, 120, Qt.KeyboardModifier.ControlModifier)
    assert one.scale > before
    wheel(one, -120, Qt.KeyboardModifier.ControlModifier)
    wheel(one, -120, Qt.KeyboardModifier.ControlModifier)
    assert one.scale < before


def test_a_page_can_be_dragged(application, view):
    one = view()
    QTest.mousePress(one.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(100, 200))
    QTest.mouseMove(one.viewport(), QPoint(100, 150))
    application.processEvents()
    QTest.mouseRelease(one.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(100, 150))
    assert one.verticalScrollBar().value() == 50


def test_all_that_is_in_sight_fits_into_memory_together(application, view):
    one = view(drawings=Drawings(limit_bytes=400_000))
    one.go_to(1)
    one.verticalScrollBar().setValue(one.verticalScrollBar().value() - 100)  # two pages in sight
    asked = 0
    while (wanted := next(one.wanted(), None)) is not None:
        draw(one, *wanted)
        asked += 1
        assert asked < 10
    assert asked == 2


def test_another_size_of_the_window_keeps_the_page(application, view):
    one = view()
    one.go_to(3)
    one.resize(500, 400)
    application.processEvents()
    middle = one.verticalScrollBar().value() + one.viewport().height() // 2
    assert one._layout.page_at(middle) == 3
    assert one._layout.boxes[0][0] > ROOM


def test_ten_thousand_pages_are_laid_out_at_once(application, view):
    one = view((A4,) * 10_000)
    one.go_to(9_999)
    assert one.page == 9_999
    assert len(list(one.wanted())) <= 3
