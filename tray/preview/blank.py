"""What stands in a preview's place where there is nothing to be seen: what it is, why it can't be shown, what to do."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from tray import glyphs, theme, widgets, words
from tray.texts import Texts

LOADING_AFTER_MS = 300  # what is quicker shows nothing
_GLYPH = 40
_WIDEST = 60 * theme.UNIT
_BAR_WIDTH = 24 * theme.UNIT
_MIDDLE_SHARE = 100  # as many times more than either side, until it is as wide as it may be


class Blank(QScrollArea):
    """A large sentence with what belongs to it; or a sign that something is being done."""

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self.setObjectName("blank")
        self._texts = texts
        self.title = ""
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setStyleSheet(_sheet())
        self._loading = QTimer(self, singleShot=True, interval=LOADING_AFTER_MS)
        self._loading.timeout.connect(self._show_loading)
        self.again: QPushButton | None = None
        self._lay_out([])

    def show_nothing(self) -> None:
        """Nothing yet; after a moment, that it is being read."""
        if not self._loading.isActive():
            self.title = ""
            self._lay_out([])
            self._loading.start()

    def show_message(
        self,
        glyph: str,
        tone: theme.Tone,
        title: str,
        sentences: tuple[str, ...] = (),
        *,
        size: int | None = None,
        digest: tuple[str, str] = ("", ""),
        on_again: Callable[[], None] | None = None,
    ) -> None:
        """`digest` is the name of a hash, or nothing, and its value; `on_again` puts a button for another try there."""
        self._loading.stop()
        self.title = title
        texts = self._texts
        picture = QLabel()
        picture.setPixmap(glyphs.pixmap(glyph, theme.current().tone(tone)[0], _GLYPH))
        parts: list[QWidget] = [picture, widgets.label(title, pixels=theme.LARGE, bold=True)]
        parts += [widgets.label(sentence) for sentence in sentences]
        if size is not None:
            parts.append(
                widgets.label(words.size(size, texts.language, texts), pixels=theme.MEDIUM, bold=True)
            )
        self.again = None
        name, value = digest
        if value:
            shown = widgets.value(words.groups(words.clean(value)), is_code=True)
            shown.setFont(theme.monospaced(theme.MEDIUM))
            shown.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            said = texts("what.checksum", name=words.clean(name)).strip()
            said = said[:1].upper() + said[1:]  # in Kazakh the name of the hash comes first, if there is one
            shown.setAccessibleName(f"{said}: {words.groups(words.clean(value))}")
            parts += [widgets.label(said, quiet=True), shown]
        if on_again is not None:
            self.again = QPushButton(texts("preview.again"))
            self.again.setAutoDefault(False)
            self.again.clicked.connect(on_again)
            parts.append(self.again)
        self._lay_out(parts)
        self.setAccessibleName(" ".join((title, *sentences)))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def leave(self) -> None:
        """Something else is shown."""
        self._loading.stop()

    def _show_loading(self) -> None:
        self.title = self._texts("preview.loading")
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setFixedWidth(_BAR_WIDTH)
        bar.setAccessibleName(self.title)
        self._lay_out([widgets.label(self.title, quiet=True), bar])
        self.setAccessibleName(self.title)

    def _lay_out(self, parts: list[QWidget]) -> None:
        inner = QFrame()
        inner.setObjectName("inner")
        row = QHBoxLayout(inner)
        row.setContentsMargins(3 * theme.UNIT, 2 * theme.UNIT, 3 * theme.UNIT, 2 * theme.UNIT)
        middle = QWidget()
        middle.setMaximumWidth(_WIDEST)
        row.addStretch(1)
        row.addWidget(middle, _MIDDLE_SHARE)
        row.addStretch(1)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addStretch()
        for part in parts:
            if isinstance(part, QLabel):
                part.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter)
                column.addWidget(part)
            else:
                column.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(inner)


def _sheet() -> str:
    colours = theme.current()
    return (
        f"#blank {{ border: 2px solid {colours.base}; background: {colours.base}; }}"
        f"#blank:focus {{ border-color: {colours.accent}; }} QFrame#inner {{ background: {colours.base}; border: 0; }}"
    )
