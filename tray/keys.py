"""Whose key: everything the certificate says about the person, before they agree."""

from datetime import UTC, datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from protocol import prompts
from tray import dropped_keys, files, parties, question, theme, widgets, words
from tray.drop_area import Offer
from tray.dropped import Dropped
from tray.panel import Panel
from tray.rows import Row, RowList, RowModel
from tray.texts import Texts

_MOST_ROWS = 3
_STYLES: dict[str, widgets.Style] = {"serial": "code", "path": "path"}
_AGREEMENTS = {"show_key": "send", "log_in": "log_in", "import_certificate": "add_certificate"}
_BUSY = {"sign": "signing", "show_key": "sending", "log_in": "signing", "import_certificate": "adding"}


class KeysPanel(Panel):
    """One key is shown at once; of several suitable ones the person picks, nothing is picked for them.

    `back` is emitted when the person wants another file; that way is there only if `can_go_back`.
    """

    back = Signal()

    def __init__(
        self, texts: Texts, request: prompts.OpenKey, prompt: prompts.ChooseKey, *, can_go_back: bool = True
    ) -> None:
        super().__init__()
        self._texts = texts
        self._request = request
        self._keys = prompt.keys
        self._can_go_back = can_go_back
        self.agreement = agreement_of(texts, request, question.count_of(request))
        self.warning: widgets.Notice | None = None
        self._warned_of: tuple[prompts.Key, parties.Verdict] | None = None
        self.busy = texts(f"key.{_BUSY[request.action]}")
        suitable = [number for number, key in enumerate(prompt.keys) if key.suitable]
        title = widgets.heading(texts("key.choose" if len(suitable) > 1 else "key.heading"))
        self.other_key = widgets.link(texts("button.other_key"))
        self.other_key.clicked.connect(self.back)
        if not can_go_back:
            self.other_key.hide()
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(self.other_key)
        self.column.addLayout(head)
        self.list: RowList | None = None
        self._shown: QWidget | None = None
        if not suitable:
            self.column.addWidget(widgets.Notice("danger", texts("key.none_suitable")))
        if len(prompt.keys) > 1:
            self.list = RowList(title.text(), _MOST_ROWS)
            title.setBuddy(self.list)
            self.list.show_rows(RowModel(len(prompt.keys), lambda number: row_of(texts, prompt.keys[number])))
            self.list.selectionModel().selectionChanged.connect(self._when_selected)
            self.column.addWidget(self.list)
        self._warnings = QVBoxLayout()
        self.column.addLayout(self._warnings)
        self._place = QVBoxLayout()
        self.column.addLayout(self._place)
        self.remember: widgets.CheckBox | None = None
        if prompt.remember_days > 0 and request.caller.kind == "site" and suitable:
            self.remember = self._offer(
                texts("key.remember", count=prompt.remember_days), texts("key.remember_note")
            )
        self.keep_open: widgets.CheckBox | None = None
        if prompt.unlock_minutes > 0 and suitable:
            self.keep_open = self._offer(
                texts("key.keep_open", count=prompt.unlock_minutes), texts("key.keep_open_note")
            )
        self.column.addStretch()
        self._show_first(suitable)

    @property
    def chosen(self) -> prompts.Key | None:
        """The key that would sign."""
        if self.list is not None:
            number = self.list.selected_row()
            return None if number is None else self._keys[number]
        return self._keys[0] if self._keys and self._keys[0].suitable else None

    @property
    def is_ready(self) -> bool:
        return self.chosen is not None

    def answer(self) -> tuple[prompts.Approved, None]:
        key = self.chosen
        assert key is not None
        is_remembered, stays_open = (
            box is not None and box.isChecked() for box in (self.remember, self.keep_open)
        )
        return prompts.Approved(key.key_id, is_remembered, keep_open=stays_open), None

    def offer(self, dropped: Dropped) -> Offer:
        keys = files.keys_in(self._request, dropped)
        if keys.paths and not self._can_go_back:
            return dropped_keys.refusal(self._texts, "key_chosen")
        offer = files.offer_of(self._texts, self._request, keys)
        return Offer(self._texts("drop.other_key"), offer.advice) if offer.is_welcome else offer

    def take(self, dropped: Dropped) -> None:
        """Back to the files, where it is chosen: its password is wanted first."""
        self.handed_on = dropped
        self.back.emit()

    def show_count(self, count: int) -> None:
        """So many documents will be signed: the person may have taken some out."""
        self.agreement = agreement_of(self._texts, self._request, count)

    def show_verdict(self, verdict: parties.Verdict) -> bool:
        """Warns of a key that belongs to none of those whom the documents name. Gives whether there was no warning before."""
        key = self.chosen
        now = (key, verdict) if key is not None and verdict.strangers else None
        if now == self._warned_of:
            return False
        is_first = self._warned_of is None
        self._warned_of = now
        if self.warning is not None:
            self.warning.setParent(None)
            self.warning.deleteLater()
            self.warning = None
        if key is None or now is None:
            return False
        self.warning = parties.notice_of(self._texts, key, verdict)
        self._warnings.addWidget(self.warning)
        return is_first

    def _show_first(self, suitable: list[int]) -> None:
        if self.list is None:
            if self._keys:
                self._show(card_of(self._texts, self._keys[0]))
        elif len(suitable) == 1:
            self.list.select(suitable[0])
        elif suitable:
            self._show(widgets.Notice("info", self._texts("key.pick")))

    def _offer(self, text: str, note: str) -> widgets.CheckBox:
        """A box to tick, with what it means below."""
        box = widgets.CheckBox(text)
        box.setAccessibleDescription(note)
        self.column.addSpacing(4)
        self.column.addWidget(box)
        self.column.addWidget(widgets.note_below(note))
        return box

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


def agreement_of(texts: Texts, request: prompts.OpenKey, count: int) -> str:
    """What agreeing is called: it says what happens then, and with how many documents."""
    if request.action != "sign":
        return texts(f"button.{_AGREEMENTS[request.action]}")
    are_many = question.count_of(request) > 1
    return texts("button.sign_many", count=count) if are_many else texts("button.sign")


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
        ("storage", key.storage and texts.chosen("storage", key.storage, name=words.clean(key.storage))),
        ("path", words.path(key.path)),
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
    rows = [(texts(f"fact.{name}"), text, _STYLES.get(name, "text")) for name, text in facts_of(texts, key)]
    inner.addLayout(widgets.facts(rows))
    return frame


def _reasons(key: prompts.Key) -> list[str]:
    """The worker's reasons, and what the certificate itself betrays, should the worker not have said it."""
    found = list(key.reasons)
    if key.is_test:
        found.append("test-authority")
    if words.is_past(key.not_after, datetime.now(UTC)):
        found.append("expired")
    return found
