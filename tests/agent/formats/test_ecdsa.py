"""Two encodings of one pair of numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import BadInput
from agent.formats import ecdsa

pairs = st.integers(min_value=1, max_value=66).flatmap(
    lambda size: st.tuples(st.just(size), st.binary(min_size=2 * size, max_size=2 * size))
)


@given(pairs)
def test_there_and_back_is_the_same_signature(case: tuple[int, bytes]) -> None:
    size, pair = case
    assert ecdsa.to_pair(ecdsa.to_der(pair, size), size) == pair


def test_numbers_keep_their_leading_zeros() -> None:
    assert ecdsa.to_pair(bytes.fromhex("3006020101020102"), 4) == bytes.fromhex("0000000100000002")
    assert ecdsa.to_der(bytes.fromhex("0000000100000080"), 4) == bytes.fromhex("300702010102020080")


@pytest.mark.parametrize(
    "der",
    [b"", b"\x30\x00", bytes.fromhex("3003020101"), bytes.fromhex("3009020101020102020103"), bytes.fromhex("300602010102017f00")],
)  # fmt: skip
def test_what_is_not_two_numbers_is_refused(der: bytes) -> None:
    with pytest.raises(BadInput):
        ecdsa.to_pair(der, 4)


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadInput):
        ecdsa.to_pair(bytes.fromhex("3007020200ff020102"), 0)
    with pytest.raises(BadInput):
        ecdsa.to_pair(bytes.fromhex("30060201ff020102"), 4)
    with pytest.raises(BadInput):
        ecdsa.to_der(bytes(7), 4)
