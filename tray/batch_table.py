"""The table of a batch: documents in rows, with a box to take one out, and a drawing where one stands out; at the end, what became of
each, as a drawing and in words. 10,000 rows cost no more than those on the screen."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, cast

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from tray import glyphs, parties, theme, widgets, words
from tray.batch import Batch, Column, Entry, Result, money
from tray.texts import Texts

ROW_HEIGHT = 4 * theme.UNIT
SHOWN: tuple[Column, ...] = ("name", "date", "party", "sum", "size", "digest")
AT_THE_END: tuple[Column, ...] = ("name", "result", *SHOWN[1:])
_BOX = 28  # pixels of a row's beginning that a box takes
_GLYPH = 16
_PADDING = theme.UNIT
_NOTHING = "–"
_LEAST_NAME, _LEAST_PARTY = 17 * theme.UNIT, 16 * theme.UNIT
_LEAST_RESULT, _MOST_RESULT = 14 * theme.UNIT, 54 * theme.UNIT
_NAME_SHARE, _PARTY_SHARE = 5, 6
_GOES_FIRST: tuple[Column, ...] = ("digest", "size", "date", "party")  # where there is no room for all
_DRAWINGS: dict[Result, str] = {
    "signed": "good", "lacking": "warning", "failed": "danger", "unsigned": "minus", "left-out": "minus",
}  # fmt: skip
_USUAL_ROWS, _LEAST_ROWS = 6, 3
_Index = QModelIndex | QPersistentModelIndex


class BatchModel(QAbstractTableModel):
    """The documents at `places`, in that order. `may_leave_out` gives each a box; `toggled` says whose was changed. At the end there is a
    column more."""

    toggled = Signal(int)

    def __init__(self, texts: Texts, batch: Batch, *, may_leave_out: bool) -> None:
        super().__init__()
        self._texts = texts
        self.batch = batch
        self.may_leave_out = may_leave_out
        self.is_frozen = False
        self.is_over = False
        self.columns = SHOWN
        self.places: Sequence[int] = range(len(batch.entries))
        self._rows = {place: row for row, place in enumerate(self.places)}

    def arrange(self, places: Sequence[int]) -> None:
        """Shows these documents in this order."""
        self.beginResetModel()
        self.places = places
        self._rows = {place: row for row, place in enumerate(places)}
        self.endResetModel()

    def finish(self) -> None:
        """From now on it shows what became of each document."""
        self.beginResetModel()
        self.is_frozen = self.is_over = True
        self.columns = AT_THE_END
        self.endResetModel()

    def result_of(self, entry: Entry) -> str:
        """What became of it, in words."""
        if entry.result == "failed":
            return self._texts("batch.result.failed", why=self._texts.problem("error", entry.why))
        return self._texts(f"batch.result.{entry.result}") if entry.result else ""

    def row_of(self, place: int) -> int | None:
        """Where a document stands; None if it is not shown."""
        return self._rows.get(place)

    def refresh(self, place: int | None = None) -> None:
        """Something about a document, or all of them, has changed."""
        first, last = 0, len(self.places) - 1
        if place is not None:
            row = self._rows.get(place)
            if row is None:
                return
            first = last = row
        if last >= 0:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))

    def entry(self, row: int) -> Entry:
        return self.batch.entries[self.places[row]]

    def toggle(self, row: int) -> None:
        """Takes a document out, or in again; nothing where that may not be."""
        if self.may_leave_out and not self.is_frozen:
            entry = self.entry(row)
            entry.is_in = not entry.is_in
            self.refresh(entry.place)
            self.toggled.emit(entry.place)

    def rowCount(self, parent: _Index | None = None) -> int:  # noqa: N802  # Qt's name
        return 0 if parent is not None and parent.isValid() else len(self.places)

    def columnCount(self, parent: _Index | None = None) -> int:  # noqa: N802  # Qt's name
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def headerData(  # noqa: N802  # Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts(f"batch.column.{self.columns[section]}")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment_of(self.columns[section])
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return usual | Qt.ItemFlag.ItemIsUserCheckable if self._has_box(index) else usual

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802  # Qt's name
        """What assistive technology calls to press the box."""
        if role != Qt.ItemDataRole.CheckStateRole or not self._has_box(index) or self.is_frozen:
            return False
        if self.entry(index.row()).is_in != (Qt.CheckState(value) == Qt.CheckState.Checked):
            self.toggle(index.row())
        return True

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry, column = self.entry(index.row()), self.columns[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(entry, column)
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(entry, column)
            case Qt.ItemDataRole.CheckStateRole if self._has_box(index):
                return Qt.CheckState.Checked if entry.is_in else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.TextAlignmentRole:
                return alignment_of(column)
        return None

    def _has_box(self, index: _Index) -> bool:
        return self.may_leave_out and index.isValid() and index.column() == 0

    def _text(self, entry: Entry, column: Column) -> str:
        match column:
            case "name":
                return entry.name
            case "result":
                return self.result_of(entry)
            case "date":
                return entry.day or _NOTHING
            case "party":
                return (
                    _NOTHING if entry.party is None else words.clean(entry.party.name or entry.party.number)
                )
            case "sum":
                shown = entry.total if entry.money is None else money(entry.money, self._texts.language)
                return shown or _NOTHING
            case "size":
                return (
                    _NOTHING
                    if entry.size is None
                    else words.size(entry.size, self._texts.language, self._texts)
                )
            case _:
                return f"{words.groups(words.clean(entry.document.digest)[:8])} …"

    def _spoken(self, entry: Entry, column: Column) -> str:
        texts = self._texts
        match column:
            case "name":
                marks = [texts(f"batch.mark.{mark}") for mark in entry.marks]
                state = self.result_of(entry)
                if not state and (entry.is_signed or not entry.is_in):
                    state = texts("batch.signed" if entry.is_signed else "batch.left_out")
                own = [entry.number, entry.title] if entry.number else [entry.title]
                return ". ".join(part for part in (", ".join(own), state, *marks) if part)
            case "party" if entry.party is not None:
                return parties.name_of(entry.party)
            case "size" if entry.size is None:
                return texts("what.no_size")
            case "digest":
                return f"{words.clean(entry.document.digest_name)} {words.groups(words.clean(entry.document.digest))}"
            case _:
                return self._text(entry, column)


class BatchTable(QTableView):
    """Shows the documents of a batch. `chosen` tells whose row is selected, by its place; `sorted_by` that a column's head was pressed."""

    chosen = Signal(int)
    sorted_by = Signal(str)

    def __init__(self, name: str, model: BatchModel) -> None:
        super().__init__()
        self._model = model
        self.on_return: Callable[[], None] | None = None
        model.setParent(self)  # Qt ends the view before the model, whichever order Python would take
        self.setAccessibleName(name)
        self.setModel(model)
        self.setItemDelegate(_Delegate(self))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        side = self.verticalHeader()
        side.hide()
        side.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        side.setDefaultSectionSize(ROW_HEIGHT)
        head = self.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setHighlightSections(False)
        head.setSectionsClickable(True)
        head.setFixedHeight(ROW_HEIGHT)
        head.setFont(theme.font(theme.SMALL))
        head.sectionClicked.connect(lambda section: self.sorted_by.emit(model.columns[section]))
        self.selectionModel().currentRowChanged.connect(self._when_current)
        self.setMinimumHeight(_height(min(_LEAST_ROWS, len(model.places))))

    def selected_row(self) -> int | None:
        """The place of the selected document."""
        index = self.currentIndex()
        return self._model.places[index.row()] if index.isValid() else None

    def select(self, place: int) -> None:
        """Selects a document, if it is shown."""
        row = self._model.row_of(place)
        if row is not None:
            self.setCurrentIndex(self._model.index(row, 0))

    def arrange(self, places: Sequence[int]) -> None:
        """Shows these documents in this order; the one that is selected stays so, or the first one is."""
        before = self.selected_row()
        self._model.arrange(places)
        if before is None or self._model.row_of(before) is None:
            before = places[0] if places else None
        if before is not None:
            self.select(before)
        self._lay_out_columns()

    def show_order(self, column: Column, *, is_descending: bool) -> None:
        """Draws the arrow in the head of the column by which the rows are in order."""
        head = self.horizontalHeader()
        columns = self._model.columns
        head.setSortIndicatorShown(column in columns)
        if column in columns:
            order = Qt.SortOrder.DescendingOrder if is_descending else Qt.SortOrder.AscendingOrder
            head.setSortIndicator(columns.index(column), order)

    def refresh(self, place: int | None = None) -> None:
        """Something about a document, or all of them, has changed."""
        self._model.refresh(place)
        self._lay_out_columns()

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        return QSize(60 * theme.UNIT, _height(min(_USUAL_ROWS, max(1, len(self._model.batch.entries)))))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Space takes the document out, or in again. Return never reaches the window's Cancel button."""
        index = self.currentIndex()
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if self.on_return is not None:
                self.on_return()
        elif event.key() == Qt.Key.Key_Space and self._model.may_leave_out:
            if index.isValid() and not event.isAutoRepeat():
                self._model.toggle(index.row())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        super().resizeEvent(event)
        self._lay_out_columns()

    def _when_current(self, current: QModelIndex, _before: QModelIndex) -> None:
        if current.isValid():
            self.chosen.emit(self._model.places[current.row()])

    def _lay_out_columns(self) -> None:
        """Gives name and counterparty what the others leave, and hides what has no value yet or no room."""
        titles = QFontMetrics(self.horizontalHeader().font())
        columns = self._model.columns
        widths = {
            column: max(_width_of(column), titles.horizontalAdvance(self._title(column)) + 2 * _PADDING + 2)
            for column in columns
            if self._has_values(column)
        }
        room = self.viewport().width()
        if "result" in widths:
            widths["result"] = self._result_width
        for column in (*_GOES_FIRST, "sum") if self._model.is_over else _GOES_FIRST:
            if sum(widths.values()) > room and column in widths:
                del widths[column]
        if "result" in widths and sum(widths.values()) > room:
            widths["result"] = max(_LEAST_RESULT, widths["result"] + room - sum(widths.values()))
        spare = max(0, room - sum(widths.values()))
        if "party" in widths:
            widths["party"] += spare * _PARTY_SHARE // (_NAME_SHARE + _PARTY_SHARE)
            spare -= spare * _PARTY_SHARE // (_NAME_SHARE + _PARTY_SHARE)
        widths["name"] += spare
        for section, column in enumerate(columns):
            self.setColumnHidden(section, column not in widths)
            if column in widths:
                self.setColumnWidth(section, widths[column])

    def _title(self, column: Column) -> str:
        section = self._model.columns.index(column)
        return str(self._model.headerData(section, Qt.Orientation.Horizontal))

    @functools.cached_property
    def _result_width(self) -> int:
        """What the longest of the results needs, which don't change any more. One that is longer still is the tooltip, and spoken."""
        metrics = QFontMetrics(theme.font(theme.SMALL))
        kinds = {(entry.result, entry.why): entry for entry in self._model.batch.entries}
        found = [metrics.horizontalAdvance(self._model.result_of(entry)) for entry in kinds.values()]
        return min(_MOST_RESULT, max(_LEAST_RESULT, *found) + _GLYPH + 6 + 2 * _PADDING + 2)

    def _has_values(self, column: Column) -> bool:
        entries = self._model.batch.entries
        match column:
            case "date":
                return any(entry.day for entry in entries)
            case "party":
                return any(entry.party for entry in entries)
            case "sum":
                return any(entry.total for entry in entries)
            case _:
                return True


