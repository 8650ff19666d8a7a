"""The page of settings: in groups, with a search; what whoever runs the computer set is shown and locked."""

from collections.abc import Callable
from typing import Any, ClassVar

from PySide6.QtCore import QEvent, QObject, QStandardPaths, Qt, QTimer
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from protocol.desk import frame
from protocol.desk import settings as page
from tray import menu, theme, widgets, words
from tray.chooser import Chooser
from tray.desk.page import DeskPage, Send
from tray.drop_area import announce
from tray.flow import Flow
from tray.texts import Texts

GROUPS = {
    "general": ("autostart", "language", "theme", "tray", "notifications", "file_menus"),
    "keys": ("key_folders", "unlock_minutes"),
    "authorities": ("timestamp_url", "ocsp_url", "authorities"),
    "network": ("offline", "proxy", "fetch_hosts"),
    "pages": ("plain_websocket", "flat_api", "https_api"),
    "updates": ("update_channel", "update_deferral_days"),
    "experts": ("port", "https_api_port", "spare_minutes", "log_level"),
}
RULES = (
    "allowed_origins", "blocked_origins", "lock_origins", "only_key_folders", "formats", "require_preview", "forbid_hash_only",
    "max_documents", "journal_path", "update_url",
)  # fmt: skip
"""Shown only where the administrator set them."""
_FOLDERS = frozenset(
    {"key_folders", "authorities"}
)  # lists of paths, to which a folder can be added by choosing it
_FIELD_HEIGHT = 36
_FIELD_WIDTH = 30 * theme.UNIT
_LIST_HEIGHT = 10 * theme.UNIT
_BUSY_AFTER_MS = 300


