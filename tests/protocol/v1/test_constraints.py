"""What values have to be: each complaint is a sentence, and the schema's keywords draw the line at the same place."""

import base64
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.v1 import constraints
from protocol.v1.constraints import (
    Base64Text,
    Base64Url,
    Items,
    Length,
    NotZero,
    OnlyWith,
    Pattern,
    Range,
    Together,
)


@pytest.mark.parametrize(
    ("constraint", "good", "bad", "complaint"),
    [
        (Length(1, 3), "abc", "abcd", "has 4 characters, and may have 1 to 3"),
        (Length(1, 3), "a", "", "has 0 characters, and may have 1 to 3"),
        (Range(1, 3), 3, 4, "is not from 1 to 3"),
        (NotZero(), -1, 0, "is 0"),
        (Pattern("[0-9]{2}", "two digits"), "12", "12\n", "is not two digits"),
        (Items(1, 2), ["a"], [], "has 0 items, and may have 1 to 2"),
        (Base64Text(6), "AAAA", "", "is empty"),
        (Base64Text(6, may_be_empty=True), "", "A", "is not base64 (RFC 4648 section 4, with padding, without line ends)"),
        (Base64Text(6), "AAA=", "AA=A", "is not base64 (RFC 4648 section 4, with padding, without line ends)"),
        (Base64Text(3), "AAAA", "AAAAAA==", "has more than 3 octets"),
        (Base64Url(2, 3), "-_8", "+/8", "is not base64url (RFC 4648 section 5, without padding)"),
        (Base64Url(2, 3), "-_8", "AA", "has 1 octets, and may have 2 to 3"),
        (Base64Url(2, 3), "-_8", "-_9", "is not base64url (RFC 4648 section 5, without padding)"),
        (constraints.one_line(), "Сумма", "a\u2028b", "is not one line of text without control characters"),
    ],
)  # fmt: skip
def test_the_line_between_good_and_bad(constraint: Any, good: Any, bad: Any, complaint: str) -> None:
    assert constraint.complaint(good) == ""
    assert constraint.complaint(bad) == complaint
    assert constraint.schema()


@given(st.binary(max_size=70))
def test_base64url_of_the_right_size_is_good(octets: bytes) -> None:
    text = base64.urlsafe_b64encode(octets).decode().rstrip("=")
    constraint, schema = Base64Url(16, 64), Base64Url(16, 64).schema()
    fits_schema = schema["minLength"] <= len(text) <= schema["maxLength"] and re.search(
        schema["pattern"], text
    )
    assert bool(fits_schema) == (16 <= len(octets) <= 64) == (constraint.complaint(text) == "")


@given(st.text(alphabet="AQgw-_9", max_size=12))
def test_each_octets_have_one_spelling_in_base64url(text: str) -> None:
    if Base64Url(0, 64).complaint(text) == "":
        octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        assert base64.urlsafe_b64encode(octets).decode().rstrip("=") == text


@given(st.text(alphabet="AQgw+/=9 \n", max_size=14))
def test_base64_is_what_its_schema_says(text: str) -> None:
    constraint = Base64Text(6, may_be_empty=True)
    schema = constraint.schema()
    fits_schema = len(text) <= schema["maxLength"] and re.search(schema["pattern"][:-1] + r"\Z", text)
    assert bool(fits_schema) == (constraint.complaint(text) == "")


def test_two_members_together() -> None:
    rule = Together("a", "b")
    assert rule.complaint({}) == rule.complaint({"a": 1, "b": 2}) == ""
    assert rule.complaint({"a": 1}) == rule.complaint({"b": 1}) == "has only one of a and b"


def test_a_member_only_with_another() -> None:
    rule = OnlyWith("stamp", "format", ("pdf",))
    assert rule.complaint({"format": "cms"}) == rule.complaint({"format": "pdf", "stamp": {}}) == ""
    assert rule.complaint({"format": "cms", "stamp": {}}) == "has stamp, which is for the format pdf only"


def test_a_value_only_with_another() -> None:
    rule = OnlyWith("cosign", "format", ("cms",), (True,))
    assert rule.complaint({"format": "xml", "cosign": False}) == ""
    assert (
        rule.complaint({"format": "xml", "cosign": True})
        == "has cosign true, which is for the format cms only"
    )
