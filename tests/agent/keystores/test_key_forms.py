"""Key files in every form are known for what they are, and documents are not taken for them."""

import codecs
import functools
import hashlib
from typing import Any

import pytest
from asn1crypto import algos, cms, core, tsp
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import given
from hypothesis import strategies as st

from agent.formats import cms as our_cms
from agent.keystores import key_forms
from agent.keystores import pkcs12 as our_pkcs12
from agent.keystores.key_forms import is_key_store
from tests.support import authority

ENCODING, FORMAT = serialization.Encoding, serialization.PrivateFormat
NAMES = ("rsa", "p256", "p521", "ed25519", "dsa")
OPEN = serialization.NoEncryption()
CLOSED = (
    serialization.BestAvailableEncryption(b"Qwerty12"),
    FORMAT.PKCS12.encryption_builder()
    .kdf_rounds(1000)
    .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
    .hmac_hash(hashes.SHA1())
    .build(b"Qwerty12"),
)


@functools.cache
def key(name: str) -> Any:
    match name:
        case "rsa":
            return rsa.generate_private_key(65537, 2048)
        case "p256":
            return ec.generate_private_key(ec.SECP256R1())
        case "p521":
            return ec.generate_private_key(ec.SECP521R1())
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            return dsa.generate_private_key(1024)


def as_text(name: str) -> serialization.PrivateFormat:
    """The second form in which there are keys as text; DSA has lost that of OpenSSH."""
    return FORMAT.TraditionalOpenSSL if name == "dsa" else FORMAT.OpenSSH


def algorithm_and_octets(oid: str, octets: bytes) -> bytes:
    algorithm = core.SequenceOf([core.ObjectIdentifier(oid)], spec=core.ObjectIdentifier)
    inside = algorithm.dump() + core.OctetString(octets).dump()
    return b"\x30" + bytes([len(inside)]) + inside


@pytest.mark.parametrize(
    "name", ["gost2015-individual", "gost2015-individual-modern", "rsa-sign-head", "two-keys"]
)
def test_a_key_store_is_known_by_its_beginning(name: str) -> None:
    assert is_key_store(authority.path(name).read_bytes())


def test_key_stores_of_others_are_known_too() -> None:
    assert is_key_store(b"\x30\x80\x02\x01\x03\x30\x80")  # indefinite lengths
    assert is_key_store(b"\xfe\xed\xfe\xed\x00\x00\x00\x02")  # a Java key store
    assert is_key_store(b"\xce\xce\xce\xce\x00\x00\x00\x02")  # its successor
    assert is_key_store(pkcs12.serialize_key_and_certificates(b"x", key("p256"), None, None, CLOSED[1]))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_bare_keys_are_known(name: str, end: bytes) -> None:
    forms = [FORMAT.PKCS8] if name == "ed25519" else [FORMAT.PKCS8, FORMAT.TraditionalOpenSSL]
    for form in forms:
        assert is_key_store(key(name).private_bytes(ENCODING.DER, form, OPEN) + end)
    assert is_key_store(key(name).private_bytes(ENCODING.DER, FORMAT.PKCS8, CLOSED[0]) + end)


@pytest.mark.parametrize("name", ["gost2015-individual", "gost2004-individual"])
def test_a_bare_gost_key_is_known(name: str) -> None:
    with authority.secret() as secret:
        found = our_pkcs12.open_single(authority.path(name).read_bytes(), secret)
    assert is_key_store(bytes(found.pkcs8_der))


def test_encryption_with_a_password_is_known_by_its_name() -> None:
    # PBES1 of PKCS#5 and the ciphers of PKCS#12, around anything.
    for scheme in (
        "1.2.840.113549.1.5.3",
        "1.2.840.113549.1.5.13",
        "1.2.840.113549.1.12.1.3",
        "1.2.840.113549.1.12.1.6",
    ):
        assert is_key_store(algorithm_and_octets(scheme, b"x" * 48))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoding", ["ascii", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_keys_as_text_are_known_in_every_encoding(name: str, encoding: str) -> None:
    for form, closing in ((FORMAT.PKCS8, OPEN), (FORMAT.PKCS8, CLOSED[0]), (as_text(name), OPEN)):
        text = key(name).private_bytes(ENCODING.PEM, form, closing).decode()
        assert is_key_store(text.encode(encoding))
        assert is_key_store(("Bag Attributes\n" + text).encode(encoding))


