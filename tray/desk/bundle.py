"""The bundle for support, on the desk's page of checks: all that would be in it can be read before it is saved."""

from collections.abc import Callable

from PySide6.QtCore import QDir, QStandardPaths, Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
)

from protocol import letters
from protocol.desk import doctor as page
from tray import theme, widgets, words
from tray.chooser import Chooser
from tray.texts import Texts

_TEXT_HEIGHT = 280


class BundlePanel(QFrame):
    """Shows what `Gathered` holds. `gather` is called with whether names of sites shall be in it, `save` with where to write it,
    `close_` when the person does not want it."""

    def __init__(
        self,
        texts: Texts,
        gather: Callable[[bool], None],
        save: Callable[[str], None],
        close_: Callable[[], None],
    ) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAccessibleName(texts("doctor.support.bundle"))
        self._texts = texts
        self._save_to = save
        self._shown: page.Gathered | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * theme.UNIT, 12, 2 * theme.UNIT, 12)
        column.setSpacing(theme.UNIT)
        column.addWidget(widgets.heading(texts("doctor.support.bundle")))
        column.addWidget(widgets.label(texts("doctor.support.bundle_note"), quiet=True))
        self.parts = QComboBox()
        widgets.name_box(self.parts, texts("doctor.support.inside"))
        self.parts.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.parts.setMinimumContentsLength(20)
        self.parts.currentIndexChanged.connect(self._turn_to)
        column.addWidget(self.parts)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setMinimumHeight(_TEXT_HEIGHT)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        column.addWidget(self.text)
        column.addWidget(widgets.label(texts("doctor.support.left_out"), bold=True))
        self.left_out = widgets.label("", quiet=True)
        column.addWidget(self.left_out)
        self.keep_sites = widgets.CheckBox(texts("doctor.support.keep_sites"))
        self.keep_sites.toggled.connect(gather)
        column.addWidget(self.keep_sites)
        buttons = QHBoxLayout()
        buttons.setSpacing(12)
        self.cancel = QPushButton(texts("button.cancel"))
        self.cancel.clicked.connect(close_)
        self.save = QPushButton(texts("doctor.support.save"))
        self.save.setObjectName("accent")
        self.save.clicked.connect(self._choose_place)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.save)
        column.addLayout(buttons)

    def show_bundle(self, gathered: page.Gathered) -> None:
        """The same part stays in sight when it is gathered anew."""
        number = max(0, self.parts.currentIndex())
        self._shown = gathered
        self.parts.blockSignals(True)
        self.parts.clear()
        self.parts.addItems([f"{part.file}: {words.clean(part.title)}" for part in gathered.parts])
        self.parts.setCurrentIndex(min(number, len(gathered.parts) - 1))
        self.parts.blockSignals(False)
        self._turn_to(self.parts.currentIndex())
        self.left_out.setText("\n".join(f"• {words.clean(line)}" for line in gathered.left_out))
        self.enable(is_on=True)

    def enable(self, *, is_on: bool) -> None:
        """Not while something is gathered or written."""
        for widget in (self.parts, self.keep_sites, self.save):
            widget.setEnabled(is_on)

    def _turn_to(self, number: int) -> None:
        if self._shown is None or not 0 <= number < len(self._shown.parts):
            return
        part = self._shown.parts[number]
        self.text.setPlainText("\n".join(map(letters.visible, part.text.split("\n"))))
        self.text.setAccessibleName(f"{part.file}: {words.clean(part.title)}")

    def _choose_place(self) -> None:
        if self._shown is None:
            return
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        chooser = Chooser(self, self._texts, "save", folder=folder, filters=["ZIP (*.zip)"])
        chooser.setDefaultSuffix("zip")
        chooser.selectFile(self._shown.file_name)
        chooser.fileSelected.connect(lambda path: self._save_to(QDir.toNativeSeparators(path)))
        chooser.open()
