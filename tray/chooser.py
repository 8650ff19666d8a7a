"""The file chooser in the person's language and in the window's dress: a dialog of its own, or a part of the window."""

import contextlib
import getpass
from pathlib import Path, PureWindowsPath
from typing import Literal, TypeAlias

from PySide6.QtCore import QDir, QSize, QStandardPaths, Qt, QUrl, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListView,
    QSplitter,
    QToolButton,
    QTreeView,
    QWidget,
)

from protocol import prompts
from tray import glyphs, theme
from tray.texts import Texts

Purpose: TypeAlias = Literal["file", "folder", "save"]

_BUTTONS = {
    "backButton": "back",
    "forwardButton": "forward",
    "toParentButton": "up",
    "newFolderButton": "new-folder",
    "listModeButton": "names",
    "detailModeButton": "details",
}
_MODES = {
    "file": QFileDialog.FileMode.ExistingFile,
    "folder": QFileDialog.FileMode.Directory,
    "save": QFileDialog.FileMode.AnyFile,
}
# Text key and endings of what a page may ask for; the other kinds have no filter.
_FILTERS: dict[prompts.FileKind, tuple[str, str]] = {
    "key": ("dialog.keys", "*.p12 *.pfx *.jks *.bin"),
    "pkcs12": ("dialog.keys", "*.p12"),
    "jks": ("dialog.keys", "*.jks"),
    "certificate": ("dialog.certificates", "*.cer *.der"),
    "crl": ("dialog.lists", "*.crl"),
}
_STICKS = ("/media", "/run/media")  # where Linux shows what was plugged in, a folder for each person
_MOST_STICKS = 4
_TYPE_COLUMN = 2  # says what the name's ending says, and for folders it says it in English
_PLACES_WIDTH = 20 * theme.UNIT


class Chooser(QFileDialog):
    """Chooses one file or folder. It changes nothing on the disk, save for a new folder where a file is to be saved."""

    is_own = False  # Qt's own even where the system has one

    def __init__(
        self, parent: QWidget, texts: Texts, purpose: Purpose, *, folder: str, filters: list[str]
    ) -> None:
        super().__init__(parent, "", start_folder(folder))
        is_saving = purpose == "save"
        self.setOption(QFileDialog.Option.DontUseNativeDialog, self.is_own)
        self.setOption(QFileDialog.Option.DontConfirmOverwrite)  # who asked for the name looks at it anyway
        self.setOption(QFileDialog.Option.ReadOnly, not is_saving)
        self.setOption(QFileDialog.Option.ShowDirsOnly, purpose == "folder")
        self.setFileMode(_MODES[purpose])
        if is_saving:
            self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        if filters:
            self.setNameFilters(filters)
        # Qt's own chooser, shown where the system has none, leaves some of its words in English.
        for part, key in (
            (QFileDialog.DialogLabel.LookIn, "dialog.look_in"),
            (
                QFileDialog.DialogLabel.FileName,
                "dialog.folder" if purpose == "folder" else "dialog.file_name",
            ),
            (QFileDialog.DialogLabel.FileType, "dialog.file_type"),
            (QFileDialog.DialogLabel.Accept, "dialog.save" if is_saving else "dialog.accept"),
            (QFileDialog.DialogLabel.Reject, "button.cancel"),
        ):
            self.setLabelText(part, texts(key))
        self._dress(texts, can_make_folders=is_saving)

    def _dress(self, texts: Texts, *, can_make_folders: bool) -> None:
        """Qt's own chooser draws its buttons dark whatever the theme; the system's has none of these."""
        for button, drawing in _BUTTONS.items():
            if (found := self.findChild(QToolButton, button)) is not None:
                found.setIcon(glyphs.icon(drawing, theme.current().text, 18))
                found.setVisible(can_make_folders or button != "newFolderButton")
        if (names := self.findChild(QListView, "listView")) is not None:
            names.setAccessibleName(texts("dialog.files"))
        if (details := self.findChild(QTreeView, "treeView")) is not None:
            details.setAccessibleName(texts("dialog.files"))
            details.setColumnHidden(_TYPE_COLUMN, True)
            details.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            details.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        if (places := self.findChild(QSplitter, "splitter")) is not None:
            places.setSizes([_PLACES_WIDTH, 4 * _PLACES_WIDTH])
            self.setSidebarUrls(_places())


