from pathlib import Path

import pytest
from reportlab.pdfbase import pdfmetrics

from agent.drawing import fonts


def test_a_font_with_every_kazakh_letter_is_found() -> None:
    fonts.register()
    for name in (fonts.REGULAR, fonts.BOLD):
        glyphs = pdfmetrics.getFont(name).face.charToGlyph
        assert all(ord(letter) in glyphs for letter in fonts.NEEDED)


def test_a_machine_without_fonts_is_told_what_to_install(tmp_path: Path) -> None:
    missing = fonts.Pair(tmp_path / "a.ttf", tmp_path / "b.ttf")
    with pytest.raises(fonts.NoFont, match="DejaVu"):
        fonts.register([missing])


def test_a_font_that_lacks_a_letter_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "NEEDED", "Қ\U0001f58b")
    with pytest.raises(fonts.NoFont):
        fonts.register()
