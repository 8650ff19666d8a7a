"""What is worth saying of a document at first sight: warnings, facts, parties, whose signatures it has, and what is attached to it."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from protocol import preview
from tray import glyphs, theme, widgets, words
from tray.preview import labels
from tray.texts import Texts

_ORDER: tuple[preview.FactName, ...] = ("moment", "number", "date", "total", "vat", "contract", "period")
_NUMERIC: frozenset[preview.FactName] = frozenset({"total", "vat"})
_CELL_GAP = 3 * theme.UNIT
_MOST_PLACES = 3  # of one kind of warning that are named
_MOST_SIGNERS = 20
_MOST_PARTIES = 20
_ATTACHED_ICON = 16


class Summary(QScrollArea):
    """As high as what it says, up to a height that is set; then it scrolls. `entered` is the place of an attached file that the person
    wants to see."""

    entered = Signal(int)

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self.setObjectName("facts")  # the style of tables of facts
        self._texts = texts
        self._most = 20 * theme.UNIT
        self._has_warnings = False
        self._said: tuple[preview.Overview, str, bool] | None = None
        self.details: QWidget | None = None
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(texts("preview.summary"))
        self.hide()

    def show_overview(self, overview: preview.Overview, note: str = "", *, with_details: bool = True) -> None:
        """`note` is one more warning: a sentence. What says nothing new changes nothing: a document that grows comes often."""
        said = dataclasses.replace(overview, rows=0, size=0, digest="", is_growing=False), note, with_details
        if said == self._said:
            return
        self._said = said
        inner = QWidget()
        inner.setObjectName("plain")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        sentences = list(warnings_of(self._texts, overview))
        if note:
            sentences.insert(0, note)
        self._has_warnings = bool(sentences)
        if sentences:
            column.addWidget(_notice(sentences))
        self.details = self._details(overview)
        if self.details is not None:
            column.addWidget(self.details)
            self.details.setVisible(with_details)
        column.addStretch()
        self.setWidget(inner)
        self.setVisible(bool(sentences) or (self.details is not None and with_details))
        self._fit()

    def show_nothing(self) -> None:
        self.details = None
        self._said = None
        self.setWidget(QWidget())
        self.hide()

    def show_details(self, *, are_shown: bool) -> None:
        """Facts, parties and signers can be put away; warnings can't."""
        if self.details is not None:
            self._said = None  # for it looks otherwise now
            self.details.setVisible(are_shown)
            self.setVisible(are_shown or self._has_warnings)
            self._fit()

    def set_most(self, pixels: int) -> None:
        if pixels != self._most:
            self._most = pixels
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        return QSize(30 * theme.UNIT, self.minimumHeight())

    def _fit(self) -> None:
        inner = self.widget()
        if inner is None or (layout := inner.layout()) is None:
            return
        layout.activate()
        frame = 2 * self.frameWidth()
        wanted = inner.heightForWidth(max(1, self.width() - frame)) + frame
        is_long = wanted > self._most
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_long else Qt.FocusPolicy.NoFocus)
        self.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAlwaysOn if is_long else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        self.setFixedHeight(max(1, min(wanted, self._most)))

    def _details(self, overview: preview.Overview) -> QWidget | None:
        cells = list(self._cells(overview.facts))
        titles = [words.clean(fact.value) for fact in overview.facts if fact.name == "title" and fact.value]
        if not (cells or titles or overview.parties or overview.signers or overview.attachments):
            return None
        made = QWidget()
        made.setObjectName("plain")
        column = QVBoxLayout(made)
        column.setContentsMargins(2, 0, 2, 0)
        column.setSpacing(theme.UNIT)
        for title in titles:
            column.addWidget(widgets.label(widgets.breakable(title), pixels=theme.MEDIUM, bold=True))
        if cells:
            column.addWidget(Strip(cells))
        if any(fact.name == "moment" for fact in overview.facts):
            column.addWidget(widgets.label(self._texts("preview.moment_note"), quiet=True))
        rows = [
            *self._parties(overview.parties),
            *self._signers(overview.signers, is_timestamp=overview.form == "timestamp"),
        ]
        if rows:
            column.addLayout(_grid(rows))
        if overview.attachments:
            column.addLayout(self._attachments(overview.attachments))
        return made

    def _attachments(self, names: Sequence[str]) -> QVBoxLayout:
        """The files that are attached, each to be entered."""
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(widgets.label(self._texts("preview.attachments", count=len(names)), quiet=True))
        for place, name in enumerate(names):
            shown = words.clean(name) or self._texts("preview.attachment_unnamed", number=place + 1)
            column.addWidget(_Attached(shown, lambda place=place: self.entered.emit(place)))  # type: ignore[misc]
        return column

    def _cells(self, facts: Sequence[preview.Lifted]) -> Iterator[tuple[str, str]]:
        found = [fact for fact in facts if fact.name in _ORDER and fact.value]
        for fact in sorted(found, key=lambda fact: _ORDER.index(fact.name)):
            is_moment = fact.name == "moment"
            value = labels.moment_of(self._texts, fact.value) if is_moment else words.clean(fact.value)
            yield self._texts(f"preview.fact.{fact.name}"), value

    def _parties(self, parties: Sequence[preview.Party]) -> Iterator[tuple[str, str, str]]:
        for party in parties[:_MOST_PARTIES]:
            name, number = words.clean(party.name), words.clean(party.number)
            numbered = self._numbered(number)
            both = ", ".join(part for part in (name, numbered) if part)
            yield self._texts(f"preview.role.{party.role}"), both, ""
        if (rest := len(parties) - _MOST_PARTIES) > 0:
            yield "", self._texts("preview.more", count=rest), ""

    def _numbered(self, number: str) -> str:
        """An IIN or BIN with its name. The fifth digit of a BIN is 4, 5 or 6; in an IIN it begins the day of birth."""
        kind = self._texts("form.bin" if number[4:5] in tuple("456") else "form.iin")
        return f"{kind}{words.NO_BREAK_SPACE}{number}" if number else ""

    def _signers(
        self, signers: Sequence[preview.Signer], *, is_timestamp: bool
    ) -> Iterator[tuple[str, str, str]]:
        texts = self._texts
        if signers and not is_timestamp:
            yield texts("preview.signers", count=len(signers)), "", texts("preview.signers_note")
        for number, signer in enumerate(signers[:_MOST_SIGNERS]):
            owner, organisation = words.clean(signer.owner), words.clean(signer.organisation)
            who = ", ".join(part for part in (owner, organisation) if part) or texts("preview.signer_unknown")
            when = ""
            if signer.time and not is_timestamp:  # which has a moment of its own
                key = "preview.signed_stamped" if signer.has_timestamp else "preview.signed_claimed"
                when = texts(key, time=labels.moment_of(texts, signer.time))
            elif signer.has_timestamp:
                when = texts("preview.signed_stamp_unread")
            yield (
                texts("preview.stamped_by") if is_timestamp and number == 0 else "",
                who,
                ", ".join(
                    part for part in (self._numbered(words.clean(signer.bin or signer.iin)), when) if part
                ),
            )
        if (rest := len(signers) - _MOST_SIGNERS) > 0:
            yield "", texts("preview.more", count=rest), ""


