"""What to do with the files on the list: the wish, how a signature is to be made, and where the result goes."""

from collections.abc import Sequence
from typing import get_args

from PySide6.QtCore import QDir, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from protocol.desk import files as page
from protocol.desk.frame import Wish
from tray import theme, widgets, words
from tray.chooser import Chooser
from tray.flow import Flow
from tray.texts import Texts

WISHES: tuple[Wish, ...] = tuple(wish for wish in get_args(Wish) if wish)
_SIGNING: tuple[Wish, ...] = ("sign", "cosign")
_MAKING: tuple[Wish, ...] = ("sign", "cosign", "timestamp", "card")
_DETACHABLE = ("cms", "jws")
_TIMESTAMPED = ("cms", "pdf", "asic")
_USUAL: tuple[Wish, ...] = ("verify", "sign")
_FIELD_HEIGHT = 36


class WorkPanel(QFrame):
    """`changed` when the person wants something else."""

    changed = Signal()

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self.setObjectName("card")
        self._texts = texts
        self._files: tuple[page.File, ...] = ()
        self._folder = ""
        self._is_shown_first = True
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * theme.UNIT, 12, 2 * theme.UNIT, 12)
        column.setSpacing(theme.UNIT)
        column.addLayout(self._build_wishes())
        self.about = widgets.label("", quiet=True)
        column.addWidget(self.about)
        column.addWidget(self._build_options())
        column.addWidget(self._build_place())

    def _build_wishes(self) -> Flow:
        row = Flow()
        self.group = QButtonGroup(self)
        self.wishes: dict[Wish, QPushButton] = {}
        colours = theme.current()
        for wish in WISHES:
            button = QPushButton(self._texts(f"files.wish.{wish}"))
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setStyleSheet(
                f"QPushButton {{ padding: 0 10px; }} QPushButton:focus {{ padding: 0 9px; }}"
                f"QPushButton:checked {{ background: {colours.selection}; border: 2px solid {colours.accent}; padding: 0 9px; "
                f"min-height: 32px; font-weight: 600; }}"
                f"QPushButton:checked:disabled {{ border-color: {colours.line}; color: {colours.disabled}; }}"
            )
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self.group.addButton(button)
            self.wishes[wish] = button
            row.addWidget(button)
        self.group.buttonClicked.connect(lambda _: self._refresh())
        return row

    def _build_options(self) -> QWidget:
        texts = self._texts
        self.options = QWidget()
        self.options.setObjectName("plain")
        grid = QGridLayout(self.options)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * theme.UNIT)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self.format = QComboBox()
        widgets.name_box(self.format, texts("files.format.title"))
        self.format.setMinimumHeight(_FIELD_HEIGHT)
        self.format.setMinimumContentsLength(20)
        self.format.currentIndexChanged.connect(lambda _: self._refresh_options())
        self.format_note = widgets.label("", quiet=True)
        self.format_note.setAccessibleName(texts("files.format.title"))
        grid.addWidget(self.format, 0, 0)
        grid.addWidget(self.format_note, 0, 1)
        self.timestamp = widgets.CheckBox(texts("files.option.timestamp"))
        self.timestamp.setChecked(True)
        self.timestamp.setToolTip(texts("files.option.timestamp_note"))
        self.detached = widgets.CheckBox(texts("files.option.detached"))
        self.detached.setToolTip(texts("files.option.detached_note"))
        self.stamp = widgets.CheckBox(texts("files.option.stamp"))
        self.stamp.setToolTip(texts("files.option.stamp_note"))
        for row, box in enumerate((self.timestamp, self.detached, self.stamp), 1):
            grid.addWidget(box, row, 0, 1, 2)
        return self.options

    def _build_place(self) -> QWidget:
        self.place_row = QWidget()
        self.place_row.setObjectName("plain")
        row = QHBoxLayout(self.place_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.UNIT)
        self.place = widgets.ElidedLabel("")
        self.place.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.choose_place = widgets.link(self._texts("files.place.choose"))
        self.choose_place.clicked.connect(self._choose_place)
        self.usual_place = widgets.link(self._texts("files.place.usual"))
        self.usual_place.clicked.connect(lambda: self.set_folder(""))
        row.addWidget(self.place, 1)
        row.addWidget(self.choose_place)
        row.addWidget(self.usual_place)
        row.addStretch()
        return self.place_row

    # --- what is wanted -------------------------------------------------------------------------------------------

    @property
    def wish(self) -> Wish:
        """What is to be done; empty where nothing can be."""
        return next((wish for wish, button in self.wishes.items() if button.isChecked()), "")

    @property
    def chosen(self) -> tuple[page.File, ...]:
        """The files that allow it."""
        return tuple(file for file in self._files if self.wish in file.wishes)

    def start(self) -> page.Start:
        """What the desk is told to do."""
        signature_format = self._format
        return page.Start(
            self.wish,
            format=signature_format,
            is_detached=self.wish == "sign" and self.detached.isChecked() and signature_format in _DETACHABLE,
            with_timestamp=self.timestamp.isChecked()
            and self.wish in _SIGNING
            and self._allows(_TIMESTAMPED),
            with_stamp=self.stamp.isChecked() and self.wish in _SIGNING and self._allows(("pdf",)),
            folder=self._folder,
        )

    def show_files(self, files: Sequence[page.File], wish: Wish = "") -> None:
        """Other files. `wish` is what the person wants with them; without one, what they had chosen stays, or what is usual."""
        is_new = not self._files
        self._files = tuple(files)
        possible = {one for file in files for one in file.wishes}
        for one, button in self.wishes.items():
            button.setEnabled(one in possible)
            button.setToolTip("" if one in possible else self._texts(f"files.impossible.{one}"))
        wanted = wish or (usual(files) if is_new else self.wish)
        if wanted not in possible:
            wanted = usual(files)
        if wanted and files:
            self.wishes[wanted].setChecked(True)
        self._refresh()

    def set_folder(self, folder: str) -> None:
        """Where results go; empty: each beside its file."""
        self._folder = folder
        self._refresh()

    # --- showing --------------------------------------------------------------------------------------------------

    @property
    def _format(self) -> page.Format:
        found: page.Format = self.format.currentData() or "cms"
        return found if self.wish == "sign" else "cms"

    def _allows(self, names: Sequence[str]) -> bool:
        """Whether a signature that will be made is of one of these formats."""
        if self.wish == "cosign":
            made = {"pdf" if file.kind == "signed-pdf" else "cms" for file in self.chosen}
            return bool(made & set(names))
        return self._format in names

    def _refresh(self) -> None:
        wish, texts = self.wish, self._texts
        self.about.setText(texts(f"files.about.{wish}") if wish else "")
        self.options.setVisible(wish in _SIGNING)
        self.place_row.setVisible(wish in _MAKING)
        self._offer_formats()
        self._refresh_options()
        where = words.path(self._folder) if self._folder else ""
        beside = "files.place.inside" if wish == "timestamp" else "files.place.beside"
        self.place.show_text(texts("files.place.folder", path=where) if where else texts(beside))
        self.usual_place.setVisible(bool(where))
        self.changed.emit()

    def _offer_formats(self) -> None:
        """Those that fit every file; the best one of the first file is chosen where nothing was."""
        chosen = self.chosen
        before = self.format.currentData()
        offered = [
            one for one in (chosen[0].formats if chosen else ()) if all(one in f.formats for f in chosen)
        ]
        if offered == [self.format.itemData(number) for number in range(self.format.count())]:
            return
        self.format.blockSignals(True)  # Qt's way
        self.format.clear()
        for one in offered:
            self.format.addItem(self._texts(f"files.format.{one}"), one)
        best = _best(chosen, offered)
        kept = self.format.findData(before) if before in offered and not self._is_shown_first else -1
        self.format.setCurrentIndex(kept if kept >= 0 else max(0, self.format.findData(best)))
        self._is_shown_first = False
        self.format.blockSignals(False)  # likewise

    def _refresh_options(self) -> None:
        wish = self.wish
        self.format.setVisible(wish == "sign")
        self.format_note.setVisible(wish == "sign")
        self.format_note.setText(self._texts(f"files.format_note.{self._format}"))
        self.timestamp.setVisible(self._allows(_TIMESTAMPED))
        self.detached.setVisible(wish == "sign" and self._format in _DETACHABLE)
        self.stamp.setVisible(self._allows(("pdf",)))

    def _choose_place(self) -> None:
        start = self._folder or (words.split_path(self._files[0].path)[1] if self._files else "")
        chooser = Chooser(self, self._texts, "folder", folder=start, filters=[])
        chooser.fileSelected.connect(lambda path: self.set_folder(QDir.toNativeSeparators(path)))
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.open()


def usual(files: Sequence[page.File]) -> Wish:
    """What people do with such files: what is signed already is looked at, the rest is signed."""
    if not files:
        return ""
    for wish in _USUAL:
        if all(wish in file.wishes for file in files):
            return wish
    return "sign"


def _best(files: Sequence[page.File], offered: Sequence[page.Format]) -> str:
    """The best format of all files where it is the same one; else the one that fits everything."""
    wanted = {file.formats[0] for file in files if file.formats}
    if len(wanted) == 1 and (only := next(iter(wanted))) in offered:
        return only
    return "cms"
