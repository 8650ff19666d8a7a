"""Files dragged over a window of this process, by the events that Qt makes of a drag."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

COPY = Qt.DropAction.CopyAction
LEFT, NOTHING = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
FILE_MANAGER = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction | Qt.DropAction.LinkAction


def files(*paths: Path | str) -> QMimeData:
    return urls(*(QUrl.fromLocalFile(str(path)) for path in paths))


def urls(*names: QUrl | str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl(name) for name in names])
    return data


class Drag:
    """Goes to the window as from the system, so that Qt looks for the widget below the pointer."""

    def __init__(
        self,
        window: QWidget,
        data: QMimeData,
        actions: Qt.DropAction = FILE_MANAGER,
        at: QWidget | None = None,
    ) -> None:
        over = at or window
        self._window = window
        self._place = QPointF(over.mapTo(window, over.rect().center()))
        self._what = (actions, data, LEFT, NOTHING)

    def enter(self) -> "Drag":
        """Over the window; the pointer moves at once, as it does with every system."""
        self._send(QDragEnterEvent(self._place, *self._what))
        return self

    def move(self) -> QDragMoveEvent:
        event = QDragMoveEvent(self._place, *self._what)
        self._send(event)
        return event

    def leave(self) -> None:
        self._send(QDragLeaveEvent())

    def drop(self) -> QDropEvent:
        event = QDropEvent(self._place, *self._what)
        self._send(event)
        return event

    @property
    def is_allowed(self) -> bool:
        """What the pointer says."""
        return self.move().isAccepted()

    def _send(self, event: QDragEnterEvent | QDragMoveEvent | QDragLeaveEvent | QDropEvent) -> None:
        handle = self._window.windowHandle()
        assert handle is not None
        QApplication.sendEvent(handle, event)


def let_go(window: QWidget, paths: Sequence[Path | str], at: QWidget | None = None) -> QDropEvent:
    """A whole drag of files, to its end."""
    drag = Drag(window, files(*paths), at=at).enter()
    drag.move()
    return drag.drop()
