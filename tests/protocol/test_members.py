"""Members of objects, as org.json reads them."""

import pytest

from protocol import members
from protocol.members import JsonComplaint

OWNER = {"text": "a", "number": 5, "true": "TRUE", "yes": True, "list": ["a", 1], "object": {}, "null": None}


def test_what_is_there_is_given() -> None:
    assert members.text(OWNER, "text") == "a"
    assert members.texts({"list": ["a", "b"]}, "list") == ["a", "b"]
    assert members.nested(OWNER, "object") == {}


@pytest.mark.parametrize(
    ("read", "key", "complaint"),
    [
        (members.text, "none", 'JSONObject["none"] not found.'),
        (members.text, "number", 'JSONObject["number"] not a string.'),
        (members.texts, "text", 'JSONObject["text"] is not a JSONArray.'),
        (members.texts, "list", "JSONArray[1] not a string."),
        (members.nested, "none", 'JSONObject["none"] not found.'),
        (members.nested, "null", 'JSONObject["null"] is not a JSONObject.'),
    ],
)
def test_what_is_not_is_complained_of_in_the_words_of_java(read, key: str, complaint: str) -> None:
    with pytest.raises(JsonComplaint) as caught:
        read(OWNER, key)
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("key", "default", "expected"),
    [
        ("true", False, True),
        ("yes", False, True),
        ("text", True, True),
        ("none", False, False),
        ("number", True, True),
    ],
)
def test_a_flag_may_be_a_word(key: str, default: bool, expected: bool) -> None:
    assert members.flag(OWNER, key, default=default) is expected


def test_optional_texts_may_be_whole_numbers() -> None:
    assert [members.optional_text(OWNER, key) for key in ("text", "number", "yes", "null", "none")] == [
        "a", "5", "", "", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected"),
    [("2", 2), (2, 2), ("x", 9), (True, 9), (None, 9), ("1" * 10, 9), ("²", 9), (2.0, 9)],
)
def test_whole_numbers_may_be_texts(value: object, expected: int) -> None:
    assert members.whole_number(value, 9) == expected
