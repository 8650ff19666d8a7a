"""DER out, BER in: values of X.690 and of the national samples, and every way to be damaged."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from asn1crypto import core
from hypothesis import example, given
from hypothesis import strategies as st

from agent.errors import BadInput
from agent.formats import asn1


@pytest.mark.parametrize(
    ("length", "expected"),
    [(0, "0400"), (127, "047f"), (128, "048180"), (255, "0481ff"), (256, "04820100"), (65536, "0483010000")],
)
def test_lengths_take_the_shortest_form(length: int, expected: str) -> None:
    assert asn1.header(asn1.OCTET_STRING, length).hex() == expected


@given(st.integers())
@example(0)
@example(-1)
@example(-128)
@example(-129)
@example(127)
@example(128)
def test_an_integer_is_as_another_library_writes_it_and_reads_back(value: int) -> None:
    encoded = asn1.integer(value)
    assert encoded == core.Integer(value).dump()
    assert asn1.read(encoded).integer() == value


@pytest.mark.parametrize(
    "dotted",
    ["1.2.840.113549.1.7.2", "2.5.4.3", "0.9.2342.19200300.100.1.1", "2.999.3", "1.2.398.3.10.1.1.2.3.2"],
)
def test_an_object_identifier_is_read(dotted: str) -> None:
    assert asn1.read(core.ObjectIdentifier(dotted).dump()).object_identifier() == dotted


def test_a_set_is_sorted_by_its_octets_and_holds_each_member_once() -> None:
    members = [b"\x04\x02aa", b"\x04\x01b", b"\x02\x01\x05", b"\x04\x01b"]
    assert asn1.set_of(members) == b"\x31\x0a" + b"\x02\x01\x05" + b"\x04\x01b" + b"\x04\x02aa"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 5, 8, 12, 34, 56, 999_999, tzinfo=UTC), b"\x17\x0d260508123456Z"),
        (datetime(2026, 5, 8, 17, 34, 56, tzinfo=timezone(timedelta(hours=5))), b"\x17\x0d260508123456Z"),
        (datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), b"\x17\x0d491231235959Z"),
        (datetime(2050, 1, 1, tzinfo=UTC), b"\x18\x0f20500101000000Z"),
        (datetime(1950, 1, 1, tzinfo=UTC), b"\x17\x0d500101000000Z"),
        (datetime(1949, 12, 31, tzinfo=UTC), b"\x18\x0f19491231000000Z"),
    ],
)
def test_a_time_is_utc_through_2049_and_generalized_after(moment: datetime, expected: bytes) -> None:
    assert asn1.time(moment) == expected
    assert asn1.read(expected).time() == moment.astimezone(UTC).replace(microsecond=0)


def test_a_moment_without_time_zone_is_a_programming_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        asn1.time(datetime(2026, 1, 1))


@pytest.mark.parametrize(
    "encoded",
    [
        b"\x17\x0b2605081234Z",
        b"\x17\x11260508123456+0500",
        b"\x18\x1120260508123456.5Z",
        b"\x17\x0d269908123456Z",
        b"\x04\x01Z",
    ],
)
def test_a_time_in_another_form_is_refused(encoded: bytes) -> None:
    with pytest.raises(BadInput):
        asn1.read(encoded).time()


def test_indefinite_lengths_are_read_at_every_level() -> None:
    inner = b"\x24\x80" + b"\x04\x02ab" + b"\x04\x01c" + b"\x00\x00"
    outer = b"\x30\x80" + inner + b"\x05\x00" + b"\x00\x00"
    octets, null = asn1.read(outer).children()
    assert octets.octets() == b"abc"
    assert octets.der == inner
    assert null.tag == asn1.NULL


def test_segments_may_lie_in_segments() -> None:
    assert asn1.read(b"\x24\x0a\x24\x06\x04\x01a\x04\x01b\x04\x00").octets() == b"ab"


def test_a_length_longer_than_needed_is_read() -> None:
    assert asn1.read(b"\x04\x84\x00\x00\x00\x01x").octets() == b"x"


@pytest.mark.parametrize("rest", [b"", b"\x00\x00", b"\x04\x01x", b"\x30"])
def test_the_first_element_is_read_whatever_follows(rest: bytes) -> None:
    for first in (b"\x30\x03\x02\x01\x07", b"\x30\x80\x02\x01\x07\x00\x00"):
        assert asn1.read_first(first + rest).encoded == first
    with pytest.raises(BadInput, match="cut short"):
        asn1.read_first(b"\x30\x03\x02")


def test_a_tag_of_several_octets_is_passed_over() -> None:
    long_tag, number = asn1.read(b"\x30\x07\xbf\x81\x48\x00\x02\x01\x07").children()
    assert long_tag.encoded == b"\xbf\x81\x48\x00"
    assert number.integer() == 7


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "cut short"),
        (b"\x30", "cut short"),
        (b"\x30\x82\x01", "cut short"),
        (b"\x30\x05\x02\x01", "cut short"),
        (b"\x30\x80\x02\x01\x01", "cut short"),
        (b"\x04\x80\x00\x00", "indefinite length"),
        (b"\x30\x80\x00\x01\x00", "end of contents"),
        (b"\x30\x89" + b"\x01" * 9, "more than 8 octets"),
        (b"\x1f\x81\x81\x81\x81\x01\x00", "tag of more than 4"),
        (b"\x02\x01\x01\x00", "after the end"),
        (b"\x30\x80" * (asn1.MAX_DEPTH + 1) + b"\x00\x00" * (asn1.MAX_DEPTH + 1), "nested deeper"),
    ],
)
def test_damage_is_bad_input_and_says_what_is_wrong(data: bytes, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        asn1.read(data)


def test_nesting_costs_no_stack() -> None:
    depth = 100_000
    with pytest.raises(BadInput, match="nested deeper"):
        asn1.read(b"\x30\x80" * depth + b"\x00\x00" * depth)


def test_elements_and_segments_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asn1, "MAX_ELEMENTS", 10)
    with pytest.raises(BadInput, match="more than 10"):
        asn1.read(b"\x30\x80" + b"\x05\x00" * 11 + b"\x00\x00")
    with pytest.raises(BadInput, match="more than 10 segments"):
        asn1.read(asn1.element(0x24, *[b"\x04\x01x"] * 11)).octets()
    with pytest.raises(BadInput, match="more than 3"):
        asn1.read(asn1.element(0x30, *[b"\x05\x00"] * 4)).children(3)


@pytest.mark.parametrize(
    ("data", "method"),
    [
        (b"\x02\x00", "integer"),
        (b"\x04\x01\x01", "integer"),
        (b"\x06\x00", "object_identifier"),
        (b"\x06\x02\x2a\x86", "object_identifier"),
        (b"\x06\x41" + b"\x2a" * 65, "object_identifier"),
        (b"\x24\x03\x02\x01\x01", "octets"),
        (b"\x02\x01\x01", "octets"),
    ],
)
def test_a_value_of_the_wrong_kind_is_bad_input(data: bytes, method: str) -> None:
    with pytest.raises(BadInput):
        getattr(asn1.read(data), method)()


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_are_bad_input(data: bytes) -> None:
    try:
        element = asn1.read(data)
        for child in element.children():
            child.octets()
    except BadInput:
        return
    assert element.der == data


# --- times with fractions, fields, beginnings -----------------------------------------------------------------------


def test_a_generalized_time_is_one_in_any_year() -> None:
    moment = datetime(2026, 5, 8, 12, 34, 56, 5, tzinfo=timezone(timedelta(hours=5)))
    assert asn1.generalized_time(moment) == b"\x18\x0f20260508073456Z"
    with pytest.raises(ValueError, match="time zone"):
        asn1.generalized_time(datetime(2026, 1, 1))


@pytest.mark.parametrize(
    ("written", "microsecond"),
    [(b"20260508123456Z", 0), (b"20260508123456.5Z", 500_000), (b"20260508123456.0000019Z", 1)],
)
def test_a_precise_time_is_cut_to_microseconds(written: bytes, microsecond: int) -> None:
    read = asn1.read(asn1.element(asn1.GENERALIZED_TIME, written)).precise_time()
    assert read == datetime(2026, 5, 8, 12, 34, 56, microsecond, tzinfo=UTC)


@pytest.mark.parametrize(
    "encoded",
    [
        b"\x17\x0d260508123456Z",
        b"\x18\x1020260508123456.Z",
        b"\x18\x1120261508123456.5Z",
        b"\x18\x1d20260508123456.1234567890123Z",
        b"\x18\x1120260508123456,5Z",
    ],
)
def test_a_precise_time_in_another_form_is_refused(encoded: bytes) -> None:
    with pytest.raises(BadInput):
        asn1.read(encoded).precise_time()


def test_fields_are_taken_in_order_and_none_may_be_left() -> None:
    fields = asn1.Fields(asn1.read(b"\x30\x08\x02\x01\x05\x05\x00\x04\x01x"), "Example")
    assert fields.next(asn1.INTEGER).integer() == 5
    assert fields.optional(asn1.BOOLEAN) is None
    assert fields.optional(asn1.NULL) is not None
    with pytest.raises(BadInput, match="Example has a field too many"):
        fields.end()
    with pytest.raises(BadInput, match="a field of Example is missing"):
        fields.next(asn1.INTEGER)
    assert fields.any() is not None
    assert fields.any() is None
    fields.end()
    with pytest.raises(BadInput, match="a field of Example is missing"):
        fields.next()


def test_fields_of_what_is_no_sequence_are_bad_input() -> None:
    with pytest.raises(BadInput):
        asn1.Fields(asn1.read(b"\x31\x00"), "Example")


def test_the_beginning_of_a_large_element_is_enough_for_its_header() -> None:
    assert asn1.header_at(memoryview(b"\x30\x85\x01\x00\x00\x00\x00"), 0) == (0x30, 7, 1 << 32)
    with pytest.raises(BadInput, match="cut short"):
        asn1.header_at(memoryview(b"\x30\x85\x01\x00"), 0)
