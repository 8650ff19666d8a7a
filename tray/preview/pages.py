"""Pages one below the other, drawn as they come into sight."""

import bisect
import dataclasses
import math
from collections.abc import Iterator

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QAbstractSlider

from protocol import preview
from tray import theme
from tray.preview.drawings import Drawings
from tray.preview.inquiry import Where
from tray.texts import Texts

ZOOMS = (0.25, 0.33, 0.5, 0.67, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0)
_WIDEST_FIT = 2.0  # a small picture is not blown up beyond it
_PIXELS_PER_POINT = 96 / 72
_GAP = 12
_MARGIN = 12
_SETTLE_MS = 120  # a zoom or a size that changes still is not drawn for
_WHEEL_STEP = 120  # of one notch, as Qt counts
_LINE = 40  # pixels of an arrow key


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """Where pages lie: `tops` and `boxes` in pixels, all of it `width` by `height`."""

    tops: tuple[int, ...]
    boxes: tuple[tuple[int, int], ...]
    width: int
    height: int

    def pages(self, top: int, bottom: int) -> range:
        """Those of which something lies between two heights."""
        first = max(0, bisect.bisect_right(self.tops, top) - 1)
        if first < len(self.tops) and self.tops[first] + self.boxes[first][1] <= top:
            first += 1
        return range(first, max(first, bisect.bisect_left(self.tops, bottom)))

    def page_at(self, height: int) -> int:
        """The page at a height, or the one above a gap."""
        return max(0, bisect.bisect_right(self.tops, height) - 1)


def lay_out(sizes: tuple[preview.Size, ...], room: int, zoom: float | None) -> Layout:
    """`room` is the width that is there; `zoom` None fits each page into it."""
    tops, boxes = [], []
    top, widest = _MARGIN, 0
    for size in sizes:
        natural = size.width * _PIXELS_PER_POINT
        scale = min(_WIDEST_FIT, max(1, room - 2 * _MARGIN) / natural) if zoom is None else zoom
        box = max(1, round(natural * scale)), max(1, round(size.height * _PIXELS_PER_POINT * scale))
        tops.append(top)
        boxes.append(box)
        widest = max(widest, box[0])
        top += box[1] + _GAP
    return Layout(tuple(tops), tuple(boxes), widest + 2 * _MARGIN, top - _GAP + _MARGIN if sizes else 0)


