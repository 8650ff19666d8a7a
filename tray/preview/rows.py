"""Rows of a form, a tree, a text or an archive, of which only those in sight are held: a million rows cost no more than a screenful."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypeAlias

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QAction,
    QColor,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from protocol import letters, preview, preview_labels
from tray import glyphs, theme, words
from tray.preview import labels
from tray.preview.inquiry import PIECE, Recent, Where
from tray.texts import Texts

Kind: TypeAlias = Literal["form", "tree", "text", "entries"]

MOST_PIECES = 64
_NOTHING_YET = "…"
_ROW: dict[Kind, int] = {"form": 28, "tree": 24, "text": 20, "entries": 36}
_PADDING = 12  # at both sides
_STEP = 16  # of a tree
_DEEPEST = 24  # steps that are seen as steps
_LABEL_SHARE = 0.4  # of the width that labels of a form may take
_LABEL_WIDTH = 34 * theme.UNIT
_LEAST_LABEL = 8 * theme.UNIT
_LEAST_WIDTH = 4 * theme.UNIT  # of a line
_SETTLE_MS = 60
_TAB = 8
_ARROW = 14
_LONGEST_SIZE = 18  # digits
_MOMENT = f"{preview_labels.PREFIX}moment"
_ROW_ROLE = Qt.ItemDataRole.UserRole


class Pieces:
    """Rows by their numbers, in pieces that came; the ones that were looked at last."""

    def __init__(self, most: int = MOST_PIECES) -> None:
        self._kept: Recent[tuple[Where, int], tuple[preview.Row, ...]] = Recent(most)
        self._failed: dict[tuple[Where, int], preview.Why] = {}

    def put(self, where: Where, start: int, rows: tuple[preview.Row, ...]) -> None:
        self._kept.put((where, start), rows[:PIECE])

    def fail(self, where: Where, start: int, why: preview.Why) -> None:
        self._failed[where, start] = why

    def row(self, where: Where, number: int) -> preview.Row | preview.Why | None:
        """A row; why it can't be had; or None where nobody knows yet. A row that its piece lacks is empty."""
        start = number - number % PIECE
        if why := self._failed.get((where, start)):
            return why
        piece = self._kept.get((where, start))
        if piece is None:
            return None
        at = number - start
        return piece[at] if at < len(piece) else preview.Row("", "")

    def drop(self, where: Where, start: int) -> None:
        """Forgets a piece that ended where the document was known to end, and goes on by now."""
        self._kept.drop((where, start))
        self._failed.pop((where, start), None)

    def is_wanted(self, where: Where, start: int) -> bool:
        return (where, start) not in self._kept and (where, start) not in self._failed

    def forget(self, document: int) -> None:
        """For another try."""
        self._kept.forget(document)
        for key in [key for key in self._failed if key[0].document == document]:
            del self._failed[key]


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """A row as it is painted and said. `note` is a word about it."""

    label: str
    value: str
    depth: int = 0
    kind: str = ""
    is_entry: bool = False
    is_known: bool = True
    note: str = ""

    @property
    def spoken(self) -> str:
        said = ": ".join(part for part in (self.label, self.value) if part)
        return ", ".join(part for part in (said, self.note) if part)


class RowsModel(QAbstractTableModel):
    """One column; what a row looks like is the delegate's affair. While a document grows a last row says so, which `known` does not count."""

    def __init__(self, texts: Texts, pieces: Pieces) -> None:
        super().__init__()
        self._texts = texts
        self._pieces = pieces
        self._where = Where(-1)
        self.known = 0
        self.is_growing = False
        self.kind: Kind = "text"

    def start_over(self, where: Where, kind: Kind, count: int, *, is_growing: bool) -> None:
        self.beginResetModel()
        self._where, self.kind, self.known, self.is_growing = where, kind, count, is_growing
        self.endResetModel()

    def grow(self, count: int, *, is_growing: bool) -> None:
        """More rows, behind those that are here."""
        if count > self.known:
            self.beginInsertRows(QModelIndex(), self.known, count - 1)
            self.known = count
            self.endInsertRows()
        if self.is_growing and not is_growing:
            self.beginRemoveRows(QModelIndex(), self.known, self.known)
            self.is_growing = False
            self.endRemoveRows()

    def refresh(self, start: int) -> None:
        """A piece came, or will not come."""
        if start < self.known:
            last = min(start + PIECE, self.known) - 1
            self.dataChanged.emit(self.index(start, 0), self.index(last, 0))

    def cell(self, number: int) -> Cell:
        if number >= self.known:
            return Cell("", self._texts("preview.reading_on"), kind="cut")
        row = self._pieces.row(self._where, number)
        if row is None:
            return Cell("", _NOTHING_YET, is_known=False)
        if isinstance(row, str):
            is_first = number % PIECE == 0
            return Cell("", self._texts("preview.rows_unshown") if is_first else "", kind="cut")
        label = labels.shown(self._texts, row.label)
        value = letters.visible(row.value[: preview.MAX_TEXT].expandtabs(_TAB))
        if self.kind == "entries" and row.value.isdecimal() and len(row.value) <= _LONGEST_SIZE:
            value = words.size(int(row.value), self._texts.language, self._texts)
        elif row.label == _MOMENT:
            value = labels.moment_of(self._texts, row.value)
        if row.kind == "cut" and not value:
            value = self._texts("preview.cut")
        note = self._texts(f"preview.{row.kind}") if row.kind in {"covered", "uncovered"} else ""
        return Cell(label, value, max(0, min(row.depth, _DEEPEST)), row.kind, row.is_entry, note=note)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:  # noqa: N802  # Qt's name
        return 0 if parent is not None and parent.isValid() else self.known + self.is_growing

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:  # noqa: N802  # Qt's name
        return 0 if parent is not None and parent.isValid() else 1

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if not index.isValid():
            return None
        if role == _ROW_ROLE:
            return self.cell(index.row())
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return self.cell(index.row()).spoken
        return None


