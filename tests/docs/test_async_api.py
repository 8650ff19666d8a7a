"""docs/api/v1.asyncapi.json, by the schema that AsyncAPI's own project publishes (specs/)."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.support import npm_clients

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> jsonschema.Draft7Validator:
    """What tells a document of AsyncAPI 3.0.0 from one that is none."""
    folder = npm_clients.install(tmp_path_factory.mktemp("specs"), Path(__file__).parent / "specs")
    schema = json.loads((folder / "node_modules/@asyncapi/specs/schemas/3.0.0.json").read_text("utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def test_the_document_is_what_the_published_schema_asks_for(published: jsonschema.Draft7Validator) -> None:
    document = json.loads((ROOT / "docs/api/v1.asyncapi.json").read_text("utf-8"))
    assert document["asyncapi"] == "3.0.0"
    assert found(published, document) == []
    for place, value in (("action", "shout"), ("colour", "red")):
        broken = copy.deepcopy(document)
        broken["operations"]["sign"][place] = value
        assert found(published, broken) == ["operations.sign"]


def found(published: jsonschema.Draft7Validator, document: Any) -> list[str]:
    """Where it is not as it should be."""
    return [".".join(map(str, error.absolute_path)) for error in published.iter_errors(document)]
