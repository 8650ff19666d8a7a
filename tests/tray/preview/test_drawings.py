import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from protocol import preview
from tray.preview.drawings import Drawings
from tray.preview.inquiry import Where

HERE = Where(0)


def put(drawings, page=0, width=10, height=20, use="page"):
    asked = preview.Draw(0, page, width)
    drawn = preview.Drawn(0, page, width, height)
    return drawings.put(HERE, use, asked, drawn, b"\x10\x80\xf0" * width * height)


def test_a_drawing_has_the_pixels_that_came(application):
    drawings = Drawings()
    assert put(drawings)
    image = drawings.picture(HERE, 0).toImage()
    assert (image.width(), image.height()) == (10, 20)
    assert image.pixelColor(9, 19).getRgb()[:3] == (0x10, 0x80, 0xF0)


@pytest.mark.parametrize(
    ("width", "height", "octets"),
    [(10, 20, 599), (10, 20, 601), (0, 20, 0), (10, 0, 0), (10, -2, 0), (preview.MAX_WIDTH + 1, 1, 3 * (preview.MAX_WIDTH + 1))],
)  # fmt: skip
def test_pixels_that_are_not_what_they_are_said_to_be_are_refused(application, width, height, octets):
    drawings = Drawings()
    drawn = preview.Drawn(0, 0, width, height)
    assert not drawings.put(HERE, "page", preview.Draw(0, 0, 10), drawn, bytes(octets))
    assert drawings.picture(HERE, 0) is None


def test_a_page_is_wanted_until_it_is_there_in_its_width(application):
    drawings = Drawings()
    assert drawings.is_wanted(HERE, 0, "page", 10)
    put(drawings)
    assert not drawings.is_wanted(HERE, 0, "page", 10)
    assert drawings.is_wanted(HERE, 0, "page", 11)
    assert drawings.is_wanted(Where(0, ("inner",)), 0, "page", 10)


def test_a_renderer_that_draws_smaller_is_not_asked_again(application):
    drawings = Drawings()
    asked, drawn = preview.Draw(0, 0, 3000), preview.Drawn(0, 0, 10, 10)
    assert drawings.put(HERE, "page", asked, drawn, bytes(300))
    assert not drawings.is_wanted(HERE, 0, "page", 3000)


def test_a_page_that_failed_is_not_asked_for_until_another_try(application):
    drawings = Drawings()
    drawings.fail(HERE, 3, "crashed")
    assert drawings.why_not(HERE, 3) == "crashed"
    assert not drawings.is_wanted(HERE, 3, "page", 10)
    drawings.forget(0)
    assert drawings.why_not(HERE, 3) == ""
    assert drawings.is_wanted(HERE, 3, "page", 10)


def test_a_small_one_is_made_of_a_large_one(application):
    drawings = Drawings()
    assert drawings.small(HERE, 0, 5) is None
    put(drawings)
    assert not drawings.is_wanted(HERE, 0, "small", 5)
    assert drawings.small(HERE, 0, 5).width() == 5
    assert drawings.picture(HERE, 0).width() == 10


def test_a_small_one_stands_in_for_a_page(application):
    drawings = Drawings()
    put(drawings, width=4, height=6, use="small")
    assert drawings.picture(HERE, 0).width() == 4
    assert drawings.is_wanted(HERE, 0, "page", 10)
    assert drawings.is_wanted(HERE, 0, "small", 8)


def test_memory_is_bounded(application):
    drawings = Drawings(limit_bytes=3 * 10 * 20 * 4)
    for page in range(5):
        put(drawings, page)
    assert [drawings.picture(HERE, page) is not None for page in range(5)] == [False, False, True, True, True]
