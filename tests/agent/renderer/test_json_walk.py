import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.renderer import tree
from agent.renderer.json_walk import Mark, Walk
from agent.renderer.tree import Clock, NotATree
from protocol.preview import Row


def is_tree(text: str) -> bool:
    try:
        Walk(text, Mark(0, 0)).go_on(Clock(600))
    except NotATree:
        return False
    return True


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "[", "]", "17", '"a"', "{} {}", "[] 1", "[1,]", "[,1]", "[1 2]", "[1,,2]", "{,}", '{"a"}', '{"a":}', '{"a" 1}', '{"a":1,}',
        "{1:2}", "{a: 1}", "[NaN]", "[Infinity]", "[-]", "[01]", "[1.]", "[.5]", "[1e]", "[+1]", "[tru]", "[truely]", "[True]", "['a']", '["a]',
        '["\\x"]', '["\\u12"]', '["\x01"]', "[1}", '{"a":1]', "[\u00a01]", "[" * 300 + "]" * 300, "[" * 200_000, '["' + "a" * 100_000, "//", "[1]x",
    ],
)  # fmt: skip
def test_what_is_no_json_tree(text: str) -> None:
    assert not is_tree(text)


_PIECES = st.lists(
    st.sampled_from(
        [
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            '"a"',
            '"',
            "1",
            "-0",
            "1.5e3",
            "true",
            "null",
            " ",
            "\n",
            '"\\u0041"',
            "x",
            "\\",
        ]
    ),
    max_size=12,
)


@settings(max_examples=400, deadline=None)
@given(_PIECES)
def test_it_takes_what_the_standard_library_takes_and_nothing_else(pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        expected = isinstance(json.loads(text), dict | list)
    except ValueError:
        expected = False
    assert is_tree(text) is expected


def test_half_of_a_pair_is_no_letter() -> None:
    rows = Walk('{"\\ud800a": "\\udfff", "\\ud83d\\ude00": "б"}', Mark(0, 0)).read(0, 2)
    assert [(row.label, row.value) for row in rows] == [("\ufffda", "\ufffd"), ("\U0001f600", "б")]


def test_depth_and_rows_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    most = tree.MAX_DEPTH
    assert is_tree("[" * most + "]" * most)
    assert not is_tree("[" * (most + 1) + "]" * (most + 1))
    monkeypatch.setattr(tree, "MAX_ROWS", 5000)
    assert is_tree("[" + "1," * 4000 + "1]")
    assert not is_tree("[" + "1," * 6000 + "1]")


def test_it_is_read_again_from_any_place_that_is_remembered() -> None:
    text = json.dumps([{"a": n, "b": [1, {"c": "x" * 9000 if n % 100 == 0 else "y"}]} for n in range(2000)])
    walk = Walk(text, Mark(0, 0))
    assert walk.go_on(Clock(600))
    rows = Walk(text, Mark(0, 0)).read(0, walk.rows)
    assert len(rows) == walk.rows
    assert len(walk.marks) > 10
    for mark in walk.marks:
        stop = min(mark.row + 3, walk.rows)
        assert Walk(text, mark).read(mark.row, stop) == rows[mark.row : stop]


def test_what_is_counted_can_be_read_whatever_comes_after() -> None:
    assert Walk("[1, 2, oops", Mark(0, 0)).read(0, 2) == (
        Row("1", "1", 0, "element"),
        Row("2", "2", 0, "element"),
    )


def test_the_whole_text_of_a_row() -> None:
    text = json.dumps({"a": "z" * (tree.MAX_TEXT_SHOWN + 1), "b": {}})
    assert Walk(text, Mark(0, 0)).text_of(0) == "z" * (tree.MAX_TEXT_SHOWN + 1)
    assert Walk(text, Mark(0, 0)).text_of(tree.rows_for(tree.MAX_TEXT_SHOWN + 1)) is None
