"""Small pieces that every state of the window is made of."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from tray import glyphs, theme
from tray.texts import Texts

Style: TypeAlias = Literal["text", "path", "code"]

_NAMES_WIDTH = 20 * theme.UNIT  # names of facts wrap beyond it
_BREAK_EVERY = 24  # characters without a space, after which a line may break
_ZERO_WIDTH_SPACE = "\u200b"
_BOX_SIDE = 18


def label(
    text: str, *, pixels: int = theme.SMALL, bold: bool = False, quiet: bool = False, wraps: bool = True
) -> QLabel:
    """Plain text: what a stranger supplied is never read as markup."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setFont(theme.font(pixels, bold=bold))
    made.setWordWrap(wraps)
    if quiet:
        made.setObjectName("quiet")
    return made


def heading(text: str) -> QLabel:
    made = label(text, pixels=theme.MEDIUM, bold=True)
    made.setMinimumHeight(
        3 * theme.UNIT
    )  # one height with and without a link beside it: both columns start alike
    return made


def value(text: str, *, is_code: bool = False) -> QLabel:
    """A value that the person may want to copy, and that wraps wherever it must."""
    made = label(breakable(text))
    if is_code:
        made.setFont(theme.monospaced(theme.SMALL))
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return made


def breakable(text: str) -> str:
    """`text` with places to break inside very long words."""
    return " ".join(
        _ZERO_WIDTH_SPACE.join(
            word[start : start + _BREAK_EVERY] for start in range(0, len(word), _BREAK_EVERY)
        )
        for word in text.split(" ")
    )


def badge(text: str, hint: str = "") -> QLabel:
    made = label(text, wraps=False)
    made.setObjectName("badge")
    made.setToolTip(hint)
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made


def card() -> tuple[QFrame, QVBoxLayout]:
    frame = QFrame()
    frame.setObjectName("card")
    inner = QVBoxLayout(frame)
    inner.setContentsMargins(2 * theme.UNIT, 12, 2 * theme.UNIT, 12)
    inner.setSpacing(theme.UNIT)
    return frame, inner


def link(text: str) -> QPushButton:
    """A button that looks like a link: for side ways, never for a decision."""
    made = QPushButton(text)
    made.setObjectName("link")
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    return made


