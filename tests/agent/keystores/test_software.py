"""Signing with keys in memory: the interface of agent.signer, for every family."""

import pytest

from agent import algorithms
from agent.errors import BrokenKeyStore, InvalidSignature
from agent.gost import curves, signature
from agent.keystores.software import GostPrivateKey, LibraryPrivateKey, SoftwareSigner
from tests.support import authority

FAMILIES = {
    "gost2015-individual": (algorithms.GOST_2015_512, 128),
    "gost2004-individual": (algorithms.GOST_2004, 64),
    "rsa-sign-individual": (algorithms.RSA_SHA256, 256),
    "p256-individual": (algorithms.ECDSA_SHA256, None),
    "p384-individual": (algorithms.ECDSA_SHA384, None),
}
GOST = {
    algorithms.GOST_2015_512_KEY: curves.PARAM_SET_A_512,
    algorithms.GOST_2004_KEY: curves.CRYPTO_PRO_A,
}


@pytest.mark.parametrize("name", FAMILIES)
def test_each_family_signs_with_its_own_algorithm(name: str) -> None:
    algorithm, octets = FAMILIES[name]
    signer = authority.signer(name)
    digest = algorithm.digest(b"act")

    assert signer.algorithm is algorithm
    made = signer.sign_digest(digest)
    signer.certificate.verify(algorithm, digest, made)
    if octets is not None:
        assert len(made) == octets


@pytest.mark.parametrize("name", FAMILIES)
def test_a_digest_of_another_length_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="digest is 20 octets"):
        authority.signer(name).sign_digest(bytes(20))


@pytest.mark.parametrize("name", FAMILIES)
def test_a_signature_that_does_not_verify_never_leaves(name: str) -> None:
    class Faulty:
        key_type = authority.certificate(name).public_key.key_type
        public_octets = b""

        def sign(self, algorithm: algorithms.SignatureAlgorithm, digest: bytes) -> bytes:
            right = authority.stored_key(name).signer().sign_digest(digest)
            return right[:-1] + bytes((right[-1] ^ 1,))

        def wipe(self) -> None: ...

    signer = SoftwareSigner(authority.certificate(name), Faulty())
    with pytest.raises(InvalidSignature):
        signer.sign_digest(signer.algorithm.digest(b"act"))


@pytest.mark.parametrize("key_type", GOST, ids=lambda key_type: key_type.name)
def test_a_number_outside_the_group_is_no_private_key(key_type: algorithms.KeyType) -> None:
    curve = GOST[key_type]
    for number in (0, curve.q, curve.q + 1):
        scalar = bytearray(number.to_bytes(curve.octets, "little"))
        with pytest.raises(BrokenKeyStore):
            GostPrivateKey(key_type, scalar)
        assert scalar == bytes(curve.octets)


@pytest.mark.parametrize("key_type", GOST, ids=lambda key_type: key_type.name)
def test_wiping_overwrites_the_very_buffer(key_type: algorithms.KeyType) -> None:
    scalar = signature.generate(GOST[key_type])
    key = GostPrivateKey(key_type, scalar)
    assert any(scalar)
    key.wipe()
    assert scalar == bytes(len(scalar))


def test_a_key_of_another_kind_than_its_identifier_is_broken() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    der = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(BrokenKeyStore):
        LibraryPrivateKey(algorithms.RSA_KEY, bytearray(der))
    with pytest.raises(BrokenKeyStore):
        LibraryPrivateKey(algorithms.P256_KEY, bytearray(der[:-1]))
