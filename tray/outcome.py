"""The last word: it worked, or what went wrong and what to do about it; of several documents, what became of how many."""

from pathlib import Path

from PySide6.QtCore import QDir, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from protocol import prompts
from tray import files, glyphs, question, theme, widgets, words
from tray.batch import Batch
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
# Advices that hold where some of the documents are signed; the others say that nothing is.
_PARTLY_TRUE = ("file-not-written",)


class OutcomePanel(QWidget):
    """`new_key` is the file of a key that was made, `results` show what came of each of many documents, which `batch` knows: where there is
    something to read that is said nowhere else, it does not pass by itself."""

    def __init__(
        self,
        texts: Texts,
        asked: question.Question,
        finished: prompts.Finished,
        new_key: str = "",
        *,
        results: QWidget | None = None,
        batch: Batch | None = None,
    ) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * theme.UNIT, 3 * theme.UNIT, 3 * theme.UNIT, 3 * theme.UNIT)
        column.setSpacing(theme.UNIT)
        left_out = 0 if batch is None else len(batch.left_out)
        headline = _headline(texts, asked, finished, left_out)
        problem = finished.problem
        said = [headline, texts.problem("error", problem.code) if problem is not None else ""]
        self.sentence = ". ".join(filter(None, said))
        self.is_passing = problem is None and not finished.lacking and not new_key and not left_out
        self.closes = widgets.label(texts("done.closes"), quiet=True)
        self.closes.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        tone = _tone(finished)
        if results is None and tone == "good":
            column.addStretch()
        if headline:
            column.addLayout(_head(headline, tone))
        if left_out:
            note = widgets.label(texts("batch.left_out_note", count=left_out))
            if tone == "good":
                note.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(note)
        if problem is not None:
            column.addWidget(files.problem_notice(texts, problem, _advice(texts, asked, finished)))
            if stopped := _stopped(texts, finished, batch):
                column.addWidget(widgets.label(stopped))
        if finished.lacking:
            column.addWidget(_lacking(texts, asked, finished))
        if new_key and problem is None:
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


def _headline(texts: Texts, asked: question.Question, finished: prompts.Finished, left_out: int) -> str:
    """What came of it, in one sentence; empty where the problem says it all."""
    wish = question.wish_of(asked)
    if finished.problem is None and wish != "sign":
        return texts(f"done.{_SAID[wish]}", count=finished.count)
    if wish != "sign" or not isinstance(asked, prompts.OpenKey):
        return ""
    total = question.count_of(asked)
    if finished.count < total and finished.count:
        return texts("done.part", count=finished.count, all=words.number(total, texts.language))
    if finished.count:
        is_alone = bool(finished.lacking) and total == 1
        return texts("done.lacking_alone") if is_alone else texts("done.sign", count=finished.count)
    wanted = total - left_out
    return texts("done.unsigned") if wanted == 1 else texts("done.none", count=wanted)


def _tone(finished: prompts.Finished) -> theme.Tone:
    if finished.problem is None and not finished.lacking:
        return "good"
    return "warning" if finished.count else "danger"


def _head(headline: str, tone: theme.Tone) -> QHBoxLayout:
    """What passes by itself stands in the middle; above what is to be read it is a heading."""
    row = QHBoxLayout()
    row.setSpacing(2 * theme.UNIT)
    picture = QLabel()
    picture.setPixmap(glyphs.pixmap(tone, theme.current().tone(tone)[0], 40))
    is_good = tone == "good"
    if is_good:
        row.addStretch()
    row.addWidget(picture)
    row.addWidget(widgets.Headline(headline), 0 if is_good else 1)
    if is_good:
        row.addStretch()
    return row


def _advice(texts: Texts, asked: question.Question, finished: prompts.Finished) -> str:
    """What to do where some of the documents are signed; empty where the general advice is right."""
    if finished.problem is None or not finished.count:
        return ""
    code = finished.problem.code
    is_command = asked.caller.kind == "command"
    rest = texts.problem("advice", code) if code in _PARTLY_TRUE else texts("done.again")
    return f"{texts('done.written' if is_command else 'done.given')} {rest}"


def _lacking(texts: Texts, asked: question.Question, finished: prompts.Finished) -> widgets.Notice:
    """That signatures have no timestamp, unless the headline says so already, and what can be done about it."""
    advice = texts("done.lacking_advice")
    if isinstance(asked, prompts.OpenKey) and question.count_of(asked) == 1:
        return widgets.Notice("warning", advice)
    return widgets.Notice("warning", texts("done.lacking", count=len(finished.lacking)), advice)


def _stopped(texts: Texts, finished: prompts.Finished, batch: Batch | None) -> str:
    """Which document kept the others from being signed, where one did."""
    if batch is None or finished.count or len(finished.failed) != 1:
        return ""
    number = finished.failed[0].number
    others = [entry for entry in batch.entries if entry.is_in and entry.place != number]
    if not others or number >= len(batch.entries):
        return ""
    return texts("done.stopped", name=batch.entries[number].name)
