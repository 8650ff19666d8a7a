"""What daemon and worker say to each other."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import fetch
from protocol import prompts, work
from protocol.errors import BadMessage

VALUES: Any = (
    st.from_type(work.Begin)
    | st.from_type(work.Reply)
    | st.from_type(work.Fetch)
    | st.from_type(work.Fetched)
    | st.from_type(prompts.Waiting)
    | st.just(prompts.Shown())
    | st.just(prompts.Activity())
)


@given(VALUES)
def test_every_message_comes_back_through_json(value: Any) -> None:
    assert work.from_message(json.loads(json.dumps(work.to_message(value)))) == value


@pytest.mark.parametrize("message", [{"type": "cancelled"}, {"type": "begin"}, {"type": "nonsense"}])
def test_what_does_not_belong_on_this_pipe_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises(BadMessage):
        work.from_message(message)


def test_the_limits_of_fetching_are_those_of_the_port() -> None:
    assert get_args(work.FetchKind) == get_args(fetch.Kind)
    assert max(limits.most_bytes for limits in fetch.LIMITS.values()) == work.MAX_ANSWER_BYTES
