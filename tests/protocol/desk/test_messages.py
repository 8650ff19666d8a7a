"""Messages of the desk on the wire."""

import dataclasses
import json
from typing import Any, get_args

import pytest

from protocol import pipes
from protocol.desk import files, frame, messages, sites
from protocol.errors import BadMessage

FILE = files.File("/a.cms", 12, "cms", ("sign", "verify"), ("cms",), result="verified", verdict="valid")


@pytest.mark.parametrize(
    "message",
    [
        frame.Begin("keys", "kk", "0.5.0", "dark"),
        frame.Summons("files", ("/a", "/б"), "verify"),
        files.Listed((FILE,), "sign", refused=1),
        files.Start("sign", "pdf", with_stamp=True),
        files.Told(
            "/a.cms", files.Report("valid", "yes", "it is", (), (files.Signer("valid", "s", (), ("n",)),))
        ),
        sites.Forget("https://a.kz"),
    ],
)
def test_a_message_comes_back_as_it_was(message: Any) -> None:
    octets = pipes.pack_json(messages.to_message(message))
    assert messages.from_message(json.loads(octets[pipes.HEADER_BYTES :])) == message


def test_each_message_belongs_to_its_page() -> None:
    assert messages.page_of(FILE_LISTED) == "files"
    assert messages.page_of(frame.Opened("sites")) == "frame"
    assert {name.partition(".")[0] for name in messages.TYPES} <= {"frame", *get_args(frame.Page)}


FILE_LISTED = files.Listed((FILE,))


@pytest.mark.parametrize(
    "message",
    [
        {"type": "frame.Nothing"},
        {"type": "Begin"},
        {},
        {"type": "frame.Show"},
        {"type": "frame.Show", "page": "cellar"},
        {"type": "frame.Show", "page": "sites", "more": 1},
        {"type": "files.Add", "paths": [1]},
        {"type": "files.Add", "paths": ["/a"], "wish": "burn"},
        {"type": "files.Start", "wish": "sign", "with_stamp": 1},
    ],
)
def test_nonsense_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises(BadMessage):
        messages.from_message(message)


def test_every_message_is_plain_data() -> None:
    for name, cls in messages.TYPES.items():
        assert dataclasses.is_dataclass(cls), name
        assert cls.__dataclass_params__.frozen, name  # type: ignore[attr-defined]  # dataclasses have it
