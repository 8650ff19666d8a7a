"""The page of files: signing, timestamping, verifying and drawing without a page."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from PySide6.QtCore import QDir, QEvent, Qt, QTimer
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from protocol.desk import files as page
from protocol.desk import frame
from tray import dropped, glyphs, theme, widgets, words
from tray.chooser import Chooser
from tray.desk.file_details import VERDICTS, Details, empty_layout, ending, failure, show_file
from tray.desk.page import DeskPage, Send
from tray.desk.table import Cell, Column, Table
from tray.desk.work import WorkPanel
from tray.flow import Flow
from tray.texts import Texts

_BUSY_AFTER_MS = 300
_DROP_GLYPH = 48
_TABLE_LEAST = 19 * theme.UNIT
_RESULTS: dict[page.Result, tuple[str, theme.Tone]] = {
    "signed": ("good", "good"),
    "cosigned": ("good", "good"),
    "timestamped": ("good", "good"),
    "drawn": ("good", "good"),
    "left-out": ("pending", "info"),
    "failed": ("danger", "danger"),
    "stopped": ("pending", "info"),
}


class FilesPage(DeskPage):
    """See tray.desk.page."""

    name: ClassVar[frame.Page] = "files"

    def __init__(self, texts: Texts, send: Send) -> None:
        super().__init__(texts, send)
        self._files: dict[str, page.File] = {}
        self._reports: dict[str, page.Report] = {}
        self._touched: list[str] = []  # of which something came since the last start
        self._is_working = False
        self._is_under_way = False  # the desk has said so
        self._refused: QWidget | None = None  # what was said of the files that came last
        self.notices = QVBoxLayout()
        self.notices.setSpacing(theme.UNIT)
        self.column.addLayout(self.notices)
        self.empty = _DropZone(texts)
        self.empty.choose.clicked.connect(self._choose)
        self.column.addWidget(self.empty, 1)
        self.full = QWidget()
        self.full.setObjectName("plain")
        inner = QVBoxLayout(self.full)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(2 * theme.UNIT)
        inner.addLayout(self._build_tools())
        inner.addWidget(self._build_table(), 1)
        self.details = Details(texts)
        self.details.pair.connect(self._choose_document)
        inner.addWidget(self.details)
        self.work = WorkPanel(texts)
        self.work.changed.connect(self._label_button)
        inner.addWidget(self.work)
        self._bar = self.footer = self._build_footer()
        self.column.addWidget(self.full, 1)
        self.full.hide()
        self._busy = QTimer(self, singleShot=True, interval=_BUSY_AFTER_MS)
        self._busy.timeout.connect(lambda: self.state.setText(texts("files.reading")))
        for key, slot in (
            (QKeySequence.StandardKey.Paste, self._paste),
            (QKeySequence.StandardKey.Open, self._choose),
        ):
            action = QAction(self)
            action.setShortcuts(key)
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(slot)
            self.addAction(action)

    def _build_tools(self) -> Flow:
        texts = self.texts
        self.add = QPushButton(texts("files.add"))
        self.add.clicked.connect(self._choose)
        self.remove = QPushButton(texts("files.remove"))
        self.remove.setToolTip(texts("files.remove_note"))
        self.remove.clicked.connect(self._remove)
        self.clear = QPushButton(texts("files.clear"))
        self.clear.clicked.connect(lambda: self.send(page.Remove(tuple(self._files))))
        self.count = widgets.note_beside("")
        return Flow(self.add, self.remove, self.clear, self.count, spacing=12)

    def _build_table(self) -> Table:
        texts = self.texts
        columns = (
            Column(texts("files.column.name"), 24, stretches=True),
            Column(texts("files.column.kind"), 22),
            Column(texts("files.column.size"), 11, is_number=True),
            Column(texts("files.column.result"), 21),
        )
        self.table = Table(texts("files.column.name"), columns)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.setMinimumHeight(_TABLE_LEAST)
        self.table.selected.connect(lambda _: self._selected())
        self.table.opened.connect(self._open_row)
        delete = QAction(self.table)
        delete.setShortcut(QKeySequence.StandardKey.Delete)
        delete.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        delete.triggered.connect(self._remove)
        self.table.addAction(delete)
        return self.table

    def _build_footer(self) -> QFrame:
        made = QFrame()
        made.setObjectName("footer")
        row = QHBoxLayout(made)
        row.setContentsMargins(3 * theme.UNIT, 12, 3 * theme.UNIT, 12)
        row.setSpacing(12)
        self.state = widgets.label("", quiet=True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(20 * theme.UNIT)
        self.progress.setAccessibleName(self.texts("files.progress"))
        self.stop = QPushButton(self.texts("files.stop"))
        self.stop.clicked.connect(self._stop)
        self.start = QPushButton()
        self.start.setObjectName("accent")
        self.start.clicked.connect(self._start)
        row.addWidget(self.state, 1)
        row.addWidget(self.progress)
        row.addWidget(self.stop)
        row.addWidget(self.start)
        self._show_working(is_working=False)
        made.hide()
        return made

    def first_focus(self) -> QWidget:
        return self.table if self._files else self.empty.choose

    def event(self, event: QEvent) -> bool:
        """Qt's scroll areas ask for a height without a width, and would squeeze lines that wrap."""
        is_done = super().event(event)
        if event.type() in {QEvent.Type.LayoutRequest, QEvent.Type.Resize}:
            self.setMinimumHeight(max(0, self.column.minimumHeightForWidth(self.width())))
        return is_done

    # --- what the person does -------------------------------------------------------------------------------------

    @property
    def takes_files(self) -> bool:
        return not self._is_working

    def add_paths(self, paths: Sequence[str]) -> None:
        if paths and self.takes_files:
            self._say(None)
            self._busy.start()
            self.send(page.Add(tuple(QDir.toNativeSeparators(path) for path in paths)))

    def tell(self, notice: QWidget) -> None:
        self._say(notice)

    def _paste(self) -> None:
        if not self.takes_files:
            return
        found = dropped.read(QGuiApplication.clipboard().mimeData())
        self.add_paths(found.paths)
        if left := found.elsewhere + found.missing:
            self.tell(widgets.Notice("warning", self.texts("drop.left", count=left)))

    def _choose(self) -> None:
        if self._is_working:
            return
        chooser = self._chooser()
        chooser.setFileMode(QFileDialog.FileMode.ExistingFiles)
        chooser.filesSelected.connect(self.add_paths)
        chooser.open()

    def _choose_document(self, path: str) -> None:
        if self._is_working:
            return  # what comes of the work would stand beside a document that it is not about
        chooser = self._chooser(words.split_path(path)[1])
        chooser.fileSelected.connect(
            lambda document: self.send(page.Pair(path, QDir.toNativeSeparators(document)))
        )
        chooser.open()

    def _chooser(self, folder: str = "") -> Chooser:
        made = Chooser(self, self.texts, "file", folder=folder, filters=[])
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return made

    def _remove(self) -> None:
        if (chosen := self._selection()) and not self._is_working:
            self.send(page.Remove(tuple(chosen)))

    def _start(self) -> None:
        self._say(None)
        self._touched = []
        start = self.work.start()
        self.progress.setRange(0, 0)
        self._show_working(is_working=True)
        self.send(start)

    def _stop(self) -> None:
        self.stop.setEnabled(False)
        self.send(page.Stop())

    def _open_row(self, number: int) -> None:
        file = list(self._files.values())[number]
        show_file(file.made or file.path)

    # --- what the desk says ---------------------------------------------------------------------------------------

    def receive(self, message: Any) -> None:
        match message:
            case page.Listed():
                self._list(message)
            case page.Changed(file):
                self._change(file)
            case page.Working():
                self._work(message)
            case page.Ended():
                self._end(message)
            case page.Told(path, report):
                self._reports[path] = report
                self._show_details()
            case frame.Trouble(_, code, detail):
                self._busy.stop()
                if not self._is_under_way:  # else it is about something else, and Stop stays
                    self._show_working(is_working=False)
                self._say(failure(self.texts, code, detail))

    def _list(self, listed: page.Listed) -> None:
        self._busy.stop()
        if not self._is_working:
            self.state.setText("")
        kept = self._selection()
        before, self._files = self._files, {file.path: file for file in listed.files}
        self._reports = {
            path: report
            for path, report in self._reports.items()
            if path in self._files
            and self._files[path] == before.get(path)  # it may have got another document
        }
        has_focus = self.window().focusWidget() in (self.empty.choose, self.table)
        self.empty.setVisible(not self._files)
        self.full.setVisible(bool(self._files))
        self._bar.setVisible(bool(self._files))
        self.table.show_rows(len(self._files), [_cells(self.texts, file) for file in listed.files])
        if kept and kept[0] in self._files:
            self.table.select(list(self._files).index(kept[0]))
        size = words.size(sum(file.size for file in listed.files), self.texts.language, self.texts)
        self.count.setText(self.texts("files.count", count=len(self._files), size=size))
        self.work.show_files(listed.files, listed.wish)
        if has_focus and self.isVisible():
            self.first_focus().setFocus()
        self._tell_refused(listed, before)
        self._selected()

    def _tell_refused(self, listed: page.Listed, before: Mapping[str, page.File]) -> None:
        """Below what was said before: of files that were dropped it may be told where they went."""
        sentence = ""
        if listed.refused:
            sentence = self.texts("files.refused", count=listed.refused)
        elif listed.over:
            sentence = self.texts("files.over", count=listed.over, most=page.MAX_FILES)
        keys = sum(file.kind == "key-file" for file in listed.files)
        if keys and any(file.kind == "key-file" and file.path not in before for file in listed.files):
            sentence = f"{self.texts('files.key_files', count=keys)} {sentence}".strip()
        if sentence:
            if self._refused is not None:
                self.notices.removeWidget(self._refused)
                self._refused.hide()
                self._refused.deleteLater()
            self._refused = self._add_notice(widgets.Notice("warning", sentence))

    def _change(self, file: page.File) -> None:
        if file.path not in self._files:
            return
        self._files[file.path] = file
        self._touched.append(file.path)
        self._reports.pop(file.path, None)
        number = list(self._files).index(file.path)
        self.table.rows.add(number, [_cells(self.texts, file)])
        if file.path in self._selection()[:1]:
            self._selected()

    def _work(self, working: page.Working) -> None:
        self._is_under_way = True
        self._show_working(is_working=True)
        self.progress.setRange(0, 0 if working.is_asking and not working.done else working.total)
        self.progress.setValue(working.done)
        key = "files.asking" if working.is_asking and not working.done else "files.working"
        self.state.setText(self.texts(key, done=working.done, total=working.total))

    def _end(self, ended: page.Ended) -> None:
        self._is_under_way = False
        self._show_working(is_working=False)
        self.state.setText("")
        touched = [self._files[path] for path in dict.fromkeys(self._touched) if path in self._files]
        self._say(ending(self.texts, ended, touched))
        if touched and not set(self._selection()) & {file.path for file in touched}:
            self.table.select(list(self._files).index(touched[0].path))
        self._selected()

    def _show_working(self, *, is_working: bool) -> None:
        had_focus = self.window().focusWidget() in (self.start, self.stop)
        self._is_working = is_working
        for widget in (self.add, self.remove, self.clear, self.work):
            widget.setEnabled(not is_working)
        self.progress.setVisible(is_working)
        self.stop.setVisible(is_working)
        self.stop.setEnabled(True)
        self.start.setVisible(not is_working)
        self.start.setEnabled(bool(self.work.chosen))
        if had_focus:
            (self.stop if is_working else self.table).setFocus()

    def _label_button(self) -> None:
        wish, count = self.work.wish, len(self.work.chosen)
        self.start.setEnabled(bool(count) and not self._is_working)
        if wish:
            word = self.texts(f"files.do.{wish}")
            self.start.setText(f"{word} ({words.number(count, self.texts.language)})" if count > 1 else word)

    # --- the selected file ----------------------------------------------------------------------------------------

    def _selection(self) -> list[str]:
        paths = list(self._files)
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [paths[row] for row in rows if row < len(paths)]

    def _selected(self) -> None:
        chosen = self._selection()
        file = self._files.get(chosen[0]) if chosen else None
        if file is not None and file.result == "verified" and file.path not in self._reports:
            self.send(page.Ask(file.path))
        self._show_details()

    def _show_details(self) -> None:
        chosen = self._selection()
        file = self._files.get(chosen[0]) if len(chosen) == 1 else None
        self.details.show_file(file, self._reports.get(file.path) if file else None)

    def _say(self, notice: QWidget | None) -> None:
        empty_layout(self.notices)
        self._refused = None
        if notice is not None:
            self._add_notice(notice)

    def _add_notice(self, notice: QWidget) -> QWidget:
        """Gives it, scrolled to."""
        self.notices.addWidget(notice)
        self.announce(notice.accessibleName())
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is not None:
            above.ensureVisible(0, 0)
        return notice