def test_a_key_after_many_certificates_is_known() -> None:
    assert is_key_store(
        b"Bag Attributes\n" + b"-----BEGIN CERTIFICATE-----\n" * 999 + b"-----BEGIN PRIVATE KEY-----\n"
    )


@pytest.mark.parametrize("version", "123")
def test_keys_of_putty_are_known(version: str) -> None:
    text = f"PuTTY-User-Key-File-{version}: ssh-ed25519\r\nEncryption: none\r\n"
    for octets in (text.encode(), text.encode("utf-8-sig"), text.encode("utf-16")):
        assert is_key_store(octets)
    assert is_key_store(codecs.BOM_UTF16_BE + text.encode("utf-16-be"))


def documents() -> dict[str, bytes]:
    """What begins as a bare key does, and is none."""
    digest = hashlib.sha256(b"act").digest()
    algorithm = algos.DigestAlgorithm({"algorithm": "sha256"})
    public = key("rsa").public_key()
    certificate = authority.certificate("gost2015-individual")
    signed = our_cms.sign(authority.signer("gost2015-individual"), b"act", at=authority.NOW, detached=False)
    query = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {"hash_algorithm": algorithm, "hashed_message": digest},
            "nonce": 2**64,
        }
    )
    return {
        "empty": b"",
        "pdf": b"%PDF-1.7",
        "zip": b"PK\x03\x04",
        "text about keys": b"PRIVATE KEY, and PuTTY-User-Key-File-2",
        "text about PuTTY": b"See PuTTY-User-Key-File-2: x",
        "number": b"\x30\x03\x02\x01\x01",
        "nothing in it": b"\x30\x00",
        "cut": key("rsa").private_bytes(ENCODING.DER, FORMAT.PKCS8, OPEN)[:-1],
        "certificate": certificate.der,
        "certificate as text": certificate.pem().encode(),
        "signature": signed,
        "timestamp query": query.dump(),
        "digest": algos.DigestInfo({"digest_algorithm": algorithm, "digest": digest}).dump(),
        "public key": public.public_bytes(ENCODING.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        "bare public key": public.public_bytes(ENCODING.DER, serialization.PublicFormat.PKCS1),
        "signature of ECDSA": key("p256").sign(b"act", ec.ECDSA(hashes.SHA256())),
        "encrypted data": cms.EncryptedData(
            {
                "version": "v0",
                "encrypted_content_info": {
                    "content_type": "data",
                    "content_encryption_algorithm": {
                        "algorithm": "aes256_cbc",
                        "parameters": core.OctetString(b"x" * 16),
                    },
                    "encrypted_content": b"x" * 32,
                },
            }
        ).dump(),
        "encryption of something else": algorithm_and_octets("2.16.840.1.101.3.4.1.42", b"x" * 48),
        "question of SNMP": bytes.fromhex("3026020101040e")
        + b"public-network"
        + bytes.fromhex("a0110204000000010201000201003003020100"),
        "numbers": b"\x30\x12" + b"\x02\x01\x01" * 6,
    }


def test_documents_are_not_taken_for_keys() -> None:
    for name, octets in documents().items():
        assert not is_key_store(octets), name


def test_what_is_larger_than_any_key_is_not_taken_apart() -> None:
    octets = key("rsa").private_bytes(ENCODING.DER, FORMAT.PKCS8, OPEN)
    assert is_key_store(octets + bytes(key_forms.MAX_BARE_BYTES - len(octets)))
    assert not is_key_store(octets + bytes(key_forms.MAX_BARE_BYTES))


@given(st.binary(max_size=200).map(lambda octets: b"\x30" + octets))
def test_nothing_makes_it_fail(octets: bytes) -> None:
    assert isinstance(is_key_store(octets), bool)
