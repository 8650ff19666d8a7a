import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from tray import texts
from tray.desk.page import DeskPage


class Page(DeskPage):
    name = "keys"

    def receive(self, message):
        self.received = message


def test_a_page_sends_what_it_wants_and_needs_no_first_focus(application):
    sent = []
    page = Page(texts.load("ru"), sent.append)
    page.send("wish")
    page.receive("answer")
    assert (sent, page.received, page.first_focus()) == (["wish"], "answer", None)


def test_what_a_page_does_with_a_message_is_its_own_business(application):
    with pytest.raises(NotImplementedError):
        DeskPage(texts.load("ru"), print).receive("anything")
