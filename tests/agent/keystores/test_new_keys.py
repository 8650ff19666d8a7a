"""New keys: fresh, of the right kind, and gone when they are wiped."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from agent import algorithms
from agent.algorithms import KeyType
from agent.certificate import PublicKey
from agent.keystores import new_keys, pkcs8


@pytest.mark.parametrize("key_type", algorithms.KEY_TYPES, ids=lambda key_type: key_type.name)
def test_a_new_key_signs_and_its_public_half_verifies(key_type: KeyType) -> None:
    key = new_keys.generate(key_type)
    public_key = PublicKey.from_spki(key.spki_der)
    assert public_key.key_type is key_type
    assert public_key.bits == key.public_key_bits
    assert public_key.octets == key.private_key.public_octets
    algorithm = algorithms.signature_for_key(key_type)
    digest = algorithm.digest(b"act")
    public_key.verify(algorithm, digest, key.private_key.sign(algorithm, digest))
    again = pkcs8.read(key.pkcs8_der)
    public_key.verify(algorithm, digest, again.sign(algorithm, digest))


@pytest.mark.parametrize("key_type", algorithms.KEY_TYPES, ids=lambda key_type: key_type.name)
def test_a_wiped_key_is_gone(key_type: KeyType) -> None:
    key = new_keys.generate(key_type)
    key.wipe()
    assert not any(key.pkcs8_der)
    algorithm = algorithms.signature_for_key(key_type)
    with pytest.raises(ValueError, match="wiped"):
        key.private_key.sign(algorithm, algorithm.digest(b"act"))


@pytest.mark.parametrize("key_type", algorithms.KEY_TYPES, ids=lambda key_type: key_type.name)
def test_two_keys_are_never_the_same(key_type: KeyType) -> None:
    assert new_keys.generate(key_type).spki_der != new_keys.generate(key_type).spki_der


def test_an_rsa_key_has_the_size_that_the_country_knows() -> None:
    key = serialization.load_der_private_key(new_keys.generate(algorithms.RSA_KEY).pkcs8_der, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == new_keys.RSA_BITS
    assert key.public_key().public_numbers().e == 65537