class PagesView(QAbstractScrollArea):
    """`wants` tells that something else should be asked for; `moved` the page that is read now, counted from 0; `zoomed` the scale it
    is shown in."""

    wants = Signal()
    moved = Signal(int)
    zoomed = Signal(float)

    def __init__(self, texts: Texts, drawings: Drawings) -> None:
        super().__init__()
        self.setObjectName("pages")
        self._texts = texts
        self._drawings = drawings
        self.where = Where(-1)
        self._sizes: tuple[preview.Size, ...] = ()
        self._layout = lay_out((), 1, None)
        self.zoom: float | None = None
        self.page = 0
        self._held: QPoint | None = None
        self._settling = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settling.timeout.connect(self.wants)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.verticalScrollBar().setSingleStep(_LINE)
        self.horizontalScrollBar().setSingleStep(_LINE)
        self.verticalScrollBar().valueChanged.connect(self._when_scrolled)
        self.setStyleSheet(_sheet())
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor)

    # --- what is shown --------------------------------------------------------------------------------------------

    def show_pages(self, where: Where, sizes: tuple[preview.Size, ...], top: int = 0) -> None:
        """Other pages, from a height on."""
        self._settling.stop()
        self.where, self._sizes = where, sizes
        self.page = -1
        self._arrange(None)
        self.horizontalScrollBar().setValue(0)
        self.verticalScrollBar().setValue(top)
        self._when_scrolled()
        self.viewport().update()

    def refresh(self) -> None:
        """A drawing came, or will not come."""
        self.viewport().update()

    @property
    def count(self) -> int:
        return len(self._sizes)

    @property
    def scale(self) -> float:
        """The scale of the page that is read now."""
        if not self._sizes:
            return 1.0
        page = max(0, self.page)
        return self._layout.boxes[page][0] / (self._sizes[page].width * _PIXELS_PER_POINT)

    @property
    def is_settled(self) -> bool:
        """Whether it is known in what size pages are needed."""
        return not self._settling.isActive()

    def wanted(self) -> Iterator[tuple[int, int]]:
        """Pages that should be drawn, with their width in the screen's pixels: what is in sight, from the middle on, then what comes
        next."""
        if not (self.is_settled and self._sizes):
            return
        top = self.verticalScrollBar().value()
        height = self.viewport().height()
        middle = top + height // 2
        seen = self._layout.pages(top, top + height)
        near = sorted(seen, key=lambda page: abs(self._centre(page) - middle))
        weight = sum(self._weight(page) for page in near)
        # All that is in sight must stay in memory together: else each would drive another out, without end.
        sharpness = min(1.0, math.sqrt(self._drawings.room / max(1, weight)))
        for page in (seen.stop, seen.start - 1):
            if 0 <= page < len(self._sizes) and weight + self._weight(page) <= self._drawings.room:
                weight += self._weight(page)
                near.append(page)
        for page in near:
            width = max(1, int(self._drawn_width(page) * sharpness))
            if self._drawings.is_wanted(self.where, page, "page", width):
                yield page, width

    def go_to(self, page: int) -> None:
        """Shows a page from its top."""
        if self._sizes:
            page = max(0, min(page, len(self._sizes) - 1))
            self.verticalScrollBar().setValue(self._layout.tops[page] - _MARGIN)

    def set_zoom(self, zoom: float | None) -> None:
        """Changes the scale; None fits pages into the width. What is in the middle stays there."""
        if zoom is not None:
            zoom = max(ZOOMS[0], min(zoom, ZOOMS[-1]))
        if zoom == self.zoom:
            return
        anchor = self._anchor()
        self.zoom = zoom
        self._arrange(anchor)
        self._settling.start()

    def zoom_in(self) -> None:
        self.set_zoom(next((zoom for zoom in ZOOMS if zoom > self.scale + 0.005), ZOOMS[-1]))

    def zoom_out(self) -> None:
        self.set_zoom(next((zoom for zoom in reversed(ZOOMS) if zoom < self.scale - 0.005), ZOOMS[0]))

    # --- where pages lie ------------------------------------------------------------------------------------------

    def _centre(self, page: int) -> int:
        return self._layout.tops[page] + self._layout.boxes[page][1] // 2

    def _drawn_width(self, page: int) -> int:
        wide = round(self._layout.boxes[page][0] * self.devicePixelRatioF())
        return max(1, min(wide, preview.MAX_WIDTH))

    def _weight(self, page: int) -> int:
        """Octets of its drawing."""
        width, height = self._layout.boxes[page]
        drawn = self._drawn_width(page)
        return 4 * drawn * round(drawn * height / width)

    def _anchor(self) -> tuple[int, float]:
        """The page in the middle, and how far down on it the middle is."""
        if not self._sizes:
            return 0, 0.0
        middle = self.verticalScrollBar().value() + self.viewport().height() // 2
        page = self._layout.page_at(middle)
        return page, (middle - self._layout.tops[page]) / self._layout.boxes[page][1]

    def _arrange(self, anchor: tuple[int, float] | None) -> None:
        # The bar's room is kept free in any case: whether it is needed must not change what decides it.
        room = self.width() - 2 * self.frameWidth() - self.verticalScrollBar().sizeHint().width()
        self._layout = lay_out(self._sizes, room, self.zoom)
        port = self.viewport().size()
        down, across = self.verticalScrollBar(), self.horizontalScrollBar()
        down.setPageStep(max(1, port.height() - _LINE))
        down.setRange(0, max(0, self._layout.height - port.height()))
        across.setPageStep(port.width())
        across.setRange(0, max(0, self._layout.width - port.width()) if self.zoom is not None else 0)
        if anchor is not None and self._sizes:
            page, part = anchor
            middle = self._layout.tops[page] + part * self._layout.boxes[page][1]
            down.setValue(round(middle - port.height() / 2))
            across.setValue((across.maximum() + across.minimum()) // 2)
        self._when_scrolled()
        self.zoomed.emit(self.scale)
        self.viewport().update()

    def _when_scrolled(self) -> None:
        if not self._sizes:
            return
        top, height = self.verticalScrollBar().value(), self.viewport().height()
        is_end = top == self.verticalScrollBar().maximum() > 0
        page = len(self._sizes) - 1 if is_end else self._layout.page_at(top + height // 3)
        if page != self.page:
            self.page = page
            self.setAccessibleName(self._texts("preview.page_of", page=page + 1, all=len(self._sizes)))
            self.moved.emit(page)
            self.zoomed.emit(self.scale)
        if self.is_settled:
            self.wants.emit()

    # --- events ---------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Another screen may be sharper."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._settling.start()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        super().resizeEvent(event)
        anchor = self._anchor() if self.verticalScrollBar().value() else None
        before = self._layout.boxes
        self._arrange(anchor)
        if before != self._layout.boxes:  # not so where only a scroll bar came or went
            self._settling.start()

    def scrollContentsBy(self, _across: int, _down: int) -> None:  # noqa: N802  # Qt's name
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        action = {
            Qt.Key.Key_Home: QAbstractSlider.SliderAction.SliderToMinimum,
            Qt.Key.Key_End: QAbstractSlider.SliderAction.SliderToMaximum,
            Qt.Key.Key_Space: QAbstractSlider.SliderAction.SliderPageStepAdd,
        }.get(Qt.Key(event.key()))
        if action is None:
            super().keyPressEvent(event)
        else:
            self.verticalScrollBar().triggerAction(action)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802  # Qt's name
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if turned := event.angleDelta().y():
                (self.zoom_in if turned > 0 else self.zoom_out)()
            event.accept()
            return
        super().wheelEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = event.position().toPoint()
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        if self._held is not None:
            here = event.position().toPoint()
            moved = here - self._held
            self._held = here
            self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() - moved.x())
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() - moved.y())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        self._held = None
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(_ground()))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        top = self.verticalScrollBar().value()
        for page in self._layout.pages(top, top + self.viewport().height()):
            self._paint_page(painter, page, self._box(page))
        painter.end()

    def _box(self, page: int) -> QRect:
        """Where a page is seen."""
        width, height = self._layout.boxes[page]
        room = self.viewport().width()
        left = (
            (room - width) // 2
            if self._layout.width <= room or self.zoom is None
            else ((self._layout.width - width) // 2 - self.horizontalScrollBar().value())
        )
        return QRect(left, self._layout.tops[page] - self.verticalScrollBar().value(), width, height)

    def _paint_page(self, painter: QPainter, page: int, box: QRect) -> None:
        paint_sheet(painter, box, self._drawings.picture(self.where, page))
        if why := self._drawings.why_not(self.where, page):
            words = self._texts("preview.page_unshown") + "\n" + self._texts(f"preview.why.{why}")
            area = box.intersected(self.viewport().rect()).adjusted(_GAP, _GAP, -_GAP, -_GAP)
            painter.setFont(theme.font(theme.SMALL))
            painter.setPen(QColor(theme.LIGHT.danger))  # on paper, which is white in each theme
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, words)


def paint_sheet(painter: QPainter, box: QRect, picture: QPixmap | None) -> None:
    """A sheet of paper, with what is drawn on it if that is there."""
    painter.fillRect(box, QColor("white"))
    if picture is not None:
        painter.drawPixmap(QRectF(box), picture, QRectF(picture.rect()))
    painter.setPen(QPen(QColor(theme.current().line), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(box).adjusted(-0.5, -0.5, 0.5, 0.5))


def _ground() -> str:
    colours = theme.current()
    return colours.disabled_back if colours.name == "light" else colours.window


def _sheet() -> str:
    colours = theme.current()
    return (
        f"#pages {{ border: 2px solid {_ground()}; background: {_ground()}; }}"
        f"#pages:focus {{ border-color: {colours.accent}; }}"
    )
