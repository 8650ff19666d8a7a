"""Another password for a key file: the one that it has, and the new one twice."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocol import prompts
from tray import dropped_keys, files, strength, widgets
from tray.drop_area import Offer
from tray.dropped import Dropped
from tray.new_key import Rule
from tray.panel import Panel
from tray.password import PasswordBox
from tray.read_key import KeyFileCard
from tray.texts import Texts


class ChangePasswordPanel(Panel):
    """The file, its password, the new password, and whether a copy of the file as it is stays. Another file can be dropped in place of it."""

    def __init__(self, texts: Texts, prompt: prompts.ChangePassword) -> None:
        super().__init__()
        self._texts = texts
        self.agreement = texts("button.change_password")
        self.busy = texts("key.changing")
        self.card = KeyFileCard(texts, prompt.file)
        self.column.addWidget(self.card)
        if prompt.problem is not None:
            advice = texts("change_password.not_kept") if prompt.problem.code == "key-not-kept" else ""
            self.column.addWidget(files.problem_notice(texts, prompt.problem, advice))
        self.old = PasswordBox(texts, "change_password.old", "")
        self.new = PasswordBox(texts, "change_password.new", "")
        self.again = PasswordBox(texts, "change_password.again", "", without_eye=True)
        self.new.shown.connect(self.again.show_password)
        for box in (self.old, self.new, self.again):
            self.column.addWidget(box)
        self.rules = {
            "length": Rule(texts, "new_key.rule.length"),
            "variety": Rule(texts, "new_key.rule.variety"),
            "another": Rule(texts, "change_password.another"),
            "again": Rule(texts, "new_key.rule.again"),
        }
        rules = QVBoxLayout()
        rules.setSpacing(4)
        for rule in self.rules.values():
            rules.addWidget(rule)
        self.column.addLayout(rules)
        self.column.addWidget(widgets.Notice("warning", texts("new_key.remember"), is_framed=False))
        self._add_copy(texts, is_checked=prompt.keep_copy)
        self.column.addStretch()
        follows = (self.new.field.setFocus, self.again.field.setFocus, self.submitted.emit)
        for box, follow in zip((self.old, self.new, self.again), follows, strict=True):
            box.field.textChanged.connect(self._when_typed)
            box.field.entered.connect(follow)
        self._when_typed()

    def _add_copy(self, texts: Texts, *, is_checked: bool) -> None:
        self.keep_copy = widgets.CheckBox(texts("change_password.copy"))
        self.keep_copy.setChecked(is_checked)
        note = texts("change_password.copy_note")
        self.keep_copy.setAccessibleDescription(note)
        self.column.addWidget(self.keep_copy)
        self.column.addWidget(widgets.note_below(note))

    @property
    def is_ready(self) -> bool:
        return bool(self.old.field.text()) and all(rule.is_kept for rule in self.rules.values())

    def answer(self) -> tuple[prompts.PasswordsTyped, bytearray]:
        for box in (self.old, self.new, self.again):
            box.field.textChanged.disconnect(self._when_typed)  # what was kept stays ticked meanwhile
        self.again.field.forget()
        path = self.card.file.path if self.card.is_another else ""
        return prompts.PasswordsTyped(self.keep_copy.isChecked(), path), self.old.field.take()

    def further_secrets(self) -> tuple[bytearray, ...]:
        return (self.new.field.take(),)

    def first_focus(self) -> QWidget:
        return self.old.field

    def forget(self) -> None:
        for box in (self.old, self.new, self.again):
            box.field.forget()

    def offer(self, dropped: Dropped) -> Offer:
        return dropped_keys.one_key(self._texts, dropped)

    def take(self, dropped: Dropped) -> None:
        self.card.take(dropped)
        self.old.field.setFocus()

    def _when_typed(self) -> None:
        old, new, again = (box.field.text() for box in (self.old, self.new, self.again))
        self.rules["length"].show_state(is_kept=strength.is_long(new))
        self.rules["variety"].show_state(is_kept=strength.is_varied(new))
        self.rules["another"].show_state(
            is_kept=bool(old and new) and old != new, is_broken=bool(new) and old == new
        )
        self.rules["again"].show_state(
            is_kept=bool(new) and new == again, is_broken=not new.startswith(again)
        )
        self.changed.emit()
