import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.renderer import tree
from agent.renderer.json_walk import Mark
from protocol import preview
from protocol.preview import Row


@given(st.integers(0, 3 * tree.MAX_TEXT_SHOWN), st.sampled_from([0, 1, 100_000]))
def test_rows_are_as_many_as_were_counted(length: int, left_out: int) -> None:
    rows = list(tree.in_rows(Row("a", "", 2, "element", is_entry=True), "x" * length, left_out))
    assert len(rows) == tree.rows_for(length, left_out)
    assert rows[0].label == "a"
    assert rows[0].is_entry
    assert sum(len(row.value) for row in rows) == min(length, tree.MAX_TEXT_SHOWN)
    assert all(len(row.value) <= preview.MAX_TEXT for row in rows)
    assert (rows[-1].kind == "cut") is (left_out > 0 or length > tree.MAX_TEXT_SHOWN)


@pytest.mark.parametrize(("row", "expected"), [(0, 0), (9, 0), (10, 10), (11, 10), (20, 20), (10_000, 20)])
def test_the_last_place_before_a_row(row: int, expected: int) -> None:
    assert tree.mark_before([Mark(0, 0), Mark(10, 50), Mark(20, 70)], row).row == expected


def test_everything_has_its_own_name() -> None:
    plain = tree.Plain()
    assert plain.place("", "a", ("b", "c")) == tree.Place("a")
    assert plain.attribute("xmlns:a") == "xmlns:a"


def test_time_is_up_when_it_is() -> None:
    assert tree.Clock(0).is_up
    assert not tree.Clock(600).is_up