class SettingsPage(DeskPage):
    """See tray.desk.page."""

    name: ClassVar[frame.Page] = "settings"

    def __init__(self, texts: Texts, send: Send) -> None:
        super().__init__(texts, send)
        self.rows: dict[str, SettingRow] = {}
        self._titles: list[tuple[QWidget, tuple[str, ...]]] = []
        self._known: page.Settings | None = None
        self.text = QLineEdit()
        self.text.setPlaceholderText(texts("settings.search"))
        self.text.setAccessibleName(texts("settings.search"))
        self.text.setClearButtonEnabled(True)
        self.text.textChanged.connect(lambda _: self._filter())
        self.column.addWidget(self.text)
        self._build_banner()
        self.notices = QVBoxLayout()
        self.column.addLayout(self.notices)
        inner = QWidget()
        inner.setObjectName("body")
        self._list = QVBoxLayout(inner)
        self._list.setContentsMargins(0, 0, theme.UNIT, 0)
        self._list.setSpacing(theme.UNIT)
        self.nothing = widgets.label(texts("settings.nothing"), quiet=True)
        self.nothing.hide()
        self._list.addWidget(self.nothing)
        for group, names in (("rules", RULES), *GROUPS.items()):
            title = widgets.heading(texts(f"settings.group.{group}"))
            self._list.addWidget(title)
            card, column = widgets.card()
            column.setSpacing(2 * theme.UNIT)
            for name in names:
                self.rows[name] = SettingRow(texts, name, self._change, self._reset)
                column.addWidget(self.rows[name])
            self._list.addWidget(card)
            self._titles += [(title, names), (card, names)]
        self.file = widgets.label("", quiet=True)
        self._list.addWidget(self.file)
        self._list.addStretch(1)
        self.middle = QScrollArea()
        self.middle.setWidgetResizable(True)
        self.middle.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.middle.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.middle.setWidget(inner)
        self.column.addWidget(self.middle, 1)
        self._filter()
        self._busy = QTimer(self, singleShot=True, interval=_BUSY_AFTER_MS)
        self._busy.timeout.connect(lambda: self.restart.setText(texts("settings.restarting")))

    def _build_banner(self) -> None:
        self.banner = QFrame()
        told = QWidget()
        told.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._banner_text = QVBoxLayout(told)
        self._banner_text.setContentsMargins(0, 0, 0, 0)
        self.restart = QPushButton()
        self.restart.clicked.connect(self._restart)
        self.banner.setLayout(Flow(told, self.restart, spacing=12))
        self.column.addWidget(self.banner)
        self.banner.hide()

    def first_focus(self) -> QWidget:
        return self.text

    # --- what the desk says ---------------------------------------------------------------------------------------

    def receive(self, message: Any) -> None:
        match message:
            case page.Settings():
                self._show(message)
            case page.Refused(name, detail):
                if name in self.rows:
                    self.rows[name].refuse(self.texts("settings.refused"), "", detail)
            case page.NotWritten(name, why, detail):
                if name in self.rows:
                    texts = self.texts
                    self.rows[name].refuse(
                        texts("settings.not_written"), texts(f"settings.why.{why}"), detail
                    )
            case frame.Trouble(_, code, detail):
                self._settle()
                notice = widgets.Notice(
                    "danger", self.texts.problem("error", code), self.texts.problem("advice", code)
                )
                if detail:
                    notice.add_detail(words.clean(detail), self.texts)
                _replace(self.notices, notice)

    def _show(self, settings: page.Settings) -> None:
        texts = self.texts
        self._settle()
        self._known = settings
        for setting in settings.settings:
            if setting.name in self.rows:
                self.rows[setting.name].show_setting(setting)
        for setting in settings.rules:
            if setting.name in self.rows:
                self.rows[setting.name].show_setting(setting)
        self._filter()
        self.rows["autostart"].show_setting(_of_autostart(settings.autostart))
        if settings.autostart == "unsupported":
            self.rows["autostart"].origin.setText(texts("settings.unsupported"))
        self.rows["file_menus"].show_setting(_of_menus(settings.menus))
        if settings.menus in {"none", "unsupported"}:
            word = "settings.no_file_manager" if settings.menus == "none" else "settings.unsupported"
            self.rows["file_menus"].origin.setText(texts(word))
        self.rows["file_menus"].hint(
            texts("settings.menus_stale") if settings.menus == "stale" else "", "warning"
        )
        self.rows["tray"].hint(texts("settings.icon_unseen") if settings.is_icon_unseen else "", "info")
        why = texts(f"settings.no_unlock.{settings.no_unlock}") if settings.no_unlock else ""
        self.rows["unlock_minutes"].hint(why, "info")
        self.file.setText(texts("settings.file", path=words.path(settings.file)))
        self.banner.setVisible(settings.is_stale or not settings.is_running)
        if settings.is_stale:
            _replace(self._banner_text, widgets.Notice("warning", texts("settings.stale")))
            self.restart.setText(texts("settings.restart"))
        elif not settings.is_running:
            _replace(self._banner_text, widgets.Notice("warning", texts("settings.stopped")))
            self.restart.setText(texts("settings.start"))

    def _settle(self) -> None:
        self._busy.stop()
        self.restart.setEnabled(True)
        _replace(self.notices, None)

    # --- what the person does -------------------------------------------------------------------------------------

    def _change(self, change: page.Change) -> None:
        if change.name == "autostart":
            self.send(page.SetAutostart(change.is_on))
        elif change.name == "file_menus":
            self.send(page.SetMenus(change.is_on))
        else:
            self.send(change)

    def _reset(self, name: str) -> None:
        self.send(page.Reset(name))

    def _restart(self) -> None:
        self.restart.setEnabled(False)
        self._busy.start()
        self.send(page.Restart())

    def _filter(self) -> None:
        """Shows the settings whose words have what was typed."""
        wanted = self.text.text().strip().casefold()
        set_rules = {setting.name for setting in self._known.rules} if self._known is not None else set()
        shown = {
            name
            for name, row in self.rows.items()
            if wanted in row.spoken.casefold() and (name not in RULES or name in set_rules)
        }
        for name, row in self.rows.items():
            row.setVisible(name in shown)
        for title, names in self._titles:
            title.setVisible(not shown.isdisjoint(names))
        self.nothing.setVisible(not shown)
        self.file.setVisible(not wanted)


