"""What a page is told."""

import typing

from protocol.v1 import methods, replies, sentences, shapes
from protocol.v1.limits import MODULE


def test_codes_are_those_that_have_sentences() -> None:
    assert set(typing.get_args(replies.ErrorCode)) == sentences.MEANINGS.keys()


def test_every_event_and_result_has_its_place_in_the_table() -> None:
    assert set(typing.get_args(replies.Event)) == set(methods.EVENTS.values())
    assert set(typing.get_args(replies.Result)) == {each.result for each in methods.METHODS.values()}
    assert {event for each in methods.METHODS.values() for event in each.events} == set(
        methods.EVENTS.values()
    )


def test_whole_frames_can_be_read_back() -> None:
    failure = {"code": "busy", "retryable": True, "message": "…", "help": "https://127.0.0.1:13579/help#busy"}
    found = shapes.read(replies.ErrorReply, {"module": MODULE, "id": None, "error": failure})
    assert (found.id, found.error.code) == (None, "busy")
    assert shapes.read(replies.ResultReply, {"module": MODULE, "id": "1", "result": {"x": 1}}).result == {
        "x": 1
    }
    assert (
        shapes.read(replies.EventReply, {"module": MODULE, "id": "1", "event": "queued", "waiting": 1}).event
        == "queued"
    )
