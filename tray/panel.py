"""What all questions have in common in the window: a panel to fill in, and the answer that it makes."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocol import prompts
from tray import theme


class Panel(QWidget):
    """Emits `changed` whenever `is_ready` may have changed, `submitted` when the person agreed in the panel itself.

    `agreement` is written on the window's accent button, `busy` is said while the worker works on the answer.
    """

    changed = Signal()
    submitted = Signal()

    agreement = ""
    busy = ""

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(theme.UNIT)

    @property
    def is_ready(self) -> bool:
        """Whether there is an answer."""
        raise NotImplementedError

    def answer(self) -> tuple[prompts.FromWindow, bytearray | None]:
        """The answer, and the password that goes with it, in a buffer that the caller wipes."""
        raise NotImplementedError

    def further_secrets(self) -> tuple[bytearray, ...]:
        """Passwords that go with the answer after its first, likewise."""
        return ()

    def first_focus(self) -> QWidget | None:
        """Where the keyboard is needed first; None: on the button that says no."""
        return None

    def forget(self) -> None:
        """Empties what was typed in secret."""
