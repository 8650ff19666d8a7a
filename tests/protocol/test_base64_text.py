"""Base64 as the Java side has it."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import base64_text


@given(st.binary())
def test_octets_come_back(octets: bytes) -> None:
    text = base64_text.encode(octets)
    assert base64_text.decode(text) == octets
    assert base64_text.decode(text.rstrip("=")) == octets


@pytest.mark.parametrize(
    "text", ["A", "AAAAA", "====", "=AAA", "AA=A", "AA==AA==", "AA ==", "A-__", "Ж", "AA\n"]
)
def test_what_java_refuses_is_refused(text: str) -> None:
    with pytest.raises(base64_text.NotBase64):
        base64_text.decode(text)


@pytest.mark.parametrize("size", [0, 1, 47, 48, 49, 48 * 4096 - 1, 48 * 4096, 48 * 4096 + 49])
def test_armour_has_64_columns_whatever_the_length(size: int) -> None:
    octets = bytes(index % 251 for index in range(size))
    lines = base64_text.armour("CMS", octets).split("\n")
    assert lines[0] == "-----BEGIN CMS-----"
    assert lines[-2:] == ["-----END CMS-----", ""]
    assert all(len(line) == 64 for line in lines[1:-3])
    assert base64.b64decode("".join(lines[1:-2])) == octets
