"""Where stamps go, in numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import UnsupportedOperation
from agent.formats.pdf import place
from agent.formats.pdf.place import Page

A4 = (0.0, 0.0, 595.0, 842.0)
SIZE = (264.0, 92.0)


def fill(page: Page, size: tuple[float, float], count: int) -> list[place.Rectangle]:
    taken: list[place.Rectangle] = []
    for _ in range(count):
        taken.append(place.place(page, size, taken).rectangle)
    return taken


def test_the_first_is_in_the_lower_left_corner_the_second_beside_it_and_the_third_above() -> None:
    assert fill(Page(A4), SIZE, 3) == [
        (24.0, 24.0, 288.0, 116.0),
        (296.0, 24.0, 560.0, 116.0),
        (24.0, 124.0, 288.0, 216.0),
    ]


@pytest.mark.parametrize(
    ("rotation", "expected", "matrix"),
    [
        (0, (124.0, 224.0, 388.0, 316.0), (1, 0, 0, 1, 0, 0)),
        (90, (479.0, 224.0, 571.0, 488.0), (0, 1, -1, 0, 0, 0)),
        (180, (307.0, 926.0, 571.0, 1018.0), (-1, 0, 0, -1, 0, 0)),
        (270, (124.0, 754.0, 216.0, 1018.0), (0, -1, 1, 0, 0, 0)),
    ],
)
def test_the_corner_is_that_which_a_person_sees_wherever_the_origin_is(
    rotation: int, expected: place.Rectangle, matrix: tuple[int, ...]
) -> None:
    found = place.place(Page((100.0, 200.0, 595.0, 1042.0), rotation), SIZE, ())
    assert (found.rectangle, found.matrix) == (expected, matrix)


def test_a_place_that_a_field_touches_is_passed_over() -> None:
    found = place.place(Page(A4), SIZE, [(280.0, 100.0, 300.0, 110.0)])
    assert found.rectangle == (24.0, 124.0, 288.0, 216.0)


def test_fields_that_only_share_an_edge_do_not_overlap() -> None:
    assert place.place(Page(A4), SIZE, [(0.0, 0.0, 24.0, 842.0)]).rectangle == (24.0, 24.0, 288.0, 116.0)


def test_a_full_page_says_so() -> None:
    everything = [A4]
    with pytest.raises(UnsupportedOperation, match="no room for another stamp"):
        place.place(Page(A4), SIZE, everything)


def test_a_stamp_shrinks_with_the_page_down_to_half_its_size() -> None:
    assert place.place(Page((0, 0, 200, 100)), SIZE, ()).rectangle[2] == pytest.approx(24 + 264 * 52 / 92)
    with pytest.raises(UnsupportedOperation, match="too small"):
        place.place(Page((0, 0, 100, 100)), SIZE, ())


@given(
    width=st.floats(150, 3000),
    height=st.floats(80, 3000),
    origin=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
    rotation=st.sampled_from((0, 90, 180, 270)),
    count=st.integers(1, 8),
)
def test_stamps_never_overlap_and_never_leave_the_page(
    width: float, height: float, origin: tuple[float, float], rotation: int, count: int
) -> None:
    page = Page((origin[0], origin[1], origin[0] + width, origin[1] + height), rotation)
    taken: list[place.Rectangle] = []
    for _ in range(count):
        try:
            x0, y0, x1, y1 = place.place(page, SIZE, taken).rectangle
        except UnsupportedOperation:
            break
        assert page.box[0] <= x0 < x1 <= page.box[2]
        assert page.box[1] <= y0 < y1 <= page.box[3]
        for other in taken:
            assert x1 <= other[0] or other[2] <= x0 or y1 <= other[1] or other[3] <= y0
        taken.append((x0, y0, x1, y1))
