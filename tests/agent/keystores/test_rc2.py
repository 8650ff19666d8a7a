"""RC2 against the vectors of RFC 2268 section 5 and against the library that still has its long-key form."""

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import RC2
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from agent.keystores import rc2

NO_IV = bytes(8)
RFC_VECTORS = (
    ("0000000000000000", 63, "0000000000000000", "ebb773f993278eff"),
    ("ffffffffffffffff", 64, "ffffffffffffffff", "278b27e42e2f0d49"),
    ("3000000000000000", 64, "1000000000000001", "30649edf9be7d2c2"),
    ("88", 64, "0000000000000000", "61a8a244adacccf0"),
    ("88bca90e90875a", 64, "0000000000000000", "6ccf4308974c267f"),
    ("88bca90e90875a7f0f79c384627bafb2", 64, "0000000000000000", "1a807d272bbe5db1"),
    ("88bca90e90875a7f0f79c384627bafb2", 128, "0000000000000000", "2269552ab0f85ca6"),
    ("88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e", 129, "0000000000000000", "5b78d3a43dfff1f1"),
)  # fmt: skip


@pytest.mark.parametrize(("key", "bits", "plain", "encrypted"), RFC_VECTORS)
def test_the_vectors_of_the_standard_hold_both_ways(key: str, bits: int, plain: str, encrypted: str) -> None:
    assert rc2.encrypt_cbc(bytes.fromhex(key), bits, NO_IV, bytes.fromhex(plain)).hex() == encrypted
    assert rc2.decrypt_cbc(bytes.fromhex(key), bits, NO_IV, bytes.fromhex(encrypted)).hex() == plain


def test_chained_blocks_match_another_implementation() -> None:
    key, iv, plain = bytes(range(16)), bytes(range(8)), bytes(range(64))
    encryptor = Cipher(RC2(key), modes.CBC(iv)).encryptor()
    expected = encryptor.update(plain) + encryptor.finalize()

    assert rc2.encrypt_cbc(key, 128, iv, plain) == expected
    assert rc2.decrypt_cbc(key, 128, iv, expected) == plain


@pytest.mark.parametrize("size", [1, 7, 9])
def test_a_broken_block_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="whole blocks"):
        rc2.decrypt_cbc(b"12345", 40, NO_IV, bytes(size))
    with pytest.raises(ValueError, match="whole blocks"):
        rc2.encrypt_cbc(b"12345", 40, NO_IV, bytes(size))
