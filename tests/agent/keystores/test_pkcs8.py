"""Private keys in PKCS#8: both national encodings of the number, and all ways to get them wrong."""

import contextlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import algorithms
from agent.errors import BrokenKeyStore, UnsupportedKey
from agent.formats import asn1
from agent.gost import curves, signature
from agent.keystores import pbe, pkcs8
from agent.testca import keys

GOST_2015, GOST_2004 = algorithms.GOST_2015_512_KEY, algorithms.GOST_2004_KEY


def private_key_info(key_type: algorithms.KeyType, number: bytes, *, tail: bytes = b"") -> bytearray:
    inside = asn1.element(asn1.OCTET_STRING, number)
    return bytearray(asn1.element(asn1.SEQUENCE, asn1.integer(0), key_type.identifier_der, inside, tail))


def test_the_number_of_gost_2015_is_an_octet_string_little_endian() -> None:
    number = (5).to_bytes(64, "little")
    key = pkcs8.read(private_key_info(GOST_2015, asn1.element(asn1.OCTET_STRING, number)))
    assert key.public_octets == signature.public_key(curves.PARAM_SET_A_512, number)


@pytest.mark.parametrize(
    "number", [5, 1 << 200, (1 << 255) + 5, curves.CRYPTO_PRO_A.q - 1], ids=lambda n: f"{n.bit_length()} bits"
)
def test_the_number_of_gost_2004_is_an_integer_big_endian_of_any_length(number: int) -> None:
    key = pkcs8.read(private_key_info(GOST_2004, asn1.integer(number)))
    assert key.public_octets == signature.public_key(curves.CRYPTO_PRO_A, number.to_bytes(32, "little"))


@pytest.mark.parametrize(
    ("key_type", "number"),
    [
        (GOST_2015, asn1.element(asn1.OCTET_STRING, bytes([1] * 63))),
        (GOST_2015, asn1.element(asn1.OCTET_STRING, bytes([1] * 65))),
        (GOST_2015, asn1.integer(5)),
        (GOST_2015, asn1.element(asn1.OCTET_STRING, bytes(64))),
        (GOST_2004, asn1.element(asn1.OCTET_STRING, bytes([1] * 32))),
        (GOST_2004, asn1.integer(-5)),
        (GOST_2004, asn1.integer(0)),
        (GOST_2004, asn1.integer(1 << 256)),
        (GOST_2004, asn1.element(asn1.INTEGER, b"")),
        (GOST_2004, b""),
        (algorithms.RSA_KEY, b""),
        (algorithms.P256_KEY, asn1.integer(5)),
    ],
)
def test_a_number_of_another_form_is_broken(key_type: algorithms.KeyType, number: bytes) -> None:
    with pytest.raises(BrokenKeyStore):
        pkcs8.read(private_key_info(key_type, number))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",
        b"\x30\x85\x01\x01\x01\x01\x01",
        b"\x30\x05\x02\x01\x00",
        b"\x02\x01\x00",
        b"\x30\x82\xff\xff",
    ],
)
def test_what_is_no_private_key_is_broken(octets: bytes) -> None:
    with pytest.raises(BrokenKeyStore):
        pkcs8.read(bytearray(octets))


def test_attributes_after_the_key_are_passed_over() -> None:
    number = asn1.element(asn1.OCTET_STRING, (7).to_bytes(64, "little"))
    with_attributes = private_key_info(
        GOST_2015, number, tail=asn1.element(0xA0, asn1.element(asn1.SEQUENCE))
    )
    assert (
        pkcs8.read(with_attributes).public_octets
        == pkcs8.read(private_key_info(GOST_2015, number)).public_octets
    )


def test_a_key_of_an_unknown_type_is_named() -> None:
    identifier = algorithms.algorithm_identifier("1.3.6.1.4.1.6801.1.5.8", b"\x05\x00")
    octets = asn1.element(
        asn1.SEQUENCE, asn1.integer(0), identifier, asn1.element(asn1.OCTET_STRING, b"12345")
    )
    with pytest.raises(UnsupportedKey, match=r"1\.3\.6\.1\.4\.1\.6801\.1\.5\.8.*GT"):
        pkcs8.read(bytearray(octets))


@pytest.mark.parametrize("arc", [b"\x01", b"\xff"])
def test_an_identifier_that_is_longer_than_any_is_not_looked_into(arc: bytes) -> None:
    identifier = asn1.element(
        asn1.SEQUENCE, asn1.element(asn1.OBJECT_IDENTIFIER, b"\x2b" + arc * pbe.MAX_OID_BYTES + b"\x01")
    )
    octets = asn1.element(asn1.SEQUENCE, asn1.integer(0), identifier, asn1.element(asn1.OCTET_STRING, b"1"))
    with pytest.raises(BrokenKeyStore):
        pkcs8.read(bytearray(octets))


def test_an_rsa_key_has_4096_bits_at_most() -> None:
    """Of larger ones the library would check the primes for seconds, and of hostile ones for hours."""
    largest = rsa.generate_private_key(65537, 4096).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert pkcs8.read(bytearray(largest)).key_type == algorithms.RSA_KEY
    with pytest.raises(UnsupportedKey, match="octets is larger"):
        pkcs8.read(private_key_info(algorithms.RSA_KEY, bytes(pkcs8.MAX_NUMBER_BYTES + 1)))


@pytest.mark.parametrize("key_type", algorithms.KEY_TYPES, ids=lambda key_type: key_type.name)
def test_a_key_written_is_the_key_read(key_type: algorithms.KeyType) -> None:
    pair = keys.generate(key_type)
    again = keys.read(pair.pkcs8_der)
    assert again.private_key.public_octets == pair.private_key.public_octets
    assert again.private_key.key_type is key_type


@pytest.mark.parametrize(
    "key_type", [GOST_2015, GOST_2004, algorithms.P256_KEY], ids=lambda key_type: key_type.name
)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_changed_octets_give_a_key_or_a_typed_error(
    key_type: algorithms.KeyType, data: st.DataObject
) -> None:
    octets = bytearray(_pair(key_type).pkcs8_der)
    for _ in range(data.draw(st.integers(1, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(BrokenKeyStore, UnsupportedKey):
        pkcs8.read(octets).wipe()


_PAIRS: dict[str, keys.KeyPair] = {}


def _pair(key_type: algorithms.KeyType) -> keys.KeyPair:
    if key_type.name not in _PAIRS:
        _PAIRS[key_type.name] = keys.generate(key_type)
    return _PAIRS[key_type.name]


@pytest.mark.parametrize("key_type", [algorithms.GOST_2015_512_KEY, algorithms.GOST_2004_KEY])
@pytest.mark.parametrize("top", [0x00, 0x01, 0x7F, 0x80, 0xFE])
def test_what_is_written_is_read(key_type: algorithms.KeyType, top: int) -> None:
    """Of an INTEGER the sign counts: a zero octet before a high one, none before a low one."""
    size = key_type.coordinate_octets
    scalar = bytearray(b"\x05" * (size - 1) + bytes((top,)))
    if key_type == algorithms.GOST_2004_KEY and top == 0x00:
        scalar[-2] = 0x90
    written = pkcs8.write_gost(key_type, scalar)
    number = asn1.read(asn1.read(written).children()[2].octets())
    if number.tag == asn1.INTEGER:
        assert asn1.integer(number.integer()) == number.der
        assert number.integer() == int.from_bytes(scalar, "little")
    else:
        assert number.octets() == scalar
    assert pkcs8.read(written).key_type is key_type
