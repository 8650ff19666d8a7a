"""The last word: it worked, or what went wrong and what to do about it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from protocol import prompts
from tray import files, glyphs, theme, widgets
from tray.texts import Texts


class OutcomePanel(QWidget):
    def __init__(self, texts: Texts, prompt: prompts.OpenKey, finished: prompts.Finished) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * theme.UNIT, 3 * theme.UNIT, 3 * theme.UNIT, 3 * theme.UNIT)
        self.sentence = sentence(texts, prompt, finished)
        if finished.problem is not None:
            column.addWidget(files.problem_notice(texts, finished.problem))
            column.addStretch()
            return
        column.addStretch()
        row = QHBoxLayout()
        row.setSpacing(2 * theme.UNIT)
        picture = QLabel()
        picture.setPixmap(glyphs.pixmap("good", theme.current().good, 40))
        row.addStretch()
        row.addWidget(picture)
        row.addWidget(widgets.label(self.sentence, pixels=theme.LARGE, bold=True, wraps=False))
        row.addStretch()
        column.addLayout(row)
        closes = widgets.label(texts("done.closes"), quiet=True)
        closes.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(closes)
        column.addStretch()


def sentence(texts: Texts, prompt: prompts.OpenKey, finished: prompts.Finished) -> str:
    """What happened, in one sentence."""
    if finished.problem is not None:
        return texts.problem("error", finished.problem.code)
    if prompt.action == "show_key":
        return texts("done.show_key")
    return texts("done.sign", count=finished.count)
