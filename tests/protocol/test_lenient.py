"""The reader of org.json's dialect."""

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import lenient


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{ module: "x", method: "getVersion", args: [""] }',
            {"module": "x", "method": "getVersion", "args": [""]},
        ),
        ("{'a': 'it\\'s', \"b\": 'say \"yes\"'}", {"a": "it's", "b": 'say "yes"'}),
        ("{a:1,b:2,}", {"a": 1, "b": 2}),
        ("{a=1;b=>2}", {"a": 1, "b": 2}),
        ("[1,2,]", [1, 2]),
        ("[1,,2;3]", [1, None, 2, 3]),
        ("[]", []),
        ("{}", {}),
        ("[TRUE, False, NULL]", [True, False, None]),
        ("{a: some words }", {"a": "some words"}),
        ("[1.5, -2e3, .5, 0x10, -]", [1.5, -2000.0, 0.5, "0x10", "-"]),
        ("[NaN]", ["NaN"]),
        (r"['\u0416\n\/']", ["Ж\n/"]),
        (r"['\ud83d\ude00']", ["😀"]),
        ("{a:1} and more", {"a": 1}),
        ("{7: 1}", {"7": 1}),
        ("{a:1,a:2}", {"a": 2}),
        ("\n\t{\n a : 1\n}", {"a": 1}),
    ],
)
def test_what_org_json_takes_is_read(text: str, expected: Any) -> None:
    assert lenient.read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[",
        "{a",
        "{a:",
        "{a:1",
        "{:1}",
        "{a 'b'}",
        "['",
        "['a\nb']",
        r"['\x']",
        r"['\u12']",
        "['a",
        "{[1]:2}",
        "[1 [2]]",
        "\\",
    ],
)
def test_what_even_org_json_refuses_is_refused(text: str) -> None:
    with pytest.raises(lenient.NotLenientJson):
        lenient.read(text)


def test_the_complaint_names_the_place_and_not_the_text() -> None:
    with pytest.raises(lenient.NotLenientJson, match=r"character 12 line 2") as complaint:
        lenient.read("{a:1,\n secret 'x'}")
    assert "secret" not in str(complaint.value)


def test_depth_and_length_have_limits() -> None:
    deep = "[" * lenient.MAX_DEPTH + "]" * lenient.MAX_DEPTH
    assert lenient.read(deep)
    with pytest.raises(lenient.NotLenientJson, match="deep"):
        lenient.read("[" * 100_000)
    with pytest.raises(lenient.NotLenientJson, match="characters"):
        lenient.read("x" * (lenient.MAX_CHARACTERS + 1))


def test_a_long_hostile_text_is_read_in_linear_time() -> None:
    text = "['" + "\\u0041" * 100_000 + "']"
    assert lenient.read(text) == ["A" * 100_000]
    assert lenient.read("[" + "9" * 500_000 + "]") == [float("inf")]
    with pytest.raises(lenient.NotLenientJson):
        lenient.read(" " * lenient.MAX_CHARACTERS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.booleans())
def test_standard_json_means_the_same_to_it(value: Any, ascii_only: bool) -> None:
    assert lenient.read(json.dumps(value, ensure_ascii=ascii_only)) == value


@given(st.text(alphabet="{}[]:;,=>'\"\\u0041 \n#/abtrue-1.e") | st.text())
def test_it_raises_its_own_error_only(text: str) -> None:
    with contextlib.suppress(lenient.NotLenientJson):
        lenient.read(text)


@pytest.mark.parametrize("text", ["[" + "," * 250_000, "{" + "a:1," * 60_000 + "}", "[" + "[],;" * 60_000])
def test_a_text_of_very_many_values_is_refused_before_it_costs_time(text: str) -> None:
    started = time.process_time()
    with pytest.raises(lenient.NotLenientJson):
        lenient.read(text)
    assert time.process_time() - started < 0.5
