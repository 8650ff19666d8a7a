"""JSON values to typed values and back."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.v1 import replies, requests, shapes
from protocol.v1.constraints import Items, Length, Nullable, OnlyWith, Rule, Wire
from protocol.v1.methods import METHODS
from tests.support import v1_values


@dataclass(frozen=True)
class Left:
    left: str


@dataclass(frozen=True)
class Right:
    right: int


@dataclass(frozen=True)
class Thing:
    """A thing."""

    RULES: ClassVar[tuple[Rule, ...]] = (OnlyWith("is_said", "kind", ("b",)),)

    the_name: Annotated[str, Length(1, 3), "Its name."]
    kind: Literal["a", "b"]
    sides: Annotated[tuple[Left | Right, ...], Items(0, 2)] = ()
    said: Annotated[bool, Wire("is_said")] = False
    count: int = 0
    maybe: int | None = None
    words: Annotated[tuple[str, ...] | None, Nullable()] = None
    table: dict[str, int] | None = None


@dataclass(frozen=True)
class Open:
    IS_OPEN: ClassVar = True
    KEEPS_NAMES: ClassVar = True

    a_name: str | None


GOOD = {"theName": "x", "kind": "a"}


def test_a_whole_value() -> None:
    value = {
        **GOOD,
        "kind": "b",
        "sides": [{"left": "l"}, {"right": 1.0}],
        "is_said": True,
        "words": None,
        "table": {"a": 1},
    }
    assert shapes.read(Thing, value) == Thing("x", "b", (Left("l"), Right(1)), said=True, table={"a": 1})


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"theName": None}, "theName is null, not a text"),
        ({"theName": "long"}, "theName has 4 characters, and may have 1 to 3"),
        ({"theName": "\ud800"}, "theName has half a character (a lone surrogate)"),
        ({"kind": "c"}, "kind is not one of a, b"),
        ({"kind": ["a"]}, "kind is not one of a, b"),
        ({"sides": {}}, "sides is an object, not a list"),
        ({"sides": [{"left": "l"}, 5]}, "sides[1] is a number, not an object"),
        ({"sides": [{"left": "l", "right": 1}]}, "sides[0] has to have exactly one of left, right"),
        ({"sides": [{}]}, "sides[0] has to have exactly one of left, right"),
        ({"sides": [{"left": "l"}, {"right": True}]}, "sides[1].right is true or false, not a whole number"),
        ({"sides": [{"left": "l", "more": 1}]}, "sides[0].more is not known"),
        ({"sides": [{"left": "l"}] * 3}, "sides has 3 items, and may have 0 to 2"),
        ({"count": 1.5}, "count is a number, not a whole number"),
        ({"count": float("inf")}, "count is a number, not a whole number"),
        ({"maybe": None}, "maybe is null, not a whole number"),
        ({"is_said": "true"}, "is_said is a text, not true or false"),
        ({"is_said": True}, "has is_said, which is for the kind b only"),
        ({"table": []}, "table is a list, not an object"),
        ({"table": {"a": 1, "b": ""}}, "table.b is a text, not a whole number"),
        ({"the_name": "x"}, "the_name is not known"),
        ({"x" * 50: 1}, f"{'x' * 40}… is not known"),
        ({"a\nb": 1}, r"a\nb is not known"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_path(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(shapes.Misfit) as caught:
        shapes.read(Thing, {**GOOD, **change})
    assert str(caught.value) == complaint


def test_a_member_that_is_missing() -> None:
    with pytest.raises(shapes.Misfit, match=r"^kind is missing$"):
        shapes.read(Thing, {"theName": "x"})


def test_an_open_object_may_have_more() -> None:
    assert shapes.read(Open, {"a_name": None, "more": 1}) == Open(None)
    with pytest.raises(shapes.Misfit, match="a_name is missing"):
        shapes.read(Open, {})


def test_no_object_at_all() -> None:
    with pytest.raises(shapes.Misfit, match=r"^is a list, not an object$"):
        shapes.read(Thing, [])


def test_a_type_without_a_form_in_json_is_our_mistake() -> None:
    @dataclass
    class Odd:
        odd: bytes

    with pytest.raises(TypeError, match="no form in JSON"):
        shapes.read(Odd, {"odd": "x"})


def test_what_has_its_default_is_not_written() -> None:
    assert shapes.write(Thing("x", "a")) == {"theName": "x", "kind": "a"}
    assert shapes.write(Thing("x", "b", (Left("l"),), said=True)) == {
        "theName": "x",
        "kind": "b",
        "sides": [{"left": "l"}],
        "is_said": True,
    }
    assert shapes.write(Open(None)) == {"a_name": None}


@pytest.mark.parametrize(
    "cls", [each.params for each in METHODS.values()] + [each.result for each in METHODS.values()]
)
def test_what_was_read_reads_the_same_when_written(cls: Any) -> None:
    @given(v1_values.objects(cls))
    def back(value: Any) -> None:
        try:
            found = shapes.read(cls, value)
        except shapes.Misfit:
            return
        assert shapes.read(cls, shapes.write(found)) == found

    back()


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_anything_else_is_a_misfit(value: Any) -> None:
    for cls in (requests.SignParams, requests.Request, replies.SignResult):
        with pytest.raises(shapes.Misfit):
            shapes.read(cls, value)


def test_descriptions_come_from_the_outside_in() -> None:
    (first, *_) = shapes.members_of(Thing)
    assert (first.wire, first.description, first.is_required) == ("theName", "Its name.", True)
