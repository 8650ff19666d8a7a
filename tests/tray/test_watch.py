import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLineEdit

from tray import guard, watch


class Watched:
    """A window with one field, watched; and all that was told of it."""

    def __init__(self):
        self.now = 1000.0
        self.state = "asking"
        self.is_on_cancel = False
        self.window = QDialog()
        self.field = QLineEdit(self.window)
        self.watch = watch.Watch(self.window, lambda: self.state, lambda: self.is_on_cancel, lambda: self.now)
        self.told = []
        for name in ("opened", "touched", "read"):
            getattr(self.watch, name).connect(lambda name=name: self.told.append(name))
        self.watch.begin()

    def settle(self):
        """Time enough after the window appeared."""
        self.watch.arm()
        self.now += 10
        assert self.watch.is_open

    def typed(self, key, **more):
        """Whether a key arrives."""
        before = self.field.text()
        event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, "x", **more)
        return not self.watch.eventFilter(self.field, event) and before == self.field.text()


@pytest.fixture
def watched(application):
    one = Watched()
    yield one
    one.watch.end()
    one.window.deleteLater()


def test_nothing_arrives_before_the_guard_opens_the_first_time(watched):
    watched.watch.arm()
    assert not watched.typed(Qt.Key.Key_A)
    assert watched.typed(Qt.Key.Key_Escape)
    watched.now += guard.DELAY_S + 0.01
    assert watched.watch.is_open
    assert watched.typed(Qt.Key.Key_A)


def test_later_only_agreement_is_held_back(watched):
    watched.watch.arm_again()
    assert watched.typed(Qt.Key.Key_A)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
        assert not watched.typed(key)


def test_that_the_guard_opens_is_told(watched):
    watched.watch.arm()
    QTest.qWait(round(1000 * guard.DELAY_S) + 200)
    assert "opened" in watched.told


def test_a_key_that_is_held_down_agrees_to_nothing(watched):
    watched.settle()
    assert watched.typed(Qt.Key.Key_Return)
    assert not watched.typed(Qt.Key.Key_Return, autorep=True)
    assert watched.typed(Qt.Key.Key_Space, autorep=True)


def test_while_the_worker_works_return_reaches_only_the_button_that_says_no(watched):
    watched.settle()
    watched.state = "busy"
    assert not watched.typed(Qt.Key.Key_Return)
    watched.is_on_cancel = True
    assert watched.typed(Qt.Key.Key_Return)


def test_touches_are_told_once_a_second_and_reading_only_at_the_end(watched):
    for _ in range(3):
        QTest.keyClick(watched.field, Qt.Key.Key_Down)
    assert watched.told == ["touched"]
    watched.now += 1
    QTest.keyClick(watched.field, Qt.Key.Key_A)
    assert watched.told == ["touched"] * 2
    watched.state = "done"
    watched.now += 1
    QTest.keyClick(watched.field, Qt.Key.Key_Return)
    assert watched.told == ["touched"] * 2
    QTest.keyClick(watched.field, Qt.Key.Key_Down)
    QTest.mouseClick(watched.field, Qt.MouseButton.LeftButton)
    assert watched.told[2:] == ["read"] * 2


def test_an_unwatched_or_waiting_window_tells_nothing(watched):
    watched.state = "waiting"
    QTest.keyClick(watched.field, Qt.Key.Key_A)
    watched.state = "asking"
    watched.watch.end()
    QTest.keyClick(watched.field, Qt.Key.Key_A)
    assert watched.told == []


def test_a_window_that_gets_the_keyboard_late_is_guarded_from_then_on(watched):
    watched.settle()
    watched.watch.eventFilter(watched.window, QEvent(QEvent.Type.WindowActivate))
    assert not watched.watch.is_open
    watched.now += 10
    watched.watch.eventFilter(watched.window, QEvent(QEvent.Type.WindowActivate))
    assert watched.watch.is_open
