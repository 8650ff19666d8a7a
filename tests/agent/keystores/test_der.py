"""DER as it is written, against a reader of another hand."""

import pytest
from asn1crypto import core

from agent.formats import asn1
from agent.keystores import der


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 70_000])
def test_an_element_of_any_length_is_read_back(size: int) -> None:
    made = der.element(der.OCTET_STRING, bytes(size // 2), bytes(size - size // 2))
    assert made == asn1.element(asn1.OCTET_STRING, bytes(size))
    assert core.OctetString.load(made, strict=True).native == bytes(size)


@pytest.mark.parametrize("tag", [der.SEQUENCE, der.SET, der.CONTEXT_0, 0x80, der.BMP_STRING])
def test_the_identifier_octet_stands_as_it_is_given(tag: int) -> None:
    assert der.element(tag, b"x") == bytes((tag, 1)) + b"x"


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, 600_000])
def test_an_integer_is_written_in_its_shortest_form(value: int) -> None:
    assert der.integer(value) == asn1.integer(value)
