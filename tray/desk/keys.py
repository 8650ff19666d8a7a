"""The page of key files: whose they are, what for and until when; what ends soon is said above."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, ClassVar

from PySide6.QtCore import QDir, QEvent, Qt, QTimer
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from protocol.desk import frame
from protocol.desk import keys as page
from tray import glyphs, theme, widgets, words
from tray.chooser import Chooser, Purpose
from tray.desk.file_details import empty_layout, show_file
from tray.desk.key_details import KeyDetails
from tray.desk.key_list import KeyList
from tray.desk.page import DeskPage, Send
from tray.flow import Flow
from tray.texts import Texts

_BUSY_AFTER_MS = 300
_MOST_REMINDERS = 3
_DROP_GLYPH = 40
_NARROW_BELOW = 80 * theme.UNIT
# Days before the end, and how loudly it is said then.
_URGENT_DAYS, _NEAR_DAYS = 3, 14


class KeysPage(DeskPage):
    """See tray.desk.page."""

    name: ClassVar[frame.Page] = "keys"

    def __init__(self, texts: Texts, send: Send) -> None:
        super().__init__(texts, send)
        self._keys: page.Keys | None = None
        self._wanted = ""  # the file whose key is to be chosen when the list comes
        self.column.addWidget(widgets.label(texts("keys.about"), quiet=True))
        self.column.addLayout(self._build_tools())
        self.notices = QVBoxLayout()
        self.notices.setSpacing(theme.UNIT)
        self.column.addLayout(self.notices)
        self.reminders = QVBoxLayout()
        self.reminders.setSpacing(theme.UNIT)
        self.column.addLayout(self.reminders)
        self.empty = self._build_empty()
        self.column.addWidget(self.empty, 1)
        self.list = KeyList(texts)
        self.details = KeyDetails(texts)
        self.full = widgets.Columns((self.list, self.details), _NARROW_BELOW)
        if (inner := self.full.layout()) is not None:
            inner.setContentsMargins(0, 0, 0, 0)
            inner.setSpacing(2 * theme.UNIT)
        self.column.addWidget(self.full, 1)
        self.places = _Places(texts, lambda path: self.send(page.RemovePlace(path)))
        self.column.addWidget(self.places)
        for one in (self.empty, self.full, self.places):
            one.hide()
        self._connect()
        self._busy = QTimer(self, singleShot=True, interval=_BUSY_AFTER_MS)
        self._busy.timeout.connect(lambda: self.state.setText(texts("keys.looking")))
        self._busy.start()

    def _build_tools(self) -> Flow:
        self.add_file, self.add_folder = (
            QPushButton(self.texts(f"keys.{name}")) for name in ("add_file", "add_folder")
        )
        self.add_file.clicked.connect(self._choose_file)
        self.add_folder.clicked.connect(self._choose_folder)
        self.state = widgets.note_beside("")
        return Flow(self.add_file, self.add_folder, self.state, spacing=12)

    def _build_empty(self) -> QFrame:
        """What the page shows where there is no key: that one can be dropped here."""
        made = QFrame()
        made.setObjectName("drop")
        colours = theme.current()
        made.setStyleSheet(
            f"QFrame#drop {{ background: {colours.base}; border: 2px dashed {colours.edge}; border-radius: 12px; }}"
        )
        column = QVBoxLayout(made)
        column.setContentsMargins(3 * theme.UNIT, 3 * theme.UNIT, 3 * theme.UNIT, 3 * theme.UNIT)
        column.setSpacing(theme.UNIT)
        column.addStretch(1)
        picture = QLabel()
        picture.setPixmap(glyphs.pixmap("key", theme.current().accent, _DROP_GLYPH))
        lines = (
            picture,
            widgets.label(self.texts("keys.empty"), pixels=theme.LARGE, bold=True),
            widgets.label(self.texts("keys.empty_what")),
            widgets.label(self.texts("keys.empty_safe"), quiet=True),
        )
        for line in lines:
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(line)
        column.addStretch(1)
        return made

    def _connect(self) -> None:
        self.list.on_return = self._focus_details
        details = self.details
        details.wants_name.connect(lambda key: self._ask(page.ReadKey(key.path)))
        details.wants_password.connect(lambda key: self._ask(page.ChangePassword(key.path)))
        details.wants_export.connect(self._choose_target)
        details.wants_to_forget.connect(lambda key: self.send(page.Forget(key.fingerprint)))
        for key, slot in (
            (QKeySequence.StandardKey.Open, self._choose_file),
            (QKeySequence.StandardKey.Refresh, self._refresh),
        ):
            action = QAction(self)
            action.setShortcuts(key)
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(slot)
            self.addAction(action)

    def first_focus(self) -> QWidget:
        return self.list if self.list.entry is not None else self.add_file

    def event(self, event: QEvent) -> bool:
        """Qt's scroll areas ask for a height without a width, and would squeeze lines that wrap."""
        is_done = super().event(event)
        if event.type() in {QEvent.Type.LayoutRequest, QEvent.Type.Resize}:
            self.setMinimumHeight(self.column.minimumHeightForWidth(self.width()))
        return is_done

    # --- what the person does -------------------------------------------------------------------------------------

    @property
    def takes_files(self) -> bool:
        return True

    def add_paths(self, paths: Sequence[str]) -> None:
        if paths:
            native = tuple(QDir.toNativeSeparators(path) for path in paths)
            self._wanted = native[0]
            self._say(None)
            self._busy.start()
            self.send(page.AddPlaces(native))

    def tell(self, notice: QWidget) -> None:
        self._say(notice)

    def _refresh(self) -> None:
        self._busy.start()
        self.send(frame.Opened("keys"))

    def _choose_file(self) -> None:
        chooser = self._chooser("file", "keys.choose_file")
        chooser.setNameFilters(
            [self.texts("dialog.keys", patterns="*.p12 *.pfx *.jks"), self.texts("dialog.all")]
        )
        chooser.setFileMode(QFileDialog.FileMode.ExistingFiles)
        chooser.filesSelected.connect(self.add_paths)
        chooser.open()

    def _choose_folder(self) -> None:
        chooser = self._chooser("folder", "keys.choose_folder")
        chooser.fileSelected.connect(lambda path: self.add_paths([path]))
        chooser.open()

    def _choose_target(self, key: page.StoredKey) -> None:
        chooser = self._chooser("save", "keys.save_title")
        chooser.setNameFilters([self.texts("keys.save_der"), self.texts("keys.save_pem")])
        chooser.setDefaultSuffix("cer")
        chooser.selectFile(f"{PurePath(words.split_path(key.path)[0]).stem}.cer")
        chooser.filterSelected.connect(lambda chosen: chooser.setDefaultSuffix(_ending_of(chosen)))
        chooser.fileSelected.connect(
            lambda path: self.send(page.Export(key.fingerprint, QDir.toNativeSeparators(path), form_of(path)))
        )
        chooser.open()

    def _chooser(self, purpose: Purpose, title: str) -> Chooser:
        made = Chooser(self, self.texts, purpose, folder=QDir.homePath(), filters=[])
        made.setWindowTitle(self.texts(title))
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return made

    def _ask(self, message: page.ReadKey | page.ChangePassword) -> None:
        self._say(None)
        self._wanted = message.path
        self.send(message)

    def _focus_details(self) -> None:
        if (button := next(iter(self.details.buttons.values()), None)) is not None:
            button.setFocus(Qt.FocusReason.TabFocusReason)

    # --- what the desk says ---------------------------------------------------------------------------------------

    def receive(self, message: Any) -> None:
        match message:
            case page.Keys():
                self._show(message)
            case page.Asking(path):
                self._show_asking(is_asking=bool(path))
            case page.Done():
                self._say(self._done(message))
            case frame.Trouble(_, code, detail):
                self._busy.stop()
                self._show_count()
                self._say(failure(self.texts, code, detail))

    def _show(self, keys: page.Keys) -> None:
        self._busy.stop()
        had_focus = self.window().focusWidget() in (self.list, self.add_file)
        self._keys = keys
        self.list.show_groups(keys.groups)
        # Anew: each list of rows has a selection of its own.
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._select())
        if self._wanted:
            self.list.choose(self._wanted)
            self._wanted = ""
        self.empty.setVisible(not keys.groups)
        self.full.setVisible(bool(keys.groups))
        self.places.show_places(keys.places)
        self._show_count()
        self._show_reminders(keys)
        self._select()
        if had_focus and self.isVisible():
            self.first_focus().setFocus()

    def _show_count(self) -> None:
        count = sum(
            len(entry.keys) for group in (self._keys.groups if self._keys else ()) for entry in group.entries
        )
        self.state.setText(self.texts("keys.count", count=count) if count else "")

    def _show_asking(self, *, is_asking: bool) -> None:
        if is_asking and self.details.isAncestorOf(self.window().focusWidget() or self):
            self.list.setFocus()  # a button that can't be pressed any more would give the keyboard to the next one
        self.details.show_asking(is_asking=is_asking)
        if is_asking:
            self.state.setText(self.texts("keys.asking"))
        else:
            self._show_count()

    def _show_reminders(self, keys: page.Keys) -> None:
        empty_layout(self.reminders)
        ending = [entry for group in keys.groups for entry in group.entries if _ends_soon(entry)]
        ending.sort(key=_days_left)
        for entry in ending[:_MOST_REMINDERS]:
            self.reminders.addWidget(reminder_of(self.texts, entry))
        for folder in keys.unreadable[:_MOST_REMINDERS]:
            said = self.texts("keys.unreadable", path=words.path(folder))
            self.reminders.addWidget(widgets.Notice("info", said))
        left = keys.more_unreadable + max(0, len(keys.unreadable) - _MOST_REMINDERS)
        if left:
            self.reminders.addWidget(
                widgets.label(self.texts("keys.more_unreadable", count=left), quiet=True)
            )
        if keys.more:
            self.reminders.addWidget(widgets.Notice("info", self.texts("keys.more", count=keys.more)))
        if not keys.is_complete:
            self.reminders.addWidget(widgets.Notice("info", self.texts("keys.incomplete")))

    def _select(self) -> None:
        self.details.show_entry(self.list.entry)

    def _done(self, done: page.Done) -> widgets.Notice:
        name, folder = words.split_path(done.path)
        if done.what == "exported":
            notice = widgets.Notice("good", self.texts("keys.exported", name=words.clean(name)))
            show = widgets.link(self.texts("keys.open_folder"))
            show.clicked.connect(lambda: show_file(folder))
            notice.column.addWidget(show, 0, Qt.AlignmentFlag.AlignLeft)
            return notice
        if done.what == "read":
            return widgets.Notice("good", self.texts("keys.read"))
        copy = self.texts("keys.changed_copy", path=words.path(done.copy)) if done.copy else ""
        return widgets.Notice("good", self.texts("keys.changed"), copy)

    def _say(self, notice: QWidget | None) -> None:
        empty_layout(self.notices)
        if notice is not None:
            self.notices.addWidget(notice)
            self.announce(notice.accessibleName())


