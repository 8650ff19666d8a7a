"""The batch as the person goes through it: find, put in order, take out, and what it all comes to."""

import time

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QWheelEvent,
)
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from tray import theme, widgets, words
from tray.batch import COLUMNS, Batch, Column, money
from tray.batch_table import BatchModel, BatchTable
from tray.texts import Texts

_SETTLE_MS = 300  # what comes in between is judged together
_MOST_OF_THE_TIME = 20  # as many times longer than judging takes is the pause before the next
_LONG = 5  # documents; fewer are seen at a glance
_DESCENDING: frozenset[Column] = frozenset({"sum", "size"})  # the largest first: that is what people look for


class BatchPanel(QWidget):
    """`selected` tells which document is looked at; `changed` that the ones to be signed, or what is known of them, changed. `all` takes
    out, or in, all that are shown: it belongs in the heading above."""

    selected = Signal(int)
    changed = Signal()

    def __init__(self, texts: Texts, batch: Batch, name: str, *, may_leave_out: bool) -> None:
        super().__init__()
        self._texts = texts
        self.batch = batch
        self._order: Column = "place"
        self._is_descending = False
        self.model = BatchModel(texts, batch, may_leave_out=may_leave_out)
        self.table = BatchTable(name, self.model)
        self.filter = _Field()
        self.filter.setPlaceholderText(texts("batch.find"))
        self.filter.setAccessibleName(texts("batch.find"))
        self.filter.setAccessibleDescription(texts("batch.find_hint"))
        self.filter.setToolTip(texts("batch.find_hint"))
        self.filter.setClearButtonEnabled(True)
        self.order = _OrderBox()
        widgets.name_box(self.order, texts("batch.order"))
        for column in COLUMNS:
            if column != "result":  # which is not known yet
                self.order.addItem(texts(f"batch.by.{column}"), column)
        self.only_marked = widgets.CheckBox("")
        self.all = widgets.link("")
        self.totals = _Line("")
        self.reading = _Line("")
        self.reading.setObjectName("quiet")
        self.nothing = widgets.Notice("info", texts("batch.nothing_found"))
        self.nothing.hide()
        inner = QVBoxLayout(self)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(theme.UNIT)
        tools = QHBoxLayout()
        tools.setSpacing(theme.UNIT)
        tools.addWidget(self.filter, 1)
        tools.addWidget(self.order)
        inner.addLayout(tools)
        is_long = len(batch.entries) >= _LONG
        self.filter.setVisible(is_long)
        self.order.setVisible(is_long)
        inner.addWidget(self.table, 1)
        inner.addWidget(self.nothing)
        below = QHBoxLayout()
        below.setSpacing(2 * theme.UNIT)
        below.addWidget(self.totals, 1)
        below.addWidget(self.only_marked, 0, Qt.AlignmentFlag.AlignVCenter)
        inner.addLayout(below)
        inner.addWidget(self.reading)
        self._settle_timer = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle_timer.timeout.connect(self.settle)
        self.table.chosen.connect(self.selected)
        self.table.sorted_by.connect(self._sort_by_head)
        self.table.on_return = self._go_on
        self.filter.textChanged.connect(self._arrange)
        self.filter.on_return = self.table.setFocus
        self.order.currentIndexChanged.connect(self._sort_by_box)
        self.only_marked.toggled.connect(self._arrange)
        self.all.clicked.connect(self._toggle_all)
        self.model.toggled.connect(self._when_toggled)
        QShortcut(QKeySequence.StandardKey.Find, self, self.filter.setFocus)
        self._tell()

    # --- what is known ---------------------------------------------------------------------------------------------

    def show_known(self, place: int) -> None:
        """More is known of a document; what follows from it for the others is seen a little later."""
        self.model.refresh(place)
        if not self._settle_timer.isActive():
            self._settle_timer.start()

    def settle(self) -> None:
        """Judges the documents by what is known now."""
        self._settle_timer.stop()
        begun = time.monotonic()
        self.batch.settle()
        if not any(entry.needs_a_look for entry in self.batch.entries):
            self.only_marked.setChecked(False)
        if self.batch.known == len(self.batch.entries) and (self._order != "place" or self._is_filtered):
            self._arrange()
        self.table.refresh()
        self._tell()
        took_ms = round(1000 * (time.monotonic() - begun))
        self._settle_timer.setInterval(max(_SETTLE_MS, took_ms * _MOST_OF_THE_TIME))
        self.changed.emit()

    def show_results(self) -> None:
        """It is over: all that is left to do is to read. All rows are there again, and first those that need a look."""
        self._settle_timer.stop()
        self.model.finish()
        self.order.insertItem(0, self._texts("batch.by.result"), "result")
        self.only_marked.setChecked(False)
        self.filter.clear()
        self._order, self._is_descending = "place", False
        if any(entry.needs_a_look for entry in self.batch.entries):
            self._order = "result"
        self._show_order()
        self._arrange()
        self.table.select(self.model.places[0])
        self.table.scrollToTop()

    def freeze(self, *, is_frozen: bool) -> None:
        """While an answer is under way nobody can be taken out."""
        self.model.is_frozen = is_frozen
        self.all.setEnabled(not is_frozen)
        self.model.refresh()

    # --- order and choice ------------------------------------------------------------------------------------------

    @property
    def _is_filtered(self) -> bool:
        return bool(self.filter.text().strip()) or self.only_marked.isChecked()

    def _arrange(self) -> None:
        places = self.batch.order(
            self._order,
            is_descending=self._is_descending,
            needle=self.filter.text(),
            only_marked=self.only_marked.isChecked(),
        )
        self.table.arrange(places)
        self.table.show_order(self._order, is_descending=self._is_descending)
        self.nothing.setVisible(not places)
        self._tell()

    def _sort_by_box(self) -> None:
        self._order = self.order.currentData()
        self._is_descending = self._order in _DESCENDING
        self._arrange()

    def _sort_by_head(self, column: Column) -> None:
        """The first press puts the rows in order, the second turns it round, the third goes back to the caller's."""
        usual = column in _DESCENDING
        if column != self._order:
            self._order, self._is_descending = column, usual
        elif self._is_descending == usual:
            self._is_descending = not usual
        else:
            self._order, self._is_descending = "place", False
        self._show_order()
        self._arrange()

    def _show_order(self) -> None:
        """Has the box say by what the rows are in order."""
        self.order.blockSignals(True)  # Qt's
        self.order.setCurrentIndex(self.order.findData(self._order))
        self.order.blockSignals(False)  # Qt's

    def _toggle_all(self) -> None:
        """All that are shown are taken out, or in where none is left."""
        if self.model.is_frozen:
            return
        shown = [self.batch.entries[place] for place in self.model.places]
        is_in = not any(entry.is_in for entry in shown)
        for entry in shown:
            entry.is_in = is_in
        self.model.refresh()
        self._when_toggled()

    def _when_toggled(self) -> None:
        self._tell()
        self.changed.emit()

    def _go_on(self) -> None:
        """Return in the table goes on to what comes next in the window, as Tab does."""
        self.table.focusNextPrevChild(True)  # Qt's

    # --- words -----------------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        texts, batch = self._texts, self.batch
        totals, count = batch.totals(), len(batch.entries)
        said = "batch.progress" if self.model.is_over else "batch.count"
        parts = [texts(said, count=totals.count, all=words.number(count, texts.language))]
        if totals.size:
            parts.append(words.size(totals.size, texts.language, texts))
        if totals.sums:
            sums = " + ".join(money(each, texts.language) for each in totals.sums)
            parts.append(texts("batch.sum", sum=sums))
            if totals.without_sum and batch.known == count:
                parts.append(texts("batch.without_sum", count=totals.without_sum))
        self.totals.setText(" · ".join(parts))
        marked = sum(entry.needs_a_look for entry in batch.entries)
        is_over = self.model.is_over
        self.only_marked.setText(texts("batch.only_faulty" if is_over else "batch.only_marked", count=marked))
        self.only_marked.setAccessibleName(self.only_marked.text())
        self.only_marked.setVisible(0 < marked < count or (bool(marked) and not is_over))
        self.only_marked.updateGeometry()
        is_any_in = any(batch.entries[place].is_in for place in self.model.places)
        self.all.setText(texts("batch.none" if is_any_in else "batch.all"))
        self.all.setVisible(self.model.may_leave_out and not self.model.is_over)
        is_reading = batch.is_being_read and not is_over
        self.reading.setText(
            texts(
                "batch.reading",
                done=words.number(batch.known, texts.language),
                all=words.number(count, texts.language),
            )
        )
        self.reading.setVisible(is_reading)


class _Line(QLabel):
    """A sentence that wraps, and never gets less height than it needs: a splitter does not ask for it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(theme.font(theme.SMALL))
        self.setWordWrap(True)

    def setText(self, text: str) -> None:  # noqa: N802  # Qt's name
        super().setText(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self.width() > 0:
            self.setMinimumHeight(self.heightForWidth(self.width()))


class _Field(QLineEdit):
    """Return goes on to the rows that were found; it never reaches the window's Cancel button."""

    def __init__(self) -> None:
        super().__init__()
        self.on_return = self.clearFocus

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down}:
            self.on_return()
            return
        super().keyPressEvent(event)


class _OrderBox(QComboBox):
    """Return opens it, and a wheel that passes over does not change it."""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.showPopup()
            return
        super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802  # Qt's name
        event.ignore()
