"""A new key: what the request for its certificate will say, where the key is kept, and the password that it will have."""

import itertools
from pathlib import Path

from PySide6.QtCore import QDir, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from protocol import prompts
from tray import dropped_keys, files, glyphs, strength, theme, widgets, words
from tray.chooser import Chooser
from tray.drop_area import Offer
from tray.dropped import Dropped
from tray.panel import Panel
from tray.password import PasswordBox
from tray.texts import Texts

_ENDING = ".p12"
_PREFIXES = {"SERIALNUMBER": "IIN", "OU": "BIN"}
_MOST_NUMBERS = 1000  # of files whose name is taken, before the person has to find one
_MOST_FACTS = 40 * theme.UNIT


class RequestPanel(QWidget):
    """What the request for a certificate will say of the person."""

    def __init__(self, texts: Texts, prompt: prompts.NewKey) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        title = texts("new_key.request")
        column.addWidget(widgets.heading(title))
        frame, inner = widgets.card()
        self.table = widgets.FactsTable(title, _MOST_FACTS)
        self.table.show_rows(facts_of(texts, prompt))
        inner.addWidget(self.table)
        column.addWidget(frame)
        column.addWidget(widgets.Notice("info", texts("new_key.request_note")))
        column.addWidget(widgets.Notice("info", texts("new_key.stays")))
        column.addWidget(widgets.Notice("warning", texts("new_key.remember"), is_framed=False))
        column.addStretch(1)


class NewKeyPanel(Panel):
    """The file, which is never one that is there already, and the password, twice."""

    def __init__(self, texts: Texts, prompt: prompts.NewKey) -> None:
        super().__init__()
        self._texts = texts
        self._dialog: Chooser | None = None
        self.agreement = texts("button.create_key")
        self.busy = texts("key.creating")
        self._path = unused(Path(prompt.folder) / prompt.name)
        if prompt.problem is not None:
            self.column.addWidget(files.problem_notice(texts, prompt.problem))
        self._add_place()
        self.password = PasswordBox(texts, "new_key.password", "")
        self.again = PasswordBox(texts, "new_key.again", "", without_eye=True)
        self.password.shown.connect(self.again.show_password)
        self.column.addSpacing(4)
        self.column.addWidget(self.password)
        self.column.addWidget(self.again)
        self.rules = {name: Rule(texts, f"new_key.rule.{name}") for name in ("length", "variety", "again")}
        rules = QVBoxLayout()
        rules.setSpacing(4)
        for rule in self.rules.values():
            rules.addWidget(rule)
        self.column.addLayout(rules)
        self.column.addStretch()
        for box, follow in ((self.password, self.again.field.setFocus), (self.again, self.submitted.emit)):
            box.field.textChanged.connect(self._when_typed)
            box.field.entered.connect(follow)
        self._show_place()
        self._when_typed()

    def _add_place(self) -> None:
        texts = self._texts
        frame, inner = widgets.card()
        inner.setSpacing(4)
        self.name = widgets.ElidedLabel("")
        self.name.setFont(theme.font(theme.SMALL, bold=True))
        self.folder = widgets.ElidedLabel("")
        self.folder.setObjectName("quiet")
        inner.addWidget(self.name)
        inner.addWidget(self.folder)
        self.other = QPushButton(texts("button.other_place"))
        self.other.clicked.connect(self.browse)
        QShortcut(QKeySequence.StandardKey.Open, self, self.browse)
        others = QHBoxLayout()
        others.addWidget(self.other)
        others.addStretch()
        self.taken = widgets.Notice("danger", texts("new_key.taken"))
        self.column.addWidget(widgets.heading(texts("new_key.place")))
        self.column.addWidget(frame)
        self.column.addWidget(self.taken)
        self.column.addLayout(others)

    @property
    def is_ready(self) -> bool:
        return all(rule.is_kept for rule in self.rules.values()) and self.taken.isHidden()

    def answer(self) -> tuple[prompts.KeyNamed, bytearray]:
        for box in (self.password, self.again):
            box.field.textChanged.disconnect(
                self._when_typed
            )  # what was kept stays ticked while the key is made
        secret = self.password.field.take()
        self.again.field.forget()
        return prompts.KeyNamed(str(self._path)), secret

    def first_focus(self) -> QWidget:
        return self.password.field

    def forget(self) -> None:
        self.password.field.forget()
        self.again.field.forget()

    def offer(self, dropped: Dropped) -> Offer:
        """A folder can be dropped, and the key goes there; nothing that is there already is touched."""
        texts = self._texts
        if len(dropped.folders) == 1 and not dropped.files:
            return Offer(texts("drop.new_key"), texts("drop.new_key_advice"))
        problem = "wants_folder" if dropped.paths else "elsewhere" if dropped.elsewhere else "missing"
        return dropped_keys.refusal(texts, problem)

    def take(self, dropped: Dropped) -> None:
        (folder,) = dropped.folders
        self.choose(str(Path(folder) / self._path.name))

    def browse(self) -> None:
        """Opens the chooser for another place. It does not block."""
        texts = self._texts
        filters = [texts("dialog.keys", patterns=f"*{_ENDING}")]
        dialog = Chooser(self, texts, "save", folder=str(self._path.parent), filters=filters)
        dialog.setWindowTitle(texts("dialog.save_title"))
        dialog.setDefaultSuffix(_ENDING.removeprefix("."))
        dialog.selectFile(self._path.name)
        dialog.fileSelected.connect(self.choose)
        self._dialog = dialog
        dialog.open()

    def choose(self, path: str) -> None:
        """Takes another place for the file, under a name by which key files are known."""
        chosen = Path(path)
        is_known = chosen.suffix.lower() == _ENDING
        self._path = chosen if is_known else chosen.with_name(f"{chosen.name}{_ENDING}")
        self._show_place()
        self.password.field.setFocus()

    def _show_place(self) -> None:
        whole = words.path(QDir.toNativeSeparators(str(self._path)))
        self.name.show_text(words.path(self._path.name))
        self.folder.show_text(words.path(QDir.toNativeSeparators(str(self._path.parent))))
        for label in (self.name, self.folder):
            label.setToolTip(whole)
            label.setAccessibleName(f"{self._texts('fact.path')}: {whole}")
        self.taken.setVisible(is_there(self._path))
        self.changed.emit()

    def _when_typed(self) -> None:
        password, again = self.password.field.text(), self.again.field.text()
        self.rules["length"].show_state(is_kept=strength.is_long(password))
        self.rules["variety"].show_state(is_kept=strength.is_varied(password))
        self.rules["again"].show_state(
            is_kept=bool(password) and password == again, is_broken=not password.startswith(again)
        )
        self.changed.emit()


