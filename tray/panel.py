"""What all questions have in common in the window: a panel to fill in, and the answer that it makes."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocol import prompts
from tray import theme
from tray.drop_area import Offer
from tray.dropped import Dropped


class Panel(QWidget):
    """Emits `changed` whenever `is_ready` may have changed, `submitted` when the person agreed in the panel itself.

    `agreement` is written on the window's accent button, `busy` is said while the worker works on the answer.
    """

    changed = Signal()
    submitted = Signal()

    agreement = ""
    busy = ""
    handed_on: Dropped | None = None
    """What was dropped here and is for the panel that comes after this one."""

    def __init__(self) -> None:
        super().__init__()
        self._told: QWidget | None = None
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

    def offer(self, dropped: Dropped) -> Offer | None:  # noqa: ARG002  # for those that can be dropped on
        """What would come of files that are dropped on the window; None where nobody expects anything."""
        return None

    def take(self, dropped: Dropped) -> None:
        """Files were dropped that were welcome. It is as if the person had chosen them: nothing is agreed to by that."""
        raise NotImplementedError

    def tell(self, notice: QWidget | None) -> None:
        """Says something at the top of the panel, in place of what was said before."""
        if self._told is not None:
            self.column.removeWidget(self._told)
            self._told.hide()
            self._told.deleteLater()
        self._told = notice
        if notice is not None:
            self.column.insertWidget(0, notice)
