"""The AsyncAPI document: whole, and about the same messages."""

import json
from typing import Any

from protocol.v1 import async_api, json_schema
from protocol.v1.methods import EVENTS, METHODS

DOCUMENT = async_api.document()


def resolve(reference: str) -> Any:
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_every_reference_leads_somewhere() -> None:
    references = {part.split('"')[0] for part in json.dumps(DOCUMENT).split('"$ref": "')[1:]}
    assert references
    for reference in references:
        assert resolve(reference)


def test_every_method_is_an_operation_with_its_reply() -> None:
    for name in METHODS:
        operation = DOCUMENT["operations"][name]
        assert operation["action"] == "receive"
        (message,) = operation["messages"]
        payload = resolve(resolve(resolve(message["$ref"])["$ref"])["payload"]["$ref"])
        assert payload["properties"]["method"] == {"const": name}
        assert len(operation["reply"]["messages"]) == 2


def test_every_event_is_told() -> None:
    assert len(DOCUMENT["operations"]["tell"]["messages"]) == len(EVENTS)


def test_schemas_are_those_of_the_json_schema() -> None:
    assert DOCUMENT["components"]["schemas"].keys() == json_schema.document()["$defs"].keys()
