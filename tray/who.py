"""The head of the window: who asks, and for what."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from protocol import prompts
from tray import glyphs, theme, widgets, words
from tray.question import Question, count_of, wish_of
from tray.texts import Texts


class Header(QFrame):
    """Site or caller in large type, one sentence, and every reason to be careful; once all is over, only the first."""

    def __init__(self, texts: Texts, question: Question, *, is_over: bool = False) -> None:
        super().__init__()
        self.setObjectName("header")
        caller = question.caller
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
        self.request = sentence(texts, question)
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.site)
        if caller.is_new and not is_over:
            line.addWidget(widgets.badge(texts("who.new"), texts("who.new_hint")))
        line.addStretch()
        column.addLayout(line)
        if not is_over:
            self._add_request(column, texts, question, who)

    def _add_request(self, column: QVBoxLayout, texts: Texts, question: Question, who: str) -> None:
        request = widgets.label(self.request, pixels=theme.MEDIUM)
        request.setAccessibleName(f"{who} {self.request}")
        column.addWidget(request)
        if not isinstance(question, prompts.About):  # which asks for nothing
            column.addWidget(widgets.label(texts("who.advice"), quiet=True))
        for warning in warnings(question.caller):
            column.addSpacing(4)
            tone: theme.Tone = "danger" if warning == "mixed-script" else "warning"
            column.addWidget(widgets.Notice(tone, texts(f"who.warning.{warning}")))


def name(texts: Texts, caller: prompts.Caller) -> str:
    """What stands in large type."""
    if caller.kind in {"site", "unprotected"}:
        return words.clean(caller.site or caller.origin)
    return texts(f"who.name.{caller.kind}")


def sentence(texts: Texts, question: Question) -> str:
    """What is asked for; it goes on from the name."""
    wish = wish_of(question)
    count = count_of(question) if isinstance(question, prompts.OpenKey) else 0
    return texts(f"who.{wish}", count=count)


def warnings(caller: prompts.Caller) -> list[str]:
    """Text keys below who.warning, gravest first."""
    found: list[str] = [caller.warning] if caller.warning else []
    if caller.kind in {"unprotected", "file", "program"}:
        found.append(caller.kind)
    return found
