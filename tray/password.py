"""The password field with its eye and its warnings."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from tray import glyphs, keyboard, theme, widgets
from tray.texts import Texts

_MAX_LENGTH = 1000  # characters; an S frame holds four octets for each


class PasswordField(QLineEdit):
    """Takes a password and hands it over as octets, once."""

    entered = Signal()
    warned = Signal(bool, bool)  # Caps Lock is on; the letters are not Latin

    def __init__(self) -> None:
        super().__init__()
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setMaxLength(_MAX_LENGTH)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhHiddenText
            | Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhNoAutoUppercase
        )
        self._probe = keyboard.caps_lock_probe(QGuiApplication.platformName())
        self._caps_lock = False
        self._foreign = False
        self.textChanged.connect(self._when_changed)

    def take(self) -> bytearray:
        """The password in UTF-8, in a buffer that the caller wipes; the field is empty afterwards.

        Not promised: that no other copy is left. Qt and Python hold what was typed in strings of their own, which nobody
        can wipe. They die with this process, which lives for one approval, writes no core dump, and is never reused.
        """
        octets = bytearray(self.text(), "utf-8", "replace")
        self.forget()
        return octets

    def forget(self) -> None:
        """Empties the field, its undo history included."""
        self.setText("")

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            event.accept()  # else the window would press its default button, Cancel
            if not event.isAutoRepeat():
                self.entered.emit()
            return
        super().keyPressEvent(event)
        typed = event.text()
        guess = keyboard.betrays_caps_lock(
            typed, with_shift=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        )
        if self._probe is None and guess is not None:
            self._caps_lock = guess
        self._foreign = self._foreign or keyboard.is_foreign(typed)
        self._look()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        super().keyReleaseEvent(event)
        self._look()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802  # Qt's name
        super().focusInEvent(event)
        self._look()

    def _when_changed(self, text: str) -> None:
        if not text:
            self._foreign = False
            self._look()

    def _look(self) -> None:
        if self._probe is not None:
            self._caps_lock = self._probe()
        self.warned.emit(self._caps_lock, self._foreign and bool(self.text()))


class PasswordBox(QWidget):
    """Label, field, eye and warnings; `title` and `note` are text keys. `shown` tells when the eye opens and closes.

    One `without_eye` shows what is typed as long as another's eye tells it to.
    """

    shown = Signal(bool)

    def __init__(
        self,
        texts: Texts,
        title: str = "key.password",
        note: str = "key.password_stays",
        *,
        without_eye: bool = False,
    ) -> None:
        super().__init__()
        self._texts = texts
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        heading = widgets.heading(texts(title))
        self.field = PasswordField()
        self.field.setAccessibleName(texts(title))
        self.field.setAccessibleDescription(texts(note) if note else "")
        heading.setBuddy(self.field)
        self.eye = QToolButton()
        self.eye.setObjectName("eye")
        self.eye.setCheckable(True)
        self.eye.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.eye.toggled.connect(self.show_password)
        if without_eye:
            self.eye.hide()
        row = QHBoxLayout()
        row.setSpacing(theme.UNIT)
        row.addWidget(self.field, 1)
        row.addWidget(self.eye)
        self.caps_lock = widgets.Notice("warning", texts("key.caps_lock"), is_framed=False)
        self.layout_warning = widgets.Notice("warning", texts("key.layout"), is_framed=False)
        column.addWidget(heading)
        column.addLayout(row)
        column.addWidget(self.caps_lock)
        column.addWidget(self.layout_warning)
        if note:
            column.addWidget(widgets.label(texts(note), quiet=True))
        self.field.warned.connect(self._warn)
        self._warn(caps_lock=False, foreign=False)
        self.show_password(is_shown=False)

    def _warn(self, caps_lock: bool, foreign: bool) -> None:
        self.caps_lock.setVisible(caps_lock)
        self.layout_warning.setVisible(foreign)

    def show_password(self, is_shown: bool) -> None:
        """Shows what is typed, or dots."""
        name = self._texts("button.hide_password" if is_shown else "button.show_password")
        self.eye.setIcon(glyphs.icon("eye-off" if is_shown else "eye", theme.current().text, 20))
        self.eye.setToolTip(name)
        self.eye.setAccessibleName(name)
        self.field.setEchoMode(QLineEdit.EchoMode.Normal if is_shown else QLineEdit.EchoMode.Password)
        self.shown.emit(is_shown)
