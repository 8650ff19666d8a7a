"""Which key: the files that were found, the way to any other, and the password."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from protocol import prompts
from tray import dropped_keys, theme, widgets, words
from tray.chooser import Chooser
from tray.drop_area import Offer
from tray.dropped import Dropped
from tray.dropped_keys import Keys
from tray.panel import Panel
from tray.password import PasswordBox
from tray.rows import Row, RowList, RowModel
from tray.texts import Texts

_MOST_ROWS = 4
_UNSUITABLE = "key-unsuitable"
_OF_LITTLE_USE = frozenset({"superseded", "expired", "revoked"})
# Storage names and the endings of their files; the first that fits names the storage of a file that the person picked.
_JAVA = ("JKS",)
_ENDINGS = {"PKCS12": (".p12", ".pfx"), "JKS": (".jks",)}


class FilesPanel(Panel):
    """One of the files, and its password."""

    def __init__(self, texts: Texts, prompt: prompts.OpenKey) -> None:
        super().__init__()
        self._texts = texts
        self._prompt = prompt
        self._storages = prompt.storages
        self._is_to_be_picked = False  # several were dropped
        self._folder = prompt.folder
        self._files = list(prompt.files)
        self._dialog: Chooser | None = None
        is_import = prompt.action == "import_certificate"  # nothing is left to agree to once the key is open
        keeps = (
            prompt.replaced is not None and prompt.problem is not None and prompt.problem.code == _UNSUITABLE
        )
        loses = prompt.replaced is not None and not keeps
        addition = "button.replace_certificate" if loses else "button.add_certificate"
        self.agreement = texts(addition if is_import else "button.open")
        self.busy = texts("key.adding" if is_import else "key.opening")
        column = self.column
        title = widgets.heading(texts("key.heading"))
        self.list = RowList(texts("key.files"), _MOST_ROWS)
        title.setBuddy(self.list)
        self.empty = widgets.Notice("info", texts("key.none_found"))
        self.other = QPushButton(texts("button.other_file"))
        self.other.clicked.connect(self.browse)
        QShortcut(QKeySequence.StandardKey.Open, self, self.browse)
        others = QHBoxLayout()
        others.addWidget(self.other)
        others.addStretch()
        self.problem = QVBoxLayout()
        self.password = PasswordBox(texts)
        for widget in (title, self.list, self.empty):
            column.addWidget(widget)
        column.addLayout(others)
        column.addSpacing(theme.UNIT)
        column.addLayout(self.problem)
        column.addWidget(self.password)
        column.addStretch()

        self._fill(prompt.chosen)
        if prompt.problem is not None:
            is_other_key = is_import and prompt.problem.code == _UNSUITABLE
            addition = "what.addition_keeps" if keeps else "what.addition_other_key"
            advice = texts(addition) if is_other_key else ""
            self.problem.addWidget(problem_notice(texts, prompt.problem, advice))
        if prompt.replaced is not None:
            self.problem.addWidget(_present_notice(texts, prompt.replaced, loses=loses))
        self.password.field.textChanged.connect(self.changed)
        self.password.field.entered.connect(self.submitted)
        self.list.on_return = self.password.field.setFocus

    @property
    def chosen(self) -> prompts.KeyFile | None:
        """The file that would be opened."""
        number = self.list.selected_row()
        return None if number is None else self._files[number]

    @property
    def is_ready(self) -> bool:
        return self.chosen is not None and bool(self.password.field.text())

    def answer(self) -> tuple[prompts.KeyOpened, bytearray]:
        file = self.chosen
        assert file is not None
        return prompts.KeyOpened(file.path, file.storage), self.password.field.take()

    def first_focus(self) -> QWidget:
        if self._is_to_be_picked:
            return self.list
        return self.password.field if self._files else self.other

    def forget(self) -> None:
        self.password.field.forget()

    def choose(self, path: str) -> None:
        """Takes a file that is not in the list, or selects it there."""
        self._folder = str(Path(path).parent)
        self._fill(path)
        self.password.field.setFocus()
        self.changed.emit()

    def offer(self, dropped: Dropped) -> Offer:
        return offer_of(self._texts, self._prompt, keys_in(self._prompt, dropped))

    def take(self, dropped: Dropped) -> None:
        """As if chosen by «another file»; of several the person picks one in the list."""
        keys = keys_in(self._prompt, dropped)
        for path in reversed(keys.paths):
            self.choose(path)
        self._is_to_be_picked = len(keys.paths) > 1
        if self._is_to_be_picked:
            self.list.setFocus()
            self.tell(widgets.Notice("info", self._texts("drop.listed", count=len(keys.paths))))
        elif keys.has_more:
            self.tell(widgets.Notice("info", self._texts("drop.only_key")))

    def browse(self) -> None:
        """Opens the file chooser. It does not block: the end of the pipe must close the window at any moment."""
        texts = self._texts
        patterns = " ".join(f"*{ending}" for ending in _endings_of(self._storages)) or "*"
        filters = [texts("dialog.keys", patterns=patterns), texts("dialog.all")]
        if self._storages == _JAVA:
            filters.reverse()  # as in NCALayer: Java's key stores have any name
        self._dialog = Chooser(self, texts, "file", folder=self._folder, filters=filters)
        self._dialog.setWindowTitle(texts("dialog.title"))
        self._dialog.fileSelected.connect(self.choose)
        self._dialog.open()

    def _fill(self, chosen: str) -> None:
        paths = [file.path for file in self._files]
        if chosen and chosen not in paths:
            self._files.insert(0, prompts.KeyFile(chosen, storage_of(chosen, self._storages), ""))
            paths.insert(0, chosen)
        files = self._files
        self.list.setVisible(bool(files))
        self.empty.setVisible(not files)
        self.list.show_rows(RowModel(len(files), lambda number: row_of(self._texts, files[number])))
        self.list.selectionModel().selectionChanged.connect(self.changed)
        if files:
            self.list.select(paths.index(chosen) if chosen else 0)


def keys_in(request: prompts.OpenKey, dropped: Dropped) -> Keys:
    """The key files among what was dropped, of the storages that the request allows."""
    return dropped_keys.keys_of(dropped, _endings_of(request.storages))


def offer_of(texts: Texts, request: prompts.OpenKey, keys: Keys) -> Offer:
    """What would come of dropping these keys where the request asks for one. Its documents were frozen before the person was asked, so
    none joins them."""
    if keys.problem == "certificate" and request.action != "import_certificate":
        return offer_of(texts, request, Keys((), "not_a_key"))
    if keys.problem == "not_a_key" and request.action == "sign":
        return dropped_keys.refusal(texts, "frozen")
    if keys.problem:
        return dropped_keys.refusal(texts, keys.problem, _endings_of(request.storages))
    count = len(keys.paths)
    if count > 1:
        return Offer(texts("drop.keys", count=count), texts("drop.keys_advice"))
    return Offer(texts("drop.key"), texts("drop.key_advice"))


def _endings_of(storages: Iterable[str]) -> list[str]:
    return [ending for name in storages for ending in _ENDINGS.get(name, ())]


def storage_of(path: str, storages: tuple[str, ...]) -> str:
    """The storage that a file is taken for: by its ending, else the first that is allowed."""
    ending = Path(path).suffix.lower()
    fitting = [name for name in storages if ending in _ENDINGS.get(name, ())]
    return (fitting or list(storages) or ["PKCS12"])[0]


def row_of(texts: Texts, file: prompts.KeyFile) -> Row:
    """The file's line: whose it is if that is known, and where it lies."""
    path = Path(file.path)
    note, label = "", words.clean(file.label)
    tone: theme.Tone = "info"
    if words.is_past(file.valid_until, datetime.now(UTC)):
        label, tone = texts("key.expired", date=words.date(file.valid_until)), "warning"
    elif file.valid_until:
        note = texts("key.valid_until", date=words.date(file.valid_until))
    elif file.modified:
        note = texts("key.modified", date=words.date(file.modified))
    if file.state in _OF_LITTLE_USE:
        label, tone = texts(f"keys.state.{file.state}"), "warning"
    elif file.state == "ending":
        label, tone = texts("keys.left", count=file.days_left), "warning"
    elif file.uses:
        label = purpose_of(texts, file.uses)
    owner, organisation = words.clean(file.owner), words.clean(file.organisation)
    where = words.clean(file.path if owner else str(path.parent))
    return Row(
        title=owner or words.clean(path.name),
        title_note=label,
        detail=" · ".join(filter(None, (organisation, where))),
        detail_note=note,
        glyph="key",
        tone=tone,
        is_faded=file.state in _OF_LITTLE_USE,
    )


def purpose_of(texts: Texts, uses: Iterable[str]) -> str:
    """What a key is for."""
    known = {"sign", "identify"} & set(uses)
    return texts("keys.for_both") if len(known) > 1 else texts(f"keys.for_{next(iter(known), 'nothing')}")


def _present_notice(texts: Texts, present: prompts.Key, *, loses: bool) -> widgets.Notice:
    """The certificate that the key has now, and whether it will be lost."""
    facts = texts(
        "what.addition_present", issuer=words.clean(present.issuer), date=words.date(present.not_after)
    )
    if not loses:
        return widgets.Notice("info", facts)
    return widgets.Notice("warning", texts("what.addition_replaces"), facts)


def problem_notice(texts: Texts, problem: prompts.Problem, advice: str = "") -> widgets.Notice:
    """Why the last answer did not work, and what to do: `advice`, or the general one."""
    advice = advice or texts.problem("advice", problem.code)
    if problem.tries_left is not None:
        advice = f"{texts('tries', count=problem.tries_left)} {advice}"
    notice = widgets.Notice("danger", texts.problem("error", problem.code), advice)
    if problem.detail:
        notice.add_detail(f"{problem.code}: {words.clean(problem.detail)}", texts)
    return notice
