"""What a peer can do wrong.

ProtocolError
 +-- BadCall        a page's frame can't be understood; carries the exact reply of its dialect
 +-- PipeBroken     a process of ours stopped speaking frames (protocol.pipes)
 +-- BadMessage     a process of ours sent a JSON message of the wrong shape (protocol.prompts)
"""


class ProtocolError(Exception):
    """A peer broke the protocol."""


class BadCall(ProtocolError):
    """A page's frame that can't be carried out. `reply` is the text frame it gets, in its own dialect."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


class PipeBroken(ProtocolError):
    """The other end of a pipe does not speak frames."""


class BadMessage(ProtocolError):
    """A JSON message between our processes has the wrong shape."""