class EmbeddedChooser(Chooser):
    """The chooser as a part of the window, whose buttons take the place of its own: who asks stays in view.

    `changed` tells that `chosen` may have changed, `submitted` that the person took it by a double click or Return, `refused`
    that they pressed Esc.
    """

    changed = Signal()
    submitted = Signal()
    refused = Signal()
    is_own = True

    def __init__(
        self, parent: QWidget, texts: Texts, purpose: Purpose, *, folder: str, filters: list[str]
    ) -> None:
        super().__init__(parent, texts, purpose, folder=folder, filters=filters)
        self._is_for_folders = purpose == "folder"
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setSizeGripEnabled(False)
        if (grid := self.layout()) is not None:
            grid.setContentsMargins(0, 0, 0, 0)
        if self._is_for_folders:
            for part in (self.findChild(QLabel, "fileTypeLabel"), self.findChild(QComboBox, "fileTypeCombo")):
                if part is not None:
                    part.hide()
        if (buttons := self.findChild(QDialogButtonBox)) is not None:
            buttons.hide()
        self.name = self.findChild(QLineEdit, "fileNameEdit")
        if self.name is not None:
            self.name.textChanged.connect(self.changed)
        self.currentChanged.connect(self.changed)
        self.directoryEntered.connect(self.changed)
        for child in self.findChildren(QWidget):
            child.setAcceptDrops(False)  # the window takes what is dropped; Qt's places would note folders

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """Little: it takes the room that there is, and on a small screen the name stays in view."""
        return self.minimumSizeHint()

    def choose(self, path: str) -> None:
        """Goes to where it lies, and chooses it, whatever filter is set."""
        whole = Path(path)
        if not self._is_for_folders and (filters := self.nameFilters()):
            self.selectNameFilter(filters[-1])  # the way out of the narrow ones
        self.setDirectory(str(whole.parent))
        self.selectFile(str(whole))
        if self.name is not None:
            self.name.setText(whole.name)
            self.name.setFocus()
        self.changed.emit()

    @property
    def chosen(self) -> str:
        """The absolute path of what is chosen, empty while nothing that fits is."""
        selected = self.selectedFiles()
        if not selected:
            return ""
        path = Path(selected[0])
        with contextlib.suppress(OSError, ValueError):
            if path.is_absolute() and (path.is_dir() if self._is_for_folders else path.is_file()):
                return QDir.toNativeSeparators(str(path))
        return ""

    def accept(self) -> None:
        """What Qt calls on a double click and on Return: takes a file, or goes into the folder that was typed."""
        if self.chosen:
            self.submitted.emit()
        elif (selected := self.selectedFiles()) and QDir(selected[0]).exists():
            self.setDirectory(selected[0])
            self.selectFile("")

    def reject(self) -> None:
        self.refused.emit()


def filters_of(texts: Texts, kind: prompts.FileKind) -> list[str]:
    """The file filters for what a page asks for: the narrow one first, then the way out of it."""
    if kind not in _FILTERS:
        return [] if kind == "folder" else [texts("dialog.all")]
    key, patterns = _FILTERS[kind]
    return [texts(key, patterns=patterns), texts("dialog.all")]


def start_folder(folder: str) -> str:
    """`folder` if it is one, else the nearest folder above it that is there, but never the root: then the person's own folder.

    A page may have named it, so no other computer is asked: Windows would send the person's name and a proof of their password there.
    """
    home = QDir.homePath()
    path = Path(folder)
    if not path.is_absolute() or PureWindowsPath(folder).drive.startswith("\\\\"):
        return home
    if str(path) == path.anchor:
        return str(path)
    for place in (path, *path.parents):
        if str(place) == place.anchor:
            break
        with contextlib.suppress(OSError, ValueError):
            if place.is_dir():
                return str(place)
    return home


def _places() -> list[QUrl]:
    """Where people keep files: the whole computer, their own folders, what is plugged in."""
    location = QStandardPaths.StandardLocation
    wanted = (
        location.HomeLocation,
        location.DownloadLocation,
        location.DocumentsLocation,
        location.DesktopLocation,
    )
    folders = [QStandardPaths.writableLocation(place) for place in wanted] + _sticks()
    return [QUrl("file:")] + [
        QUrl.fromLocalFile(folder) for folder in dict.fromkeys(folders) if Path(folder).is_dir()
    ]


def _sticks() -> list[str]:
    found: list[str] = []
    for place in _STICKS:
        with contextlib.suppress(OSError, KeyError):  # KeyError: nobody is logged in under this number
            found += sorted(str(stick) for stick in (Path(place) / getpass.getuser()).iterdir())
    return found[:_MOST_STICKS]
