"""The head of the window: who asks, and for what."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from protocol import prompts
from tray import glyphs, theme, widgets, words
from tray.texts import Texts


class Header(QFrame):
    """Site or caller in large type, one sentence, and every reason to be careful; once all is over, only the first."""

    def __init__(self, texts: Texts, prompt: prompts.OpenKey, *, is_over: bool = False) -> None:
        super().__init__()
        self.setObjectName("header")
        caller = prompt.caller
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * theme.UNIT, 2 * theme.UNIT, 3 * theme.UNIT, 2 * theme.UNIT)
        row.setSpacing(2 * theme.UNIT)
        picture = QLabel()
        picture.setPixmap(glyphs.mark(theme.current().accent, 48))
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(4)
        row.addLayout(column, 1)

        who = name(texts, caller)
        self.site = widgets.SiteLabel(who, words.clean(caller.registrable) if caller.site else "")
        self.request = sentence(texts, prompt)
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.site)
        if caller.is_new and not is_over:
            line.addWidget(widgets.badge(texts("who.new"), texts("who.new_hint")))
        line.addStretch()
        column.addLayout(line)
        if not is_over:
            self._add_request(column, texts, prompt, who)

    def _add_request(self, column: QVBoxLayout, texts: Texts, prompt: prompts.OpenKey, who: str) -> None:
        request = widgets.label(self.request, pixels=theme.MEDIUM)
        request.setAccessibleName(f"{who} {self.request}")
        column.addWidget(request)
        column.addWidget(widgets.label(texts("who.advice"), quiet=True))
        for warning in warnings(prompt.caller):
            column.addSpacing(4)
            tone: theme.Tone = "danger" if warning == "mixed-script" else "warning"
            column.addWidget(widgets.Notice(tone, texts(f"who.warning.{warning}")))


def name(texts: Texts, caller: prompts.Caller) -> str:
    """What stands in large type."""
    if caller.kind in {"site", "unprotected"}:
        return words.clean(caller.site or caller.origin)
    return texts(f"who.name.{caller.kind}")


def sentence(texts: Texts, prompt: prompts.OpenKey) -> str:
    """What is asked for; it goes on from the name."""
    if prompt.action == "show_key":
        return texts("who.show_key")
    if prompt.purpose == "identify":
        return texts("who.identify")
    return texts("who.sign", count=len(prompt.documents))


def warnings(caller: prompts.Caller) -> list[str]:
    """Text keys below who.warning, gravest first."""
    found: list[str] = [caller.warning] if caller.warning else []
    if caller.kind in {"unprotected", "file", "program"}:
        found.append(caller.kind)
    return found
