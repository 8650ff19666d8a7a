"""The agent itself, shown because a caller asked for it."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout

from protocol import prompts
from tray import glyphs, theme, widgets, words
from tray.panel import Panel
from tray.texts import Texts


class AboutPanel(Panel):
    """Tells what the agent is. There is nothing to agree to: it can only be closed."""

    def __init__(self, texts: Texts, prompt: prompts.About) -> None:
        super().__init__()
        frame, inner = widgets.card()
        row = QHBoxLayout()
        row.setSpacing(2 * theme.UNIT)
        picture = QLabel()
        picture.setPixmap(glyphs.mark(theme.current().accent, 40))
        row.addWidget(picture)
        lines = QVBoxLayout()
        lines.setSpacing(4)
        lines.addWidget(widgets.label("Qalamsap", pixels=theme.LARGE, bold=True, wraps=False))
        lines.addWidget(widgets.label(texts("about.what")))
        row.addLayout(lines, 1)
        inner.addLayout(row)
        inner.addSpacing(4)
        facts: list[tuple[str, str, widgets.Style]] = [
            (texts("about.version"), words.clean(prompt.version), "text"),
            (texts("about.address"), f"https://127.0.0.1:{prompt.port}/", "text"),
        ]
        inner.addLayout(widgets.facts(facts))
        self.column.addWidget(frame)
        self.column.addWidget(widgets.Notice("info", texts("about.settings")))
        self.column.addStretch()

    @property
    def is_ready(self) -> bool:
        return False