def facts(rows: Iterable[tuple[str, str, Style]]) -> QGridLayout:
    """Names and values in two columns; what is too long for its column wraps, a path loses its middle."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(2 * theme.UNIT)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    widest = 0
    for row, (name, text, style) in enumerate(rows):
        title = label(breakable(name), quiet=True)
        title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        widest = max(widest, title.fontMetrics().horizontalAdvance(name))
        shown = ElidedLabel(text) if style == "path" else value(text, is_code=style == "code")
        shown.setAccessibleName(f"{name}: {text}")
        grid.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(shown, row, 1)
    grid.setColumnMinimumWidth(0, min(widest + 2, _NAMES_WIDTH))
    return grid


class FactsTable(QScrollArea):
    """Facts that may be many: grows with them up to `most_pixels`, then scrolls, by keyboard too."""

    def __init__(self, name: str, most_pixels: int) -> None:
        super().__init__()
        self._most = most_pixels
        self.setObjectName("facts")
        self.setAccessibleName(name)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_rows(self, rows: Iterable[tuple[str, str, Style]]) -> None:
        inner = QWidget()
        inner.setObjectName("plain")
        grid = facts(rows)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(grid)
        column.addStretch()
        self.setWidget(inner)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if (inner := self.widget()) is None:
            return
        frame = 2 * self.frameWidth()
        wanted = inner.heightForWidth(max(1, self.width() - frame)) + frame
        is_long = wanted > self._most
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_long else Qt.FocusPolicy.NoFocus)
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOn if is_long else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(policy)
        self.setFixedHeight(min(wanted, self._most))


class ElidedLabel(QLabel):
    """One line, elided in the middle where it does not fit; the whole text is the tooltip and what a screen reader says."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setToolTip(text)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_text(self, text: str) -> None:
        """Another line in place of this one."""
        self.setText(text)
        self.setToolTip(text)

    @property
    def is_cut(self) -> bool:
        """Whether it does not fit."""
        return QFontMetrics(self.font()).horizontalAdvance(self.text()) > self.width()

    def minimumSizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        return QSize(6 * theme.UNIT, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        painter = QPainter(self)
        shown = QFontMetrics(self.font()).elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        painter.end()


def name_box(box: QComboBox, name: str) -> None:
    """For a box without a label of its own. On Linux Qt gives what is chosen for its name, whatever name it has; a screen reader says
    the description as well."""
    box.setAccessibleName(name)
    box.setAccessibleDescription(name)


class Headline(QLabel):
    """The largest type: one line where there is room for it, else as many as it needs."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(theme.font(theme.LARGE, bold=True))
        self.setWordWrap(True)

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        width = QFontMetrics(self.font()).horizontalAdvance(self.text()) + theme.UNIT
        return QSize(width, self.heightForWidth(width))


class SiteLabel(QLabel):
    """A host in large type, its registrable part bold. Where it does not fit, the left end goes: who owns a site is written
    at its right end, and that must never be the part that is cut off."""

    def __init__(self, site: str, registrable: str) -> None:
        super().__init__(site)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(theme.font(theme.LARGE, bold=True))
        self.setToolTip(site)
        at = site.rfind(registrable) if registrable else 0
        self.parts = (site[:at], registrable, site[at + len(registrable) :]) if at > 0 else ("", site, "")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        return QSize(12 * theme.UNIT, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        prefix, registrable, suffix = self.parts
        thin, bold = theme.font(theme.LARGE), theme.font(theme.LARGE, bold=True)
        owner = QFontMetrics(bold).elidedText(registrable, Qt.TextElideMode.ElideLeft, self.width())
        room = (
            self.width()
            - QFontMetrics(bold).horizontalAdvance(owner)
            - QFontMetrics(thin).horizontalAdvance(suffix)
        )
        before = QFontMetrics(thin).elidedText(prefix, Qt.TextElideMode.ElideLeft, max(0, room))
        painter = QPainter(self)
        left = 0
        for text, font in ((before, thin), (owner, bold), (suffix, thin)):
            painter.setFont(font)
            area = self.rect().adjusted(left, 0, 0, 0)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
            left += QFontMetrics(font).horizontalAdvance(text)
        painter.end()


def draw_box(
    painter: QPainter, box: QRectF, *, is_checked: bool, has_focus: bool = False, is_enabled: bool = True
) -> None:
    """The box of a choice, with its tick, as it is seen in every theme."""
    colours = theme.current()
    accent = colours.accent if is_enabled else colours.disabled
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(accent if is_checked else colours.base))
    edge = accent if has_focus or is_checked else colours.edge
    painter.setPen(QPen(QColor(edge), 2 if has_focus else 1))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    if is_checked:
        painter.setPen(
            QPen(QColor(colours.on_accent), 2, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin)
        )
        scale = box.width() / _BOX_SIDE
        painter.drawPolyline(
            [box.topLeft() + QPointF(*point) * scale for point in ((4.5, 9.5), (7.8, 12.8), (13.5, 5.8))]
        )
    painter.restore()


class CheckBox(QCheckBox):
    """A check box whose frame and tick are seen in every theme; the style's own ones fade on dark backgrounds."""

    _SIDE = _BOX_SIDE

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        width = self._SIDE + theme.UNIT + QFontMetrics(self.font()).horizontalAdvance(self.text())
        return QSize(width + theme.UNIT, self._SIDE + theme.UNIT)

    def hitButton(self, position: QPoint) -> bool:  # noqa: N802  # Qt's name
        return self.rect().contains(position)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        colours = theme.current()
        painter = QPainter(self)
        box = QRectF(1, (self.height() - self._SIDE) / 2, self._SIDE, self._SIDE)
        draw_box(painter, box, is_checked=self.isChecked(), has_focus=self.hasFocus())
        painter.setPen(QColor(colours.text if self.isEnabled() else colours.disabled))
        words = self.rect().adjusted(self._SIDE + theme.UNIT + 2, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())
        if self.hasFocus():  # the frame alone is easily missed on a box that is checked already
            end = words.left() + QFontMetrics(self.font()).horizontalAdvance(self.text())
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawLine(words.left(), self.height() - 3, end, self.height() - 3)
        painter.end()


def note_beside(text: str) -> QLabel:
    """At the right end of a row of buttons."""
    made = label(text, quiet=True, wraps=False)
    made.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return made


def note_below(text: str) -> QLabel:
    """What a check box means, below its words."""
    made = label(text, quiet=True)
    made.setContentsMargins(_BOX_SIDE + theme.UNIT + 2, 0, 0, 0)
    return made


class Notice(QFrame):
    """A sentence with a drawing, in a tone; with advice below, and technical detail on demand."""

    def __init__(self, tone: theme.Tone, text: str, advice: str = "", *, is_framed: bool = True) -> None:
        super().__init__()
        is_framed = is_framed and tone != "info"
        self.setObjectName(tone if is_framed else "")
        colour, _back = theme.current().tone(tone)
        row = QHBoxLayout(self)
        row.setContentsMargins(*((12, 10, 12, 10) if is_framed else (0, 0, 0, 0)))
        row.setSpacing(theme.UNIT)
        picture = QLabel()
        picture.setPixmap(glyphs.pixmap(tone, colour, 18))
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        self.column = QVBoxLayout()
        self.column.setSpacing(4)
        row.addLayout(self.column, 1)
        self.sentence = label(text, bold=bool(advice), quiet=tone == "info")
        self.column.addWidget(self.sentence)
        if advice:
            self.column.addWidget(label(advice))
        self.setAccessibleName(text)

    def add_detail(self, detail: str, texts: Texts) -> None:
        """A line that is one click away and can be copied."""
        technical = value(detail, is_code=True)
        technical.setVisible(False)
        copy = link(texts("button.copy"))
        copy.setVisible(False)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(detail))
        more = link(texts("button.details"))
        more.setCheckable(True)
        more.toggled.connect(technical.setVisible)
        more.toggled.connect(copy.setVisible)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.addWidget(more)
        buttons.addWidget(copy)
        buttons.addStretch()
        self.column.addLayout(buttons)
        self.column.addWidget(technical)


class Columns(QWidget):
    """One panel, or two side by side, or one above the other where the window is narrow."""

    def __init__(self, panels: Iterable[QWidget], narrow_below: int) -> None:
        super().__init__()
        self._narrow_below = narrow_below
        self._panels = QHBoxLayout(self)
        self._panels.setContentsMargins(3 * theme.UNIT, 2 * theme.UNIT, 3 * theme.UNIT, 2 * theme.UNIT)
        self._panels.setSpacing(3 * theme.UNIT)
        for panel in panels:
            self._panels.addWidget(panel, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        is_narrow = event.size().width() < self._narrow_below
        direction = QHBoxLayout.Direction.TopToBottom if is_narrow else QHBoxLayout.Direction.LeftToRight
        if self._panels.direction() != direction:
            self._panels.setDirection(direction)
        super().resizeEvent(event)