class _Delegate(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = cast("BatchModel", index.model())
        entry, column = model.entry(index.row()), model.columns[index.column()]
        colours = theme.current()
        area: QRect = option.rect
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if is_selected or option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(colours.selection if is_selected else colours.hover))
        if is_selected and column == "name":  # a bar as well: colour alone is not enough
            painter.fillRect(QRect(area.left(), area.top() + 4, 4, area.height() - 8), QColor(colours.accent))
        ink = QColor(colours.text if entry.is_in else colours.disabled)
        if (
            column in entry.marks and not model.is_over
        ):  # a mark of a column's name is about what stands there
            ink = QColor(colours.warning)
        font = (
            theme.monospaced(theme.SMALL)
            if column == "digest"
            else theme.font(theme.SMALL, bold=column == "name")
        )
        if not entry.is_in:
            font.setStrikeOut(column not in {"digest", "result"})
        room = area.adjusted(_PADDING, 0, -_PADDING, 0)
        if column == "name" and not model.is_over:
            room = self._draw_beginning(painter, room, model, entry)
        elif column == "result" and entry.result:
            drawing = _DRAWINGS[entry.result]
            ink = QColor(
                colours.quiet if drawing == "minus" else colours.tone(cast("theme.Tone", drawing))[0]
            )
            top = room.center().y() - _GLYPH // 2 + 1
            painter.drawPixmap(QPoint(room.left(), top), glyphs.pixmap(drawing, ink.name(), _GLYPH))
            room = room.adjusted(_GLYPH + 6, 0, 0, 0)
        painter.setFont(font)
        painter.setPen(ink)
        how = Qt.TextElideMode.ElideMiddle if column == "name" else Qt.TextElideMode.ElideRight
        text = QFontMetrics(font).elidedText(str(index.data()), how, room.width())
        painter.drawText(room, alignment_of(column) | Qt.TextFlag.TextSingleLine, text)
        painter.restore()

    @staticmethod
    def _draw_beginning(painter: QPainter, room: QRect, model: BatchModel, entry: Entry) -> QRect:
        """The box, or that it is signed, and the warning; gives what is left for the name."""
        colours = theme.current()
        top = room.center().y() - _GLYPH // 2 + 1
        if entry.is_signed:
            painter.drawPixmap(QPoint(room.left(), top), glyphs.pixmap("good", colours.good, _GLYPH))
            room = room.adjusted(_BOX - 4, 0, 0, 0)
        elif model.may_leave_out:
            box = QRectF(room.left(), room.center().y() - _GLYPH / 2 + 1, _GLYPH, _GLYPH)
            widgets.draw_box(painter, box, is_checked=entry.is_in, is_enabled=not model.is_frozen)
            room = room.adjusted(_BOX - 4, 0, 0, 0)
        glyph = "warning" if entry.marks else "hash" if entry.document.is_digest else ""
        if glyph:
            colour = colours.warning
            painter.drawPixmap(QPoint(room.left(), top), glyphs.pixmap(glyph, colour, _GLYPH))
            room = room.adjusted(_GLYPH + 6, 0, 0, 0)
        return room

    def editorEvent(  # noqa: N802  # Qt's name
        self, event: QEvent, model: Any, option: QStyleOptionViewItem, index: _Index
    ) -> bool:
        """A press on the box, and a little around it, is one on the box."""
        if (
            isinstance(event, QMouseEvent)
            and event.type() == QEvent.Type.MouseButtonRelease
            and event.button() == Qt.MouseButton.LeftButton
            and index.column() == 0
            and event.position().x() < option.rect.left() + _BOX + _PADDING // 2
        ):
            model.toggle(index.row())
            return True
        return False


def alignment_of(column: Column) -> Qt.AlignmentFlag:
    """Numbers that are compared stand at the right."""
    side = Qt.AlignmentFlag.AlignRight if column in {"sum", "size"} else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _height(rows: int) -> int:
    return (rows + 1) * ROW_HEIGHT + 4


@functools.cache
def _width_of(column: Column) -> int:
    """What a usual value needs."""
    samples = {"date": "00.00.0000", "sum": "000 000 000,00 ₸", "size": "0000 МБ", "digest": "0000 0000 …"}
    if column in samples:
        font = theme.monospaced(theme.SMALL) if column == "digest" else theme.font(theme.SMALL)
        return QFontMetrics(font).horizontalAdvance(samples[column]) + 2 * _PADDING + 4
    return {"name": _LEAST_NAME, "result": _LEAST_RESULT}.get(column, _LEAST_PARTY)