class _Places(QFrame):
    """Folders that the person added, each with the way to take it off again."""

    def __init__(self, texts: Texts, remove: Send) -> None:
        super().__init__()
        self._texts = texts
        self._remove = remove
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.more = widgets.link("")
        self.more.setCheckable(True)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self.card, inner = widgets.card()
        self.card.setAccessibleName(texts("keys.places"))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        inner.addLayout(self._rows)
        self.card.hide()
        column.addWidget(self.card)
        self.more.toggled.connect(self.card.setVisible)

    def show_places(self, places: Sequence[str]) -> None:
        self.setVisible(bool(places))
        self.more.setText(self._texts("keys.searched", count=len(places)) if places else "")
        empty_layout(self._rows)
        for place in places:
            row = QHBoxLayout()
            row.setSpacing(2 * theme.UNIT)
            row.addWidget(widgets.ElidedLabel(words.path(QDir.toNativeSeparators(place))), 1)
            remove = widgets.link(self._texts("keys.remove_place"))
            remove.setAccessibleName(f"{self._texts('keys.remove_place')}: {words.path(place)}")
            remove.clicked.connect(lambda _=False, place=place: self._remove(place))
            row.addWidget(remove)
            self._rows.addLayout(row)


def failure(texts: Texts, code: str, detail: str) -> widgets.Notice:
    """What went wrong on this page, and what to do about it: no site is concerned, and nothing is signed."""
    sentence = texts("keys.not_a_key") if code == "bad-input" else texts.problem("error", code)
    advice = f"keys.advice.{code}"
    notice = widgets.Notice(
        "danger", sentence, texts(advice if advice in texts.entries else "keys.advice.other")
    )
    if detail:
        notice.add_detail(words.clean(detail), texts)
    return notice


def form_of(path: str) -> page.Form:
    """In which form a certificate is written into a file of that name."""
    return "pem" if PurePath(path).suffix.lower() in {".pem", ".crt", ".txt"} else "der"


def _ending_of(chosen: str) -> str:
    return "pem" if "*.pem" in chosen else "cer"


def _days_left(entry: page.Entry) -> int:
    return min(key.days_left for key in entry.keys)


def _ends_soon(entry: page.Entry) -> bool:
    return any(key.state == "ending" for key in entry.keys)


def reminder_of(texts: Texts, entry: page.Entry) -> widgets.Notice:
    """Whose key ends, and what to do about it."""
    facts = entry.keys[0].key
    assert facts is not None
    left = _days_left(entry)
    owner = ", ".join(filter(None, (words.clean(facts.owner), words.clean(facts.organisation))))
    sentence = (
        texts("keys.remind", count=left, owner=owner)
        if left > 0
        else texts("keys.reminder.today", owner=owner)
    )
    tone: theme.Tone = "danger" if left <= _URGENT_DAYS else "warning" if left <= _NEAR_DAYS else "info"
    return widgets.Notice(tone, sentence, texts("keys.reminder.advice"))
