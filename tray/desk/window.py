"""The desk's window: pages at the left by icon and word, the chosen one beside them.

A page is made when the person first comes to it; and anew when language or colours change, because everything that it shows is written
and drawn as it is made. Whatever it shows then, it gets from the desk once more (Opened).
"""

import os
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import (
    QLibraryInfo,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QSettings,
    QSize,
    Qt,
    QTranslator,
    Signal,
)
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QColor,
    QKeySequence,
    QPainter,
    QPalette,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from protocol.desk import frame, messages
from tray import glyphs, startup, texts, theme, widgets, wire
from tray.desk.doctor import DoctorPage
from tray.desk.drops import DeskDrops
from tray.desk.ending import EndingBanner
from tray.desk.files import FilesPage
from tray.desk.history import HistoryPage
from tray.desk.keys import KeysPage
from tray.desk.page import DeskPage, Send
from tray.desk.settings import SettingsPage
from tray.desk.sites import SitesPage
from tray.drop_area import DropArea
from tray.mailbox import Mailbox

PAGES: Mapping[frame.Page, type[DeskPage]] = MappingProxyType(
    {page.name: page for page in (FilesPage, KeysPage, HistoryPage, SitesPage, DoctorPage, SettingsPage)}
)
_SIZE = QSize(1080, 720)
_LEAST = QSize(60 * theme.UNIT, 32 * theme.UNIT)  # a screen of 1024x600 at 200 % has no more
_NAVIGATION = 25 * theme.UNIT
_NARROW_NAVIGATION = 7 * theme.UNIT  # icons alone
_NARROW_BELOW = 96 * theme.UNIT
_ROW = 5 * theme.UNIT
_GLYPH = 20


