"""Names that may be in an archive, and names that may be in one archive together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import BadInput
from agent.formats import zip_names


@pytest.mark.parametrize(
    "name",
    ["a", "a.txt", "құжат № 1.pdf", "б/в/г.txt", ".hidden", "a..b", "...a", "a b/c d", "folder/", "100%.txt", "a/" * 32 + "b"],
)  # fmt: skip
def test_everyday_names_are_safe(name: str) -> None:
    assert zip_names.is_safe(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "/", "/a", "//a", "a//b", "a//", ".", "..", "../a", "a/../b", "a/..", "./a", "a/./b", "...", "a/ /b", "a/. ./b",
        "C:/a", "C:a", "a:stream", "\\a", "a\\..\\b", "a\x00b", "a\nb", "a\x7fb", "a\x85b", "a\ud800", "a" * 1025, "ә" * 513,
        "a/" * 33 + "b",
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere_or_cannot_be_written_are_not(name: str) -> None:
    assert not zip_names.is_safe(name)


@given(st.text(max_size=30))
def test_a_safe_name_stays_in_its_folder(name: str) -> None:
    if zip_names.is_safe(name):
        parts = name.removesuffix("/").split("/")
        assert ".." not in parts
        assert "" not in parts
        assert name.encode().decode() == name


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["a", "b", "a.b"],
        ["f/a", "f/b", "F/c", "f/"],
        ["f/", "f/"],
        ["f/g/", "f/g/a"],
    ],
)
def test_different_names_stand_together(names: list[str]) -> None:
    zip_names.expect_apart(names)


@pytest.mark.parametrize(
    "names",
    [
        ["a", "a"],
        ["a", "A"],
        ["ҚҰЖАТ", "құжат"],
        ["й", "и\u0306"],
        ["straße", "STRASSE"],
        ["a", "a."],
        ["a", "a "],
        ["f./a", "f/a"],
        ["a", "a/"],
        ["a", "a/b"],
        ["a/b/c", "A"],
    ],
)
def test_names_that_some_system_takes_for_one_do_not(names: list[str]) -> None:
    for order in (names, names[::-1]):
        with pytest.raises(BadInput):
            zip_names.expect_apart(order)
