"""How the signing window is laid out: who asks, what it is about beside the panel to fill in, and the buttons."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractSlider,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from tray import theme, widgets
from tray.drop_area import DropArea, Offer, announce
from tray.dropped import Dropped
from tray.panel import Panel
from tray.password import PasswordField

USUAL = QSize(120, 88) * theme.UNIT
WIDE = QSize(164, 112) * theme.UNIT  # with a preview
SMALL_WIDTH = 80 * theme.UNIT
BAR_FROM = 72 * theme.UNIT  # width of a window that has room for a bar beside the buttons
_SIDE_WIDTH = 50 * theme.UNIT  # of the panel beside a preview
_NARROW_BELOW = 88 * theme.UNIT  # one column
_NARROW_WIDE_BELOW = 108 * theme.UNIT  # likewise, with a preview
_LOW_BELOW = 56 * theme.UNIT  # the head scrolls with the rest
_LAID_OUT_MS = 50  # after a change; Qt does not say when all the lines that wrap have found their place
_MARGIN = 4 * theme.UNIT  # of the screen, for the title bar that the window manager adds
_PROGRESS_WIDTH, _LEAST_PROGRESS = 20 * theme.UNIT, 4 * theme.UNIT


class Stage(QDialog):
    """The window's frame. `set_up` builds it for a question, `change_panel` goes on to the next with the same beside it. The buttons
    are new each time, and have no words yet."""

    header: QWidget
    beside: QWidget | None
    panel: Panel | None
    middle: QScrollArea
    footer: QFrame
    waiting: QLabel
    busy: QLabel
    progress: QProgressBar
    cancel: QPushButton
    accent: QPushButton

    def __init__(self) -> None:
        super().__init__(None, Qt.WindowType.Dialog | Qt.WindowType.WindowStaysOnTopHint)
        self.beside = None
        self.panel = None
        self._columns: _Columns | None = None
        self._wanted = QSize()
        self._frame = QVBoxLayout(self)
        self._frame.setContentsMargins(0, 0, 0, 0)
        self._frame.setSpacing(0)
        self.drops = DropArea(self, self._offer, self._take, self._refuse)

    def set_up(self, header: QWidget, beside: QWidget | None, panel: Panel, *, is_wide: bool) -> None:
        """Puts all of it up anew; `is_wide` where what is beside the panel needs most of the room."""
        handed_on = self.panel.handed_on if self.panel is not None else None
        self.take_down()
        self.header, self.beside, self.panel = header, beside, panel
        self._columns = _Columns(beside, panel, is_wide=is_wide)
        self._make_middle(header, self._columns)
        self._hand_on(handed_on)

    def change_panel(self, panel: Panel) -> None:
        """Another panel in place of the one that is there; what was typed in that one goes first."""
        assert self._columns is not None
        handed_on = self.panel.handed_on if self.panel is not None else None
        if self.panel is not None:
            self.panel.forget()
        self.panel = panel
        self._columns.change_panel(panel)
        # New ones, for the keyboard goes through widgets in the order in which they came.
        old = self.footer
        self._frame.replaceWidget(old, self._make_footer())
        _end(old)
        self.middle.verticalScrollBar().setValue(0)
        self._hand_on(handed_on)

    def set_up_end(self, header: QWidget, panel: QWidget) -> None:
        """Nothing is asked any more: a header, and what there is to read."""
        self.take_down()
        self._make_middle(header, panel)

    def take_down(self) -> None:
        """Takes everything down; what was typed goes first."""
        if self.panel is not None:
            self.panel.forget()
        self.panel = self.beside = self._columns = None
        while (item := self._frame.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                _end(widget)

    def fit(self, wanted: QSize) -> None:
        """Gives the window the size that the question needs, in the middle of the screen; what the person changed stays."""
        if wanted == self._wanted:
            return
        self._wanted = wanted
        room = self.available()
        size = wanted.boundedTo(room.size())
        self.setMinimumSize(QSize(40 * theme.UNIT, 30 * theme.UNIT).boundedTo(size))
        self.resize(size)
        self.move(room.center() - self.rect().center())

    def height_for(self, width: int) -> int:
        """What all the panels need if nothing is to be scrolled."""
        parts: list[QWidget | None] = [self.header, self.middle.widget(), self.footer]
        if self.middle.isAncestorOf(self.header):
            parts.pop(0)
        return sum(
            part.heightForWidth(width) if part.hasHeightForWidth() else part.sizeHint().height()
            for part in parts
            if part is not None
        )

    def available(self) -> QRect:
        """The screen's room for the window."""
        screen = self.screen() or QGuiApplication.primaryScreen()
        return screen.availableGeometry().adjusted(0, 0, 0, -_MARGIN)

    def show_focus(self) -> None:
        """Scrolls to where the person goes on, should the screen be too small for all."""
        if (widget := self.focusWidget()) is not None:
            self.show_part(widget)

    def show_part(self, widget: QWidget) -> None:
        """Scrolls to a part of what scrolls."""
        body = self.middle.widget()
        if body is not None and body.isAncestorOf(widget):
            # Not ensureWidgetVisible: of a field it shows the cursor only.
            place = QRect(widget.mapTo(body, QPoint()), widget.size())
            for y, margin in ((place.bottom(), 8 * theme.UNIT), (place.top(), 5 * theme.UNIT)):
                self.middle.ensureVisible(place.left(), y, 0, margin)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Page keys that nothing else wanted scroll the window: on a small screen there may be more to read than to focus.
        Return that nothing wanted where the person reads is no answer, and Cancel would be one."""
        step = {
            Qt.Key.Key_PageUp: QAbstractSlider.SliderAction.SliderPageStepSub,
            Qt.Key.Key_PageDown: QAbstractSlider.SliderAction.SliderPageStepAdd,
        }.get(Qt.Key(event.key()))
        focus = self.focusWidget()
        is_reading = self.beside is not None and focus is not None and self.beside.isAncestorOf(focus)
        if step is not None:
            self.middle.verticalScrollBar().triggerAction(step)
        elif not (is_reading and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}):
            super().keyPressEvent(event)

    # --- what is dropped on it ------------------------------------------------------------------------------------

    def _offer(self, dropped: Dropped) -> Offer | None:
        """Nothing can be dropped while an answer is worked on, or after the last word."""
        return self.panel.offer(dropped) if self.panel is not None and self.panel.isEnabled() else None

    def _take(self, dropped: Dropped) -> None:
        if self.panel is not None:
            self.panel.tell(None)
            self.panel.take(dropped)
            self.show_focus()

    def _hand_on(self, dropped: Dropped | None) -> None:
        """What was dropped on the panel before this one."""
        if dropped is not None and (offer := self._offer(dropped)) is not None:
            if offer.is_welcome:
                self._take(dropped)
            else:
                self._refuse(offer)

    def _refuse(self, offer: Offer) -> None:
        """The words stay: a glance may have been too short for them."""
        if self.panel is not None and self.panel.isEnabled():
            notice = widgets.Notice("info", offer.sentence, offer.advice)
            self.panel.tell(notice)
            announce(self, f"{offer.sentence} {offer.advice}")
            QTimer.singleShot(_LAID_OUT_MS, notice, lambda: self.show_part(notice))

    def _make_middle(self, header: QWidget, content: QWidget) -> None:
        """From the head to the buttons; what is between them scrolls where it must."""
        body = QWidget()
        body.setObjectName("body")
        inside = QVBoxLayout(body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        self.middle = QScrollArea()
        self.middle.setWidgetResizable(True)
        self.middle.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.middle.setWidget(body)
        (inside if self.available().height() < _LOW_BELOW else self._frame).addWidget(header)
        inside.addWidget(content, 1)
        self._frame.addWidget(self.middle, 1)
        self._frame.addWidget(self._make_footer())

    def _make_footer(self) -> QFrame:
        self.footer = footer = QFrame()
        footer.setObjectName("footer")
        row = QHBoxLayout(footer)
        row.setContentsMargins(3 * theme.UNIT, 12, 3 * theme.UNIT, 12)
        row.setSpacing(12)
        self.waiting = widgets.label("", quiet=True)
        self.waiting.hide()
        self.busy = widgets.label("", quiet=True, wraps=False)
        self.busy.hide()
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setMinimumWidth(_LEAST_PROGRESS)
        self.progress.setMaximumWidth(_PROGRESS_WIDTH)
        self.progress.hide()
        self.cancel = QPushButton()
        self.accent = QPushButton()
        self.accent.setObjectName("accent")
        row.addWidget(self.waiting, 1)
        row.addStretch()
        row.addWidget(self.busy)
        row.addWidget(self.progress)
        row.addWidget(self.cancel)
        row.addWidget(self.accent)
        return footer


def fields_of(panel: Panel) -> list[PasswordField]:
    """Where the person types in secret."""
    return panel.findChildren(PasswordField)


def _end(widget: QWidget) -> None:
    widget.hide()
    widget.setParent(None)
    widget.deleteLater()


class _Columns(QWidget):
    """What it is about, and the panel to fill in: side by side, or one above the other where the window is narrow."""

    def __init__(self, beside: QWidget | None, panel: QWidget, *, is_wide: bool) -> None:
        super().__init__()
        self._is_wide = is_wide
        self._panel = panel
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(3 * theme.UNIT, 2 * theme.UNIT, 3 * theme.UNIT, 2 * theme.UNIT)
        self._row.setSpacing(3 * theme.UNIT)
        if beside is not None:
            self._row.addWidget(beside, 1)
        self._row.addWidget(panel, self._panel_stretch)
        self._fit(self.width())

    def change_panel(self, panel: QWidget) -> None:
        old, self._panel = self._panel, panel
        self._row.replaceWidget(old, panel)
        self._row.setStretchFactor(panel, self._panel_stretch)
        _end(old)
        self._fit(self.width())
        panel.show()

    @property
    def _panel_stretch(self) -> int:
        return 0 if self._is_wide else 1

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        self._fit(event.size().width())
        super().resizeEvent(event)

    def _fit(self, width: int) -> None:
        is_narrow = width < (_NARROW_WIDE_BELOW if self._is_wide else _NARROW_BELOW)
        direction = QHBoxLayout.Direction.TopToBottom if is_narrow else QHBoxLayout.Direction.LeftToRight
        if self._row.direction() != direction:
            self._row.setDirection(direction)
        if self._is_wide:
            self._panel.setMinimumWidth(0 if is_narrow else _SIDE_WIDTH)
            self._panel.setMaximumWidth(16_777_215 if is_narrow else _SIDE_WIDTH)  # Qt's own greatest