class SettingRow(QWidget):
    """One setting: its name and what it means at the left, its value at the right, below it where the value came from."""

    def __init__(
        self, texts: Texts, name: str, change: Callable[[page.Change], None], reset: Callable[[str], None]
    ) -> None:
        super().__init__()
        self._texts = texts
        self._name = name
        self._change = change
        self._setting: page.Setting | None = None
        self.title = widgets.label(texts(f"settings.name.{name}"), bold=True)
        note = widgets.label(texts(f"settings.note.{name}"), quiet=True)
        self.spoken = f"{self.title.text()} {note.text()} {name}"
        left = QVBoxLayout()
        left.setSpacing(4)
        left.addWidget(self.title)
        left.addWidget(note)
        self._hint = QVBoxLayout()
        left.addLayout(self._hint)
        self._hinted = ""
        self.notices = QVBoxLayout()
        left.addLayout(self.notices)
        left.addStretch(1)
        self._right = QVBoxLayout()
        self._right.setSpacing(4)
        self.origin = widgets.label("", quiet=True)
        self.reset = widgets.link(texts("settings.reset"))
        self.reset.setAccessibleName(f"{texts('settings.reset')}: {self.title.text()}")
        self.reset.clicked.connect(lambda: reset(name))
        self.reset.hide()
        below = QHBoxLayout()
        below.addWidget(self.origin, 1)
        below.addWidget(self.reset)
        self._right.addLayout(below)
        self._right.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3 * theme.UNIT)
        row.addLayout(left, 3)
        row.addLayout(self._right, 2)
        self.field: QWidget | None = None
        self.choose: QPushButton | None = None

    def show_setting(self, setting: page.Setting) -> None:
        """The value as it is now."""
        before = self._setting
        self._setting = setting
        if before is None or before.kind != setting.kind or before.choices != setting.choices:
            self._make_field(setting)
        self._fill(setting)
        if before != setting:
            _replace(self.notices, None)
        is_open = not setting.is_locked and setting.name not in RULES
        for widget in (self.field, self.choose):
            if widget is not None:
                widget.setEnabled(is_open)
        self.origin.setText("" if is_open else self._texts("settings.locked"))
        self.reset.setVisible(setting.source in {"file", "tray"})

    def hint(self, text: str, tone: theme.Tone) -> None:
        """A sentence under the setting, on how it is on this computer; empty: none."""
        if text != self._hinted:
            self._hinted = text
            _replace(self._hint, widgets.Notice(tone, text, is_framed=False) if text else None)

    def refuse(self, sentence: str, advice: str, detail: str) -> None:
        """The value can't be used or kept: says so, and shows the one that stays."""
        notice = widgets.Notice("danger", sentence, advice, is_framed=False)
        notice.add_detail(words.clean(detail), self._texts)
        _replace(self.notices, notice)
        announce(self.window(), notice.accessibleName())
        if self._setting is not None:
            self._fill(self._setting)

    # --- fields ---------------------------------------------------------------------------------------------------

    def _make_field(self, setting: page.Setting) -> None:
        for old in (self.field, self.choose):
            if old is not None:
                old.hide()
                old.deleteLater()
        self.choose = None
        match setting.kind:
            case "choice":
                self.field = self._make_choice(setting)
            case "number":
                self.field = self._make_number(setting)
            case "switch":
                box = widgets.CheckBox(self._texts("settings.on"))
                box.clicked.connect(lambda is_on: self._tell(page.Change(self._name, is_on=is_on)))
                self.field = box
            case "list":
                self.field = self._make_list()
            case _:
                line = QLineEdit()
                line.editingFinished.connect(
                    lambda: self._tell(page.Change(self._name, text=line.text().strip()))
                )
                self.field = line
        self.field.setAccessibleName(self.title.text())
        self.title.setBuddy(self.field)
        self._right.insertWidget(0, self.field)

    def _make_choice(self, setting: page.Setting) -> QComboBox:
        box = QComboBox()
        box.setMinimumHeight(_FIELD_HEIGHT)
        box.installEventFilter(_NoWheel(box))
        for choice in setting.choices:
            box.addItem(self._choice(setting.name, choice), choice)
        box.activated.connect(lambda _: self._tell(page.Change(self._name, text=box.currentData())))
        return box

    def _choice(self, name: str, choice: str) -> str:
        """The words for a choice; a language is called by its own name, whatever the page speaks."""
        if name == "language":
            return dict(menu.LANGUAGES)[choice]  # type: ignore[index]  # the desk knows no others
        return self._texts(f"settings.choice.{name}.{choice}")

    def _make_number(self, setting: page.Setting) -> QSpinBox:
        box = QSpinBox()
        box.setMinimumHeight(_FIELD_HEIGHT)
        box.setRange(setting.least, setting.most)
        box.setGroupSeparatorShown(False)
        box.installEventFilter(_NoWheel(box))
        box.editingFinished.connect(lambda: self._tell(page.Change(self._name, number=box.value())))
        return box

    def _make_list(self) -> "Lines":
        lines = Lines(lambda items: self._tell(page.Change(self._name, items=items)))
        lines.setPlaceholderText(self._texts("settings.one_per_line"))
        if self._name in _FOLDERS:
            self.choose = QPushButton(self._texts("settings.add_folder"))
            self.choose.setAccessibleName(f"{self._texts('settings.add_folder')}: {self.title.text()}")
            self.choose.clicked.connect(self._choose_folder)
            self._right.insertWidget(0, self.choose)
        return lines

    def _choose_folder(self) -> None:
        home = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.HomeLocation)
        chooser = Chooser(self, self._texts, "folder", folder=home, filters=[])
        chooser.fileSelected.connect(self.add_folder)
        chooser.open()

    def add_folder(self, path: str) -> None:
        """One more item of a list."""
        items = self._setting.items if self._setting is not None else ()
        if path not in items:
            self._tell(page.Change(self._name, items=(*items, path)))

    def _fill(self, setting: page.Setting) -> None:
        match self.field:
            case QComboBox() as box:
                box.setCurrentIndex(box.findData(setting.text))
            case QSpinBox() as number:
                number.setValue(setting.number)
            case widgets.CheckBox() as switch:
                switch.setChecked(setting.is_on)
            case Lines() as lines:
                lines.show_items(setting.items)
            case QLineEdit() as line:
                line.setText(setting.text)

    def _tell(self, change: page.Change) -> None:
        """Sends what differs from what is there."""
        known = self._setting
        if known is None or (change.text, change.number, change.is_on, change.items) == (
            known.text if known.kind in {"choice", "text"} else "",
            known.number if known.kind == "number" else 0,
            known.is_on if known.kind == "switch" else False,
            known.items if known.kind == "list" else (),
        ):
            return
        self._change(change)


