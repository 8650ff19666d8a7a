"""What all pages of the desk have in common."""

from typing import get_args

from protocol.desk import files, frame


def test_a_desk_begins_in_the_colours_of_the_system() -> None:
    assert frame.Begin("files", "ru", "1").theme == "system"


def test_what_is_wished_can_be_left_open() -> None:
    assert frame.Summons("files") == frame.Summons("files", (), "")
    assert {"sign", "cosign", "timestamp", "verify", "card"} == {
        wish for wish in get_args(frame.Wish) if wish
    }


def test_every_message_is_named_once() -> None:
    assert len(set(frame.MESSAGES)) == len(frame.MESSAGES)
    assert not set(frame.MESSAGES) & set(files.MESSAGES)
