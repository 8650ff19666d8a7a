"""Which version is newer."""

import pytest

from agent.updates.versions import parse

IN_ORDER = [
    "0.1",
    "0.9.9",
    "0.10a1",
    "0.10a2",
    "0.10b1",
    "0.10rc1",
    "0.10",
    "0.10.1",
    "0.11b9",
    "1.0",
    "1.0.0.1",
    "10.0",
]


def test_versions_are_in_order() -> None:
    mixed = [*IN_ORDER[1::2], *IN_ORDER[::2]]
    assert sorted(mixed, key=parse) == IN_ORDER


def test_zeros_at_the_end_make_no_difference() -> None:
    assert parse("1.0") == parse("1.0.0")
    assert hash(parse("1.0")) == hash(parse("1.0.0"))
    assert str(parse("1.0.0")) == "1.0.0"
    assert parse("1.0") != "1.0"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "source",
        "1.",
        "1.0 ",
        "01.0",
        "1.0-1",
        "1.0.dev1",
        "v1.0",
        "1.0rc",
        "١.0",
        "1.0\n",
        "1" * 40 + ".0",
        "1.0.0.0.0",
    ],
)
def test_what_is_no_version_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="not a version"):
        parse(text)
