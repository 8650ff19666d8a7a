"""The password of one key file that the person wants to look into: nothing is signed."""

from pathlib import Path

from PySide6.QtCore import QDir, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from protocol import prompts
from tray import dropped, dropped_keys, files, glyphs, theme, widgets, words
from tray.drop_area import Offer
from tray.dropped import Dropped
from tray.panel import Panel
from tray.password import PasswordBox
from tray.texts import Texts


class ReadKeyPanel(Panel):
    """The file, and its password. Another file can be dropped in place of it."""

    def __init__(self, texts: Texts, prompt: prompts.ReadKey) -> None:
        super().__init__()
        self._texts = texts
        self.agreement = texts("button.open")
        self.busy = texts("key.opening")
        self.card = KeyFileCard(texts, prompt.file)
        self.column.addWidget(widgets.heading(texts("key.heading")))
        self.column.addWidget(self.card)
        if prompt.problem is not None:
            self.column.addWidget(files.problem_notice(texts, prompt.problem))
        self.password = PasswordBox(texts)
        self.column.addSpacing(4)
        self.column.addWidget(self.password)
        self.column.addStretch()
        self.password.field.textChanged.connect(self.changed)
        self.password.field.entered.connect(self.submitted)

    @property
    def is_ready(self) -> bool:
        return bool(self.password.field.text())

    def answer(self) -> tuple[prompts.KeyOpened, bytearray]:
        file = self.card.file
        return prompts.KeyOpened(file.path, file.storage), self.password.field.take()

    def first_focus(self) -> QWidget:
        return self.password.field

    def forget(self) -> None:
        self.password.field.forget()

    def offer(self, dropped: Dropped) -> Offer:
        return dropped_keys.one_key(self._texts, dropped)

    def take(self, dropped: Dropped) -> None:
        self.card.take(dropped)
        self.password.field.setFocus()


class KeyFileCard(QWidget):
    """The key file that is meant: the one of the question, or another that the person dropped on the window."""

    def __init__(self, texts: Texts, file: prompts.KeyFile) -> None:
        super().__init__()
        self._texts = texts
        self.file = file
        self.is_another = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._card = card_of(texts, file)
        self._column.addWidget(self._card)

    def take(self, found: Dropped) -> None:
        """Shows the one key file in it in place of the one that was there; whose it is nobody knows yet."""
        (path,) = dropped_keys.keys_of(found, dropped.KEY_ENDINGS).paths
        if path == self.file.path:
            return
        self.file = prompts.KeyFile(path, self.file.storage, "")
        self.is_another = True
        self._card.hide()
        self._card.deleteLater()
        self._card = card_of(self._texts, self.file)
        self._column.addWidget(self._card)


def card_of(texts: Texts, file: prompts.KeyFile) -> QFrame:
    """Whose the file is, if that is known, and where it lies."""
    path = Path(file.path)
    whole = words.path(QDir.toNativeSeparators(file.path))
    frame, inner = widgets.card()
    row = QHBoxLayout()
    row.setSpacing(2 * theme.UNIT)
    picture = QLabel()
    picture.setPixmap(glyphs.pixmap("key", theme.current().quiet, 28))
    row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
    lines = QVBoxLayout()
    lines.setSpacing(4)
    row.addLayout(lines, 1)
    if file.owner:
        owner = widgets.label(words.clean(file.owner), pixels=theme.MEDIUM, bold=True)
        owner.setAccessibleName(f"{texts('fact.owner')}: {words.clean(file.owner)}")
        lines.addWidget(owner)
    name = widgets.ElidedLabel(words.path(path.name))
    if not file.owner:
        name.setFont(theme.font(theme.MEDIUM, bold=True))
    folder = widgets.ElidedLabel(words.path(QDir.toNativeSeparators(str(path.parent))))
    folder.setObjectName("quiet")
    for label in (name, folder):
        label.setToolTip(whole)
        label.setAccessibleName(f"{texts('fact.path')}: {whole}")
        lines.addWidget(label)
    inner.addLayout(row)
    return frame
