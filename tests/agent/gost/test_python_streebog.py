import pytest

from agent.gost import python_streebog
from agent.gost.python_streebog import Streebog

# RFC 6986 section 10.1.1, the first LPSX: K_1 = LPS(h ^ N) with h and N zero.
FIRST_KEY = (
    "b383fc2eced4a574b383fc2eced4a574b383fc2eced4a574b383fc2eced4a574"
    "b383fc2eced4a574b383fc2eced4a574b383fc2eced4a574b383fc2eced4a574"
)


def test_the_first_key_of_the_rfc_comes_out() -> None:
    assert python_streebog._lps(0).to_bytes(64, "big").hex() == FIRST_KEY


def test_the_counter_goes_up_by_the_bits_of_each_block() -> None:
    """Two equal blocks in different places do not cancel: N and the sum see to it."""
    assert Streebog(64, bytes(64)).digest() != Streebog(64, bytes(128)).digest()
    assert Streebog(64, bytes(63)).digest() != Streebog(64, bytes(64)).digest()


def test_other_digest_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="digest of 48 octets, 32 or 64 expected"):
        Streebog(48)
