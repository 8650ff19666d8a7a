import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.renderer import forms, text
from agent.renderer.base import CannotShow
from agent.renderer.json_tree import JsonView
from agent.renderer.tree import NotATree
from protocol import preview
from protocol.preview import Row

PDF = b"%PDF-1.4\n" + bytes(range(256))


def json_view(text: str, seconds: float = 60) -> JsonView:
    return JsonView(text.encode("utf-8", "surrogatepass"), text, forms.Fields(), seconds)


def all_rows(shown: JsonView) -> tuple[Row, ...]:
    rows: tuple[Row, ...] = ()
    while len(rows) < shown.overview.rows:
        rows += shown.read(len(rows), preview.MAX_ROWS)
    assert shown.read(len(rows), 1) == ()
    return rows


def test_json_is_a_tree() -> None:
    shown = json_view('{"number": 17.50, "number": "again", "list": [true, null, {"a": ""}], "empty": {}}')
    assert all_rows(shown) == (
        Row("number", "17.50", 0, "element"),
        Row("number", "again", 0, "element"),
        Row("list", "", 0, "element"),
        Row("1", "true", 1, "element"),
        Row("2", "null", 1, "element"),
        Row("3", "", 1, "element"),
        Row("a", "", 2, "element"),
        Row("empty", "", 0, "element"),
    )
    assert (shown.overview.kind, shown.overview.format) == ("tree", "JSON")


def test_a_document_in_json_can_be_entered() -> None:
    shown = json_view(f'{{"file": "{base64.b64encode(PDF).decode()}", "long": "{"x" * 9000}"}}')
    assert shown.enter(0).octets == PDF
    assert "".join(row.value for row in all_rows(shown)[1:]) == "x" * 9000


def test_it_has_no_pages() -> None:
    shown = json_view("{}")
    for ask in (
        lambda: shown.draw(0, 1),
        lambda: shown.read(-1, 1),
        lambda: shown.read(0, 0),
        lambda: shown.enter(-1),
    ):
        with pytest.raises(CannotShow):
            ask()


@pytest.mark.slow
def test_more_than_four_megabytes_are_a_tree_too() -> None:
    """And it is shown from its beginning while the rest is still counted."""
    members = ",".join(f'{{"number": {n}, "name": "Тауар", "iin": "900101300123"}}' for n in range(100_000))
    shown = json_view(f"[{members}]", seconds=0)
    assert shown.overview.size > 5_000_000
    assert shown.overview.is_growing
    assert shown.read(0, 3)[1:] == (Row("number", "0", 1, "element"), Row("name", "Тауар", 1, "element"))
    assert shown.read(shown.overview.rows - 1, 9) == shown.read(shown.overview.rows - 1, 1)
    while shown.overview.is_growing:
        shown.grow(0)
    assert shown.overview.rows == 400_000
    assert shown.read(399_996, 9)[:2] == (
        Row("100000", "", 0, "element"),
        Row("number", "99999", 1, "element"),
    )


def test_damage_far_behind_shows_while_it_is_read_on() -> None:
    shown = json_view("[" + "1," * 100_000 + "]", seconds=0)
    assert len(shown.read(0, 500)) == 500
    with pytest.raises(NotATree):
        shown.grow(60)


def test_what_is_longer_than_a_text_that_is_shown_is_no_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.renderer.json_tree.MAX_SHOWN_BYTES", 100)
    with pytest.raises(NotATree):
        json_view("[" + " " * 100 + "]")
    assert text.MAX_SHOWN_BYTES >= 32 * 1024 * 1024


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=10),
        lambda inside: (
            st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=5), inside, max_size=4)
        ),
    ),
    st.sampled_from([None, 1]),
)
def test_any_json_has_all_its_rows(value: object, indent: int | None) -> None:
    if isinstance(value, dict | list):
        shown = json_view(json.dumps(value, indent=indent, ensure_ascii=indent is None))
        rows = all_rows(shown)
        assert len(rows) == shown.overview.rows == _members(value)
        assert all(shown.read(number, 1) == (row,) for number, row in enumerate(rows))


def _members(value: object) -> int:
    if isinstance(value, dict | list):
        inside = value.values() if isinstance(value, dict) else value
        return len(value) + sum(map(_members, inside))
    return 0
