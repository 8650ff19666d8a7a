"""A table whose rows come in pieces as they are looked at: 100,000 rows cost no more than those on the screen."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
)

from tray import glyphs, theme

PIECE = 200
"""Rows that are asked for at once."""
_ROW_HEIGHT = 4 * theme.UNIT
_GLYPH = 16
_NOTHING_YET = "…"
_AROUND = 20  # pixels of a column that are not for its text: padding, and what font metrics leave out
_MEASURED = 60  # rows of those that are shown first, after which columns are as wide as their texts


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """A text, with a drawing before it and a tone where it means something. `spoken` is said in its place, and is the tooltip."""

    text: str
    glyph: str = ""
    tone: theme.Tone = "info"
    spoken: str = ""
    is_bold: bool = False
    is_quiet: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """`units` of 8 pixels wide at least, and as wide as its texts where there is room; the one that stretches takes what is left."""

    title: str
    units: int
    stretches: bool = False
    is_number: bool = False


class TableModel(QAbstractTableModel):
    """Rows by their number, those that have come. `wanted` asks for the piece that begins at a row, once."""

    wanted = Signal(int)

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self._columns = tuple(columns)
        self._rows: dict[int, Sequence[Cell]] = {}
        self._asked: set[int] = set()
        self._total = 0

    def start_over(self, total: int, rows: Sequence[Sequence[Cell]]) -> None:
        """Other rows, of which the first have come."""
        self.beginResetModel()
        self._total = total
        self._rows = dict(enumerate(rows))
        self._asked = {0}
        self.endResetModel()

    def add(self, start: int, rows: Sequence[Sequence[Cell]]) -> None:
        """More of the same rows."""
        self._rows.update(enumerate(rows, start))
        if rows:
            self.dataChanged.emit(
                self.index(start, 0), self.index(start + len(rows) - 1, len(self._columns) - 1)
            )

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:  # noqa: N802  # Qt's name
        return 0 if parent is not None and parent.isValid() else self._total

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:  # noqa: N802  # Qt's name
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def headerData(  # noqa: N802  # Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(section)
        return None

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(index.column())
        if role == Qt.ItemDataRole.SizeHintRole:
            return QSize(0, _ROW_HEIGHT)
        cells = self._rows.get(index.row())
        if cells is None:
            self._want(index.row())
            return _NOTHING_YET if role == Qt.ItemDataRole.DisplayRole and index.column() == 0 else None
        return _of_cell(cells[index.column()], role)

    def _want(self, row: int) -> None:
        start = row - row % PIECE
        if start not in self._asked:
            self._asked.add(start)
            # Not on the spot: Qt asks in the middle of painting.
            QTimer.singleShot(0, self, lambda: self.wanted.emit(start))

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if self._columns[column].is_number else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter


def _of_cell(cell: Cell, role: int) -> Any:
    colours = theme.current()
    match role:
        case Qt.ItemDataRole.DisplayRole:
            return cell.text
        case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
            return cell.spoken or cell.text
        case Qt.ItemDataRole.DecorationRole if cell.glyph:
            colour = colours.quiet if cell.tone == "info" else colours.tone(cell.tone)[0]
            return glyphs.icon(cell.glyph, colour, _GLYPH)
        case Qt.ItemDataRole.ForegroundRole:
            if cell.tone != "info":
                return QColor(colours.tone(cell.tone)[0])
            return QColor(colours.quiet if cell.is_quiet else colours.text)
        case Qt.ItemDataRole.FontRole:
            return theme.font(theme.SMALL, bold=cell.is_bold)
    return None


class Table(QTreeView):
    """Shows rows, one of which is selected. `wanted` is the model's; `selected` tells of a row, -1 for none; `opened` of Return or
    a double click on one."""

    wanted = Signal(int)
    selected = Signal(int)
    opened = Signal(int)

    def __init__(self, name: str, columns: Sequence[Column]) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setItemsExpandable(False)
        self.setItemDelegate(_Delegate(self))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setIconSize(QSize(_GLYPH, _GLYPH))
        self.setStyleSheet(_sheet())
        self.rows = TableModel(columns)
        self.rows.setParent(self)  # Qt ends the view before the model, whichever order Python would take
        self.rows.wanted.connect(self.wanted)
        self.setModel(self.rows)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for number, column in enumerate(columns):
            mode = QHeaderView.ResizeMode.Stretch if column.stretches else QHeaderView.ResizeMode.Interactive
            header.setSectionResizeMode(number, mode)
            self.setColumnWidth(number, column.units * theme.UNIT)
        self._columns = tuple(columns)
        self._wanted = [0] * len(self._columns)
        self._is_arranged = False  # the person has changed the widths
        header.sectionResized.connect(self._when_resized)
        self.selectionModel().selectionChanged.connect(lambda *_: self.selected.emit(self.selected_row()))
        self.doubleClicked.connect(lambda index: self.opened.emit(index.row()))

    def show_rows(self, total: int, rows: Sequence[Sequence[Cell]]) -> None:
        """Other rows; the first of them is selected."""
        self.rows.start_over(total, rows)
        self._wanted = [
            max((self._width_of(row[number]) for row in rows[:_MEASURED]), default=0)
            for number in range(len(self._columns))
        ]
        self._fit()
        if total:
            self.select(0)
        else:
            self.selected.emit(-1)

    def selected_row(self) -> int:
        """Number of the selected row, -1 for none."""
        rows = self.selectionModel().selectedRows()
        return rows[0].row() if rows else -1

    def select(self, number: int) -> None:
        self.setCurrentIndex(self.rows.index(number, 0))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        super().resizeEvent(event)
        self._fit()

    def _width_of(self, cell: Cell) -> int:
        metrics = QFontMetrics(theme.font(theme.SMALL, bold=cell.is_bold))
        return metrics.horizontalAdvance(cell.text) + _AROUND + (_GLYPH + 4 if cell.glyph else 0)

    def _fit(self) -> None:
        """Gives what the stretching column does not need to those whose texts are longer than they are wide."""
        if self._is_arranged:
            return
        metrics = QFontMetrics(theme.font(theme.SMALL))
        least = {
            number: max(column.units * theme.UNIT, metrics.horizontalAdvance(column.title) + _AROUND)
            for number, column in enumerate(self._columns)
            if not self.isColumnHidden(number)
        }
        fixed = [number for number in least if not self._columns[number].stretches]
        lacking = {number: max(0, self._wanted[number] - least[number]) for number in fixed}
        room = max(0, self.viewport().width() - sum(least.values()))
        part = min(1.0, room / (sum(lacking.values()) or 1))
        for number in fixed:
            self.setColumnWidth(number, least[number] + int(lacking[number] * part))

    def _when_resized(self, _column: int, before: int, after: int) -> None:
        if not before or not after:  # it is hidden, or seen again
            QTimer.singleShot(0, self, self._fit)
        elif QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
            self._is_arranged = True

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.selected_row() >= 0:
            self.opened.emit(self.selected_row())
            return
        super().keyPressEvent(event)


class _Delegate(QStyledItemDelegate):
    """Without the style's frame around the current cell, which is washed over its words: the selected row and the table's own frame
    tell where the keyboard is."""

    def initStyleOption(  # noqa: N802  # Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        option.state &= ~QStyle.StateFlag.State_HasFocus


def _sheet() -> str:
    colours = theme.current()
    return f"""
QTreeView {{ border: 1px solid {colours.line}; border-radius: 8px; background: {colours.base}; padding: 4px; }}
QTreeView:focus {{ border: 2px solid {colours.accent}; padding: 3px; }}
QTreeView::item {{ padding: 0 6px; border: 0; min-height: {_ROW_HEIGHT}px; }}
QTreeView::item:hover {{ background: {colours.hover}; }}
QTreeView::item:selected {{ background: {colours.selection}; color: {colours.text}; }}
QHeaderView {{ background: {colours.base}; border: 0; }}
QHeaderView::section {{ background: {colours.base}; color: {colours.quiet}; border: 0; border-bottom: 1px solid {colours.line};
    padding: 4px 6px; min-height: 22px; }}
"""
