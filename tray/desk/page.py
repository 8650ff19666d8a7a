"""What the pages of the desk's window have in common."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeAlias

from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocol.desk import frame
from tray import theme
from tray.drop_area import announce
from tray.texts import Texts

Send: TypeAlias = Callable[[Any], None]


class DeskPage(QWidget):
    """One page. It is made anew when the language changes; what it shows it gets from the desk after `Opened`, which the window
    sends for it each time the person comes to it."""

    name: ClassVar[frame.Page]
    footer: QWidget | None = None
    """What stays in sight below the page however far it is scrolled; the window puts it there."""

    def __init__(self, texts: Texts, send: Send) -> None:
        super().__init__()
        self.texts = texts
        self.send = send
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(3 * theme.UNIT, 2 * theme.UNIT, 3 * theme.UNIT, 2 * theme.UNIT)
        self.column.setSpacing(2 * theme.UNIT)

    def receive(self, message: Any) -> None:
        """A message of this page's module in protocol.desk, or Trouble for this page."""
        raise NotImplementedError

    @property
    def takes_files(self) -> bool:
        """Whether `add_paths` can be done now."""
        return False

    def add_paths(self, paths: Sequence[str]) -> None:
        """The person chose these files or folders for this page, or dropped them. Only where `takes_files`."""
        raise NotImplementedError

    def tell(self, notice: QWidget) -> None:
        """Says something at the top of the page, in place of what was said before."""

    def announce(self, sentence: str) -> None:
        """Has a screen reader say what came onto the page: it takes no keyboard, so nobody would come across it."""
        announce(self.window(), sentence)

    def first_focus(self) -> QWidget | None:
        """Where the keyboard goes when the person comes to the page."""
        return None
