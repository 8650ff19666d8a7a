import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtWidgets import QWidget

from tray import texts
from tray.desk import page
from tray.desk.page import DeskPage


class Page(DeskPage):
    name = "keys"

    def receive(self, message):
        self.received = message


def test_a_page_sends_what_it_wants_and_needs_no_first_focus(application):
    sent = []
    made = Page(texts.load("ru"), sent.append)
    made.send("wish")
    made.receive("answer")
    assert (sent, made.received, made.first_focus()) == (["wish"], "answer", None)


def test_what_a_page_does_with_a_message_is_its_own_business(application):
    with pytest.raises(NotImplementedError):
        DeskPage(texts.load("ru"), print).receive("anything")


def test_what_comes_onto_a_page_is_announced_in_its_window(application, monkeypatch):
    announced = []
    monkeypatch.setattr(page, "announce", lambda window, sentence: announced.append((window, sentence)))
    holder = QWidget()
    made = Page(texts.load("ru"), print)
    made.setParent(holder)
    made.announce("Пароль изменён.")
    assert announced == [(holder, "Пароль изменён.")]
