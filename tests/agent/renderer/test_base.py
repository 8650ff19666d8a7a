"""What readers of documents give."""

from agent.renderer import base


def test_what_can_not_be_shown_says_why() -> None:
    error = base.CannotShow("encrypted")
    assert error.why == "encrypted"
    assert str(error) == "encrypted"


def test_a_drawing_has_three_octets_for_a_pixel() -> None:
    drawing = base.Drawing(2, 1, bytes(6))
    assert len(drawing.pixels) == 3 * drawing.width * drawing.height
