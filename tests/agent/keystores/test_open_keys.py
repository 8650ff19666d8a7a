"""Keys that lie open among bags."""

import random

import pytest

from agent.algorithms import oid_der
from agent.errors import BrokenKeyStore
from agent.formats import asn1
from agent.keystores import open_keys, pkcs12, pkcs12_writer

KEY = asn1.element(asn1.SEQUENCE, b"\x02\x01\x00", b"\x04\x04key!")
INSIDE = KEY[2:]
CERTIFICATE = pkcs12_writer.bag(pkcs12._CERTIFICATE_BAG, asn1.element(asn1.SEQUENCE, b"\x04\x04cert"), b"")


def key_bag(key: bytes = KEY) -> bytes:
    return pkcs12_writer.bag(pkcs12._KEY_BAG, key, b"\x31\x00")


def bags(*each: bytes) -> bytes:
    return asn1.element(asn1.SEQUENCE, *each)


def endless(tag: int, *parts: bytes) -> bytes:
    """An element without a length (BER)."""
    return bytes((tag, 0x80)) + b"".join(parts) + b"\0\0"


NESTED = pkcs12_writer.bag(pkcs12._SAFE_CONTENTS_BAG, bags(key_bag(), CERTIFICATE), b"")
ENDLESS = endless(0x30, endless(0x30, oid_der(pkcs12._KEY_BAG), endless(0xA0, KEY)), key_bag())


@pytest.mark.parametrize(
    ("octets", "count"),
    [
        (bags(), 0),
        (bags(CERTIFICATE), 0),
        (bags(key_bag()), 1),
        (bags(CERTIFICATE, key_bag(), NESTED, key_bag()), 3),
        (ENDLESS, 2),
        (bags(key_bag(asn1.element(asn1.SEQUENCE, INSIDE * 100))), 1),
    ],
)
def test_keys_are_taken_out_and_put_back(octets: bytes, count: int) -> None:
    plain = bytearray(octets)
    taken = open_keys.take_out(plain)
    assert len(taken) == count
    assert INSIDE not in plain
    assert len(plain) == len(octets)
    assert all(INSIDE in key for key in taken)
    open_keys.put_back(plain, taken)
    assert plain == octets
    open_keys.wipe(taken)
    assert not any(any(key) for key in taken)


def test_a_key_without_a_length_is_left_where_it_is() -> None:
    plain = bytearray(bags(key_bag(endless(0x30, INSIDE)), key_bag()))
    assert open_keys.take_out(plain) == [b"", INSIDE]


def test_keys_that_do_not_fit_are_put_nowhere() -> None:
    plain = bytearray(bags(key_bag()))
    for keys in ([], [bytearray(1)], [bytearray(INSIDE)] * 2):
        with pytest.raises(BrokenKeyStore):
            open_keys.put_back(plain, keys)
    assert plain == bags(key_bag())


DEEP = bags(key_bag())
for _ in range(40):
    DEEP = bags(pkcs12_writer.bag(pkcs12._SAFE_CONTENTS_BAG, DEEP, b""))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x30",
        b"\x30\x80",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x1f\x81\x01\x00",
        b"\x30\x80" * 50_000,
        bags(b"\x30\x05\x06\x01"),
        DEEP,
        bytes(100),
        b"\xff" * 100,
    ],
)
def test_what_has_no_shape_of_bags_is_left_alone(octets: bytes) -> None:
    plain = bytearray(octets)
    assert open_keys.take_out(plain) == []
    assert plain == octets


def test_whatever_is_changed_in_the_octets_nothing_but_keys_is() -> None:
    chance = random.Random(5)
    whole = bags(CERTIFICATE, key_bag(), NESTED)
    for _ in range(2000):
        octets = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
        plain = bytearray(octets)
        taken = open_keys.take_out(plain)
        open_keys.put_back(plain, taken)
        assert plain == octets