class _DropZone(QFrame):
    """What the page shows without files: where to drop some, and a button for who would rather choose."""

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self.setObjectName("drop")
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * theme.UNIT, 3 * theme.UNIT, 3 * theme.UNIT, 3 * theme.UNIT)
        column.setSpacing(theme.UNIT)
        column.addStretch(1)
        self._picture = QLabel()
        self._picture.setPixmap(glyphs.pixmap("drop", theme.current().accent, _DROP_GLYPH))
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self._picture)
        invitation = widgets.label(texts("files.empty.drop"), pixels=theme.LARGE, bold=True)
        either = widgets.label(texts("files.empty.what"), quiet=True)
        safe = widgets.label(texts("files.empty.safe"), quiet=True)
        self.choose = QPushButton(texts("files.empty.choose"))
        self.choose.setObjectName("accent")
        for label in (invitation, either):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addSpacing(theme.UNIT)
        column.addWidget(self.choose, 0, Qt.AlignmentFlag.AlignCenter)
        column.addSpacing(theme.UNIT)
        safe.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(safe)
        column.addStretch(1)
        colours = theme.current()
        self.setStyleSheet(
            f"QFrame#drop {{ background: {colours.base}; border: 2px dashed {colours.edge}; border-radius: 12px; }}"
        )


def _cells(texts: Texts, file: page.File) -> tuple[Cell, ...]:
    name, folder = words.split_path(file.path)
    size = words.size(file.size, texts.language, texts)
    return (
        Cell(words.clean(name), spoken=words.path(f"{name} ({folder})"), is_bold=True),
        Cell(texts(f"files.kind.{file.kind}")),
        Cell(size),
        _result(texts, file),
    )


def _result(texts: Texts, file: page.File) -> Cell:
    if file.result == "verified":
        glyph, tone = VERDICTS[file.verdict]
        return Cell(texts(f"files.verdict.{file.verdict or 'none'}"), glyph=glyph, tone=tone)
    if file.result:
        glyph, tone = _RESULTS[file.result]
        return Cell(texts(f"files.result.{file.result}"), glyph=glyph, tone=tone)
    if file.kind == "key-file":
        return Cell(texts("files.result.key-file"), glyph="danger", tone="danger")
    if file.kind == "detached-cms" and not file.document:
        return Cell(texts("files.result.wants_document"), glyph="warning", tone="warning")
    return Cell("")
