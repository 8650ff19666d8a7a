"""Lists of two-line rows: documents, key files, keys. Rows are made when they come into view, so 10,000 cost nothing."""

import dataclasses
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from tray import glyphs, theme

ROW_HEIGHT = 7 * theme.UNIT
_USUAL_ROWS = 4  # what a list asks for; it takes more where there is room
_ROUNDING = 4  # pixels by which a line's width may exceed the sum that font metrics give
_FRAME = 10  # the list's own border and padding, both sides
_ROW_ROLE = Qt.ItemDataRole.UserRole


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """Two lines with a drawing before them; each line may have a note at its right end."""

    title: str
    detail: str
    title_note: str = ""
    detail_note: str = ""
    glyph: str = "document"
    tone: theme.Tone = "info"  # of the note beside the title
    detail_tone: theme.Tone = "info"
    is_enabled: bool = True
    is_faded: bool = False  # can be chosen, and is of little use

    @property
    def spoken(self) -> str:
        """What a screen reader says, and the tooltip shows."""
        return ", ".join(
            part for part in (self.title, self.title_note, self.detail, self.detail_note) if part
        )


class RowModel(QAbstractListModel):
    def __init__(self, count: int, row: Callable[[int], Row]) -> None:
        super().__init__()
        self._count = count
        self._row = row

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:  # noqa: N802  # Qt's name
        return 0 if parent is not None and parent.isValid() else self._count

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if not index.isValid():
            return None
        row = self._row(index.row())
        if role == _ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role in {Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole}:
            return row.spoken
        return None

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        if index.isValid() and self._row(index.row()).is_enabled:
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.NoItemFlags


class RowList(QListView):
    """Shows rows; never edits them. Grows with its rows up to `most` of them, then scrolls."""

    def __init__(self, name: str, most: int) -> None:
        super().__init__()
        self._most = most
        self.setAccessibleName(name)
        self.setUniformItemSizes(True)
        self.setItemDelegate(_RowDelegate(self))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.on_return: Callable[[], None] | None = None

    def show_rows(self, model: RowModel) -> None:
        model.setParent(self)  # Qt ends the view before the model, whichever order Python would take
        self.setModel(model)
        shown = max(1, min(model.rowCount(), self._most))
        self.setMinimumHeight(min(shown, 2) * ROW_HEIGHT + _FRAME)
        self.setMaximumHeight(shown * ROW_HEIGHT + _FRAME)
        self.updateGeometry()

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        return QSize(40 * theme.UNIT, min(self.maximumHeight(), _USUAL_ROWS * ROW_HEIGHT + _FRAME))

    def selected_row(self) -> int | None:
        """Number of the selected row."""
        rows = self.selectionModel().selectedRows() if self.model() else []
        return rows[0].row() if rows else None

    def select(self, number: int) -> None:
        self.setCurrentIndex(self.model().index(number, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Return means "this one", and goes on to the next thing; it never reaches the window's Cancel button."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            event.accept()
            if self.on_return is not None:
                self.on_return()
            return
        super().keyPressEvent(event)


class _RowDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802, ARG002  # Qt's
        return QSize(20 * theme.UNIT, ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: Row = index.data(_ROW_ROLE)
        colours = theme.current()
        area: QRect = option.rect.adjusted(2, 2, -2, -2)
        state = option.state
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if is_selected or (row.is_enabled and state & QStyle.StateFlag.State_MouseOver):
            painter.setBrush(QColor(colours.selection if is_selected else colours.hover))
            painter.drawRoundedRect(area, 6, 6)
        if is_selected:  # a bar as well: colour alone is not enough
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(QRect(area.left() + 2, area.top() + 10, 4, area.height() - 20), 2, 2)
        ink = QColor(colours.text if row.is_enabled else colours.disabled)
        if row.is_faded:
            ink = QColor(colours.quiet)
        quiet = QColor(colours.quiet if row.is_enabled else colours.disabled)
        note, detail = (
            quiet if tone == "info" else QColor(colours.tone(tone)[0]) for tone in (row.tone, row.detail_tone)
        )
        drawing = glyphs.pixmap(row.glyph, (QColor(colours.accent) if is_selected else quiet).name(), 22)
        painter.drawPixmap(QPoint(area.left() + 14, area.center().y() - 10), drawing)
        lines = area.adjusted(46, 6, -10, -6)
        half = lines.height() // 2
        upper = QRect(lines.left(), lines.top(), lines.width(), half)
        lower = upper.translated(0, half)
        _line(painter, upper, (row.title, ink), (row.title_note, note), is_bold=True)
        _line(painter, lower, (row.detail, detail), (row.detail_note, quiet), is_bold=False)
        painter.restore()


def _line(
    painter: QPainter, area: QRect, left: tuple[str, QColor], right: tuple[str, QColor], *, is_bold: bool
) -> None:
    """Text at the left, elided in its middle so that beginning and file ending stay readable; a note at the right."""
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
    small = theme.font(theme.SMALL)
    width = 0
    if right[0]:
        painter.setFont(small)
        painter.setPen(right[1])
        wanted = min(QFontMetrics(small).horizontalAdvance(right[0]) + _ROUNDING, area.width() * 2 // 3)
        shown = QFontMetrics(small).elidedText(right[0], Qt.TextElideMode.ElideRight, wanted)
        width = wanted + 2 * theme.UNIT
        painter.drawText(area, flags | Qt.AlignmentFlag.AlignRight, shown)
    font = theme.font(theme.SMALL, bold=is_bold)
    painter.setFont(font)
    painter.setPen(left[1])
    text = QFontMetrics(font).elidedText(left[0], Qt.TextElideMode.ElideMiddle, area.width() - width)
    painter.drawText(area, flags | Qt.AlignmentFlag.AlignLeft, text)