class RowsView(QTableView):
    """`wants` tells that other rows came into sight; `entered` that the person wants to see what lies at a row."""

    wants = Signal()
    entered = Signal(int)

    def __init__(self, texts: Texts, pieces: Pieces) -> None:
        super().__init__()
        self.setObjectName("rows")
        self._pieces = pieces
        self.where = Where(-1)
        self.rows = RowsModel(texts, pieces)
        self.rows.setParent(self)  # Qt ends the view before the model, whichever order Python would take
        self.setModel(self.rows)
        self.brush = Brush()
        self._notes = (texts("preview.covered"), texts("preview.uncovered"))
        delegate = _RowDelegate(self)
        self.setItemDelegate(delegate)
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(1)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setStyleSheet(_sheet())
        self._settling = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settling.timeout.connect(self._fit_all)
        self.verticalScrollBar().valueChanged.connect(lambda _: self.wants.emit())
        self.doubleClicked.connect(lambda index: self._enter(index.row()))
        copy = QAction(texts("button.copy"), self)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self._copy)
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def show_rows(
        self,
        where: Where,
        kind: Kind,
        count: int,
        view: tuple[int, int] = (0, 0),
        *,
        is_growing: bool = False,
    ) -> None:
        """Other rows, or more of the same; `view` is where a person who was here before left."""
        if (
            (where, kind) == (self.where, self.rows.kind)
            and self.rows.is_growing
            and count >= self.rows.known
        ):
            self._grow(count, is_growing=is_growing)
            return
        self.where = where
        top, current = view
        header = self.verticalHeader()
        header.setDefaultSectionSize(_ROW[kind])
        header.reset()
        self.brush.begin(kind, count, self._notes)
        self.rows.start_over(where, kind, count, is_growing=is_growing)
        self._fit(0)
        if count:
            self.selectionModel().setCurrentIndex(
                self.rows.index(min(current, count - 1), 0),
                self.selectionModel().SelectionFlag.NoUpdate
                if kind != "entries"
                else self.selectionModel().SelectionFlag.ClearAndSelect,
            )
        self._fit_all()
        self.verticalScrollBar().setValue(top)
        self.wants.emit()

    def _grow(self, count: int, *, is_growing: bool) -> None:
        """What is seen stays where it is."""
        known = self.rows.known
        if known % PIECE and count > known:
            self._pieces.drop(self.where, known - known % PIECE)
        self.rows.grow(count, is_growing=is_growing)
        self.wants.emit()

    def refresh(self, start: int) -> None:
        """A piece came, or will not come."""
        self._fit(start)
        self.rows.refresh(start)

    @property
    def view(self) -> tuple[int, int]:
        """Where the person is."""
        return self.verticalScrollBar().value(), max(0, self.currentIndex().row())

    def wanted(self) -> Iterator[int]:
        """Where pieces start that should be asked for: those in sight, and the ones beside them."""
        count = self.rows.known
        if not count:
            return
        first, last = self._seen()
        seen = range(first - first % PIECE, last + 1, PIECE)
        for start in (*seen, seen[-1] + PIECE, seen[0] - PIECE):
            if 0 <= start < count and self._pieces.is_wanted(self.where, start):
                yield start

    # --- heights --------------------------------------------------------------------------------------------------

    def _seen(self) -> tuple[int, int]:
        first = max(0, self.rowAt(0))
        last = self.rowAt(max(0, self.viewport().height() - 1))
        return first, last if last >= 0 else self.rows.rowCount() - 1

    def _fit(self, start: int) -> None:
        """Gives the rows of a piece the height that their values need."""
        header = self.verticalHeader()
        count = self.rows.rowCount()
        if start >= count or self._pieces.is_wanted(self.where, start):
            return
        width = self.viewport().width()
        top = self.rowViewportPosition(first) if (first := self._seen()[0]) > start else 0
        # Its parts are laid out once for all these rows, not for each.
        header.setUpdatesEnabled(False)
        for number in range(start, min(start + PIECE, count)):
            height = self.brush.height(self.rows.cell(number), number, width)
            if height != header.sectionSize(number):
                self.setRowHeight(number, height)
        header.setUpdatesEnabled(True)
        if first > start:  # what is read stays where it is
            bar = self.verticalScrollBar()
            self.updateGeometries()
            bar.setValue(bar.value() + self.rowViewportPosition(first) - top)

    def _fit_all(self) -> None:
        """Likewise for all that is in sight, in a width that changed."""
        if self.rows.rowCount():
            first, last = self._seen()
            for start in range(first - first % PIECE, last + 1, PIECE):
                self._fit(start)
        self.wants.emit()

    # --- events ---------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        super().resizeEvent(event)
        self._settling.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Return enters an entry; it never reaches the window's Cancel button."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            event.accept()
            self._enter(self.currentIndex().row())
            return
        super().keyPressEvent(event)

    def _enter(self, number: int) -> None:
        if number >= 0 and self.rows.cell(number).is_entry:
            self.entered.emit(number)

    def _copy(self) -> None:
        numbers = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        cells = [self.rows.cell(number) for number in numbers]
        text = "\n".join(
            cell.value if len(cells) == 1 or self.rows.kind == "text" else cell.spoken for cell in cells
        )
        QGuiApplication.clipboard().setText(text)


