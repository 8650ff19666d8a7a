import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtGui import QIcon

from tray import glyphs


def inked(picture):
    image = picture.toImage()
    return sum(
        image.pixelColor(x, y).alpha() > 0 for x in range(image.width()) for y in range(image.height())
    )


@pytest.mark.parametrize("name", sorted(glyphs._STROKES))
def test_a_drawing_draws_something_within_its_size(application, name):
    picture = glyphs.pixmap(name, "#00758A", 24)
    assert (picture.width(), picture.height()) == (24, 24)
    assert 20 < inked(picture) < 24 * 24


def test_a_chosen_row_shows_a_drawing_as_it_is(application):
    icon = glyphs.icon("good", "#1B6E3C", 20)
    usual, chosen = (icon.pixmap(20, mode).toImage() for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected))
    assert usual == chosen


def test_the_mark_takes_the_colour_that_is_asked_for(application):
    image = glyphs.mark("#FF0000", 48).toImage()
    colours = {
        image.pixelColor(x, y).name()
        for x in range(48)
        for y in range(48)
        if image.pixelColor(x, y).alpha() == 255
    }
    assert colours == {"#ff0000"}


def test_the_application_icon_has_the_usual_sizes(application):
    sizes = {size.width() for size in glyphs.application_icon().availableSizes()}
    assert sizes == {16, 32, 48, 128}