class Lines(QPlainTextEdit):
    """A list, an item a line; told when the keyboard goes elsewhere. Tab leaves it."""

    def __init__(self, tell: Callable[[tuple[str, ...]], None]) -> None:
        super().__init__()
        self._tell = tell
        self.setFixedHeight(_LIST_HEIGHT)
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)

    @property
    def items(self) -> tuple[str, ...]:
        return tuple(filter(None, (line.strip() for line in self.toPlainText().splitlines())))

    def show_items(self, items: tuple[str, ...]) -> None:
        if items != self.items:
            self.setPlainText("\n".join(items))

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802  # Qt's name
        super().focusOutEvent(event)
        self._tell(self.items)


class _NoWheel(QObject):
    """A wheel that scrolls the page must not change what it passes over."""

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        if event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return False


def _of_autostart(state: page.Autostart) -> page.Setting:
    """The start at login as a setting; where it can't be switched it is locked."""
    source: page.Source = "default" if state in {"on", "off"} else "policy"
    return page.Setting("autostart", "switch", source, is_on=state == "on")


def _of_menus(state: page.Menus) -> page.Setting:
    """The file managers' menus as a setting; where there are none it is locked. What is not there as a whole is off."""
    source: page.Source = "policy" if state in {"none", "unsupported"} else "default"
    return page.Setting("file_menus", "switch", source, is_on=state == "on")


def _replace(place: QVBoxLayout, notice: widgets.Notice | None) -> None:
    """The notice in place of what stood there."""
    while (item := place.takeAt(0)) is not None:
        if (old := item.widget()) is not None:
            old.hide()
            old.deleteLater()
    if notice is not None:
        place.addWidget(notice)