class Brush:
    """Measures and paints cells of one kind of rows."""

    def __init__(self) -> None:
        self._plain = theme.font(theme.SMALL)
        self._bold = theme.font(theme.SMALL, bold=True)
        self._code = theme.monospaced(theme.SMALL)
        self._kind: Kind = "text"
        self._gutter = 0
        self._note_width = 0

    def begin(self, kind: Kind, count: int, notes: Sequence[str] = ()) -> None:
        """`notes` are all that cells may have."""
        self._kind = kind
        metrics = QFontMetrics(self._plain)
        self._note_width = max((metrics.horizontalAdvance(note) + 4 for note in notes), default=0)
        self._gutter = QFontMetrics(self._code).horizontalAdvance("0" * max(3, len(str(count))))

    def height(self, cell: Cell, number: int, width: int) -> int:
        """What a cell needs in this width."""
        usual = _ROW[self._kind]
        if self._kind == "entries":
            return usual
        needed = 0
        for part in self._parts(cell, width):
            needed = max(needed, round(part.laid_out.boundingRect().height()))
        spare = usual - QFontMetrics(self._font(cell)).height()
        return max(usual, needed + spare) + self._lead(cell, number)

    def paint(self, painter: QPainter, cell: Cell, area: QRect, number: int, *, is_current: bool) -> None:
        colours = theme.current()
        if self._kind == "entries":
            self._paint_entry(painter, cell, area, is_current=is_current)
            return
        top = area.top() + self._lead(cell, number) + self._inset(cell)
        if self._kind == "text":
            painter.setFont(self._code)
            painter.setPen(QColor(colours.quiet))
            gutter = QRect(area.left() + _PADDING, top, self._gutter, area.height())
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
            painter.drawText(gutter, flags, str(number + 1))
        if self._lead(cell, number):
            painter.setPen(QColor(colours.line))
            line = area.top() + theme.UNIT // 2
            painter.drawLine(area.left() + _PADDING, line, area.right() - _PADDING, line)
        if cell.is_entry:
            arrow = QPoint(area.right() - _PADDING - _ARROW, top + 1)
            painter.drawPixmap(arrow, glyphs.pixmap("forward", colours.accent, _ARROW))
        for part in self._parts(cell, area.width()):
            painter.setPen(QColor(self._ink(cell, is_label=part.is_label)))
            part.laid_out.draw(painter, QPointF(area.left() + part.left, top))

    def _lead(self, cell: Cell, number: int) -> int:
        """Above a heading, for the line that sets it apart."""
        return theme.UNIT if cell.kind == "heading" and number and cell.depth == 0 else 0

    def _ink(self, cell: Cell, *, is_label: bool) -> str:
        colours = theme.current()
        if cell.kind in {"comment", "cut"} or not cell.is_known:
            return colours.quiet
        if cell.kind == "heading" or not is_label:
            return colours.text
        return colours.accent if self._kind == "tree" and cell.kind != "attribute" else colours.quiet

    def _font(self, cell: Cell) -> QFont:
        if cell.kind == "heading":
            return self._bold
        return self._code if self._kind == "text" else self._plain

    def _inset(self, cell: Cell) -> int:
        """Above the first line of a cell."""
        return (_ROW[self._kind] - QFontMetrics(self._font(cell)).height()) // 2

    def _parts(self, cell: Cell, width: int) -> Iterator["_Part"]:
        """Label and value, each with its place."""
        font = self._font(cell)
        left = _PADDING
        room = width - 2 * _PADDING
        if self._kind == "text":
            left += self._gutter + 2 * theme.UNIT
            yield _Part(left, _set(cell.value, font, width - _PADDING - left), is_label=False)
            return
        depth = cell.depth * _STEP
        left, room = left + depth, room - depth
        if cell.is_entry:
            room -= 3 * theme.UNIT  # for the arrow
        if cell.kind == "heading" or not (cell.label and cell.value):
            text = " ".join(part for part in (cell.label, cell.value) if part)
            yield _Part(left, _set(text, font, room), is_label=bool(cell.label))
            return
        if self._kind == "form":
            split = max(_LEAST_LABEL, min(_LABEL_WIDTH, round(width * _LABEL_SHARE)) - depth)
        else:
            split = min(QFontMetrics(font).horizontalAdvance(cell.label) + 2, room // 2)
        yield _Part(left, _set(cell.label, font, split), is_label=True)
        gap = split + 2 * theme.UNIT if self._kind == "form" else split + 12
        yield _Part(left + gap, _set(cell.value, font, room - gap), is_label=False)

    def _paint_entry(self, painter: QPainter, cell: Cell, area: QRect, *, is_current: bool) -> None:
        colours = theme.current()
        inner = area.adjusted(_PADDING, 0, -_PADDING, 0)
        colour = colours.accent if is_current else colours.quiet
        drawing = glyphs.pixmap("document" if cell.is_entry else "folder", colour, 20)
        painter.drawPixmap(QPoint(inner.left(), inner.center().y() - 9), drawing)
        metrics = QFontMetrics(self._plain)
        painter.setFont(self._plain)
        right = inner.right()
        if cell.is_entry:
            painter.drawPixmap(
                QPoint(right - _ARROW, inner.center().y() - _ARROW // 2),
                glyphs.pixmap("forward", colour, _ARROW),
            )
            right -= 3 * theme.UNIT
        if cell.note:
            wide = self._note_width
            is_warning = cell.kind == "uncovered"
            painter.setPen(QColor(colours.warning if is_warning else colours.quiet))
            painter.drawText(
                QRect(right - wide, inner.top(), wide, inner.height()),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
                cell.note,
            )
            right -= wide + 2 * theme.UNIT
        size = metrics.horizontalAdvance(cell.value) + 4
        painter.setPen(QColor(colours.quiet))
        painter.drawText(
            QRect(right - size, inner.top(), size, inner.height()),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
            cell.value,
        )
        painter.setPen(QColor(colours.text if cell.is_entry else colours.quiet))
        name = QRect(
            inner.left() + 30, inner.top(), right - size - 2 * theme.UNIT - inner.left() - 30, inner.height()
        )
        shown = metrics.elidedText(cell.label, Qt.TextElideMode.ElideMiddle, name.width())
        painter.drawText(name, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


@dataclasses.dataclass(frozen=True, slots=True)
class _Part:
    left: int
    laid_out: QTextLayout
    is_label: bool


def _set(text: str, font: QFont, width: int) -> QTextLayout:
    """A text in lines of this width, which break between words, or anywhere in a word that is longer than a line."""
    made = QTextLayout(text or " ", font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    made.setTextOption(option)
    made.setCacheEnabled(True)
    made.beginLayout()
    top = 0.0
    while (line := made.createLine()).isValid():
        line.setLineWidth(max(_LEAST_WIDTH, width))
        line.setPosition(QPointF(0, top))
        top += line.height()
    made.endLayout()
    return made


class _RowDelegate(QStyledItemDelegate):
    def __init__(self, view: RowsView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802, ARG002  # Qt's
        return QSize(20 * theme.UNIT, _ROW[self._view.rows.kind])

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        colours = theme.current()
        cell: Cell = index.data(_ROW_ROLE)
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if is_selected or (cell.is_entry and option.state & QStyle.StateFlag.State_MouseOver):
            painter.fillRect(option.rect, QColor(colours.selection if is_selected else colours.hover))
        if is_selected and self._view.hasFocus():  # a bar as well: colour alone is not enough
            painter.fillRect(
                QRect(option.rect.topLeft(), QSize(3, option.rect.height())), QColor(colours.accent)
            )
        self._view.brush.paint(painter, cell, option.rect, index.row(), is_current=is_selected)
        painter.restore()


def _sheet() -> str:
    colours = theme.current()
    return (
        f"#rows {{ border: 2px solid {colours.base}; background: {colours.base}; margin: 0; }}"
        f"#rows:focus {{ border-color: {colours.accent}; }}"
    )
