"""JSON in and out."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import json_text


def test_it_is_written_compact_in_the_given_order_with_letters_as_they_are() -> None:
    assert json_text.write({"b": [1, "Қазақ"], "a": None}) == '{"b":[1,"Қазақ"],"a":null}'


def test_an_end_tag_is_written_as_org_json_writes_it() -> None:
    assert json_text.write({"xml": "<a></a>/"}) == '{"xml":"<a><\\/a>/"}'


def test_odd_characters_are_escaped_so_that_the_text_always_encodes() -> None:
    text = json_text.write({"a": "\u2028\u0085\ud800\x01Ж"})
    assert text == '{"a":"\\u2028\\u0085\\ud800\\u0001Ж"}'
    text.encode("utf-8")


@given(st.dictionaries(st.text(), st.text(alphabet=st.characters(exclude_categories=()))))
def test_what_is_written_reads_back(value: dict[str, str]) -> None:
    assert json_text.read(json_text.write(value)) == value


@pytest.mark.parametrize("frame", [b"\xff", "[" * 100_000, "{", "'"])
def test_what_can_not_be_read_is_its_own_error(frame: Any) -> None:
    with pytest.raises(json_text.NotJson):
        json_text.read(frame)


def test_the_strict_reader_has_no_limit_of_length() -> None:
    text = json.dumps({"data": "A" * (2 * 1024 * 1024)})
    assert len(json_text.read(text)["data"]) == 2 * 1024 * 1024
    with pytest.raises(json_text.NotJson):
        json_text.read(text.replace('"data"', "data"))
