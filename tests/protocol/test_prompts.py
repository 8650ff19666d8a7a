"""The conversation between worker and window."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import prompts
from protocol.errors import BadMessage


@st.composite
def finished(draw: st.DrawFn) -> prompts.Finished:
    """Last words that don't contradict themselves."""
    numbers = draw(st.lists(st.integers(0, prompts.MAX_LISTED - 1), unique=True, max_size=5).map(sorted))
    lacking = tuple(number for number in numbers if draw(st.booleans()))
    failed = tuple(prompts.Failure(each, draw(st.text())) for each in numbers if each not in lacking)
    problem = draw(st.from_type(prompts.Problem)) if failed else draw(st.from_type(prompts.Problem | None))
    count = draw(st.integers(len(lacking), prompts.MAX_LISTED))
    return prompts.Finished(count, problem, lacking, failed)


VALUES: Any = (
    st.from_type(prompts.OpenKey)
    | st.from_type(prompts.ChooseKey)
    | st.from_type(prompts.Waiting)
    | finished()
    | st.from_type(prompts.KeyOpened)
    | st.from_type(prompts.Approved)
    | st.from_type(prompts.ReadKey)
    | st.from_type(prompts.ChangePassword)
    | st.from_type(prompts.PasswordsTyped)
    | st.just(prompts.BackToFiles())
    | st.just(prompts.Cancelled())
    | st.just(prompts.Shown())
    | st.just(prompts.Activity())
)


@given(VALUES)
def test_every_message_comes_back_through_json(value: prompts.ToWindow | prompts.FromWindow) -> None:
    assert prompts.from_message(json.loads(json.dumps(prompts.to_message(value)))) == value


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        ({"type": "nonsense"}, "unknown message type"),
        ({}, "unknown message type"),
        ({"type": "waiting"}, "count is missing"),
        ({"type": "waiting", "count": "1"}, "count is a str"),
        ({"type": "waiting", "count": True}, "count is a bool"),
        ({"type": "waiting", "count": 1, "more": 1}, "unknown member 'more'"),
        ({"type": "choose-key", "keys": {}}, "keys is not a list"),
        ({"type": "choose-key", "keys": [5]}, r"keys\[\] is not an object"),
        ({"type": "finished", "problem": {"code": None}}, "code is a NoneType"),
        ({"type": "approved", "key_id": "a", "remember": "yes"}, "remember is a str"),
    ],
)
def test_a_message_of_the_wrong_shape_says_where(message: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadMessage, match=complaint):
        prompts.from_message(message)


FAILED = {"number": 2, "code": "internal"}
PROBLEM = {"code": "internal"}


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"count": 3, "lacking": [1, 1]}, "lacking is not in order"),
        ({"count": 3, "lacking": [2, 1]}, "lacking is not in order"),
        ({"count": 3, "lacking": [-1]}, "lacking has a number that no document can have"),
        ({"count": 3, "lacking": [prompts.MAX_LISTED]}, "lacking has a number that no document can have"),
        ({"count": 1, "lacking": [0, 1]}, "lacking has documents that are not signed"),
        ({"count": 3, "lacking": [2], "failed": [FAILED], "problem": PROBLEM}, "lacking has documents that are not"),
        ({"failed": [FAILED, FAILED], "problem": PROBLEM}, "failed is not in order"),
        ({"failed": [{**FAILED, "number": 10**9}], "problem": PROBLEM}, "failed has a number that no document"),
        ({"failed": [FAILED]}, "failed comes without a problem"),
        ({"failed": [{"number": 2}], "problem": PROBLEM}, r"failed\[\].code is missing"),
        ({"count": -1}, "count is no number of documents"),
        ({"count": prompts.MAX_LISTED + 1}, "count is no number of documents"),
    ],
)  # fmt: skip
def test_a_last_word_that_contradicts_itself_is_none(body: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadMessage, match=complaint):
        prompts.from_message({"type": "finished", **body})


def test_what_became_of_ten_thousand_documents_fits_into_a_frame() -> None:
    from protocol import pipes

    failed = tuple(prompts.Failure(number, "file-not-written") for number in range(prompts.MAX_LISTED))
    told = prompts.Finished(0, prompts.Problem("file-not-written"), failed=failed)
    assert len(pipes.pack_json(prompts.to_message(told))) < pipes.MAX_JSON_BYTES


def test_a_literal_is_checked() -> None:
    with pytest.raises(BadMessage, match="expected one of"):
        prompts.build(prompts.Caller, {"kind": "friend"})


def test_a_list_of_ten_thousand_documents_fits_into_a_frame() -> None:
    from protocol import messages, pipes

    document = prompts.Document(name="", size=10**9, digest_name="SHA-256", digest="f" * 64)
    prompt = prompts.OpenKey(
        caller=prompts.Caller("site", "https://kds.example.kz"),
        action="sign",
        purpose="sign",
        documents=(document,) * messages.MAX_DOCUMENTS,
        placement="beside",
        language="kk",
        storages=("PKCS12",),
        folder="",
    )
    assert len(pipes.pack_json(prompts.to_message(prompt))) < pipes.MAX_JSON_BYTES