class DeskWindow(QWidget):
    """`closed` when the person closed it. `pages` in the order in which they are shown."""

    closed = Signal()
    redressed = Signal(str)  # the theme that is wanted, as a setting
    respoken = Signal(str)  # the language

    def __init__(self, send: Send, pages: Mapping[frame.Page, type[DeskPage]] = PAGES) -> None:
        super().__init__()
        self.setObjectName("body")
        self._send = send
        self._pages = pages
        self._texts = texts.load("ru")
        self._version = ""
        self._made: dict[frame.Page, tuple[DeskPage, QWidget]] = {}
        self._page: frame.Page = next(iter(pages))
        self._is_building = False
        self._ending = frame.Ending(())
        self.banner: EndingBanner | None = None
        self.setMinimumSize(_LEAST)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._side = QFrame()
        self._side.setObjectName("side")
        self._side_column = QVBoxLayout(self._side)
        self._side_column.setContentsMargins(0, 2 * theme.UNIT, 0, 2 * theme.UNIT)
        self._side_column.setSpacing(2 * theme.UNIT)
        self.navigation = QListWidget()
        self.navigation.setObjectName("navigation")
        self.navigation.setItemDelegate(_RowDelegate(self.navigation))
        self.navigation.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.navigation.setFrameShape(QFrame.Shape.NoFrame)
        self.navigation.currentRowChanged.connect(self._row_chosen)
        self.navigation.activated.connect(lambda _: self._focus_page())
        self._version_label = widgets.label("", quiet=True)
        self._version_label.setContentsMargins(2 * theme.UNIT, 0, 2 * theme.UNIT, 0)
        self._side_column.addWidget(self.navigation, 1)
        self._side_column.addWidget(self._version_label)
        row.addWidget(self._side)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        self._above = QVBoxLayout()
        right.addLayout(self._above)
        self.title = widgets.label("", pixels=theme.LARGE, bold=True)
        self.title.setContentsMargins(3 * theme.UNIT, 2 * theme.UNIT, 3 * theme.UNIT, 0)
        self.stack = QStackedWidget()
        right.addWidget(self.title)
        right.addWidget(self.stack, 1)
        row.addLayout(right, 1)
        self._shortcuts()
        drops = DeskDrops(pages, lambda: self._page, self._page_of, self.go_to)
        self.drops = DropArea(
            self,
            lambda found: drops.offer(self._texts, found),
            lambda found: drops.take(self._texts, found),
            drops.refuse,
        )

    def _shortcuts(self) -> None:
        for number, name in enumerate(self._pages, 1):
            action = QAction(self)
            action.setShortcut(QKeySequence(f"Ctrl+{number}"))
            action.triggered.connect(lambda _=False, name=name: self.go_to(name))
            self.addAction(action)

    # --- messages -------------------------------------------------------------------------------------------------

    def receive(self, message: Any) -> None:
        """A message of the desk."""
        match message:
            case frame.Begin():
                self._version = message.version
                self.respoken.emit(message.language)
                self._texts = texts.load(message.language)
                self.redressed.emit(message.theme)
                self._page = message.page if message.page in self._pages else next(iter(self._pages))
                self.rebuild()
                self._appear()
            case frame.Show(name):
                self.go_to(name)
                self._come_to_front()
            case frame.Spoken(language):
                self.respoken.emit(language)
                self._texts = texts.load(language)
                self.rebuild()
            case frame.Dressed(name):
                self.redressed.emit(name)
                self.rebuild()
            case frame.Trouble():
                self._deliver(message.page, message)
            case frame.Ending():
                self._ending = message
                self._show_ending()
            case _:
                self._deliver(messages.page_of(message), message)

    def _deliver(self, name: str, message: Any) -> None:
        """A page that is not there yet asks for what it shows when it is."""
        for page, _ in [self._made[key] for key in self._made if key == name]:
            page.receive(message)

    # --- pages ----------------------------------------------------------------------------------------------------

    @property
    def page(self) -> frame.Page:
        """The one that is shown."""
        return self._page

    def go_to(self, name: frame.Page) -> None:
        """Shows that page, and gives it the keyboard. One that this window does not have changes nothing."""
        if name not in self._pages:
            return
        self._show(name)
        self._focus_page()

    def rebuild(self) -> None:
        """Everything anew, in the language and the colours of now."""
        has_focus = self.stack.isAncestorOf(QApplication.focusWidget() or self)
        for _, holder in self._made.values():
            self.stack.removeWidget(holder)
            holder.deleteLater()
        self._made.clear()
        self._build_navigation()
        self._show_ending()
        self._show(self._page)
        if has_focus:
            self._focus_page()

    def _show_ending(self) -> None:
        """What is to be said above the pages, in place of what stands there."""
        if self.banner is not None:
            had_focus = self.banner.isAncestorOf(QApplication.focusWidget() or self)
            self.banner.hide()
            self._above.removeWidget(self.banner)
            self.banner.deleteLater()
            self.banner = None
            if had_focus and self._page in self._made:
                self._focus_page()
        if self._ending.lines:
            self.banner = EndingBanner(
                self._texts, self._ending, lambda: self.go_to("keys"), self._close_ending
            )
            self._above.addWidget(self.banner)
            self.banner.show()
            QWidget.setTabOrder(self.navigation, self.banner.keys)
            QWidget.setTabOrder(self.banner.keys, self.banner.close_button)

    def _close_ending(self) -> None:
        told = tuple(key for line in self._ending.lines for key in line.keys)
        self._ending = frame.Ending(())
        self._show_ending()
        self._send(frame.Reminded(told))

    def _build_navigation(self) -> None:
        colours = theme.current()
        self._is_building = True
        self.navigation.clear()
        self.navigation.setAccessibleName(self._texts("desk.navigation"))
        for number, name in enumerate(self._pages, 1):
            word = self._texts(f"desk.page.{name}")
            item = QListWidgetItem(glyphs.icon(_glyph_of(name), colours.text, _GLYPH), word)
            item.setToolTip(f"{word} (Ctrl+{number})")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, word)
            item.setSizeHint(QSize(_NARROW_NAVIGATION, _ROW))
            self.navigation.addItem(item)
        self.navigation.setStyleSheet(
            "QListWidget#navigation { background: transparent; border: 0; padding: 0; outline: 0; }"
        )
        self._side.setStyleSheet(
            f"QFrame#side {{ background: {colours.base}; border: 0; border-right: 1px solid {colours.line}; }}"
        )
        # A style sheet of the application's does not reach the palette of a window without one of its own.
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, QColor(colours.window))
        self.setPalette(palette)
        self._version_label.setText(self._texts("desk.version", version=self._version))
        self._fit()
        self._is_building = False

    def _row_chosen(self, row: int) -> None:
        if row >= 0 and not self._is_building:
            self._show(list(self._pages)[row])

    def _show(self, name: frame.Page) -> None:
        self._page = name
        self._page_of(name)
        _, holder = self._made[name]
        self.stack.setCurrentWidget(holder)
        title = self._texts(f"desk.page.{name}")
        self.title.setText(title)
        self.setWindowTitle(title)  # Qt adds the program's name
        self._is_building = True  # the row follows the page, and does not choose it
        self.navigation.setCurrentRow(list(self._pages).index(name))
        self._is_building = False
        self._send(frame.Opened(name))

    def _page_of(self, name: frame.Page) -> DeskPage:
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name][0]

    def _make(self, name: frame.Page) -> tuple[DeskPage, QWidget]:
        page = self._pages[name](self._texts, self._send)
        scrolled = QScrollArea()  # on a small screen nothing is cut
        scrolled.setWidgetResizable(True)
        scrolled.setFrameShape(QFrame.Shape.NoFrame)
        scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scrolled.setWidget(page)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scrolled, 1)
        if page.footer is not None:
            column.addWidget(page.footer)
        self.stack.addWidget(holder)
        return page, holder

    def _focus_page(self) -> None:
        page, _ = self._made[self._page]
        wanted = page.first_focus()
        if wanted is not None:
            wanted.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self.navigation.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # --- the window itself ----------------------------------------------------------------------------------------

    def _appear(self) -> None:
        if self.isVisible():
            return
        room = self.screen().availableGeometry()
        self.resize(_SIZE.boundedTo(QSize(room.width() - 24, room.height() - 56)))
        self.show()
        self._come_to_front()
        self._focus_page()

    def _come_to_front(self) -> None:
        self.setWindowState(
            (self.windowState() & ~Qt.WindowState.WindowMinimized) | Qt.WindowState.WindowActive
        )
        self.raise_()
        self.activateWindow()
        QApplication.alert(self)  # where windows may not put themselves in front

    def _fit(self) -> None:
        is_narrow = self.width() < _NARROW_BELOW
        self._side.setFixedWidth(_NARROW_NAVIGATION if is_narrow else _NAVIGATION)
        self._version_label.setVisible(not is_narrow)
        if self.banner is not None:
            self.banner.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        self._fit()
        super().resizeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        self._fit()
        super().showEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  # Qt's name
        event.accept()
        self.closed.emit()


