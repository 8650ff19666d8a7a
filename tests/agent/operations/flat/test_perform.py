"""Each request of the first dialect finds its operation, and loses its password."""

from pathlib import Path

import pytest

from agent.errors import WrongPassword
from agent.operations.flat.perform import perform
from agent.operations.named_file import KeyFileNotChosen
from protocol import flat_messages
from protocol.flat_messages import (
    CheckBareRequest,
    Checked,
    CheckRequest,
    DigestRequest,
    KeyPlace,
    ListKeysRequest,
    Missing,
    ReadCertificateRequest,
    SignWithKeyRequest,
    Text,
)
from protocol.messages import Signed, SignRequest
from tests.support import authority, named_keys


def requests(place: KeyPlace) -> list[flat_messages.Request]:
    return [
        ListKeysRequest(place, "any"),
        ReadCertificateRequest(place, "subject"),
        SignWithKeyRequest(place, SignRequest((b"act",), detached=True)),
        CheckBareRequest(place, b"act", b"\1"),
        CheckRequest("cms", b"MTEK"),
        DigestRequest(b"act", "SHA-256"),
    ]


def test_each_request_has_its_operation(tmp_path: Path) -> None:
    expected = (Text, Text, Signed, Checked, Checked, Text)
    for number, kind in enumerate(expected):
        place = named_keys.place(tmp_path)
        asked = named_keys.approval(tmp_path, named_keys.agrees, chosen=(place.path,))
        assert isinstance(perform(requests(place)[number], asked), kind)
        if number < 4:
            assert place.password == bytes(len(authority.PASSWORD))


def test_what_is_not_there_is_an_outcome(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path, alias="another")
    asked = named_keys.approval(tmp_path, chosen=(place.path,))
    assert perform(ListKeysRequest(place, "any"), asked) == Missing("key")
    Path(place.path).unlink()
    gone = KeyPlace("PKCS12", place.path, bytearray(b"x"))
    assert perform(ReadCertificateRequest(gone, "subject"), asked) == Missing("key-file")


@pytest.mark.parametrize("number", range(4))
def test_a_password_is_wiped_where_nothing_was_opened(tmp_path: Path, number: int) -> None:
    place = named_keys.place(tmp_path)
    with pytest.raises(KeyFileNotChosen):
        perform(requests(place)[number], named_keys.approval(tmp_path))
    assert place.password == bytes(len(authority.PASSWORD))


def test_a_wrong_password_is_wiped_too(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path, password="a guess")
    with pytest.raises(WrongPassword):
        perform(ListKeysRequest(place, "any"), named_keys.approval(tmp_path, chosen=(place.path,)))
    assert place.password == bytes(len("a guess"))
