"""The published schema: it says the same as what checks messages, and it is a schema."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.v1 import codec, json_schema, replies, requests, shapes
from protocol.v1.methods import EVENTS, METHODS
from tests.protocol.v1 import describe
from tests.support import v1_values

ALL = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
REQUESTS = {name: v1_values.validator(json_schema.request_name(name)) for name in METHODS}
ANY_REQUEST = v1_values.validator(json_schema.REQUESTS)
WHOLE = jsonschema.Draft202012Validator(v1_values.SCHEMA)


def is_read(message: Any) -> bool:
    """Whether what checks requests takes it, but for what a schema can't say."""
    try:
        envelope = shapes.read(requests.Request, message)
        shapes.read(METHODS[envelope.method].params, envelope.params)
    except (shapes.Misfit, KeyError):
        return False
    return True


@pytest.mark.parametrize("path", sorted(describe.files()), ids=lambda path: path.name)
def test_the_descriptions_are_those_of_the_source(path: Any) -> None:
    assert path.read_text("utf-8") == describe.files()[path], "run python -m tests.protocol.v1.describe"


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(v1_values.SCHEMA)


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(v1_values.SCHEMA)
    names = {part.split('"')[0] for part in text.split("#/$defs/")[1:]}
    assert names <= v1_values.SCHEMA["$defs"].keys()


def test_everything_is_described() -> None:
    for name, part in v1_values.SCHEMA["$defs"].items():
        assert name in json_schema.NAMED or part.get("description"), name
        for wire, member in part.get("properties", {}).items():
            assert member.get("description") or "const" in member or "$ref" in member, (name, wire)


@ALL
@given(v1_values.requests())
def test_what_fits_the_annotations_is_taken_by_both(message: Any) -> None:
    assert ANY_REQUEST.is_valid(message) == is_read(message)


@ALL
@given(v1_values.mutated(v1_values.requests()))
def test_what_is_wrong_is_refused_by_both(message: Any) -> None:
    assert ANY_REQUEST.is_valid(message) == is_read(message)
    method = message.get("method") if isinstance(message, dict) else None
    if isinstance(method, str) and method in METHODS:
        assert REQUESTS[method].is_valid(message) == is_read(message)


@ALL
@given(v1_values.mutated(v1_values.requests()))
def test_what_is_decoded_fits_the_schema(message: Any) -> None:
    frame = v1_values.text_of(message)
    try:
        codec.decode(frame)
    except codec.BadRequest:
        return
    assert ANY_REQUEST.is_valid(message)
    assert WHOLE.is_valid(message)


@pytest.mark.parametrize(
    "cls", [*(each.result for each in METHODS.values()), replies.ErrorReply, *EVENTS.values()]
)
def test_replies_are_the_same_to_both(cls: Any) -> None:
    checker = v1_values.validator(cls.__name__)

    @settings(ALL, max_examples=25)
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        good = data.draw(v1_values.objects(cls))
        assert checker.is_valid(good)
        assert isinstance(shapes.read(cls, good), cls)
        value = data.draw(v1_values.mutated(st.just(good)))
        try:
            shapes.read(cls, value)
        except shapes.Misfit:
            assert not checker.is_valid(value)
        else:
            assert checker.is_valid(value)

    agree()


@pytest.mark.parametrize(
    "message",
    [
        {"module": "kz.qalamsap.v1", "id": "1", "method": "capabilities"},
        {"module": "kz.qalamsap.v1", "id": "1", "method": "sign", "params": {"format": "cms", "documents": [{"content": {"text": ""}}]}},
        {"module": "kz.qalamsap.v1", "id": None, "error": {"code": "busy", "retryable": True, "message": "…", "help": "h"}},
        {"module": "kz.qalamsap.v1", "id": "1", "event": "signed", "done": 1, "total": 2},
    ],
)  # fmt: skip
def test_frames_of_both_sides_fit_the_whole(message: Any) -> None:
    assert WHOLE.is_valid(message)


def test_a_frame_of_another_module_does_not_fit() -> None:
    assert not WHOLE.is_valid({"module": "kz.gov.pki.knca.basics", "id": "1", "method": "capabilities"})
