"""Messages of the desk, on their way through a pipe."""

import dataclasses
import typing

import pytest

from protocol import pipes, prompts
from protocol.desk import frame, history, messages, settings, sites
from protocol.errors import BadMessage

SAMPLES = (
    frame.Begin("keys", "kk", "1.0", "dark"),
    frame.Show("history"),
    frame.Trouble("sites", "storage-failed", "No space left on device"),
    frame.Opened("doctor"),
    history.Find(3, history.Search("kds", since="2026-11-01", outcome="signed"), 200),
    history.Found(
        3, 1, 0, (history.Row("2026-11-27T00:00:00+00:00", "site", "kds.kz", "sign", 1, "signed"),)
    ),
    settings.Change("key_folders", items=("/keys",)),
    settings.Settings(
        (settings.Setting("offline", "switch", "policy", is_on=True),), "on", True, False, "/c.toml"
    ),
    sites.Sites((sites.Site("https://kds.kz", "kds.kz", "kds.kz", "seen", is_protected=True),)),
)


@pytest.mark.parametrize("message", SAMPLES)
def test_each_comes_out_as_it_went_in(message):
    packed = pipes.pack_json(messages.to_message(message))
    assert messages.from_message(pipes.unpack_json(packed[pipes.HEADER_BYTES :])) == message


def test_a_message_belongs_to_the_page_of_its_module():
    assert messages.page_of(history.Check()) == "history"
    assert messages.page_of(frame.Opened("keys")) == "frame"
    pages = {name.partition(".")[0] for name in messages.TYPES}
    assert pages <= {"frame", *typing.get_args(frame.Page)}


@pytest.mark.parametrize(
    "message",
    [{"type": "history.Nothing"}, {}, {"type": "frame.Begin"}, {"type": "sites.Block", "origin": 1}],
)
def test_what_is_none_is_refused(message):
    with pytest.raises(BadMessage):
        messages.from_message(message)


def test_no_message_has_a_place_for_a_password():
    names = {field.name for cls in messages.TYPES.values() for field in dataclasses.fields(cls)}
    assert not {name for name in names if "password" in name or "secret" in name}


def test_every_type_can_be_built():
    for cls in messages.TYPES.values():
        assert prompts._hints(cls) is not None
