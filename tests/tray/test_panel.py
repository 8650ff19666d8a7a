import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from tray import panel


def test_a_panel_that_says_nothing_of_itself_has_no_focus_and_nothing_to_forget(application):
    made = panel.Panel()
    assert made.first_focus() is None
    made.forget()
    with pytest.raises(NotImplementedError):
        _ = made.is_ready
    with pytest.raises(NotImplementedError):
        made.answer()
