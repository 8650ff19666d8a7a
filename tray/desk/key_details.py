"""What is known of the chosen key, in words, and what can be done with it."""

from PySide6.QtCore import QDir, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout

from protocol.desk import keys as page
from tray import keys, theme, widgets, words
from tray.desk.file_details import empty_layout, show_file
from tray.texts import Texts

_TONES: dict[page.State, theme.Tone] = {
    "unknown": "info", "waiting": "info", "early": "warning", "superseded": "info", "expired": "warning", "revoked": "danger",
}  # fmt: skip
_STYLES: dict[str, widgets.Style] = {"serial": "code", "path": "path"}


class KeyDetails(QFrame):
    """The chosen key; of two that belong together the one that is chosen here. Each signal says with which key it is to be done."""

    wants_name = Signal(page.StoredKey)
    wants_password = Signal(page.StoredKey)
    wants_export = Signal(page.StoredKey)
    wants_to_forget = Signal(page.StoredKey)

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAccessibleName(texts("keys.details"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._texts = texts
        self._entry: page.Entry | None = None
        self._number = 0
        self._is_asking = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(2 * theme.UNIT, 12, 2 * theme.UNIT, 2 * theme.UNIT)
        self._column.setSpacing(12)
        self.buttons: dict[str, QPushButton] = {}

    @property
    def key(self) -> page.StoredKey | None:
        """The one that is shown."""
        return self._entry.keys[self._number] if self._entry is not None else None

    def show_entry(self, entry: page.Entry | None) -> None:
        """That key, or those two; nothing without one."""
        before = self.key
        self._entry, self._number = entry, 0
        if entry is not None and before is not None:
            same = [number for number, key in enumerate(entry.keys) if key.fingerprint == before.fingerprint]
            self._number = same[0] if same and before.fingerprint else 0
        self._rebuild()

    def show_asking(self, *, is_asking: bool) -> None:
        """Whether a window asks for a password just now: nothing else can be begun."""
        self._is_asking = is_asking
        for name in ("open", "change_password"):
            if name in self.buttons:
                self.buttons[name].setEnabled(not is_asking)

    def _rebuild(self) -> None:
        focused = next((name for name, button in self.buttons.items() if button.hasFocus()), "")
        empty_layout(self._column)
        self.buttons = {}
        key = self.key
        self.setVisible(key is not None)
        if key is None:
            return
        self._add_choice()
        facts = key.key
        if facts is None:
            self._add_file(key)
        else:
            self._add_owner(key)
        self._add_state(key)
        if facts is not None:
            self._add_facts(key)
        self._column.addStretch(1)
        self._add_buttons(key)
        self.show_asking(is_asking=self._is_asking)
        if focused in self.buttons:
            self.buttons[focused].setFocus()

    def _add_choice(self) -> None:
        """Which of the two."""
        if self._entry is None or len(self._entry.keys) < 2:
            return
        row = QHBoxLayout()
        row.setSpacing(theme.UNIT)
        self.group = QButtonGroup(self)
        colours = theme.current()
        for number, name in enumerate(("pair_sign", "pair_identify")):
            button = QPushButton(self._texts(f"keys.{name}"))
            button.setCheckable(True)
            button.setChecked(number == self._number)
            button.setStyleSheet(
                f"QPushButton:checked {{ background: {colours.selection}; border: 2px solid {colours.accent}; padding: 0 15px; "
                f"min-height: 32px; font-weight: 600; }}"
            )
            self.group.addButton(button, number)
            self.buttons[name] = button
            row.addWidget(button, 1)
        self.group.idClicked.connect(self._choose)
        self._column.addLayout(row)

    def _choose(self, number: int) -> None:
        self._number = number
        self._rebuild()

    def _add_file(self, key: page.StoredKey) -> None:
        name, _ = words.split_path(key.path)
        title = widgets.value(words.path(name))
        title.setFont(theme.font(theme.MEDIUM, bold=True))
        self._column.addWidget(title)
        rows: list[tuple[str, str, widgets.Style]] = [
            (self._texts("fact.path"), self._path(key.path), "path")
        ]
        if key.label:
            rows.append((self._texts("fact.algorithm"), words.clean(key.label), "text"))
        rows.append((self._texts("keys.file_date"), words.date(key.modified), "text"))
        rows += self._copies(key)
        self._column.addLayout(widgets.facts(rows))

    def _add_owner(self, key: page.StoredKey) -> None:
        assert key.key is not None
        head = QHBoxLayout()
        owner = widgets.value(words.clean(key.key.owner))
        owner.setFont(theme.font(theme.MEDIUM, bold=True))
        owner.setAccessibleName(f"{self._texts('fact.owner')}: {words.clean(key.key.owner)}")
        head.addWidget(owner, 1)
        if key.key.is_test:
            head.addWidget(
                widgets.badge(self._texts("key.test"), self._texts("reason.test-authority")),
                0,
                Qt.AlignmentFlag.AlignTop,
            )
        self._column.addLayout(head)

    def _add_state(self, key: page.StoredKey) -> None:
        if not key.is_there:
            self._column.addWidget(widgets.Notice("warning", self._texts("keys.missing")))
        for reason in key.key.reasons if key.key is not None else ():
            self._column.addWidget(widgets.Notice("warning", self._texts(f"reason.{reason}")))
        if key.state in _TONES:
            tone = _TONES[key.state]
            self._column.addWidget(widgets.Notice(tone, self._texts(f"keys.explained.{key.state}")))

    def _add_facts(self, key: page.StoredKey) -> None:
        assert key.key is not None
        rows: list[tuple[str, str, widgets.Style]] = [
            (self._texts(f"fact.{name}"), text, _STYLES.get(name, "text"))
            for name, text in keys.facts_of(self._texts, key.key)
            if name != "storage"
        ]
        rows += self._copies(key)
        if key.sites:
            shown = ", ".join(words.clean(site) for site in key.sites)
            rows.append((self._texts("keys.sites"), shown, "text"))
        self._column.addLayout(widgets.facts(rows))

    def _copies(self, key: page.StoredKey) -> list[tuple[str, str, widgets.Style]]:
        rows: list[tuple[str, str, widgets.Style]] = [
            (self._texts("keys.copies") if number == 0 else "", self._path(path), "path")
            for number, path in enumerate(key.copies)
        ]
        if key.more_copies:
            rows.append(("", self._texts("keys.more_copies", count=key.more_copies), "text"))
        return rows

    def _path(self, path: str) -> str:
        return words.path(QDir.toNativeSeparators(path))

    def _add_buttons(self, key: page.StoredKey) -> None:
        is_known, path = key.key is not None, key.path
        wanted = {
            "open": (not is_known and key.state == "unknown", lambda: self.wants_name.emit(key)),
            "change_password": (key.is_there, lambda: self.wants_password.emit(key)),
            "export": (is_known, lambda: self.wants_export.emit(key)),
            "show_file": (key.is_there, lambda: show_file(words.split_path(path)[1])),
            "forget": (is_known and not key.is_there, lambda: self.wants_to_forget.emit(key)),
        }
        for name, (applies, act) in wanted.items():
            if not applies:
                continue
            is_link = name in {"show_file", "forget"}
            word = self._texts(f"keys.{name}")
            button = widgets.link(word) if is_link else QPushButton(word)
            if name == "open":
                button.setObjectName("accent")
            button.clicked.connect(act)
            self.buttons[name] = button
            self._column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft if is_link else Qt.AlignmentFlag(0))
