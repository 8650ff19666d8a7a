from collections.abc import Iterator
from pathlib import Path

import pytest
from reportlab.pdfbase import pdfmetrics

from agent.drawing import card_fonts, fonts


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    card_fonts.register.cache_clear()


def test_digests_get_a_font_whose_letters_are_all_as_wide() -> None:
    name = card_fonts.register()
    widths = {pdfmetrics.stringWidth(letter, name, 8) for letter in "0123456789abcdef "}
    assert name != card_fonts.MONOSPACED or len(widths) == 1


def test_without_a_monospaced_font_the_regular_one_serves(tmp_path: Path) -> None:
    assert card_fonts.register((tmp_path / "none.ttf",)) == fonts.REGULAR


def test_a_file_that_is_no_font_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"not a font")
    assert card_fonts.register((tmp_path / "broken.ttf",)) == fonts.REGULAR