class _RowDelegate(QStyledItemDelegate):
    """A row of the navigation: the chosen one has a bar at its left, so that it is not colour alone that tells it."""

    def __init__(self, navigation: QListWidget) -> None:
        super().__init__(navigation)
        self._navigation = navigation

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        colours = theme.current()
        area = option.rect
        is_chosen = index.row() == self._navigation.currentRow()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        back = colours.selection if is_chosen else colours.hover if hovered else ""
        if back:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(back))
            painter.drawRoundedRect(area.adjusted(theme.UNIT, 2, -theme.UNIT, -2), 6, 6)
        if is_chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(area.x() + theme.UNIT, area.y() + 10, 3, area.height() - 20, 1, 1)
            if self._navigation.hasFocus():
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QColor(colours.accent))
                painter.drawRoundedRect(area.adjusted(theme.UNIT, 2, -theme.UNIT - 1, -3), 6, 6)
        left = area.x() + 18
        icon = index.data(Qt.ItemDataRole.DecorationRole)
        icon.paint(painter, left, area.y() + (area.height() - _GLYPH) // 2, _GLYPH, _GLYPH)
        if area.width() > _NARROW_NAVIGATION:
            painter.setPen(QColor(colours.text))
            painter.setFont(theme.font(theme.SMALL, bold=is_chosen))
            words = area.adjusted(18 + _GLYPH + 12, 0, -theme.UNIT, 0)
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, index.data())
        painter.restore()


def _glyph_of(name: frame.Page) -> str:
    return "key" if name == "keys" else name


def run(frames: int) -> int:
    """The program: shows what the desk says at the other end of the pipes, until the person closes the window."""
    # Qt's chooser would note folders and its own shape for all programs of Qt, ours and others.
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, os.devnull)
    application = QApplication(sys.argv[:1])
    application.setQuitOnLastWindowClosed(False)
    application.setApplicationName("Qalamsap")
    application.setApplicationDisplayName("Qalamsap")
    application.setDesktopFileName("qalamsap")
    theme.apply(application, "system")
    application.setWindowIcon(glyphs.application_icon())
    writer = wire.Writer(frames)
    shown = DeskWindow(lambda message: writer.send(messages.to_message(message)))
    dress = Dress(application, shown)
    mailbox = Mailbox()
    reader = wire.Reader(
        wire.standard_input(), messages.from_message, mailbox.received.emit, mailbox.ended.emit
    )

    def end() -> None:
        reader.let_be()
        application.exit(startup.DONE)

    mailbox.received.connect(shown.receive)
    mailbox.ended.connect(shown.close)
    shown.closed.connect(end)
    shown.redressed.connect(dress.change)
    shown.respoken.connect(Speech(application).change)
    reader.start()
    return application.exec()


class Dress:
    """The colours of the application. As the system has them, they change with the system's."""

    def __init__(self, application: QApplication, shown: DeskWindow) -> None:
        self._application = application
        self._shown = shown
        self._wanted = "system"
        application.styleHints().colorSchemeChanged.connect(lambda _: self._system_changed())

    def change(self, name: str) -> None:
        self._wanted = name
        theme.apply(self._application, name)

    def _system_changed(self) -> None:
        before = theme.current()
        if self._wanted == "system" and self._shown.isVisible():
            theme.apply(self._application, "system")
            if theme.current() != before:
                self._shown.rebuild()


class Speech:
    """The language of Qt's own words."""

    def __init__(self, application: QApplication) -> None:
        self._application = application
        self._translator = QTranslator(application)

    def change(self, language: str) -> None:
        self._application.removeTranslator(self._translator)
        QLocale.setDefault(QLocale(language))
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if self._translator.load(f"qtbase_{language}", folder):
            self._application.installTranslator(self._translator)
