"""The last word: it worked, or what went wrong and what to do about it."""

from pathlib import Path

from PySide6.QtCore import QDir, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from protocol import prompts
from tray import files, glyphs, question, theme, widgets, words
from tray.texts import Texts

# What is said at the end, as text keys below "done". What is not here closes without a word.
_SAID: dict[question.Wish, str] = {
    "sign": "sign",
    "identify": "sign",
    "show_key": "show_key",
    "log_in": "log_in",
    "import_certificate": "import_certificate",
    "new_key": "new_key",
    "change_password": "change_password",
}


class OutcomePanel(QWidget):
    """`new_key` is the file of a key that was made, `results` show what came of each of many documents, of which the person left out
    `left_out`: where there is something to read that is said nowhere else, it does not pass by itself."""

    def __init__(
        self,
        texts: Texts,
        asked: question.Question,
        finished: prompts.Finished,
        new_key: str = "",
        *,
        results: QWidget | None = None,
        left_out: int = 0,
    ) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * theme.UNIT, 3 * theme.UNIT, 3 * theme.UNIT, 3 * theme.UNIT)
        self.sentence = sentence(texts, asked, finished)
        self.is_passing = finished.problem is None and not new_key and not left_out
        self.closes = widgets.label(texts("done.closes"), quiet=True)
        self.closes.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        if finished.problem is not None:
            column.addWidget(files.problem_notice(texts, finished.problem))
            column.addStretch()
            return
        if results is None:
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
        if left_out:
            note = widgets.label(texts("batch.left_out_note", count=left_out))
            note.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(note)
        if new_key:
            column.addSpacing(2 * theme.UNIT)
            self._add_key(column, texts, Path(new_key))
        if self.is_passing:
            column.addWidget(self.closes)
        if results is not None:
            column.addSpacing(theme.UNIT)
            column.addWidget(results, 1)
        else:
            column.addStretch()

    def stay(self) -> None:
        """It is being read: it does not close by itself any more."""
        self.is_passing = False
        self.closes.hide()

    def _add_key(self, column: QVBoxLayout, texts: Texts, path: Path) -> None:
        """Where the key lies, and what is still to come."""
        frame, inner = widgets.card()
        rows: list[tuple[str, str, widgets.Style]] = [
            (texts("fact.path"), words.path(path.name), "text"),
            (texts("fact.folder"), words.path(QDir.toNativeSeparators(str(path.parent))), "path"),
        ]
        inner.addLayout(widgets.facts(rows))
        column.addWidget(frame)
        column.addWidget(widgets.Notice("info", texts("done.key_waits")))


def needs_no_word(asked: question.Question, finished: prompts.Finished) -> bool:
    """Whether it went well, and the person sees on the page what came of it."""
    return finished.problem is None and question.wish_of(asked) not in _SAID


def sentence(texts: Texts, asked: question.Question, finished: prompts.Finished) -> str:
    """What happened, in one sentence."""
    if finished.problem is not None:
        return texts.problem("error", finished.problem.code)
    return texts(f"done.{_SAID[question.wish_of(asked)]}", count=finished.count)
