import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QVBoxLayout, QWidget

from tests.support import drags
from tests.support.drags import Drag
from tray import dropped, stage, widgets
from tray.drop_area import Offer
from tray.panel import Panel
from tray.password import PasswordBox
from tray.texts import load


class OnePanel(Panel):
    """A password, and whether it was forgotten."""

    def __init__(self):
        super().__init__()
        self.box = PasswordBox(load("ru"))
        self.column.addWidget(self.box)
        self.forgotten = False

    def forget(self):
        self.forgotten = True
        self.box.field.forget()


class Small(stage.Stage):
    room = QRect(0, 0, 1400, 900)
    refused = 0

    def available(self):
        return self.room

    def reject(self):
        self.refused += 1


@pytest.fixture
def made(application):
    window = Small()
    yield window
    window.close()
    window.deleteLater()


def beside(height=100):
    what = QWidget()
    column = QVBoxLayout(what)
    field = QLineEdit()
    column.addWidget(field)
    column.addSpacing(height)
    what.field = field
    return what


def set_up(window, what=None, *, is_wide=True):
    window.set_up(QLabel("who"), what, OnePanel(), is_wide=is_wide)
    window.cancel.setText("Отмена")
    window.cancel.clicked.connect(window.reject)
    window.cancel.setDefault(True)
    window.fit(stage.WIDE if is_wide else stage.USUAL)
    window.show()
    return window


def settle(application):
    for _ in range(3):
        application.processEvents()


def test_a_wide_window_gives_most_of_its_room_to_what_it_is_about(made, application):
    set_up(made, beside())
    settle(application)
    assert made.size() == stage.WIDE
    assert made.beside.width() > made.panel.width() > 380
    made.resize(700, 700)
    settle(application)
    assert made.beside.width() == made.panel.width() > 600
    assert made.panel.y() > made.beside.y()


def test_another_panel_leaves_the_rest_as_it_is(made, application):
    what = beside()
    set_up(made, what)
    first, before = made.panel, made.cancel
    first.box.field.setText("Qwerty12")
    what.field.setText("typed by the person")
    made.busy.show()
    made.progress.show()
    second = OnePanel()
    made.change_panel(second)
    settle(application)
    assert first.forgotten
    assert first.box.field.text() == ""
    assert (made.panel, made.beside, what.field.text()) == (second, what, "typed by the person")
    assert made.cancel is not before
    made.cancel.setText("Отмена")
    second.box.eye.setFocus()
    QTest.keyClick(second.box.eye, Qt.Key.Key_Tab)
    assert made.focusWidget() is made.cancel
    assert second.isVisible()
    assert second.width() == 50 * 8
    assert not made.busy.isVisible()
    assert not made.progress.isVisible()


def test_taking_all_down_forgets_what_was_typed(made):
    set_up(made, beside())
    panel = made.panel
    made.set_up_end(QLabel("who"), QLabel("done"))
    assert panel.forgotten
    assert made.panel is None
    assert made.beside is None
    assert made.isAncestorOf(made.cancel)


def test_a_window_never_exceeds_the_screen_and_keeps_the_size_that_a_person_gave_it(made):
    made.room = QRect(0, 0, 1024, 568)
    set_up(made, beside())
    assert made.size() == QSize(1024, 568)
    made.resize(900, 500)
    made.fit(stage.WIDE)
    assert made.size() == QSize(900, 500)
    made.fit(stage.USUAL)
    assert made.size() == QSize(960, 568)


def test_on_a_low_screen_the_head_scrolls_with_the_rest(made, application):
    made.room = QRect(0, 0, 512, 284)
    set_up(made, beside(600))
    settle(application)
    assert made.middle.isAncestorOf(made.header)
    assert made.middle.verticalScrollBar().maximum() > 0
    made.panel.box.field.setFocus()
    made.show_focus()
    field = made.panel.box.field
    assert made.middle.viewport().rect().contains(field.mapTo(made.middle.viewport(), field.rect().center()))


