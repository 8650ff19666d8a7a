import dataclasses

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette, QRawFont
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

from tray import theme

THEMES = [theme.LIGHT, theme.DARK, theme.CONTRAST]


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """WCAG 2.2, contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("chosen", THEMES, ids=lambda chosen: chosen.name)
def test_every_text_can_be_read_on_its_background(chosen):
    pairs = [
        ("text", "base"), ("text", "window"), ("text", "selection"), ("text", "hover"), ("quiet", "base"), ("quiet", "window"),
        ("quiet", "selection"), ("accent", "base"), ("accent", "window"), ("on_accent", "accent"), ("on_accent", "accent_hover"),
        ("danger", "danger_back"), ("warning", "warning_back"), ("good", "good_back"), ("warning", "base"),
        ("text", "danger_back"), ("text", "warning_back"),
    ]  # fmt: skip
    for ink, paper in pairs:
        assert contrast(getattr(chosen, ink), getattr(chosen, paper)) >= 4.5, (ink, paper)
    assert contrast(chosen.edge, chosen.base) >= 2.9
    assert contrast(chosen.disabled, chosen.base) >= 3


def test_the_strong_contrast_theme_deserves_its_name():
    assert contrast(theme.CONTRAST.text, theme.CONTRAST.base) >= 15
    assert contrast(theme.CONTRAST.on_accent, theme.CONTRAST.accent) >= 7


def test_the_colours_of_the_house_are_the_agreed_ones():
    assert (theme.LIGHT.accent, theme.LIGHT.danger, theme.LIGHT.warning, theme.LIGHT.good) == (
        "#00758A",
        "#B3261E",
        "#8A5A00",
        "#1B6E3C",
    )


def test_a_theme_sets_palette_style_sheet_and_what_is_drawn_by_hand(application):
    try:
        theme.apply(application, "dark")
        assert theme.current() is theme.DARK
        assert (
            application.palette().color(QPalette.ColorRole.Window).name().upper() == theme.DARK.window.upper()
        )
        assert theme.DARK.accent in application.styleSheet()
    finally:
        theme.apply(application, "light")
    assert theme.current() is theme.LIGHT


@pytest.mark.parametrize("kind", [QLineEdit, QPlainTextEdit])
def test_what_a_field_is_for_can_be_read_before_anything_is_typed(put_up, kind):
    """Left alone, Qt writes it in half of the text's colour."""
    field = put_up(kind(), 200, 60)
    assert field.palette().color(QPalette.ColorRole.PlaceholderText).name().upper() == theme.LIGHT.quiet


def test_the_system_decides_where_nobody_else_does(application, monkeypatch):
    class Hints:
        scheme = Qt.ColorScheme.Dark
        preference = Qt.ContrastPreference.NoPreference

        def colorScheme(self):
            return self.scheme

        def accessibility(self):
            return self

        def contrastPreference(self):
            return self.preference

    hints = Hints()

    class Application:
        def styleHints(self):
            return hints

    assert theme._system_theme(Application()) is theme.DARK
    hints.scheme = Qt.ColorScheme.Unknown
    assert theme._system_theme(Application()) is theme.LIGHT
    hints.preference = Qt.ContrastPreference.HighContrast
    assert theme._system_theme(Application()) is theme.CONTRAST


def test_every_kazakh_letter_is_there_in_every_weight(application):
    letters = "ӘҒҚҢӨҰҮҺІәғқңөұүһі"
    for font in (theme.font(theme.SMALL), theme.font(theme.LARGE, bold=True), theme.monospaced(theme.SMALL)):
        raw = QRawFont.fromFont(font)
        assert [letter for letter in letters if not raw.supportsCharacter(ord(letter))] == []


def test_a_theme_names_every_colour(application):
    for chosen in THEMES:
        for item in dataclasses.fields(chosen):
            assert item.name == "name" or getattr(chosen, item.name).startswith("#")