def warnings_of(texts: Texts, overview: preview.Overview) -> Iterator[str]:
    """Sentences of warning: what a document would do or hides, and that not all of it is shown."""
    if overview.why and overview.kind not in {"unknown", "digest"}:
        yield f"{texts('preview.partial')} {texts(f'preview.why.{overview.why}')}"
    # Those of one kind together, each with the places that are known.
    flags = sorted(overview.flags, key=lambda flag: _gravity(flag.code))
    for code, same in groupby(flags, key=lambda flag: flag.code):
        places = list(dict.fromkeys(labels.place_of(texts, flag.place) for flag in same if flag.place))
        sentence = texts(f"preview.flag.{code}")
        if places:
            shown = ", ".join(places[:_MOST_PLACES])
            if (rest := len(places) - _MOST_PLACES) > 0:
                shown = f"{shown}, {texts('preview.more', count=rest)}"
            sentence = f"{sentence} {texts('preview.where', places=shown)}"
        yield sentence


_GRAVITY: tuple[preview.FlagCode, ...] = (
    "changed-after-signature", "not-covered", "javascript", "launch", "hidden-text", "fields", "external-reference", "attachment", "mixed-encoding",
)  # fmt: skip


def _gravity(code: preview.FlagCode) -> int:
    return _GRAVITY.index(code)


