"""The reminder of keys that end soon, above the pages."""

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocol.control import EndingKey
from protocol.desk import frame
from tests.support.cut_texts import cut_texts
from tray import texts
from tray.desk.ending import EndingBanner
from tray.desk.window import DeskWindow

LINES = (
    EndingKey("АХМЕТОВА АЙГЕРІМ", "2026-12-10T00:00:00+00:00", 13, "ЖШС «АЛМАТЫ ҚҰРЫЛЫС КОМПАНИЯСЫ»", ("aa", "bb")),
    EndingKey("ИВАНОВ ИВАН", "2026-12-24T00:00:00+00:00", 27, "", ("cc",)),
)  # fmt: skip


@pytest.fixture
def sent():
    return []


@pytest.fixture
def window(put_up, sent):
    made = DeskWindow(sent.append)
    made.receive(frame.Begin("sites", "ru", "1.2.3"))
    put_up(made)
    QTest.qWaitForWindowActive(made)
    return made


def test_it_stays_above_every_page_until_the_person_closes_it(window, sent):
    window.receive(frame.Ending(LINES))
    window.go_to("history")
    window.receive(frame.Spoken("kk"))
    assert window.banner.isVisible()
    assert window.banner.notice.sentence.text() == "ЭЦҚ кілттерінің мерзімі жақында аяқталады"
    assert not any(isinstance(message, frame.Reminded) for message in sent)
    window.banner.close_button.click()
    assert sent[-1] == frame.Reminded(("aa", "bb", "cc"))
    assert window.banner is None
    window.receive(frame.Spoken("ru"))
    assert window.banner is None


def test_it_takes_no_keyboard_and_gives_it_back(window):
    before = window.focusWidget()
    window.receive(frame.Ending(LINES))
    assert window.focusWidget() is before
    window.navigation.setFocus()
    QTest.keyClick(window.navigation, Qt.Key.Key_Tab)
    assert window.focusWidget() is window.banner.keys
    QTest.keyClick(window.banner.keys, Qt.Key.Key_Tab)
    assert window.focusWidget() is window.banner.close_button
    QTest.keyClick(window.banner.close_button, Qt.Key.Key_Space)
    assert window.focusWidget() is not None
    assert window.focusWidget().isVisible()


def test_it_leads_to_the_keys(window):
    window.receive(frame.Ending(LINES[:1]))
    assert window.banner.notice.sentence.text() == "Ключ ЭЦП закончится через 13 дней"
    window.banner.keys.click()
    assert window.page == "keys"
    assert window.banner.isVisible()


def test_another_reminder_takes_its_place(window):
    window.receive(frame.Ending(LINES[:1]))
    window.receive(frame.Ending(LINES[1:]))
    assert window._above.count() == 1
    assert "ИВАНОВ" in window.banner.notice.accessibleName()


def test_a_screen_reader_says_all_of_it(window):
    window.receive(frame.Ending(LINES))
    said = QAccessible.queryAccessibleInterface(window.banner.notice).text(QAccessible.Text.Name)
    assert "АХМЕТОВА АЙГЕРІМ, ЖШС «АЛМАТЫ ҚҰРЫЛЫС КОМПАНИЯСЫ»: до 10.12.2026" in said


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("size", [(400, 800), (824, 560)])
def test_nothing_of_it_is_cut(put_up, language, size):
    made = EndingBanner(texts.load(language), frame.Ending(LINES), lambda: None, lambda: None)
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.addWidget(made)
    column.addStretch(1)
    assert cut_texts(put_up(holder, *size)) == []
    assert made.verticalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff


def test_in_a_small_window_it_leaves_half_to_the_page_and_its_buttons_come_into_sight(window, application):
    window.resize(512, 320)
    window.receive(frame.Ending(LINES))
    application.processEvents()
    assert window.banner.height() == 160
    window.navigation.setFocus()
    for button in (window.banner.keys, window.banner.close_button):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        place = button.mapTo(window.banner.viewport(), button.rect().bottomLeft())
        assert window.banner.viewport().rect().contains(place)
    window.resize(1080, 720)
    application.processEvents()
    assert window.banner.height() < 180
    assert cut_texts(window.banner) == []