class Rule(QWidget):
    """One condition on the password: not yet kept, kept, or broken."""

    def __init__(self, texts: Texts, key: str) -> None:
        super().__init__()
        self._texts = texts
        self._sentence = texts(key, count=strength.MIN_LENGTH)
        self.is_kept = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.UNIT)
        self._picture = QLabel()
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        self._label = widgets.label(self._sentence, quiet=True)
        row.addWidget(self._label, 1)
        self.show_state(is_kept=False)

    def show_state(self, *, is_kept: bool, is_broken: bool = False) -> None:
        self.is_kept = is_kept
        colours = theme.current()
        if is_kept:
            drawing, colour = "good", colours.good
        elif is_broken:
            drawing, colour = "danger", colours.danger
        else:
            drawing, colour = "pending", colours.quiet
        self._picture.setPixmap(glyphs.pixmap(drawing, colour, 16))
        state = self._texts("new_key.kept" if is_kept else "new_key.not_kept")
        self._label.setAccessibleName(f"{self._sentence}: {state}")


def facts_of(texts: Texts, prompt: prompts.NewKey) -> list[tuple[str, str, widgets.Style]]:
    """The rows of the request: names in the person's language, and values."""
    rows: list[tuple[str, str, widgets.Style]] = [
        (texts.chosen("subject", fact.label, name=words.clean(fact.label)), _value(fact), "text")
        for fact in prompt.subject
    ]
    return [*rows, (texts("fact.algorithm"), words.clean(prompt.algorithm), "text")]


def _value(fact: prompts.Fact) -> str:
    """A number without the prefix that says in the request which one it is: its name says so already."""
    return words.clean(fact.value).removeprefix(_PREFIXES.get(fact.label, ""))


def is_there(path: Path) -> bool:
    """Whether a file, or anything else, has this name; where that can't be seen, writing will tell."""
    try:
        return path.exists() or path.is_symlink()
    except (OSError, ValueError):
        return False


def unused(path: Path) -> Path:
    """`path`, or the same with the first number behind its name that no file has."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, _MOST_NUMBERS))
    return next((place for place in itertools.chain([path], numbered) if not is_there(place)), path)
