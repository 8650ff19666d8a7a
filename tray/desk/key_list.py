"""The list of keys on their page: owners as headings, their keys below, in two lines each."""

import dataclasses
from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QSizePolicy, QStyleOptionViewItem

from protocol.desk import keys as page
from tray import files, rows, theme, words
from tray.rows import Row, RowList, RowModel
from tray.texts import Texts

_HEADING_HEIGHT = 6 * theme.UNIT
_ROW_ROLE = Qt.ItemDataRole.UserRole
_URGENT_DAYS = 3
_COUNTED_DAYS = 400  # of more no person wants to know the number
_TONES: dict[page.State, theme.Tone] = {"revoked": "danger", "early": "warning"}
_FADED: tuple[page.State, ...] = ("superseded", "expired", "revoked")


@dataclasses.dataclass(frozen=True, slots=True)
class Heading(Row):
    """Whose the keys below are; it can't be chosen."""


class KeyList(RowList):
    """Shows groups; `entry` is the chosen one."""

    def __init__(self, texts: Texts) -> None:
        super().__init__(texts("keys.list"), 1)
        self._texts = texts
        self._lines: list[tuple[Row, page.Entry | None]] = []
        self.setUniformItemSizes(False)
        self.setItemDelegate(_Delegate(self))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_groups(self, groups: Sequence[page.Group]) -> None:
        """Other keys; the one that was chosen stays so, or else the first is."""
        before = identity(self.entry)
        self._lines = []
        for group in groups:
            self._lines.append((heading_of(self._texts, group), None))
            self._lines += [(row_of(self._texts, entry), entry) for entry in group.entries]
        lines = self._lines
        self.show_rows(RowModel(len(lines), lambda number: lines[number][0]))
        self.setMaximumHeight(16_777_215)  # Qt's own greatest: it takes the room that there is
        self.setMinimumHeight(2 * (rows.ROW_HEIGHT + _HEADING_HEIGHT))
        there = [number for number, (_, entry) in enumerate(lines) if entry is not None]
        kept = [number for number in there if identity(lines[number][1]) & before]
        if there:
            self.select((kept or there)[0])

    @property
    def entry(self) -> page.Entry | None:
        """The chosen one."""
        number = self.selected_row()
        return self._lines[number][1] if number is not None and number < len(self._lines) else None

    def choose(self, path: str) -> None:
        """The key in that file."""
        for number, (_, entry) in enumerate(self._lines):
            if entry is not None and any(path in (key.path, *key.copies) for key in entry.keys):
                self.select(number)
                return

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        return QSize(40 * theme.UNIT, self.minimumHeight())


def identity(entry: page.Entry | None) -> set[str]:
    """By what an entry is known again."""
    return {key.fingerprint or key.path for key in entry.keys} if entry is not None else set()


def heading_of(texts: Texts, group: page.Group) -> Heading:
    if not group.owner:
        return Heading(texts("keys.unknown_group"), texts("keys.unknown_note"), is_enabled=False)
    return Heading(
        words.clean(group.owner), words.clean(group.organisation) or texts("keys.personal"), is_enabled=False
    )


def row_of(texts: Texts, entry: page.Entry) -> Row:
    """What a key is for, how it is with it, its algorithm, and its last day."""
    first = entry.keys[0]
    path, _ = words.split_path(first.path)
    facts = first.key
    name = words.clean(path)
    state, tone = state_of(texts, entry)
    if facts is None:
        return Row(
            title=name,
            detail=words.clean(first.label) or words.path(words.split_path(first.path)[1]),
            title_note=state,
            detail_note=words.date(first.modified),
            glyph="key",
            tone=tone,
        )
    missing = "" if first.is_there else texts("keys.missing_short")
    algorithm = words.clean(facts.algorithm)
    return Row(
        title=purpose_of(texts, entry),
        detail=algorithm if len(entry.keys) == 1 else texts("keys.two_files", algorithm=algorithm),
        title_note=state,
        detail_note=missing or texts("key.valid_until", date=words.date(facts.not_after)),
        glyph="key",
        tone=tone,
        is_faded=first.state in _FADED or not first.is_there,
    )


def purpose_of(texts: Texts, entry: page.Entry) -> str:
    """What the key, or the two, are for."""
    return files.purpose_of(texts, (use for key in entry.keys if key.key is not None for use in key.key.uses))


def state_of(texts: Texts, entry: page.Entry) -> tuple[str, theme.Tone]:
    """In words, with the tone that they have; of two keys it is the one that ends first."""
    key = min(entry.keys, key=lambda each: each.days_left)
    if key.state == "good" and key.days_left > _COUNTED_DAYS:
        return texts("keys.valid"), "info"
    if key.state == "good":
        return texts("keys.left", count=key.days_left), "info"
    if key.state == "ending":
        tone: theme.Tone = "danger" if key.days_left <= _URGENT_DAYS else "warning"
        return texts("keys.left", count=key.days_left), tone
    return texts(f"keys.state.{key.state}"), _TONES.get(key.state, "info")


class _Delegate(rows._RowDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802  # Qt's name
        size = super().sizeHint(option, index)
        is_heading = isinstance(index.data(_ROW_ROLE), Heading)
        return QSize(size.width(), _HEADING_HEIGHT) if is_heading else size

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row = index.data(_ROW_ROLE)
        if not isinstance(row, Heading):
            super().paint(painter, option, index)
            return
        colours = theme.current()
        area: QRect = option.rect.adjusted(12, 6, -12, 0)
        half = area.height() // 2
        painter.save()
        for place, text, colour, is_bold in (
            (QRect(area.left(), area.top(), area.width(), half), row.title, colours.text, True),
            (QRect(area.left(), area.top() + half, area.width(), half), row.detail, colours.quiet, False),
        ):
            font = theme.font(theme.SMALL, bold=is_bold)
            painter.setFont(font)
            painter.setPen(QColor(colour))
            shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        painter.restore()