def test_return_where_a_person_reads_is_no_answer_and_on_cancel_it_is(made, application):
    what = beside()
    set_up(made, what)
    QTest.keyClick(what.field, Qt.Key.Key_A)
    what.field.setFocus()
    QTest.keyClick(what.field, Qt.Key.Key_Return)
    assert made.refused == 0
    made.cancel.setFocus()
    QTest.keyClick(made.cancel, Qt.Key.Key_Return)
    assert made.refused == 1


def test_page_keys_scroll_what_has_nothing_to_focus(made, application):
    made.room = QRect(0, 0, 1024, 568)
    set_up(made, beside(900))
    settle(application)
    bar = made.middle.verticalScrollBar()
    QTest.keyClick(made.cancel, Qt.Key.Key_PageDown)
    assert bar.value() > 0
    QTest.keyClick(made.cancel, Qt.Key.Key_PageUp)
    assert bar.value() == 0


def test_a_small_question_is_as_high_as_it_needs_to_be(made):
    made.set_up(widgets.label("who"), None, OnePanel(), is_wide=False)
    needed = made.height_for(stage.SMALL_WIDTH)
    assert made.footer.sizeHint().height() < needed < 400
    assert stage.fields_of(made.panel) == [made.panel.box.field]


class DropPanel(OnePanel):
    """Takes whatever is dropped, unless it was told not to."""

    def __init__(self, *, is_welcome=True):
        super().__init__()
        self.is_welcome = is_welcome
        self.taken = []

    def offer(self, dropped):
        return Offer("здесь" if self.is_welcome else "не здесь", "и вот почему", self.is_welcome)

    def take(self, dropped):
        self.taken.append(dropped.files)


@pytest.fixture
def act(tmp_path):
    path = tmp_path / "act.pdf"
    path.touch()
    return path


def drop_on(window, panel, act):
    window.set_up(QLabel("who"), None, panel, is_wide=False)
    window.fit(stage.USUAL)
    window.show()
    return drags.let_go(window, [act])


def said(panel):
    QApplication.processEvents()
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible() and label.text()]


def test_the_panel_takes_what_is_dropped_on_the_window(made, act):
    panel = DropPanel()
    panel.tell(QLabel("before"))
    assert drop_on(made, panel, act).isAccepted()
    assert panel.taken == [(str(act),)]
    assert "before" not in said(panel)


def test_why_not_stays_on_the_panel(made, act, application):
    panel = DropPanel(is_welcome=False)
    assert not drop_on(made, panel, act).isAccepted()
    assert panel.taken == []
    assert {"не здесь", "и вот почему"} <= set(said(panel))
    drags.let_go(made, [act])
    assert {"не здесь", "и вот почему"} <= set(said(panel))
    assert said(panel).count("не здесь") == 1


def test_nothing_can_be_dropped_while_an_answer_is_worked_on_and_after_the_last_word(made, act):
    panel = DropPanel()
    drop_on(made, panel, act)
    panel.setEnabled(False)
    assert not Drag(made, drags.files(act)).enter().is_allowed
    made.set_up_end(QLabel("who"), QLabel("done"))
    assert not Drag(made, drags.files(act)).enter().is_allowed
    assert panel.taken == [(str(act),)]


@pytest.mark.parametrize("is_anew", [False, True])
@pytest.mark.parametrize("is_welcome", [True, False])
def test_what_is_for_the_next_panel_gets_there_once(made, act, is_anew, is_welcome):
    first, second, third = OnePanel(), DropPanel(is_welcome=is_welcome), DropPanel()
    drop_on(made, first, act)
    first.handed_on = dropped.read(drags.files(act))
    if is_anew:
        made.set_up(QLabel("who"), None, second, is_wide=False)
    else:
        made.change_panel(second)
    assert (second.taken, "не здесь" in said(second)) == (
        ([(str(act),)], False) if is_welcome else ([], True)
    )
    made.change_panel(third)
    assert third.taken == []
