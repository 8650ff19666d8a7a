"""New keys in the national encodings."""

import pytest

from agent import algorithms
from agent.certificate import Certificate
from agent.formats import asn1
from agent.testca import keys
from tests.support import authority


def _number(pair: keys.KeyPair) -> asn1.Element:
    """What stands in the OCTET STRING privateKey."""
    return asn1.read(asn1.read(pair.pkcs8_der).children()[2].octets())


def test_a_gost_2015_number_is_written_as_an_octet_string_of_64() -> None:
    number = _number(keys.generate(algorithms.GOST_2015_512_KEY))
    assert number.tag == asn1.OCTET_STRING
    assert len(number.content) == 64


def test_a_gost_2004_number_is_written_as_an_integer() -> None:
    number = _number(keys.generate(algorithms.GOST_2004_KEY))
    assert number.tag == asn1.INTEGER
    assert 0 < number.integer() < 1 << 256


@pytest.mark.parametrize("key_type", algorithms.KEY_TYPES, ids=lambda key_type: key_type.name)
def test_two_keys_are_never_the_same(key_type: algorithms.KeyType) -> None:
    first, second = keys.generate(key_type), keys.generate(key_type)
    assert first.spki_der != second.spki_der
    assert first.private_key.key_type is key_type


@pytest.mark.parametrize("name", ["gost2015-head", "gost2004-head", "rsa-sign-head", "p256-individual"])
def test_the_public_half_stands_in_certificates_as_written(name: str) -> None:
    certificate: Certificate = authority.certificate(name)
    assert certificate.public_key.spki_der in certificate.der
    assert certificate.public_key.octets == keys.read(_pkcs8(name)).private_key.public_octets


def _pkcs8(name: str) -> bytes:
    """The key file's private key as plain octets."""
    from agent.keystores import pbe

    inside = asn1.read(authority.path(name).read_bytes()).children()[1].children()[1].children()[0].octets()
    bags = asn1.read(asn1.read(inside).children()[0].children()[1].children()[0].octets())
    shrouded = bags.children()[0].children()[1].children()[0]
    algorithm, encrypted = shrouded.children()
    password = pbe.Password.of(authority.PASSWORD.encode())
    return bytes(
        pbe.decrypt(pbe.AlgorithmIdentifier.load(algorithm.der), encrypted.octets(), password, pbe.Budget())
    )
