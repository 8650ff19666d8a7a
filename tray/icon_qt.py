"""The tray icon drawn by Qt: StatusNotifierItem over D-Bus on Linux, the system's own tray elsewhere."""

import sys
from importlib import resources

from PySide6.QtGui import QActionGroup, QIcon, QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon

from protocol import control
from tray import glyphs, menu, session, tray_host
from tray.icon import OnCommand
from tray.mailbox import Mailbox
from tray.notices import Done, Notice

_SIZES = (16, 22, 24, 32, 48, 64)


class QtFace:
    """See tray.icon.Face."""

    def __init__(self, on_command: OnCommand) -> None:
        self._application = QApplication(sys.argv[:1])
        self._application.setQuitOnLastWindowClosed(False)
        self._application.setApplicationName("Qalamsap")
        self._application.setApplicationDisplayName("Qalamsap")
        self._application.setDesktopFileName("qalamsap")
        self._application.setWindowIcon(glyphs.application_icon())
        self._on_command = on_command
        self.done: Done = lambda _notice, _is_shown: None
        self._mailbox = Mailbox()
        self._mailbox.received.connect(self._receive)
        self._mailbox.ended.connect(self._application.quit)
        self._pictures: dict[str, QIcon] = {}
        self._opening: control.Command | None = None
        self._view: menu.View | None = None
        self._menu = QMenu()
        self._icon: QSystemTrayIcon | None = None
        self._host = tray_host.TrayHost()
        self._host.changed.connect(self._when_host_changed)
        self._server = tray_host.MessageServer()
        self._session = session.SessionWatch(lambda: on_command(control.Command("lock")))
        if self._session.can_watch:
            on_command(control.Command("watch-session"))

    def show(self, view: menu.View) -> None:
        self._mailbox.received.emit(view)

    def notify(self, notice: Notice) -> None:
        self._mailbox.received.emit(notice)

    def quit(self) -> None:
        self._mailbox.ended.emit()

    def run(self) -> int:
        self._host.start()
        return self._application.exec()

    def _when_host_changed(self, is_there: bool) -> None:
        """The icon is made anew for each panel: Qt decides once for each icon which kind of place it is for."""
        if self._icon is not None:
            self._icon.hide()
            self._icon.deleteLater()
            self._icon = None
        if is_there:
            self._icon = QSystemTrayIcon(self._application)
            self._icon.activated.connect(self._when_activated)
            if self._view is not None:
                self._draw(self._view)
        else:
            sys.stderr.write("tray: this desktop has no place for tray icons; the agent works without one\n")
            sys.stderr.flush()
        self._send(control.Command("icon", "shown" if is_there else "hidden"))

    def _receive(self, shown: menu.View | Notice) -> None:
        if isinstance(shown, menu.View):
            self._view, self._opening = shown, shown.opening
            self._draw(shown)
        elif self._icon is None or not self._icon.isVisible():
            self.done(shown, False)
        elif self._host.is_on_bus:
            self._server.ask(lambda is_there: self._say(shown, is_there=is_there))
        else:
            self._say(shown, is_there=True)  # Qt draws it beside the icon

    def _say(self, notice: Notice, *, is_there: bool) -> None:
        icon = self._icon
        if is_there and icon is not None:
            icon.showMessage(notice.title, notice.text, icon.icon())
        self.done(notice, is_there and icon is not None)

    def _draw(self, view: menu.View) -> None:
        icon = self._icon
        if icon is None:
            return
        icon.setIcon(self._picture(view.picture))
        icon.setToolTip(view.tooltip)
        # A menu of its own each time: over D-Bus the panel keeps numbers of entries, and must not click a new entry by an
        # old number.
        old = self._menu
        self._menu = QMenu()
        self._fill(self._menu, view.entries)
        icon.setContextMenu(self._menu)
        old.deleteLater()
        icon.show()

    def _fill(self, target: QMenu, entries: tuple[menu.Entry, ...]) -> None:
        group = QActionGroup(target)
        for entry in entries:
            label = entry.label.replace("&", "&&")
            if entry.entries:
                self._fill(target.addMenu(label), entry.entries)
            elif not label:
                target.addSeparator()
            else:
                action = target.addAction(label)
                action.setEnabled(entry.command is not None)
                if entry.is_checked is not None:
                    action.setCheckable(True)
                    action.setChecked(entry.is_checked)
                    if not entry.is_switch:
                        group.addAction(action)
                if (command := entry.command) is not None:
                    action.triggered.connect(lambda _=False, command=command: self._send(command))

    def _send(self, command: control.Command) -> None:
        self._on_command(command)

    def _when_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason == QSystemTrayIcon.ActivationReason.Trigger and self._opening is not None:
            self._send(self._opening)

    def _picture(self, name: str) -> QIcon:
        if name not in self._pictures:
            self._pictures[name] = QIcon()
            for size in _SIZES:
                drawing = QPixmap()
                drawing.loadFromData(
                    resources.files("tray").joinpath("assets", f"{name}-{size}.png").read_bytes()
                )
                self._pictures[name].addPixmap(drawing)
        return self._pictures[name]
