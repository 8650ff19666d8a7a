"""What is known of a file on the page of files, and how it ended, in words."""

from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import QFileInfo, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QSizePolicy, QVBoxLayout, QWidget

from protocol.desk import files as page
from tray import glyphs, theme, widgets, words
from tray.flow import Flow
from tray.texts import Texts

VERDICTS: dict[page.Verdict, tuple[str, theme.Tone]] = {
    "valid": ("good", "good"),
    "invalid": ("danger", "danger"),
    "indeterminate": ("warning", "warning"),
    "": ("info", "info"),
}
_DONE: tuple[page.Result, ...] = ("signed", "cosigned", "timestamped", "verified", "drawn")


class Details(QFrame):
    """What is known of the selected file: the verdict with who signed, what went wrong, what was made. Hidden where nothing is."""

    pair = Signal(str)

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self.setObjectName("card")
        self._texts = texts
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(2 * theme.UNIT, 12, 2 * theme.UNIT, 12)
        self._column.setSpacing(12)
        self.hide()

    def show_file(self, file: page.File | None, report: page.Report | None) -> None:
        """That file; without one, nothing."""
        empty_layout(self._column)
        if file is not None:
            if file.kind == "detached-cms":
                self._add_document(file)
            if file.kind == "key-file":
                texts = self._texts
                self._column.addWidget(
                    widgets.Notice("danger", texts("files.key_file"), texts("files.key_file_advice"))
                )
            if file.result == "failed":
                self._column.addWidget(failure(self._texts, file.code, file.detail))
            if file.lacks_timestamp:
                self._column.addWidget(
                    widgets.Notice(
                        "warning", self._texts("files.no_timestamp"), self._texts("files.no_timestamp_advice")
                    )
                )
            if report is not None:
                self._add_report(report)
            if file.made:
                self._add_made(file.made)
        self.setVisible(self._column.count() > 0)

    def _add_document(self, file: page.File) -> None:
        texts = self._texts
        if file.document:
            name, _ = words.split_path(file.document)
            shown: QWidget = widgets.ElidedLabel(texts("files.document.found", name=words.clean(name)))
        else:
            shown = widgets.Notice("info", texts("files.document.wanted"))
        shown.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        choose = widgets.link(texts("files.document.other" if file.document else "files.document.choose"))
        choose.clicked.connect(lambda: self.pair.emit(file.path))
        self._column.addLayout(Flow(shown, choose))

    def _add_made(self, made: str) -> None:
        name, folder = words.split_path(made)
        row = QHBoxLayout()
        row.setSpacing(2 * theme.UNIT)
        row.addWidget(widgets.ElidedLabel(self._texts("files.made", name=words.clean(name))), 1)
        view = widgets.link(self._texts("files.open_file"))
        view.clicked.connect(lambda: show_file(made))
        show = widgets.link(self._texts("files.open_folder"))
        show.clicked.connect(lambda: show_file(folder))
        row.addWidget(view)
        row.addWidget(show)
        self._column.addLayout(row)

    def _add_report(self, report: page.Report) -> None:
        _, tone = VERDICTS[report.verdict]
        self._column.addWidget(widgets.Notice(tone, words.clean(report.word), words.clean(report.sentence)))
        for number, signer in enumerate(report.signers, 1):
            self._add_signer(number, signer, is_alone=len(report.signers) == 1)
        if report.more:
            self._column.addWidget(
                widgets.label(self._texts("files.more_signers", count=report.more), quiet=True)
            )
        rows: list[tuple[str, str, widgets.Style]] = [
            (words.clean(fact.label), words.clean(fact.value), "text") for fact in report.facts
        ]
        self._column.addLayout(widgets.facts(rows))

    def _add_signer(self, number: int, signer: page.Signer, *, is_alone: bool) -> None:
        glyph, tone = VERDICTS[signer.verdict]
        colour, _ = theme.current().tone(tone)
        if not is_alone:
            row = QHBoxLayout()
            row.setSpacing(theme.UNIT)
            picture = QLabel()
            picture.setPixmap(glyphs.pixmap(glyph, colour, 16))
            row.addWidget(picture)
            row.addWidget(widgets.label(f"{number}. {words.clean(signer.sentence)}", bold=True), 1)
            self._column.addLayout(row)
        for note in signer.notes:
            self._column.addWidget(widgets.label(words.clean(note)))
        facts: list[tuple[str, str, widgets.Style]] = [
            (words.clean(fact.label), words.clean(fact.value), "text") for fact in signer.facts
        ]
        self._column.addLayout(widgets.facts(facts))


def ending(texts: Texts, ended: page.Ended, files: Sequence[page.File]) -> widgets.Notice:
    """How it ended, in a sentence, with the way to what was made."""
    concerned = [file for file in files if file.result]
    done = [file for file in concerned if file.result in _DONE]
    failed = sum(file.result == "failed" for file in concerned)
    rest = []
    if ended.wish == "verify":
        bad = sum(file.verdict != "valid" for file in done)
        rest += [texts("files.not_valid", count=bad)] if bad else []
    lacking = sum(file.lacks_timestamp for file in done)
    rest += [texts("files.lacking", count=lacking)] if lacking else []
    left_out = sum(file.result == "left-out" for file in concerned)
    rest += [texts("files.left_out", count=left_out)] if left_out else []
    rest += [texts("files.skipped", count=ended.skipped)] if ended.skipped else []
    rest += [texts("files.failures", count=failed)] if failed else []
    if not done and ended.code == "cancelled":
        return widgets.Notice("warning", texts("files.cancelled"), " ".join(rest))
    if not done:
        return widgets.Notice("danger", texts("files.nothing_done"), " ".join(rest))
    tone: theme.Tone = "warning" if rest or ended.code else "good"
    notice = widgets.Notice(tone, texts(f"files.done.{ended.wish}", count=len(done)), " ".join(rest))
    folders = {str(PurePath(file.made).parent) for file in done if file.made}
    if len(folders) == 1:
        (folder,) = folders
        show = widgets.link(texts("files.open_folder"))
        show.clicked.connect(lambda: show_file(folder))
        notice.column.addWidget(show, 0, Qt.AlignmentFlag.AlignLeft)
    return notice


def failure(texts: Texts, code: str, detail: str) -> widgets.Notice:
    """What went wrong, and what to do about it."""
    known = code if f"files.failed.{code}" in texts.entries else "other"
    notice = widgets.Notice("danger", texts(f"files.failed.{known}"), texts(f"files.failed_advice.{known}"))
    if detail:
        notice.add_detail(words.path(detail), texts)
    return notice


def show_file(path: str) -> None:
    """Opens a file or a folder with what the system has for it."""
    if QFileInfo(path).exists():
        QDesktopServices.openUrl(QUrl.fromLocalFile(path))


def empty_layout(layout: QLayout) -> None:
    """Takes everything out of a layout, and what lies in it out of the window."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            empty_layout(inner)
