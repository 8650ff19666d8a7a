"""What a message says about itself."""

import pytest

from protocol.v1 import codec, requests
from protocol.v1.methods import METHODS
from tests.support.own_messages import frame, sign


def test_what_the_daemon_does_alone() -> None:
    for method in METHODS:
        assert METHODS[method].needs_worker == (
            method in {"sign", "login", "describeKey", "verify", "timestamp"}
        )
    message = codec.decode(frame("upload", size=5))
    assert not codec.needs_worker(message)
    assert codec.handles_of(message) == ()
    with pytest.raises(ValueError, match="no worker"):
        codec.request_of(message, {})


def test_the_language_is_the_pages_where_it_names_one() -> None:
    assert codec.language_of(sign({"text": ""}, language="kk"), "ru") == "kk"
    assert codec.language_of(sign({"text": ""}), "ru") == "ru"
    assert codec.language_of(codec.decode(frame("capabilities")), "en") == "en"


def test_documents_stay_out_of_logs() -> None:
    assert "the deed" not in repr(sign({"text": "the deed"}))


def test_params_are_those_of_the_table() -> None:
    for name, method in METHODS.items():
        assert method.params in requests.Params.__args__, name
