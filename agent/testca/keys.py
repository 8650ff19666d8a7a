"""New keys for tests, in the encodings of the national key files."""

import dataclasses

from agent.algorithms import KeyType
from agent.keystores import new_keys, pkcs8
from agent.keystores.software import PrivateKey


@dataclasses.dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key with its encodings."""

    private_key: PrivateKey
    pkcs8_der: bytes = dataclasses.field(repr=False)

    @property
    def public_key_bits(self) -> bytes:
        """Contents of the BIT STRING of SubjectPublicKeyInfo."""
        return new_keys.public_key_bits(self.private_key)

    @property
    def spki_der(self) -> bytes:
        return new_keys.spki_der(self.private_key)


def generate(key_type: KeyType) -> KeyPair:
    new = new_keys.generate(key_type)
    return KeyPair(new.private_key, bytes(new.pkcs8_der))


def read(pkcs8_der: bytes) -> KeyPair:
    """A key that was made before."""
    return KeyPair(pkcs8.read(bytearray(pkcs8_der)), pkcs8_der)
