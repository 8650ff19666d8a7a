"""Small pictures of pages, to go through them."""

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from protocol import preview
from tray import theme
from tray.preview.drawings import Drawings
from tray.preview.inquiry import Where
from tray.preview.pages import paint_sheet
from tray.texts import Texts

WIDTH = 15 * theme.UNIT
_SHEET = QSize(9 * theme.UNIT, 12 * theme.UNIT)
_ROW = 16 * theme.UNIT + 4
_NUMBER = 20
_INDEX = QModelIndex | QPersistentModelIndex


class _Pages(QAbstractListModel):
    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self._texts = texts
        self._count = 0

    def start_over(self, count: int) -> None:
        self.beginResetModel()
        self._count = count
        self.endResetModel()

    def rowCount(self, parent: _INDEX | None = None) -> int:  # noqa: N802  # Qt's name
        return 0 if parent is not None and parent.isValid() else self._count

    def data(self, index: _INDEX, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if index.isValid() and role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return self._texts("preview.page", page=index.row() + 1)
        return None


class PageList(QListView):
    """`chosen` tells of a page that the person goes to; `wants` that other ones came into sight."""

    chosen = Signal(int)
    wants = Signal()

    def __init__(self, texts: Texts, drawings: Drawings) -> None:
        super().__init__()
        self.setObjectName("sheets")
        self._drawings = drawings
        self._where = Where(-1)
        self._sizes: tuple[preview.Size, ...] = ()
        self._is_following = False
        self._pages = _Pages(texts)
        self._pages.setParent(self)  # Qt ends the view before the model, whichever order Python would take
        self.setModel(self._pages)
        self.setItemDelegate(_SheetDelegate(self))
        self.setUniformItemSizes(True)
        self.setFixedWidth(WIDTH)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(texts("preview.page_list"))
        self.setStyleSheet(_sheet())
        self.verticalScrollBar().valueChanged.connect(lambda _: self.wants.emit())
        self.selectionModel().currentChanged.connect(self._when_chosen)

    @property
    def where(self) -> Where:
        return self._where

    def show_pages(self, where: Where, sizes: tuple[preview.Size, ...]) -> None:
        self._where, self._sizes = where, sizes
        self._pages.start_over(len(sizes))

    def follow(self, page: int) -> None:
        """Marks the page that is read."""
        self._is_following = True
        self.setCurrentIndex(self._pages.index(page, 0))
        self._is_following = False

    def refresh(self) -> None:
        self.viewport().update()

    def wanted(self) -> Iterator[tuple[int, int]]:
        """Pages in sight that should be drawn, with their width in the screen's pixels."""
        if not self.isVisible() or not self._sizes:
            return
        first, last = (
            self.indexAt(self.viewport().rect().adjusted(20, 4, -20, -4).topLeft()),
            self.indexAt(self.viewport().rect().adjusted(20, 4, -20, -4).bottomLeft()),
        )
        end = last.row() if last.isValid() else len(self._sizes) - 1
        for page in range(max(0, first.row()), end + 1):
            width = round(self.sheet_of(page).width() * self.devicePixelRatioF())
            if self._drawings.is_wanted(self._where, page, "small", max(1, width)):
                yield page, max(1, width)

    def sheet_of(self, page: int) -> QSize:
        """How large a page is here."""
        size = self._sizes[page]
        return (
            QSize(size.width, size.height)
            .scaled(_SHEET, Qt.AspectRatioMode.KeepAspectRatio)
            .expandedTo(QSize(1, 1))
        )

    def paint_page(self, painter: QPainter, area: QRect, page: int, *, is_current: bool) -> None:
        colours = theme.current()
        if is_current:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.selection))
            painter.drawRoundedRect(area.adjusted(4, 2, -4, -2), 6, 6)
        size = self.sheet_of(page)
        box = QRect(0, 0, size.width(), size.height())
        box.moveCenter(area.adjusted(0, 0, 0, -_NUMBER).center())
        paint_sheet(
            painter,
            box,
            self._drawings.small(self._where, page, round(size.width() * self.devicePixelRatioF())),
        )
        if is_current:  # a bar as well: colour alone is not enough
            painter.fillRect(
                QRect(area.left() + 4, area.top() + 12, 4, area.height() - 24), QColor(colours.accent)
            )
        painter.setFont(theme.font(theme.SMALL, bold=is_current))
        painter.setPen(QColor(colours.text if is_current else colours.quiet))
        below = area.adjusted(0, area.height() - _NUMBER - 4, 0, -4)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, str(page + 1))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        super().resizeEvent(event)
        self.wants.emit()

    def _when_chosen(self, current: QModelIndex, _before: QModelIndex) -> None:
        if current.isValid() and not self._is_following:
            self.chosen.emit(current.row())


class _SheetDelegate(QStyledItemDelegate):
    def __init__(self, view: PageList) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: _INDEX) -> QSize:  # noqa: N802, ARG002  # Qt's
        return QSize(WIDTH - 3 * theme.UNIT, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _INDEX) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        is_current = bool(option.state & QStyle.StateFlag.State_Selected)
        self._view.paint_page(painter, option.rect, index.row(), is_current=is_current)
        painter.restore()


def _sheet() -> str:
    colours = theme.current()
    return (
        f"#sheets {{ border: 2px solid {colours.base}; border-radius: 0; padding: 0; background: {colours.base}; }}"
        f"#sheets:focus {{ border: 2px solid {colours.accent}; padding: 0; }}"
    )
