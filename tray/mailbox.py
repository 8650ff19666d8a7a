"""Carries what the pipe reader's thread says into Qt's event loop."""

from PySide6.QtCore import QObject, Signal


class Mailbox(QObject):
    """Emit from any thread; Qt delivers to slots of this thread's objects when their turn comes."""

    received = Signal(object)
    ended = Signal()
