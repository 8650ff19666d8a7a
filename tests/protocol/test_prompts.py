"""The conversation between worker and window."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import prompts
from protocol.errors import BadMessage

VALUES: Any = (
    st.from_type(prompts.OpenKey)
    | st.from_type(prompts.ChooseKey)
    | st.from_type(prompts.Waiting)
    | st.from_type(prompts.Finished)
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
