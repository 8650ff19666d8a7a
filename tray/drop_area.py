"""A window on which files can be dropped: what is held over it is answered in words at once, and by the pointer.

Whoever has the window says what a drop would come to (`Offer`). Where it can come to nothing the pointer forbids it, and the words say why.
A drop is always a copy: a program that offers to move files would delete them afterwards.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from tray import dropped, glyphs, theme, widgets
from tray.dropped import Dropped

_GLYPH = 48
_HARMLESS = (Qt.DropAction.CopyAction, Qt.DropAction.LinkAction)


@dataclass(frozen=True, slots=True)
class Offer:
    """What letting go would come to, in a sentence, with what to know of it. Not `is_welcome`: nothing, and why."""

    sentence: str
    advice: str = ""
    is_welcome: bool = True


class DropArea(QObject):
    """Lets files be dropped on `window`. `offer` says what would come of them, None where nobody expects any; `take` does it; `refuse`
    is told what was held over the window or dropped there in vain."""

    def __init__(
        self,
        window: QWidget,
        offer: Callable[[Dropped], Offer | None],
        take: Callable[[Dropped], None],
        refuse: Callable[[Offer], None] | None = None,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._offer = offer
        self._take = take
        self._refuse = refuse
        self._held: Offer | None = None
        self.veil = Veil(window)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Qt's drags, as far as files are dragged; all else goes its way."""
        if watched is not self._window:  # what Qt looks for the place to drop with
            if event.type() == QEvent.Type.DragEnter:
                keep_fields_out(self._window)
            return False
        match event.type():
            case QEvent.Type.DragEnter if isinstance(event, QDropEvent):
                self._enter(event)
            case QEvent.Type.DragMove if isinstance(event, QDropEvent):
                self._answer(event)
            case QEvent.Type.DragLeave:
                self._leave()
            case QEvent.Type.Drop if isinstance(event, QDropEvent):
                self._drop(event)
            case QEvent.Type.Resize:
                self.veil.setGeometry(self._window.rect())
                return False
            case QEvent.Type.Show:
                if (handle := self._window.windowHandle()) is not None:
                    handle.installEventFilter(self)
                return False
            case _:
                return super().eventFilter(watched, event)
        return True

    def _enter(self, event: QDropEvent) -> None:
        """Taken in any case where the window has something to say of it: what was not taken never leaves, as Qt sees it, and the words
        would stay. The moves after it tell the pointer."""
        self._held = self._offer_of(event)
        if self._held is None:
            event.ignore()
            return
        self.veil.show_offer(self._held)
        event.setDropAction(_action_of(event) or Qt.DropAction.CopyAction)
        event.accept()

    def _answer(self, event: QDropEvent) -> None:
        action = _action_of(event)
        if self._held is None or not self._held.is_welcome or action is None:
            event.ignore()
            if isinstance(event, QDragMoveEvent):
                event.setDropAction(Qt.DropAction.IgnoreAction)
            return
        event.setDropAction(action)
        event.accept()

    def _leave(self) -> None:
        held, self._held = self._held, None
        self.veil.hide()
        if held is not None and not held.is_welcome and self._refuse is not None:
            self._refuse(held)

    def _drop(self, event: QDropEvent) -> None:
        """Asked anew, for something may have changed while it was held."""
        self._held = None
        self.veil.hide()
        offer, action = self._offer_of(event), _action_of(event)
        if offer is None or not offer.is_welcome or action is None:
            event.setDropAction(Qt.DropAction.IgnoreAction)
            event.ignore()
            if offer is not None and self._refuse is not None:
                self._refuse(offer)
            return
        event.setDropAction(action)
        event.accept()
        self._window.activateWindow()
        self._take(dropped.read(event.mimeData()))

    def _offer_of(self, event: QDropEvent) -> Offer | None:
        if not event.mimeData().hasUrls():
            return None
        return self._offer(dropped.read(event.mimeData()))


def _action_of(event: QDropEvent) -> Qt.DropAction | None:
    """What the program that the files come from is told that we do with them; None where it offers only to be rid of them."""
    return next((action for action in _HARMLESS if action & event.possibleActions()), None)


def keep_fields_out(window: QWidget) -> None:
    """Fields would take what is dropped on them for text, and write its path down."""
    for field in (*window.findChildren(QLineEdit), *window.findChildren(QPlainTextEdit)):
        field.setAcceptDrops(False)
        if isinstance(field, QPlainTextEdit):
            field.viewport().setAcceptDrops(False)


def announce(window: QWidget, sentence: str) -> None:
    """Has a screen reader say it."""
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(window, sentence))


class Veil(QWidget):
    """Lies over the window as long as files are held there, and says what letting go would do."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._is_welcome = True
        column = QVBoxLayout(self)
        margin = 6 * theme.UNIT
        column.setContentsMargins(margin, margin, margin, margin)
        column.setSpacing(theme.UNIT)
        column.addStretch(1)
        self.picture = QLabel()
        self.sentence = widgets.label("", pixels=theme.LARGE, bold=True)
        self.advice = widgets.label("", pixels=theme.MEDIUM)
        for label in (self.picture, self.sentence, self.advice):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addStretch(1)
        self.hide()

    def show_offer(self, offer: Offer) -> None:
        colours = theme.current()
        self._is_welcome = offer.is_welcome
        drawing, colour = ("drop", colours.accent) if offer.is_welcome else ("warning", colours.warning)
        self.picture.setPixmap(glyphs.pixmap(drawing, colour, _GLYPH))
        self.sentence.setText(offer.sentence)
        self.advice.setText(offer.advice)
        self.advice.setVisible(bool(offer.advice))
        self.setAccessibleName(offer.sentence)
        self.setAccessibleDescription(offer.advice)
        self.setGeometry(self._window.rect())
        self.raise_()
        self.show()
        announce(self._window, f"{offer.sentence} {offer.advice}".strip())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """A frame that is broken where something can be dropped, and whole where not: colour alone tells nothing."""
        colours = theme.current()
        back, edge = (
            (colours.selection, colours.accent) if self._is_welcome else (colours.base, colours.warning)
        )
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(colours.window))
        pen = QPen(QColor(edge), 3)
        if self._is_welcome:
            pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.setBrush(QColor(back))
        inset = 2 * theme.UNIT
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 12, 12)
        painter.end()
