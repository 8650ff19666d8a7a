import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtWidgets import QLabel

from tray import panel
from tray.dropped import Dropped


def test_a_panel_that_says_nothing_of_itself_has_no_focus_and_nothing_to_forget(application):
    made = panel.Panel()
    assert made.first_focus() is None
    made.forget()
    with pytest.raises(NotImplementedError):
        _ = made.is_ready
    with pytest.raises(NotImplementedError):
        made.answer()


def test_nobody_expects_a_drop_unless_a_panel_says_so(application):
    assert panel.Panel().offer(Dropped(("/a.p12",))) is None
    with pytest.raises(NotImplementedError):
        panel.Panel().take(Dropped(("/a.p12",)))


def test_what_is_said_stands_at_the_top_once(put_up):
    shown = put_up(panel.Panel(), 300, 200)
    shown.column.addWidget(QLabel("below"))
    for sentence in ("first", "second"):
        shown.tell(QLabel(sentence))
    assert [shown.column.itemAt(number).widget().text() for number in range(2)] == ["second", "below"]
    shown.tell(None)
    assert [shown.column.itemAt(number).widget().text() for number in range(1)] == ["below"]
