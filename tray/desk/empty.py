"""What a page shows where there is nothing yet: what will be here, and what to do to have it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from tray import glyphs, theme, widgets

_GLYPH = 40


class Empty(QWidget):
    """A drawing, a title and a sentence in the middle of the page."""

    def __init__(self, glyph: str, title: str, sentence: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 3 * theme.UNIT, 0, 3 * theme.UNIT)
        column.setSpacing(theme.UNIT)
        picture = QLabel()
        picture.setPixmap(glyphs.pixmap(glyph, theme.current().accent, _GLYPH))
        self.title = widgets.label(title, pixels=theme.LARGE, bold=True)
        self.sentence = widgets.label(sentence, quiet=True)
        column.addStretch(1)
        for line in (picture, self.title, self.sentence):
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(line)
        column.addStretch(1)
