"""Whose key: everything the certificate says about the person, before they agree."""

from datetime import UTC, datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from protocol import prompts
from tray import theme, widgets, words
from tray.rows import Row, RowList, RowModel
from tray.texts import Texts

_MOST_ROWS = 3
_CODES = frozenset({"serial"})


class KeysPanel(QWidget):
    """One key is shown at once; of several suitable ones the person picks, nothing is picked for them."""

    changed = Signal()
    back = Signal()

    def __init__(self, texts: Texts, prompt: prompts.ChooseKey, *, can_remember: bool) -> None:
        super().__init__()
        self._texts = texts
        self._keys = prompt.keys
        suitable = [number for number, key in enumerate(prompt.keys) if key.suitable]
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.UNIT)
        title = widgets.heading(texts("key.choose" if len(suitable) > 1 else "key.heading"))
        self.other_key = widgets.link(texts("button.other_key"))
        self.other_key.clicked.connect(self.back)
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(self.other_key)
        self._column.addLayout(head)
        self.list: RowList | None = None
        self._shown: QWidget | None = None
        if not suitable:
            self._column.addWidget(widgets.Notice("danger", texts("key.none_suitable")))
        if len(prompt.keys) > 1:
            self.list = RowList(title.text(), _MOST_ROWS)
            title.setBuddy(self.list)
            self.list.show_rows(RowModel(len(prompt.keys), lambda number: row_of(texts, prompt.keys[number])))
            self.list.selectionModel().selectionChanged.connect(self._when_selected)
            self._column.addWidget(self.list)
        self._place = QVBoxLayout()
        self._column.addLayout(self._place)
        self.remember: widgets.CheckBox | None = None
        if prompt.remember_days > 0 and can_remember and suitable:
            self._offer_to_remember(prompt.remember_days)
        self._column.addStretch()
        self._show_first(suitable)

    @property
    def chosen(self) -> prompts.Key | None:
        """The key that would sign."""
        if self.list is not None:
            number = self.list.selected_row()
            return None if number is None else self._keys[number]
        return self._keys[0] if self._keys and self._keys[0].suitable else None

    def _show_first(self, suitable: list[int]) -> None:
        if self.list is None:
            if self._keys:
                self._show(card_of(self._texts, self._keys[0]))
        elif len(suitable) == 1:
            self.list.select(suitable[0])
        elif suitable:
            self._show(widgets.Notice("info", self._texts("key.pick")))

    def _offer_to_remember(self, days: int) -> None:
        self.remember = widgets.CheckBox(self._texts("key.remember", count=days))
        note = self._texts("key.remember_note")
        self.remember.setAccessibleDescription(note)
        quiet = widgets.label(note, quiet=True)
        quiet.setIndent(3 * theme.UNIT)
        self._column.addSpacing(4)
        self._column.addWidget(self.remember)
        self._column.addWidget(quiet)

    def _when_selected(self) -> None:
        if (key := self.chosen) is not None:
            self._show(card_of(self._texts, key))
        self.changed.emit()

    def _show(self, widget: QWidget) -> None:
        if self._shown is not None:
            self._shown.setParent(None)
            self._shown.deleteLater()
        self._shown = widget
        self._place.addWidget(widget)


def row_of(texts: Texts, key: prompts.Key) -> Row:
    """The key's line among several."""
    note = texts("key.unsuitable") if not key.suitable else texts("key.test") if key.is_test else ""
    why = reasons_of(texts, key)
    return Row(
        title=words.clean(key.owner),
        title_note=note,
        detail=why[0] if why and not key.suitable else words.clean(key.organisation) or roles_of(texts, key),
        detail_note=texts("key.valid_until", date=words.date(key.not_after)) if key.suitable else "",
        glyph="key",
        tone="info" if key.suitable and not key.is_test else "warning",
        detail_tone="info" if key.suitable else "warning",
        is_enabled=key.suitable,
    )


def reasons_of(texts: Texts, key: prompts.Key) -> list[str]:
    """Why the key does not fit, or what to know before using it: whole sentences, none twice."""
    return list(dict.fromkeys(texts.chosen("reason", reason) for reason in _reasons(key)))


def roles_of(texts: Texts, key: prompts.Key) -> str:
    return ", ".join(dict.fromkeys(texts.chosen("role", role) for role in key.roles))


def facts_of(texts: Texts, key: prompts.Key) -> list[tuple[str, str]]:
    """Fact names (text keys below "fact") and values, in the order in which people judge them; empty ones left out."""
    period = texts("fact.period", start=words.date(key.not_before), end=words.date(key.not_after))
    uses = ", ".join(dict.fromkeys(texts.chosen("use", use) for use in key.uses))
    facts = [
        ("iin", words.clean(key.iin)),
        ("organisation", words.clean(key.organisation)),
        ("bin", words.clean(key.bin)),
        ("role", roles_of(texts, key)),
        ("valid", period),
        ("uses", uses),
        ("issuer", words.clean(key.issuer)),
        ("algorithm", words.clean(key.algorithm)),
        ("storage", texts.chosen("storage", key.storage, name=words.clean(key.storage))),
        ("path", words.clean(key.path)),
        ("serial", words.groups(words.clean(key.serial_number))),
    ]
    return [(name, value) for name, value in facts if value]


def card_of(texts: Texts, key: prompts.Key) -> QWidget:
    """The card with owner, warnings and facts."""
    frame, inner = widgets.card()
    head = QHBoxLayout()
    owner = widgets.value(words.clean(key.owner))
    owner.setFont(theme.font(theme.MEDIUM, bold=True))
    owner.setAccessibleName(f"{texts('fact.owner')}: {words.clean(key.owner)}")
    head.addWidget(owner, 1)
    if key.is_test:
        head.addWidget(widgets.badge(texts("key.test"), texts("reason.test-authority")))
    inner.addLayout(head)
    for sentence in reasons_of(texts, key):
        inner.addWidget(widgets.Notice("warning" if key.suitable else "danger", sentence, is_framed=False))
    grid = QGridLayout()
    grid.setHorizontalSpacing(2 * theme.UNIT)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    for row, (name, text) in enumerate(facts_of(texts, key)):
        title = widgets.label(texts(f"fact.{name}"), quiet=True, wraps=False)
        shown: QLabel = (
            widgets.ElidedLabel(text) if name == "path" else widgets.value(text, is_code=name in _CODES)
        )
        shown.setAccessibleName(f"{title.text()}: {text}")
        grid.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(shown, row, 1)
    inner.addLayout(grid)
    return frame


def _reasons(key: prompts.Key) -> list[str]:
    """The worker's reasons, and what the certificate itself betrays, should the worker not have said it."""
    found = list(key.reasons)
    if key.is_test:
        found.append("test-authority")
    if words.is_past(key.not_after, datetime.now(UTC)):
        found.append("expired")
    return found
