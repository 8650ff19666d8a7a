import threading

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import QObject, Slot
from PySide6.QtTest import QTest

from tray.mailbox import Mailbox


class Receiver(QObject):
    def __init__(self):
        super().__init__()
        self.got = []

    @Slot(object)
    def take(self, value):
        self.got.append((value, threading.current_thread()))


def test_what_another_thread_says_arrives_in_this_one(application):
    mailbox, receiver = Mailbox(), Receiver()
    mailbox.received.connect(receiver.take)
    mailbox.received.connect(lambda value: receiver.take((value, "function")))
    thread = threading.Thread(target=mailbox.received.emit, args=("prompt",))
    thread.start()
    thread.join(10)
    QTest.qWait(20)
    here = threading.current_thread()
    assert receiver.got == [("prompt", here), (("prompt", "function"), here)]
