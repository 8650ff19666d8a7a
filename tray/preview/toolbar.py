"""The line above a preview: what is shown, the way back out of an archive, the page, and the scale."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QIcon, QIntValidator, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QToolButton, QWidget

from tray import glyphs, theme, widgets
from tray.texts import Texts

_GLYPH = 18
_NARROW_BELOW = 56 * theme.UNIT
_HEIGHT = 5 * theme.UNIT


class Toolbar(QFrame):
    """Its signals are the person's wishes. `page_wanted` counts from 0."""

    back_wanted = Signal()
    page_wanted = Signal(int)
    in_wanted = Signal()
    out_wanted = Signal()
    fit_wanted = Signal()
    list_wanted = Signal(bool)
    details_wanted = Signal(bool)

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self._texts = texts
        self._pages = 0
        self._has_details = False
        self.setObjectName("tools")
        self.setStyleSheet(_sheet())
        self.setFixedHeight(_HEIGHT)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 4, 0)
        row.setSpacing(4)
        self.back = self._button("back", "preview.back")
        self.title = widgets.ElidedLabel("")
        self.title.setFont(theme.font(theme.SMALL, bold=True))
        self.details = self._button("info", "preview.details", is_checkable=True)
        self.list = self._button("page-list", "preview.page_list", is_checkable=True)
        self.page = _PageField()
        self.page.setAccessibleName(texts("preview.go_to"))
        self.page.setToolTip(texts("preview.go_to"))
        self.of = widgets.label("", quiet=True, wraps=False)
        self.smaller = self._button("minus", "preview.zoom_out")
        self.fit = QToolButton()
        self.fit.setObjectName("tool")
        self.fit.setFont(theme.font(theme.SMALL))
        self.fit.setToolTip(texts("preview.fit"))
        self.fit.setFixedWidth(7 * theme.UNIT)
        self.larger = self._button("plus", "preview.zoom_in")
        row.addWidget(self.back)
        row.addWidget(self.title, 1)
        self._page_tools: list[QWidget] = [self.list, self.page, self.of, self.smaller, self.fit, self.larger]
        for tool in (self.details, self.list, self.page, self.of, self.smaller, self.fit, self.larger):
            row.addWidget(tool, 0, Qt.AlignmentFlag.AlignVCenter)
        row.insertSpacing(row.indexOf(self.smaller), theme.UNIT)
        self.back.clicked.connect(self.back_wanted)
        self.smaller.clicked.connect(self.out_wanted)
        self.larger.clicked.connect(self.in_wanted)
        self.fit.clicked.connect(self.fit_wanted)
        self.list.toggled.connect(self.list_wanted)
        self.details.toggled.connect(self.details_wanted)
        self.page.chosen.connect(lambda number: self.page_wanted.emit(number - 1))
        self.show_title("", can_go_back=False)
        self.show_pages(0)
        self.show_details(has_details=False)

    def show_title(self, title: str, *, can_go_back: bool) -> None:
        self.title.show_text(title)
        self.title.setAccessibleName(title)
        self.back.setVisible(can_go_back)

    def show_pages(self, count: int) -> None:
        """The tools for pages, where there are any."""
        self._pages = count
        self.page.set_most(max(1, count))
        self.of.setText(self._texts("preview.of", all=count))
        self._arrange()

    def show_page(self, page: int) -> None:
        self.page.show_number(page + 1)

    def show_scale(self, scale: float, *, can_grow: bool, can_shrink: bool) -> None:
        percent = round(100 * scale)
        self.fit.setText(f"{percent}\N{NO-BREAK SPACE}%")
        self.fit.setAccessibleName(self._texts("preview.scale", percent=percent))
        self.larger.setEnabled(can_grow)
        self.smaller.setEnabled(can_shrink)

    def show_details(self, *, has_details: bool) -> None:
        """The button that puts facts away, where there are any."""
        self._has_details = has_details
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        is_narrow = self.width() < _NARROW_BELOW
        for tool in self._page_tools:
            tool.setVisible(self._pages > 0)
        for tool in (self.page, self.of):
            tool.setVisible(self._pages > 1)
        self.list.setVisible(self._pages > 1 and not is_narrow)
        self.fit.setVisible(self._pages > 0 and not is_narrow)
        self.details.setVisible(self._has_details)

    def _button(self, glyph: str, key: str, *, is_checkable: bool = False) -> QToolButton:
        colours = theme.current()
        made = QToolButton()
        made.setObjectName("tool")
        icon = QIcon(glyphs.pixmap(glyph, colours.text, _GLYPH))
        icon.addPixmap(glyphs.pixmap(glyph, colours.disabled, _GLYPH), QIcon.Mode.Disabled)
        made.setIcon(icon)
        made.setIconSize(QSize(_GLYPH, _GLYPH))
        made.setCheckable(is_checkable)
        made.setToolTip(self._texts(key))
        made.setAccessibleName(self._texts(key))
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return made


class _PageField(QLineEdit):
    """The number of the page, to read and to change."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._number = 1
        self._most = 1
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.setFixedWidth(6 * theme.UNIT)

    def set_most(self, most: int) -> None:
        self._most = most
        self.setValidator(QIntValidator(1, 99_999, self))

    def show_number(self, number: int) -> None:
        self._number = number
        if not self.hasFocus() or not self.isModified():
            self.setText(str(number))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Return goes to the page; it never reaches the window's Cancel button. Arrows go one page on or back."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            wanted = int(self.text()) if self.text().isdecimal() else self._number
        elif step is not None:
            wanted = self._number + step
        else:
            super().keyPressEvent(event)
            return
        event.accept()
        wanted = max(1, min(wanted, self._most))
        self.setModified(False)
        self.setText(str(wanted))
        self.chosen.emit(wanted)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802  # Qt's name
        super().focusOutEvent(event)
        self.setModified(False)
        self.setText(str(self._number))


def _sheet() -> str:
    colours = theme.current()
    return f"""
QFrame#tools {{ background: transparent; border: 0; }}
QToolButton#tool {{ background: transparent; color: {colours.text}; border: 1px solid transparent; border-radius: 6px;
    min-width: 28px; min-height: 28px; padding: 0; }}
QToolButton#tool:hover {{ background: {colours.hover}; }}
QToolButton#tool:checked {{ background: {colours.selection}; }}
QToolButton#tool:focus {{ border: 2px solid {colours.accent}; min-width: 26px; min-height: 26px; }}
QToolButton#tool:disabled {{ color: {colours.disabled}; }}
QLineEdit {{ padding: 0 2px; min-height: 24px; }}
QLineEdit:focus {{ padding: 0 1px; min-height: 22px; }}
"""
