"""What the tray and the command line say to the daemon."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import control
from protocol.errors import BadMessage

VALUES: Any = st.from_type(control.State) | st.from_type(control.Command) | st.from_type(control.Refused)


@given(VALUES)
def test_every_message_comes_back_through_json(value: control.Message) -> None:
    assert control.from_message(json.loads(json.dumps(control.to_message(value)))) == value


@pytest.mark.parametrize(
    "message", [{"type": "sign"}, {}, {"type": "command", "name": "approve"}, {"type": "refused"}]
)
def test_nobody_can_ask_for_anything_else(message: dict[str, Any]) -> None:
    with pytest.raises(BadMessage):
        control.from_message(message)
