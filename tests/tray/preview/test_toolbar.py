import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton

from tray import texts
from tray.preview.toolbar import Toolbar


@pytest.fixture
def bar(put_up):
    def show(pages=12, width=700):
        made = put_up(Toolbar(texts.load("en")), width, 40)
        made.show_pages(pages)
        made.show_page(0)
        return made

    return show


def test_every_button_has_a_name(application, bar):
    one = bar()
    one.show_scale(0.75, can_grow=True, can_shrink=False)
    assert all(button.accessibleName() for button in one.findChildren(QToolButton))
    assert one.fit.text() == "75\u00a0%"
    assert (one.larger.isEnabled(), one.smaller.isEnabled()) == (True, False)


@pytest.mark.parametrize(("pages", "width", "shown"), [(0, 700, []), (1, 700, ["smaller", "fit", "larger"]), (2, 700, ["list", "page", "of", "smaller", "fit", "larger"]), (2, 320, ["page", "of", "smaller", "larger"])])  # fmt: skip
def test_tools_are_there_where_they_are_of_use(application, bar, pages, width, shown):
    one = bar(pages, width)
    tools = ("list", "page", "of", "smaller", "fit", "larger")
    assert [tool for tool in tools if getattr(one, tool).isVisible()] == shown


def test_a_page_is_typed_and_gone_to(application, bar):
    one = bar()
    wanted = []
    one.page_wanted.connect(wanted.append)
    one.page.setFocus()
    for typed, page in (("7", 6), ("99", 11), ("0", 0)):
        one.page.selectAll()
        QTest.keyClicks(one.page, typed)
        QTest.keyClick(one.page, Qt.Key.Key_Return)
        assert wanted[-1] == page
    one.show_page(4)
    QTest.keyClick(one.page, Qt.Key.Key_Down)
    QTest.keyClick(one.page, Qt.Key.Key_Up)
    assert wanted[-2:] == [5, 3]


def test_what_is_being_typed_is_not_overwritten_by_scrolling(application, bar):
    one = bar()
    one.page.setFocus()
    one.page.selectAll()
    QTest.keyClicks(one.page, "1")
    one.show_page(4)
    assert one.page.text() == "1"
    one.back.show()
    one.back.setFocus()
    assert one.page.text() == "5"


def test_letters_are_no_page(application, bar):
    one = bar()
    wanted = []
    one.page_wanted.connect(wanted.append)
    one.page.setFocus()
    one.page.clear()
    QTest.keyClicks(one.page, "abc")
    QTest.keyClick(one.page, Qt.Key.Key_Return)
    assert wanted == [0]


def test_the_way_back_is_there_inside_of_something(application, bar):
    one = bar()
    assert not one.back.isVisible()
    one.show_title("a.zip", can_go_back=True)
    gone = []
    one.back_wanted.connect(lambda: gone.append(1))
    QTest.keyClick(one.back, Qt.Key.Key_Space)
    assert gone == [1]
