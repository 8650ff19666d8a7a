"""Choosing a file or a folder for a caller, who gets its path."""

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from protocol import prompts
from tray import dropped_keys, widgets
from tray.chooser import EmbeddedChooser, filters_of
from tray.drop_area import Offer
from tray.dropped import Dropped
from tray.panel import Panel
from tray.question import Wish, wish_of
from tray.texts import Texts

_NOTES: dict[Wish, str] = {
    "choose_file": "choose.file_note",
    "choose_key": "choose.key_note",
    "choose_folder": "choose.folder_note",
}


class ChooseFilePanel(Panel):
    """What the caller will get, and the chooser right below it: a double click is all it takes."""

    def __init__(self, texts: Texts, prompt: prompts.ChooseFile) -> None:
        super().__init__()
        self._texts = texts
        self._is_for_folders = is_folder = prompt.kind == "folder"
        self.agreement = texts("button.choose_folder" if is_folder else "button.choose_file")
        self.busy = texts("key.sending")
        note = texts(_NOTES[wish_of(prompt)])
        self.column.addWidget(widgets.Notice("info", note))
        self.chooser = EmbeddedChooser(
            self,
            texts,
            "folder" if is_folder else "file",
            folder=prompt.folder,
            filters=filters_of(texts, prompt.kind),
        )
        self.chooser.changed.connect(self.changed)
        self.chooser.submitted.connect(self.submitted)
        self.chooser.refused.connect(lambda: self.window().close())
        self.column.addWidget(self.chooser, 1)
        if self.chooser.name is not None:
            self.chooser.name.setAccessibleDescription(note)
            QShortcut(QKeySequence.StandardKey.Open, self, self.chooser.name.setFocus)

    @property
    def is_ready(self) -> bool:
        return bool(self.chooser.chosen)

    def answer(self) -> tuple[prompts.FileChosen, None]:
        return prompts.FileChosen(self.chooser.chosen), None

    def first_focus(self) -> QWidget | None:
        return self.chooser.name

    def offer(self, dropped: Dropped) -> Offer:
        wanted = dropped.folders if self._is_for_folders else dropped.files
        if len(dropped.paths) == len(wanted) == 1:
            key = "drop.this_folder" if self._is_for_folders else "drop.this_file"
            return Offer(self._texts(key), self._texts("drop.this_advice", button=self.agreement))
        if dropped.paths:
            return dropped_keys.refusal(self._texts, "one_folder" if self._is_for_folders else "one_file")
        return dropped_keys.refusal(self._texts, "elsewhere" if dropped.elsewhere else "missing")

    def take(self, dropped: Dropped) -> None:
        """Chosen in the chooser, and no more: the caller learns of it when the person agrees."""
        self.chooser.choose(dropped.paths[0])
