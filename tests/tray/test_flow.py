import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout, QWidget

from tray import widgets
from tray.flow import Flow

SIDE = 100


@pytest.fixture
def holder(put_up, application):
    """Boxes of one width in a window of any, and where they lie in it."""

    def show(width, count=3, **expanding):
        one = QWidget()
        buttons = [QFrame() for _ in range(count)]
        for number, button in enumerate(buttons):
            button.setFixedHeight(40)
            button.setMinimumWidth(SIDE)
            grows = number in expanding.get("expanding", ())
            policy = QSizePolicy.Policy.Expanding if grows else QSizePolicy.Policy.Preferred
            button.setSizePolicy(policy, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(one)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(Flow(*buttons, spacing=10))
        column.addStretch()
        put_up(one, width, 300)
        return one, buttons

    return show


def places(buttons):
    return [button.geometry() for button in buttons if button.isVisible()]


def test_what_fits_is_one_row(holder):
    _, buttons = holder(320)
    assert places(buttons) == [QRect(x, 0, SIDE, 40) for x in (0, 110, 220)]


def test_what_does_not_fit_goes_on_in_the_next_row(holder):
    one, buttons = holder(250)
    assert places(buttons) == [QRect(0, 0, SIDE, 40), QRect(110, 0, SIDE, 40), QRect(0, 50, SIDE, 40)]
    one.resize(105, 300)
    assert places(buttons) == [QRect(0, y, SIDE, 40) for y in (0, 50, 100)]


def test_those_that_expand_share_what_is_left_of_their_row(holder):
    _, buttons = holder(261, expanding=(0, 1, 2))
    assert [(area.x(), area.width()) for area in places(buttons)] == [(0, 126), (136, 125), (0, 261)]


def test_the_window_may_be_as_narrow_as_the_widest_and_as_wide_as_all(holder):
    one, _ = holder(320)
    assert one.minimumSizeHint().width() == SIDE
    assert one.sizeHint().width() == 3 * SIDE + 20
    assert one.heightForWidth(320) == 40
    assert one.heightForWidth(150) == 140


def test_what_is_hidden_takes_no_room(holder):
    _, buttons = holder(250)
    buttons[1].hide()
    buttons[0].parentWidget().layout().activate()
    assert places(buttons) == [QRect(0, 0, SIDE, 40), QRect(110, 0, SIDE, 40)]


def test_a_text_that_wraps_gets_the_height_that_it_needs(put_up):
    one = QWidget()
    text = widgets.label("слово " * 40)
    flow = Flow(text)
    one.setLayout(flow)
    put_up(one, 200, 400)
    assert text.height() >= text.heightForWidth(text.width())
    assert flow.heightForWidth(200) > flow.heightForWidth(400)


def test_it_can_be_emptied(holder):
    one, _ = holder(320)
    flow = one.layout().itemAt(0)
    assert flow.itemAt(3) is None
    while flow.takeAt(0) is not None:
        continue
    assert (flow.count(), flow.sizeHint().width(), flow.heightForWidth(100)) == (0, 0, 0)
