"""The password of one key file that the person wants to look into: nothing is signed."""

from pathlib import Path

from PySide6.QtCore import QDir, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from protocol import prompts
from tray import files, glyphs, theme, widgets, words
from tray.panel import Panel
from tray.password import PasswordBox
from tray.texts import Texts


class ReadKeyPanel(Panel):
    """The file, and its password."""

    def __init__(self, texts: Texts, prompt: prompts.ReadKey) -> None:
        super().__init__()
        self.agreement = texts("button.open")
        self.busy = texts("key.opening")
        self._file = prompt.file
        self.column.addWidget(widgets.heading(texts("key.heading")))
        self.column.addWidget(card_of(texts, prompt.file))
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
        return prompts.KeyOpened(self._file.path, self._file.storage), self.password.field.take()

    def first_focus(self) -> QWidget:
        return self.password.field

    def forget(self) -> None:
        self.password.field.forget()


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
