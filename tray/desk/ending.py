"""The reminder above all pages of the desk: keys that end soon, and what to do about it. It stays until the person closes it."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from protocol.desk import frame
from tray import notices, theme, widgets
from tray.texts import Texts

_MOST_OF_WINDOW = 0.5


class EndingBanner(QScrollArea):
    """`open_keys` leads to the page of keys, `close` is called once the person has read it.

    It is as high as what it says, but leaves half of a small window to the page, and scrolls then."""

    def __init__(
        self, texts: Texts, ending: frame.Ending, open_keys: Callable[[], None], close: Callable[[], None]
    ) -> None:
        super().__init__()
        title = notices.ending_title(texts, ending.lines)
        lines = [notices.ending_line(texts, line) for line in ending.lines]
        self.notice = widgets.Notice("warning", title, "\n".join(lines))
        self.notice.setAccessibleName("\n".join([title, *lines]))
        self.notice.column.addWidget(widgets.label(texts("icon.key_ends.advice")))
        self.keys = widgets.link(texts("desk.ending.open"))
        self.keys.clicked.connect(open_keys)
        self.close_button = QPushButton(texts("desk.ending.close"))
        self.close_button.setAccessibleDescription(title)
        self.close_button.clicked.connect(close)
        row = QHBoxLayout()
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(2 * theme.UNIT)
        row.addWidget(self.keys)
        row.addStretch(1)
        row.addWidget(self.close_button)
        self.notice.column.addLayout(row)
        inner = self._inner = QWidget()
        inner.setObjectName("body")
        column = QVBoxLayout(inner)
        column.setContentsMargins(3 * theme.UNIT, 2 * theme.UNIT, 3 * theme.UNIT, 0)
        column.addWidget(self.notice)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its buttons come into sight with the keyboard
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inner)
        for button in (self.keys, self.close_button):
            button.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """A button that gets the keyboard comes into sight; Qt sees to that only where the keyboard was in here before."""
        if event.type() == QEvent.Type.FocusIn and isinstance(watched, QWidget):
            self.ensureWidgetVisible(watched)
        return super().eventFilter(watched, event)

    def fit(self) -> None:
        """Takes the height that there is for it now."""
        wanted = self._inner.heightForWidth(max(1, self.width()))
        most = round(self.window().height() * _MOST_OF_WINDOW)
        is_long = wanted > most
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOn if is_long else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(policy)
        self.setFixedHeight(min(wanted, most))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        super().resizeEvent(event)
        self.fit()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        super().showEvent(event)
        # It takes no keyboard away, so a screen reader has to be told.
        QAccessible.updateAccessibility(QAccessibleEvent(self.notice, QAccessible.Event.Alert))
