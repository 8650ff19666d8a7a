"""Whether a caller may have a file signed that it named by itself."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from protocol import prompts
from tray import glyphs, theme, widgets, words
from tray.panel import Panel
from tray.texts import Texts


class AllowFilePanel(Panel):
    """The file, that the person did not choose it, and what comes of a yes."""

    def __init__(self, texts: Texts, prompt: prompts.AllowFile) -> None:
        super().__init__()
        self.agreement = texts("button.allow")
        self.busy = texts("key.reading")
        whole = words.path(prompt.path)
        self.column.addWidget(widgets.heading(texts("allow.heading")))
        self.column.addWidget(self._card(texts, whole))
        self.column.addWidget(widgets.Notice("warning", texts("allow.not_chosen")))
        self.column.addWidget(widgets.Notice("info", texts("allow.sign")))
        if prompt.hours:
            self.column.addWidget(widgets.Notice("info", texts("allow.lasts", count=prompt.hours)))
        self.column.addStretch()

    def _card(self, texts: Texts, whole: str) -> QFrame:
        name, folder = words.split_path(whole)
        frame, inner = widgets.card()
        row = QHBoxLayout()
        row.setSpacing(2 * theme.UNIT)
        picture = QLabel()
        picture.setPixmap(glyphs.pixmap("document", theme.current().quiet, 28))
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        lines = QVBoxLayout()
        lines.setSpacing(4)
        row.addLayout(lines, 1)
        self.name = widgets.ElidedLabel(name)
        self.name.setFont(theme.font(theme.MEDIUM, bold=True))
        self.folder = widgets.ElidedLabel(folder)
        self.folder.setObjectName("quiet")
        self.whole = widgets.value(whole)
        self.whole.hide()
        for label in (self.name, self.folder):
            label.setToolTip(whole)
            label.setAccessibleName(f"{texts('fact.path')}: {whole}")
            lines.addWidget(label)
        lines.addWidget(self.whole)
        inner.addLayout(row)
        self.show_whole = widgets.link(texts("allow.show_whole"))
        self.show_whole.setCheckable(True)
        self.show_whole.toggled.connect(self.whole.setVisible)
        self.show_whole.toggled.connect(self.folder.setHidden)
        links = QHBoxLayout()
        links.setContentsMargins(28 + 2 * theme.UNIT, 0, 0, 0)
        links.addWidget(self.show_whole)
        links.addStretch()
        inner.addLayout(links)
        return frame

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        super().resizeEvent(event)
        is_cut = self.name.is_cut or self.folder.is_cut
        self.show_whole.setVisible(is_cut or self.show_whole.isChecked())

    @property
    def is_ready(self) -> bool:
        return True

    def answer(self) -> tuple[prompts.Allowed, None]:
        return prompts.Allowed(), None
