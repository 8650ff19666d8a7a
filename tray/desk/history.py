"""The page of what was asked and signed: a search, a table, the selected operation in words, the check of the record, its export."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, get_args

from PySide6.QtCore import QDir, QStandardPaths, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from protocol.desk import frame
from protocol.desk import history as page
from tray import theme, widgets, words
from tray.chooser import Chooser
from tray.desk.page import DeskPage, Send
from tray.desk.table import PIECE, Cell, Column, Table
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


class HistoryPage(DeskPage):
    """See tray.desk.page. `today` is the calendar."""

    name: ClassVar[frame.Page] = "history"

    def __init__(self, texts: Texts, send: Send, today: Any = date.today) -> None:
        super().__init__(texts, send)
        self._today = today
        self._question = 0
        self._shown: dict[int, page.Row] = {}
        self._count = ""
        self._build_search()
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
        self.nothing = widgets.label("", quiet=True)
        self.nothing.hide()
        self.column.addWidget(self.nothing)
        self.details = widgets.FactsTable(texts("history.details"), _DETAILS_HEIGHT)
        self._card, inner = widgets.card()
        inner.addWidget(self.details)
        self.column.addWidget(self._card)
        self._build_footer()
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._typing.timeout.connect(self.look)
        self._busy = QTimer(self, singleShot=True, interval=_BUSY_AFTER_MS)
        self._busy.timeout.connect(lambda: self.state.setText(texts("history.busy")))

    def _build_search(self) -> None:
        texts = self.texts
        row = QHBoxLayout()
        row.setSpacing(theme.UNIT)
        self.text = QLineEdit()
        self.text.setPlaceholderText(texts("history.search"))
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
        row.addWidget(self.text, 1)
        row.addWidget(self.period)
        row.addWidget(self.outcome)
        self.column.addLayout(row)

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

    def first_focus(self) -> QWidget:
        return self.text

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
        )

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
                notice = self._say("danger", texts.problem("error", code), texts.problem("advice", code))
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
        self.table.show_rows(found.total, cells)
        self.table.setVisible(found.total > 0)
        self.nothing.setVisible(found.total == 0)
        self.nothing.setText(texts("history.nothing" if self.search != page.Search() else "history.empty"))

    def _show_details(self, number: int) -> None:
        row = self._shown.get(number)
        self._card.setVisible(row is not None)
        if row is not None:
            self.details.show_rows(_details(self.texts, row))

    def _say(self, tone: theme.Tone, text: str, advice: str = "") -> widgets.Notice:
        while (item := self.notices.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        notice = widgets.Notice(tone, text, advice)
        self.notices.addWidget(notice)
        return notice


def _choice(name: str, choices: Sequence[tuple[str, str]]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
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
        Cell(words.number(row.count, texts.language) if row.count else ""),
        Cell(texts(f"history.outcome.{row.outcome}"), glyph=glyph, tone=tone),
    )


def _who(texts: Texts, row: page.Row) -> str:
    return words.clean(row.site) or texts.chosen("history.kind", row.kind)


def _details(texts: Texts, row: page.Row) -> list[tuple[str, str, widgets.Style]]:
    facts: list[tuple[str, str, widgets.Style]] = [
        (texts("history.column.site"), _who(texts, row), "text"),
        (texts("history.column.action"), texts.chosen("history.action", row.action), "text"),
        (texts("history.column.outcome"), _ending(texts, row), "text"),
    ]
    if row.owner:
        facts.append((texts("history.owner"), words.clean(row.owner), "text"))
    if row.certificate:
        facts.append((texts("history.certificate"), words.groups(words.clean(row.certificate)), "code"))
    for number, digest in enumerate(row.digests, 1):
        name = texts("history.digest", number=number) if row.count > 1 else texts("history.digest_one")
        facts.append((name, words.groups(words.clean(digest)), "code"))
    if row.count > len(row.digests) > 0:
        facts.append(("", texts("history.more_digests", count=row.count - len(row.digests)), "text"))
    return facts


def _ending(texts: Texts, row: page.Row) -> str:
    outcome = texts(f"history.outcome.{row.outcome}")
    return f"{outcome}: {texts.problem('error', row.code)}" if row.code else outcome


assert PIECE == page.MAX_ROWS  # what the table asks for at once is what one answer holds
