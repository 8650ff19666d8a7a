"""Things in a row, and in further rows where the window is too narrow for one: nothing is cut, and nothing scrolls sideways."""

from PySide6.QtCore import QMargins, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

from tray import theme


class Flow(QLayout):
    """Lays widgets out from left to right, each as wide as it asks for. What is left of a row goes to those in it that expand."""

    def __init__(self, *widgets: QWidget, spacing: int = theme.UNIT) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)
        for widget in widgets:
            self.addWidget(widget)

    # --- what Qt asks of a layout ---------------------------------------------------------------------------------

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802  # Qt's name
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802  # Qt's name
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802  # Qt's name
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802  # Qt's name
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:  # noqa: N802  # Qt's name
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802  # Qt's name
        margins = self.contentsMargins()
        rows = self._rows(width - margins.left() - margins.right())
        return sum(map(_height, rows)) + self.spacing() * max(0, len(rows) - 1) + _vertical(margins)

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """All in one row."""
        sizes = [item.sizeHint() for item in self._shown()]
        width = sum(size.width() for size in sizes) + self.spacing() * max(0, len(sizes) - 1)
        return self._with_margins(width, max((size.height() for size in sizes), default=0))

    def minimumSize(self) -> QSize:  # noqa: N802  # Qt's name
        """The widest alone in its row."""
        sizes = [item.minimumSize() for item in self._shown()]
        width = max((size.width() for size in sizes), default=0)
        return self._with_margins(width, max((size.height() for size in sizes), default=0))

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802  # Qt's name
        super().setGeometry(rect)
        inside = rect.marginsRemoved(self.contentsMargins())
        top = inside.top()
        for row in self._rows(inside.width()):
            height = _height(row)
            left = inside.left()
            for item, width in row:
                item.setGeometry(QRect(left, top, width, height))
                left += width + self.spacing()
            top += height + self.spacing()

    # --- rows -----------------------------------------------------------------------------------------------------

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _rows(self, width: int) -> list[list[tuple[QLayoutItem, int]]]:
        rows: list[list[tuple[QLayoutItem, int]]] = []
        used = 0
        for item in self._shown():
            wanted = max(item.minimumSize().width(), min(item.sizeHint().width(), width))
            if not rows or used + self.spacing() + wanted > width:
                rows.append([(item, wanted)])
                used = wanted
            else:
                rows[-1].append((item, wanted))
                used += self.spacing() + wanted
        return [self._filled(row, width) for row in rows]

    def _filled(self, row: list[tuple[QLayoutItem, int]], width: int) -> list[tuple[QLayoutItem, int]]:
        """The row, with what is left of it given to those that expand."""
        growing = [item for item, _ in row if item.expandingDirections() & Qt.Orientation.Horizontal]
        if not growing:
            return row
        left = width - sum(wanted for _, wanted in row) - self.spacing() * (len(row) - 1)
        share, rest = divmod(max(0, left), len(growing))
        filled = []
        for item, wanted in row:
            extra = 0
            if item in growing:
                extra = share + (1 if rest > 0 else 0)
                rest -= 1
            filled.append((item, wanted + extra))
        return filled

    def _with_margins(self, width: int, height: int) -> QSize:
        margins = self.contentsMargins()
        return QSize(width + margins.left() + margins.right(), height + _vertical(margins))


def _height(row: list[tuple[QLayoutItem, int]]) -> int:
    return max(
        item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
        for item, width in row
    )


def _vertical(margins: QMargins) -> int:
    return margins.top() + margins.bottom()
