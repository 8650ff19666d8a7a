"""Messages of the page of key files."""

import dataclasses
import json
from typing import Any

import pytest

from protocol import pipes, prompts
from protocol.desk import keys, messages
from protocol.errors import BadMessage

KEY = prompts.Key(
    key_id="a", storage="PKCS12", path="/a.p12", owner="АХМЕТОВА", iin="850101400001", organisation="", bin="", roles=("individual",),
    uses=("sign",), algorithm="RSA-2048", issuer="ҰКО", serial_number="1", not_before="", not_after="",
)  # fmt: skip
STORED = keys.StoredKey(
    "/a.p12", "good", key=KEY, fingerprint="f", days_left=20, copies=("/b.p12",), sites=("kds.kz",)
)
UNKNOWN = keys.StoredKey("/c.p12", "unknown", "2026-11-27T00:00:00+00:00", "RSA")
GROUPS = (
    keys.Group("АХМЕТОВА", "", (keys.Entry((STORED, STORED)),)),
    keys.Group("", "", (keys.Entry((UNKNOWN,)),)),
)


@pytest.mark.parametrize(
    "message",
    [
        keys.Keys(GROUPS, ("/usb",), ("/root",), is_complete=False),
        keys.AddPlaces(("/a", "/б")),
        keys.RemovePlace("/a"),
        keys.ReadKey("/a"),
        keys.ChangePassword("/a"),
        keys.Export("f", "/a.cer", "der"),
        keys.Forget("f"),
        keys.Asking(),
        keys.Done("changed", "/a", "/a.old"),
    ],
)
def test_a_message_comes_back_as_it_was(message: Any) -> None:
    octets = pipes.pack_json(messages.to_message(message))
    assert messages.from_message(json.loads(octets[pipes.HEADER_BYTES :])) == message
    assert messages.page_of(message) == "keys"


@pytest.mark.parametrize(
    "message",
    [
        {"type": "keys.Export", "fingerprint": "f", "path": "/a", "form": "pfx"},
        {"type": "keys.Done", "what": "stolen", "path": "/a"},
        {"type": "keys.ReadKey", "path": "/a", "password": "Qwerty12"},
        {"type": "keys.ChangePassword"},
    ],
)
def test_nonsense_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises(BadMessage):
        messages.from_message(message)


def test_no_message_has_room_for_a_password() -> None:
    names = {item.name for message in keys.MESSAGES for item in dataclasses.fields(message)}
    assert not {name for name in names if "password" in name or "secret" in name}


def test_as_many_files_as_are_listed_fit_into_a_frame() -> None:
    one = dataclasses.replace(
        STORED,
        path="/" + "д" * 250,
        copies=("/" + "д" * 250,) * 2,
        key=dataclasses.replace(KEY, owner="Ә" * 200, organisation="Ұ" * 400, path="/" + "д" * 250),
    )
    message = keys.Keys((keys.Group("Ә" * 200, "Ұ" * 400, (keys.Entry((one,)),) * keys.MAX_FILES),))
    assert len(pipes.pack_json(messages.to_message(message))) < pipes.MAX_JSON_BYTES
