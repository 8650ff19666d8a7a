"""The table of methods."""

from protocol.v1 import replies
from protocol.v1.methods import EVENT_NAMES, EVENTS, METHODS


def test_methods_that_show_a_window_tell_that_they_do() -> None:
    assert {name for name, each in METHODS.items() if replies.WindowShown in each.events} == {
        "sign",
        "login",
        "describeKey",
    }


def test_only_uploads_are_told_of_uploads() -> None:
    assert {name for name, each in METHODS.items() if replies.UploadReceived in each.events} == {"upload"}


def test_every_event_has_one_name() -> None:
    assert len(EVENT_NAMES) == len(EVENTS)
