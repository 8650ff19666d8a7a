import pytest

from agent.gost import python_gost94
from agent.gost.python_gost94 import Gost94

# RFC 5831 section 7.3.1, the first step over the message of 32 octets: keys K1 to K4 and what they make of zero.
STEPS = [
    ("733D2C20656865737474676979676120626E737320657369326C656833206D54", 0x42ABBCCE32BC0B1B),
    ("110C733D0D166568130E7474064179671D00626E161A2065090D326C4D393320", 0x5203EBC85D9BCFFD),
    ("80B111F3730DF216850013F1C7E1F941620C1DFF3ABAE91A3FA109F2F513B239", 0x8D34589900FF0E28),
    ("A0E2804EFF1B73F2ECE27A00E7B8C7E1EE1D620CAC0CC5BAA804C05EA18B0AEC", 0xE78604190D2A562D),
]


@pytest.mark.parametrize(("key", "expected"), STEPS)
def test_the_encryption_is_that_of_the_standards_example(key, expected) -> None:
    assert python_gost94._encrypt(0, bytes.fromhex(key)[::-1]) == expected


def test_the_first_key_is_that_of_the_standards_example() -> None:
    message = b"This is message, length=32 bytes"
    assert bytes(python_gost94._KEY_ORDER(message))[::-1].hex().upper() == STEPS[0][0]


def test_shuffling_in_tables_is_shuffling_step_by_step() -> None:
    number = int.from_bytes(bytes(range(7, 39)), "little")
    for steps, start in ((61, 0), (62, 32), (74, 64)):
        looked_up = 0
        for table, octet in zip(
            python_gost94._mixing_tables()[start : start + 32], number.to_bytes(32, "little"), strict=True
        ):
            looked_up ^= table[octet]
        assert looked_up == python_gost94._shuffled(number, steps)


def test_the_length_is_part_of_the_hash() -> None:
    assert Gost94(bytes(31)).digest() != Gost94(bytes(32)).digest()
    assert Gost94(bytes(32)).digest() != Gost94(bytes(64)).digest()
