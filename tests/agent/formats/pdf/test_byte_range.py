"""What is taken for a ByteRange, and what for the message in the hole."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import algorithms
from agent.errors import BadInput
from agent.formats.pdf import byte_range
from agent.formats.pdf.byte_range import ByteRange

CONTENTS = bytes.fromhex("3003020105") + bytes(3)
BEFORE = b"%PDF-1.7 ... << /Type /Sig /Contents "
AFTER = b" >> ... startxref\n12\n%%EOF\n"
HOLE = b"<" + CONTENTS.hex().encode() + b">"
DOCUMENT = BEFORE + HOLE + AFTER
NUMBERS = (0, len(BEFORE), len(BEFORE) + len(HOLE), len(AFTER))


def test_the_one_form_is_read() -> None:
    found = byte_range.read(NUMBERS, DOCUMENT + b"a later revision", CONTENTS)
    assert found == ByteRange(len(BEFORE), len(BEFORE) + len(HOLE), len(DOCUMENT))
    assert found.numbers == NUMBERS
    assert found.digest(DOCUMENT, algorithms.SHA256) == algorithms.SHA256(BEFORE + AFTER)


def test_digits_in_the_hole_may_be_of_either_case() -> None:
    assert byte_range.read(NUMBERS, BEFORE + HOLE.upper() + AFTER, CONTENTS)


@pytest.mark.parametrize("end", [b"%%EOF", b"%%EOF\r", b"%%EOF\r\n", b"%%EOF\n\n\n"])
def test_a_revision_may_end_with_any_line_end_or_none(end: bytes) -> None:
    after = AFTER.replace(b"%%EOF\n", end)
    assert byte_range.read((*NUMBERS[:3], len(after)), BEFORE + HOLE + after, CONTENTS)


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ((), "four numbers"),
        (NUMBERS[:3], "four numbers"),
        ((*NUMBERS, 0, 0), "four numbers"),
        ((0, -1, NUMBERS[2], NUMBERS[3]), "four numbers"),
        ((0, 1 << 60, NUMBERS[2], NUMBERS[3]), "four numbers"),
        ((0, 10.0, NUMBERS[2], NUMBERS[3]), "four numbers"),
        ((0, None, NUMBERS[2], NUMBERS[3]), "four numbers"),
        ((1, NUMBERS[1] - 1, NUMBERS[2], NUMBERS[3]), "begin with the file"),
        ((0, NUMBERS[1], NUMBERS[2], NUMBERS[3] + 1), "beyond the file"),
        ((0, NUMBERS[1], NUMBERS[2], NUMBERS[3] - 2), "does not end where a revision does"),
        ((0, NUMBERS[1] - 1, NUMBERS[2], NUMBERS[3]), "not the signature's string"),
        ((0, NUMBERS[1] + 1, NUMBERS[2], NUMBERS[3]), "not the signature's string"),
        ((0, NUMBERS[1], NUMBERS[2] + 1, NUMBERS[3] - 1), "not the signature's string"),
        ((0, NUMBERS[1], NUMBERS[2] - 1, NUMBERS[3] + 1), "not the signature's string"),
        ((0, NUMBERS[2], NUMBERS[1], NUMBERS[3] + len(HOLE)), "not the signature's string"),
    ],
)
def test_any_other_form_is_bad_input(numbers: tuple[object, ...], reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        byte_range.read(numbers, DOCUMENT, CONTENTS)


def test_the_hole_must_hold_the_string_of_this_signature() -> None:
    with pytest.raises(BadInput, match="another string"):
        byte_range.read(NUMBERS, DOCUMENT, CONTENTS[:-1] + b"\x01")


def test_the_hole_must_be_the_value_of_contents() -> None:
    with pytest.raises(BadInput, match="not the value of /Contents"):
        byte_range.read(NUMBERS, DOCUMENT.replace(b"/Contents", b"/Lontents"), CONTENTS)


def test_white_space_inside_the_string_is_refused_for_it_could_be_changed_unnoticed() -> None:
    spaced = BEFORE + b"< " + HOLE[1:-3] + b" >" + AFTER
    with pytest.raises(BadInput):
        byte_range.read(NUMBERS, spaced, CONTENTS)


def test_the_message_is_what_stands_before_the_filling() -> None:
    assert byte_range.message_in(CONTENTS) == CONTENTS[:5]
    long = b"\x30\x82\x01\x00" + bytes(256)
    assert byte_range.message_in(long + bytes(7)) == long
    indefinite = bytes.fromhex("30800201050000")
    assert byte_range.message_in(indefinite + bytes(7)) == indefinite


@pytest.mark.parametrize(
    "contents",
    [b"", b"\x30", bytes(10), b"\x31\x00", b"\x30\x05\x00", b"\x30\x80\x00", b"\x30\x82\x01\x00\x00", CONTENTS + b"\x01"],
)  # fmt: skip
def test_what_is_not_a_message_or_is_followed_by_something_is_bad_input(contents: bytes) -> None:
    with pytest.raises(BadInput):
        byte_range.message_in(contents)


@given(st.binary(max_size=40))
def test_whatever_is_in_the_hole_ends_in_a_message_or_in_bad_input(contents: bytes) -> None:
    with contextlib.suppress(BadInput):
        assert contents.startswith(byte_range.message_in(contents))