def _notice(sentences: list[str]) -> widgets.Notice:
    """All warnings in one frame, a line each."""
    made = widgets.Notice("warning", widgets.breakable(sentences[0]))
    for sentence in sentences[1:]:
        made.column.addWidget(widgets.label(widgets.breakable(sentence)))
    made.setAccessibleName(" ".join(sentences))
    return made


def _grid(rows: Sequence[tuple[str, str, str]]) -> QGridLayout:
    """Role, name, number: in columns that align."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(2 * theme.UNIT)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    for row, (role, name, note) in enumerate(rows):
        title = widgets.label(role, quiet=True, wraps=False)
        grid.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
        line = QVBoxLayout()
        line.setSpacing(0)
        if name:
            shown = widgets.value(name)
            shown.setAccessibleName(f"{role}: {name}, {note}" if note else f"{role}: {name}")
            line.addWidget(shown)
        if note:
            below = widgets.value(note)
            below.setObjectName("quiet")
            line.addWidget(below)
        grid.addLayout(line, row, 1)
    return grid


class _Attached(QPushButton):
    """An attached file. A name that is too long for the room loses its middle, never its end."""

    def __init__(self, name: str, on_press: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName("link")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._name = name
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFont(theme.font(theme.SMALL))
        self.setIcon(QIcon(glyphs.pixmap("document", theme.current().accent, _ATTACHED_ICON)))
        self.setAutoDefault(False)
        self.setStyleSheet("text-align: left;")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda _checked=False: on_press())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        super().resizeEvent(event)
        room = event.size().width() - _ATTACHED_ICON - 2 * theme.UNIT
        elided = self.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, room)
        self.setText(elided.replace("&", "&&"))


class Strip(QWidget):
    """Facts side by side, each a value under its name; as many lines as they need."""

    def __init__(self, cells: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.cells: list[QWidget] = []
        for name, value in cells:
            cell = QWidget(self)
            cell.setObjectName("plain")
            column = QVBoxLayout(cell)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            shown = widgets.label(widgets.breakable(value), pixels=theme.MEDIUM, bold=True, wraps=False)
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            shown.setAccessibleName(f"{name}: {value}")
            column.addWidget(widgets.label(name, quiet=True, wraps=False))
            column.addWidget(shown)
            self.cells.append(cell)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:  # noqa: N802  # Qt's name
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802  # Qt's name
        return self._place(width, is_real=False)

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        return QSize(40 * theme.UNIT, self.heightForWidth(40 * theme.UNIT))

    def minimumSizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        return QSize(0, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        super().resizeEvent(event)
        self._place(event.size().width(), is_real=True)

    def _place(self, width: int, *, is_real: bool) -> int:
        left = top = lowest = 0
        for cell in self.cells:
            hint = cell.sizeHint()
            wide = min(hint.width(), max(1, width))
            label = cell.findChildren(QLabel)[1]
            label.setWordWrap(hint.width() > width)
            high = cell.heightForWidth(wide) if cell.hasHeightForWidth() else hint.height()
            if left and left + wide > width:
                left, top = 0, lowest + theme.UNIT
            if is_real:
                cell.setGeometry(left, top, wide, high)
            lowest = max(lowest, top + high)
            left += wide + _CELL_GAP
        return lowest
