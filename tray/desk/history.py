"""The page of what was asked and signed: a search by words or by a document, a table, the selected operation in words, the check of the
record, its export."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, get_args

from PySide6.QtCore import QDir, QStandardPaths, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from protocol.desk import frame
from protocol.desk import history as page
from tray import theme, widgets, words
from tray.chooser import Chooser
from tray.desk.empty import Empty
from tray.desk.page import DeskPage, Send
from tray.desk.table import PIECE, Cell, Column, Table
from tray.flow import Flow
from tray.texts import Texts

_TYPING_MS = 250  # after the last letter a search begins
_BUSY_AFTER_MS = 300
_DETAILS_HEIGHT = 22 * theme.UNIT
_FIELD_HEIGHT = 36  # of the search field beside it
_PERIODS = ("all", "today", "week", "month", "year")
_GLYPHS: dict[page.Outcome, tuple[str, theme.Tone]] = {
    "signed": ("good", "good"),
    "timestamped": ("good", "good"),
    "checked": ("good", "info"),
    "shown": ("good", "info"),
    "approved": ("good", "info"),
    "cancelled": ("danger", "info"),
    "left": ("pending", "info"),
    "failed": ("warning", "danger"),
    "unfinished": ("pending", "info"),
}
_FILE_TONES: dict[page.About, theme.Tone] = {"signed": "good", "left-out": "warning"}
# Columns that go where there is no room for all, below so many pixels of the page; the details have them.
_ACTION, _COUNT = 2, 3
_LEAST_WIDTH = {_ACTION: 90 * theme.UNIT, _COUNT: 76 * theme.UNIT}


class HistoryPage(DeskPage):
    """See tray.desk.page. `today` is the calendar."""

    name: ClassVar[frame.Page] = "history"

    def __init__(self, texts: Texts, send: Send, today: Any = date.today) -> None:
        super().__init__(texts, send)
        self._today = today
        self._question = 0
        self._shown: dict[int, page.Row] = {}
        self._count = ""
        self.file = ""  # the document that is looked for
        self._build_search()
        self._build_file()
        self.file_notice = QVBoxLayout()
        self.column.addLayout(self.file_notice)
        self.notices = QVBoxLayout()
        self.notices.setSpacing(theme.UNIT)
        self.column.addLayout(self.notices)
        columns = (
            Column(texts("history.column.time"), 18),
            Column(texts("history.column.site"), 22, stretches=True),
            Column(texts("history.column.action"), 21),
            Column(texts("history.column.count"), 11, is_number=True),
            Column(texts("history.column.outcome"), 22),
        )
        self.table = Table(texts("history.title"), columns)
        self.table.wanted.connect(self._find_more)
        self.table.selected.connect(self._show_details)
        self.column.addWidget(self.table, 1)
        self.nothing = widgets.label(texts("history.nothing"), quiet=True)
        self.nothing.hide()
        self.column.addWidget(self.nothing, 1, Qt.AlignmentFlag.AlignTop)
        self.empty = Empty("history", texts("history.empty"), texts("history.empty_what"))
        self.empty.hide()
        self.column.addWidget(self.empty, 1)
        self.details = widgets.FactsTable(texts("history.details"), _DETAILS_HEIGHT)
        self._card, inner = widgets.card()
        inner.addWidget(self.details)
        self.column.addWidget(self._card)
        self.column.addStretch()
        self._build_footer()
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._typing.timeout.connect(self.look)
        self._busy = QTimer(self, singleShot=True, interval=_BUSY_AFTER_MS)
        self._busy.timeout.connect(lambda: self.state.setText(texts("history.busy")))

    def _build_search(self) -> None:
        texts = self.texts
        self.text = QLineEdit()
        self.text.setPlaceholderText(texts("history.search"))
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.text.setMinimumWidth(
            self.text.fontMetrics().horizontalAdvance(texts("history.search")) + 5 * theme.UNIT
        )
        self.text.setAccessibleName(texts("history.search"))
        self.text.setClearButtonEnabled(True)
        self.text.textChanged.connect(lambda _: self._typing.start())
        self.text.returnPressed.connect(self.look)
        self.period = _choice(
            texts("history.period.title"), [(name, texts(f"history.period.{name}")) for name in _PERIODS]
        )
        outcomes = [
            ("", texts("history.outcome.all")),
            *((each, texts(f"history.outcome.{each}")) for each in get_args(page.Outcome)),
        ]
        self.outcome = _choice(texts("history.column.outcome"), outcomes)
        for box in (self.period, self.outcome):
            box.currentIndexChanged.connect(lambda _: self.look())
        self.column.addLayout(Flow(self.text, self.period, self.outcome))

    def _build_file(self) -> None:
        texts = self.texts
        row = QHBoxLayout()
        row.setSpacing(2 * theme.UNIT)
        self.file_name = widgets.ElidedLabel("")
        self.file_name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.choose_file = widgets.link(texts("history.file.choose"))
        self.choose_file.setToolTip(texts("history.file.tooltip"))
        self.choose_file.clicked.connect(self._choose_file)
        self.forget_file = widgets.link(texts("history.file.forget"))
        self.forget_file.clicked.connect(lambda: self.look_for(""))
        row.addWidget(self.file_name, 1)
        row.addWidget(self.choose_file)
        row.addWidget(self.forget_file)
        row.addStretch()
        self.column.addLayout(row)
        self._name_file()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        for number, least in _LEAST_WIDTH.items():
            self.table.setColumnHidden(number, event.size().width() < least)
        super().resizeEvent(event)

    def _name_file(self) -> None:
        name, folder = words.split_path(self.file)
        self.file_name.setVisible(bool(self.file))
        self.forget_file.setVisible(bool(self.file))
        self.choose_file.setText(self.texts("history.file.other" if self.file else "history.file.choose"))
        self.file_name.show_text(f"{self.texts('history.file.title')}: {words.clean(name)}")
        self.file_name.setToolTip(words.path(self.file))
        self.file_name.setAccessibleDescription(words.path(folder))

    def _build_footer(self) -> None:
        texts = self.texts
        row = QHBoxLayout()
        row.setSpacing(12)
        self.state = widgets.label("", quiet=True)
        self.check = QPushButton(texts("history.check"))
        self.check.setToolTip(texts("history.check_note"))
        self.check.clicked.connect(self._check)
        self.save = QPushButton(texts("history.save"))
        menu = QMenu(self.save)
        for form in ("csv", "pdf"):
            menu.addAction(texts(f"history.form.{form}")).triggered.connect(
                lambda _=False, form=form: self._choose_place(form)
            )
        self.save.setMenu(menu)
        row.addWidget(self.state, 1)
        row.addWidget(self.check)
        row.addWidget(self.save)
        self.column.addLayout(row)

    # --- asking ---------------------------------------------------------------------------------------------------

    def showEvent(self, event: Any) -> None:  # noqa: N802  # Qt's name
        super().showEvent(event)
        self.look()

    def first_focus(self) -> QWidget | None:
        return None if self.empty.isVisibleTo(self) else self.text

    @property
    def search(self) -> page.Search:
        """What the person looks for."""
        since = {
            "today": self._today(),
            "week": self._today() - timedelta(days=7),
            "month": self._today() - timedelta(days=30),
            "year": self._today() - timedelta(days=365),
        }.get(self.period.currentData())
        return page.Search(
            self.text.text().strip(),
            since=since.isoformat() if since else "",
            outcome=self.outcome.currentData(),
            file=self.file,
        )

    @property
    def takes_files(self) -> bool:
        return True

    def add_paths(self, paths: Sequence[str]) -> None:
        """One document, of which everything is shown."""
        if len(paths) == 1:
            self.look_for(QDir.toNativeSeparators(paths[0]))
        else:
            texts = self.texts
            self._say("info", texts("history.file.one_only"), texts("history.file.one_only_advice"))

    def tell(self, notice: QWidget) -> None:
        _put(self.notices, notice)

    def look_for(self, path: str) -> None:
        """Looks for that document, without a path for all again. What is shown of another one goes at once: reading may take long."""
        has_focus = self.forget_file.hasFocus()
        self.file = path
        self._name_file()
        if has_focus and not path:
            self.choose_file.setFocus()
        _put(self.file_notice, None)
        _put(self.notices, None)
        self._count = ""
        self._shown = {}
        self.table.show_rows(0, [])
        self.nothing.hide()
        self.look()

    def _choose_file(self) -> None:
        folder = words.split_path(self.file)[1] or QStandardPaths.writableLocation(
            QStandardPaths.StandardLocation.DocumentsLocation
        )
        chooser = Chooser(self, self.texts, "file", folder=folder, filters=[])
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.fileSelected.connect(lambda path: self.add_paths([path]))
        chooser.open()

    def look(self) -> None:
        """Looks anew."""
        self._typing.stop()
        self._question += 1
        self._busy.start()
        self.send(page.Find(self._question, self.search))

    def _find_more(self, start: int) -> None:
        self.send(page.Find(self._question, self.search, start))

    def _check(self) -> None:
        self.check.setEnabled(False)
        self._busy.start()
        self.send(page.Check())

    def _choose_place(self, form: str) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        chooser = Chooser(self, self.texts, "save", folder=folder, filters=[f"{form.upper()} (*.{form})"])
        chooser.setDefaultSuffix(form)
        chooser.selectFile(f"qalamsap-{self._today():%Y-%m-%d}.{form}")
        chooser.fileSelected.connect(lambda path: self._export(QDir.toNativeSeparators(path), form))
        chooser.open()

    def _export(self, path: str, form: str) -> None:
        self.save.setEnabled(False)
        self._busy.start()
        self.send(page.Export(path, form, self.search))  # type: ignore[arg-type]  # the menu has no other forms

    # --- answers --------------------------------------------------------------------------------------------------

    def receive(self, message: Any) -> None:
        match message:
            case page.Reading(question, done, total):
                if question == self._question:
                    self._busy.stop()
                    percent = 100 * done // max(1, total)
                    self.state.setText(self.texts("history.file.reading", percent=percent))
            case page.Found():
                self._show(message)
            case page.Checked(count, broken_at):
                self._settle()
                if broken_at:
                    self._say(
                        "danger",
                        self.texts("history.broken", line=broken_at),
                        self.texts("history.broken_advice"),
                    )
                else:
                    self._say("good", self.texts("history.intact", count=count))
            case page.Exported(path):
                self._settle()
                self._say("good", self.texts("history.saved", path=words.path(path)))
            case frame.Trouble(_, code, detail):
                self._settle()
                texts = self.texts
                if code == "file-unusable":  # it is no use to look for it once more
                    self.look_for("")
                    error, advice = texts("history.file.unreadable"), texts("history.file.unreadable_advice")
                else:
                    error, advice = texts.problem("error", code), texts.problem("advice", code)
                notice = self._say("danger", error, advice)
                if detail:
                    notice.add_detail(words.clean(detail), texts)

    def _settle(self) -> None:
        self._busy.stop()
        self.state.setText(self._count)
        self.check.setEnabled(True)
        self.save.setEnabled(True)

    def _show(self, found: page.Found) -> None:
        if found.question != self._question:
            return  # of something that is no longer looked for
        texts = self.texts
        cells = [_cells(texts, row) for row in found.rows]
        rows = dict(enumerate(found.rows, found.start))
        if found.start:
            self._shown |= rows
            self.table.rows.add(found.start, cells)
            return
        self._count = texts("history.found", count=found.total) if found.total else ""
        self._settle()
        self._shown = rows
        _put(self.file_notice, self._about_file(found))
        self.table.show_rows(found.total, cells)
        self.table.setVisible(found.total > 0)
        is_empty = found.total == 0 and self.search == page.Search()
        self.nothing.setVisible(
            found.total == 0 and not is_empty and found.about != "unknown"
        )  # which is said already
        self.empty.setVisible(is_empty)
        for part in (self.text, self.period, self.outcome, self.choose_file, self.check, self.save):
            part.setVisible(not is_empty)

    def _about_file(self, found: page.Found) -> widgets.Notice | None:
        """What the journal knows of the document that is looked for."""
        if not found.about:
            return None
        texts, about = self.texts, found.about
        counts = {"count": found.times} if about in {"signed", "inside"} else {}
        advice = {"inside": "history.file.inside_advice", "unknown": "history.file.advice"}.get(about)
        return widgets.Notice(
            _FILE_TONES.get(about, "info"),
            texts(f"history.file.{about}", **counts),
            texts(advice) if advice else "",
        )

    def _show_details(self, number: int) -> None:
        row = self._shown.get(number)
        self._card.setVisible(row is not None)
        if row is not None:
            self.details.show_rows(_details(self.texts, row))

    def _say(self, tone: theme.Tone, text: str, advice: str = "") -> widgets.Notice:
        notice = widgets.Notice(tone, text, advice)
        _put(self.notices, notice)
        self.announce(notice.accessibleName())
        return notice


def _put(place: QVBoxLayout, notice: QWidget | None) -> None:
    """In place of what is said there."""
    while (item := place.takeAt(0)) is not None:
        if (old := item.widget()) is not None:
            old.hide()
            old.deleteLater()
    if notice is not None:
        place.addWidget(notice)


def _choice(name: str, choices: Sequence[tuple[str, str]]) -> QComboBox:
    box = QComboBox()
    widgets.name_box(box, name)
    box.setMinimumHeight(_FIELD_HEIGHT)
    for word, text in choices:
        box.addItem(text, word)
    return box


def _cells(texts: Texts, row: page.Row) -> tuple[Cell, ...]:
    glyph, tone = _GLYPHS[row.outcome]
    return (
        Cell(words.time_of_year(row.time)),
        Cell(_who(texts, row), is_bold=True),
        Cell(texts.chosen("history.action", row.action)),
        Cell(_documents(texts, row)),
        Cell(texts(f"history.outcome.{row.outcome}"), glyph=glyph, tone=tone),
    )


def _documents(texts: Texts, row: page.Row) -> str:
    """How many were signed; of some that were left out, of how many."""
    if row.left_out and row.outcome == "signed":
        whole = row.count + row.left_out
        return texts("history.part", count=row.count, total=words.number(whole, texts.language))
    return words.number(row.count, texts.language) if row.count else ""


def _who(texts: Texts, row: page.Row) -> str:
    return words.clean(row.site) or texts.chosen("history.kind", row.kind)


def _details(texts: Texts, row: page.Row) -> list[tuple[str, str, widgets.Style]]:
    facts: list[tuple[str, str, widgets.Style]] = [
        (texts("history.column.site"), _who(texts, row), "text"),
        (texts("history.column.action"), texts.chosen("history.action", row.action), "text"),
        (texts("history.column.outcome"), _ending(texts, row), "text"),
    ]
    if count := _documents(texts, row):
        facts.append((texts("history.column.count"), count, "text"))
    if row.about:
        facts.append((texts("history.about.title"), texts(f"history.about.{row.about}"), "text"))
    if row.left_out:
        facts.append((texts("history.left_out_title"), texts("history.left_out", count=row.left_out), "text"))
    if row.owner:
        facts.append((texts("history.owner"), words.clean(row.owner), "text"))
    if row.certificate:
        facts.append((texts("history.certificate"), words.groups(words.clean(row.certificate)), "code"))
    for number, digest in enumerate(row.digests, 1):
        name = texts("history.digest", number=number) if row.count > 1 else texts("history.digest_one")
        facts.append((name, words.groups(words.clean(digest)), "code"))
    if row.count > len(row.digests) > 0:
        facts.append(("", texts("history.more_digests", count=row.count - len(row.digests)), "text"))
    for number, digest in enumerate(row.left_out_digests, 1):
        name = texts("history.digest_left_out", number=number)
        facts.append((name, words.groups(words.clean(digest)), "code"))
    if row.left_out > len(row.left_out_digests) > 0:
        more = row.left_out - len(row.left_out_digests)
        facts.append(("", texts("history.more_digests", count=more), "text"))
    return facts


def _ending(texts: Texts, row: page.Row) -> str:
    outcome = texts(f"history.outcome.{row.outcome}")
    return f"{outcome}: {texts.problem('error', row.code)}" if row.code else outcome


assert PIECE == page.MAX_ROWS  # what the table asks for at once is what one answer holds
