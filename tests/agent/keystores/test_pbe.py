"""Encryption by password, against another implementation and at its limits."""

import hashlib
import time

import pytest
from asn1crypto import core

from agent import algorithms
from agent.errors import BrokenKeyStore, UnsupportedKey
from agent.formats import asn1
from agent.keystores import pbe
from agent.testca import key_files


def _by_aes(plain: bytes, password: pbe.Password) -> tuple[bytes, bytes]:
    return pbe.encrypt(plain, password, 100)


# Published values for the key derivation of PKCS#12, the ones that most implementations test with:
# (password, salt, iterations, purpose, size, result).
DERIVED = (
    ("smeg", "0a58cf64530d823f", 1, pbe.PURPOSE_KEY, 24, "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3"),
    ("smeg", "0a58cf64530d823f", 1, pbe.PURPOSE_IV, 8, "79993dfe048d3b76"),
    ("smeg", "3d83c0e4546ac140", 1, pbe.PURPOSE_MAC, 20, "8d967d88f6caa9d714800ab3d48051d63f73a312"),
    ("queeg", "05dec959acff72f7", 1000, pbe.PURPOSE_KEY, 24, "ed2034e36328830ff09df1e1a07dd357185dac0d4f9eb3d4"),
    ("queeg", "05dec959acff72f7", 1000, pbe.PURPOSE_IV, 8, "11dedad7758d4860"),
    ("queeg", "263216fcc2fab31c", 1000, pbe.PURPOSE_MAC, 20, "5ec4c7a80df652294c3925b6489a7ab857c83476"),
)  # fmt: skip


@pytest.mark.parametrize("row", DERIVED, ids=lambda row: f"{row[0]}-{row[3]}")
def test_derived_octets_are_those_of_other_implementations(row: tuple[str, str, int, int, int, str]) -> None:
    password, salt, iterations, purpose, size, expected = row
    utf16 = pbe.Password.of(password.encode()).utf16
    derived = pbe.derive(
        "sha1", utf16, bytes.fromhex(salt), iterations=iterations, purpose=purpose, size=size
    )
    assert derived.hex() == expected


@pytest.mark.parametrize("name", ["sha1", "sha256", "sha384", "sha512"])
def test_a_longer_derivation_continues_a_shorter_one(name: str) -> None:
    password = pbe.Password.of("пароль".encode()).utf16
    size = hashlib.new(name).digest_size
    short = pbe.derive(name, password, b"salt" * 30, iterations=3, purpose=pbe.PURPOSE_KEY, size=size)
    long = pbe.derive(name, password, b"salt" * 30, iterations=3, purpose=pbe.PURPOSE_KEY, size=3 * size + 1)
    assert long[:size] == short
    assert len(long) == 3 * size + 1
    assert len({bytes(long[start : start + size]) for start in range(0, 3 * size, size)}) == 3


def test_passwords_are_utf16_with_a_zero_and_utf8() -> None:
    password = pbe.Password.of("aҚ🔑".encode())
    assert password.utf16.hex() == "0061" + "049a" + "d83ddd11" + "0000"
    assert password.utf8 == "aҚ🔑".encode()
    password.wipe()
    assert not any(password.utf16)
    assert not any(password.utf8)
    assert "Ққ" not in repr(pbe.Password.of("Ққ".encode()))
    with pytest.raises(ValueError, match="codec"):
        pbe.Password.of(b"\xff\xfe")


def test_work_beyond_the_budget_is_refused_before_it_is_done() -> None:
    algorithm = pbe.AlgorithmIdentifier.load(
        asn1.element(
            asn1.SEQUENCE,
            bytes.fromhex("060a2a864886f70d010c0103"),
            asn1.element(asn1.SEQUENCE, asn1.element(asn1.OCTET_STRING, bytes(20)), asn1.integer(2**31)),
        )
    )
    started = time.monotonic()
    with pytest.raises(BrokenKeyStore, match="iterations"):
        pbe.decrypt(algorithm, bytes(8), pbe.Password.of(b"x"), pbe.Budget())
    assert time.monotonic() - started < 1


def test_the_budget_is_for_all_parts_together() -> None:
    budget = pbe.Budget(100)
    budget.spend(30, 2)
    budget.spend(40, 1)
    with pytest.raises(BrokenKeyStore):
        budget.spend(1, 1)


@pytest.mark.parametrize("iterations", [0, -1])
def test_no_iterations_are_refused(iterations: int) -> None:
    with pytest.raises(BrokenKeyStore):
        pbe.Budget().spend(iterations, 1)


@pytest.mark.parametrize("encrypt", [key_files._by_3des, key_files._by_rc2, _by_aes])
def test_what_was_encrypted_is_decrypted_and_another_password_shows(encrypt) -> None:
    plain = b"0123456789abcdef" * 5 + b"x"
    algorithm, encrypted = encrypt(plain, pbe.Password.of(b"right"))
    parsed = pbe.AlgorithmIdentifier.load(algorithm)
    assert pbe.decrypt(parsed, encrypted, pbe.Password.of(b"right"), pbe.Budget()) == plain
    # One wrong password in 256 ends in plausible padding; this one does not, whatever the salt, often enough.
    outcomes = set()
    for wrong in (b"wrong", b"wronger", b"wrongest", b"wrongly"):
        try:
            outcomes.add(bytes(pbe.decrypt(parsed, encrypted, pbe.Password.of(wrong), pbe.Budget())))
        except pbe.BadPadding:
            outcomes.add(b"bad padding")
    assert plain not in outcomes
    assert b"bad padding" in outcomes


@pytest.mark.parametrize("size", [1, 7, 9, 15])
@pytest.mark.parametrize("encrypt", [key_files._by_3des, key_files._by_rc2, _by_aes])
def test_a_part_cut_short_is_broken(encrypt, size: int) -> None:
    algorithm, encrypted = encrypt(b"some octets that fill more than a block", pbe.Password.of(b"x"))
    parsed = pbe.AlgorithmIdentifier.load(algorithm)
    with pytest.raises(BrokenKeyStore, match="cut short"):
        pbe.decrypt(parsed, encrypted[:size], pbe.Password.of(b"x"), pbe.Budget())


def test_an_unknown_cipher_is_named() -> None:
    algorithm = pbe.AlgorithmIdentifier.load(bytes.fromhex("300c060a2a864886f70d010c0101"))
    with pytest.raises(UnsupportedKey, match=r"1\.2\.840\.113549\.1\.12\.1\.1"):
        pbe.decrypt(algorithm, bytes(8), pbe.Password.of(b"x"), pbe.Budget())


@pytest.mark.parametrize("arc", [b"\x01", b"\xff"])
def test_an_identifier_that_is_longer_than_any_is_not_looked_into(arc: bytes) -> None:
    def decrypt(size: int) -> None:
        oid = asn1.element(asn1.OBJECT_IDENTIFIER, b"\x2b" + arc * (size - 2) + b"\x01")
        algorithm = pbe.AlgorithmIdentifier.load(asn1.element(asn1.SEQUENCE, oid))
        pbe.decrypt(algorithm, bytes(8), pbe.Password.of(b"x"), pbe.Budget())

    with pytest.raises(UnsupportedKey, match=r"by 1\.3\."):
        decrypt(pbe.MAX_OID_BYTES)
    with pytest.raises(ValueError, match="octets"):
        decrypt(pbe.MAX_OID_BYTES + 1)


def test_what_is_authenticated_matches_and_anything_else_does_not() -> None:
    right = pbe.Password.of("құпия".encode())
    mac = asn1.read(pbe.mac_data(b"content", right, algorithms.SHA256, 10))
    digest_info, salt, iterations = mac.children()
    assert (len(salt.octets()), iterations.integer()) == (20, 10)
    parsed = {
        "mac": {
            "algorithm": pbe.AlgorithmIdentifier.load(digest_info.children()[0].der),
            "digest": core.OctetString(digest_info.children()[1].octets()),
        },
        "salt": core.OctetString(salt.octets()),
        "iterations": core.Integer(iterations.integer()),
    }
    assert pbe.mac_matches(parsed, b"content", right, pbe.Budget())
    assert not pbe.mac_matches(parsed, b"contents", right, pbe.Budget())
    assert not pbe.mac_matches(parsed, b"content", pbe.Password.of(b"wrong"), pbe.Budget())


# --- in the manner of another file ---------------------------------------------------------------------------------


def _pkcs12_identifier(oid: str) -> pbe.AlgorithmIdentifier:
    parameters = asn1.element(asn1.SEQUENCE, asn1.element(asn1.OCTET_STRING, b"salt"), asn1.integer(7))
    return pbe.AlgorithmIdentifier.load(algorithms.algorithm_identifier(oid, parameters))


@pytest.mark.parametrize("oid", sorted(pbe._PKCS12_CIPHERS))
@pytest.mark.parametrize("plain", [b"", b"12345678", bytes(41)])
def test_what_is_encrypted_like_something_else_is_decrypted_like_it(oid: str, plain: bytes) -> None:
    password = pbe.Password.of("Құпия".encode())
    identifier, encrypted = pbe.encrypt_as(_pkcs12_identifier(oid), plain, password)
    written = pbe.AlgorithmIdentifier.load(identifier)
    assert written["algorithm"].dotted == oid
    parameters = written["parameters"].parse(pbe._Pkcs12Parameters)
    assert (parameters["iterations"].native, len(parameters["salt"].native)) == (7, 8)
    assert pbe.decrypt(written, encrypted, password, pbe.Budget()) == plain


@pytest.mark.parametrize("cipher", sorted(pbe._CBC_CIPHERS))
@pytest.mark.parametrize("function", [pbe._HMAC_SHA1, pbe._HMAC_SHA256, "1.2.840.113549.2.11"])
@pytest.mark.parametrize("salt", [b"12345678", bytes(64)])
def test_the_newer_ciphers_keep_their_function_and_count(cipher: str, function: str, salt: bytes) -> None:
    _, size, block = pbe._CBC_CIPHERS[cipher]
    derivation = asn1.element(
        asn1.SEQUENCE,
        asn1.element(asn1.OCTET_STRING, salt),
        asn1.integer(11),
        asn1.integer(size),
        asn1.element(asn1.SEQUENCE, algorithms.oid_der(function), asn1.element(5)),
    )
    scheme = algorithms.algorithm_identifier(cipher, asn1.element(asn1.OCTET_STRING, bytes(block)))
    values = asn1.element(
        asn1.SEQUENCE, asn1.element(asn1.SEQUENCE, algorithms.oid_der(pbe._PBKDF2), derivation), scheme
    )
    like = pbe.AlgorithmIdentifier.load(asn1.element(asn1.SEQUENCE, algorithms.oid_der(pbe._PBES2), values))
    password = pbe.Password.of(b"Qwerty12")
    key = b"a key that is longer than a block"
    identifier, encrypted = pbe.encrypt_as(like, key, password)
    written = pbe.AlgorithmIdentifier.load(identifier)
    parameters = written["parameters"].parse(pbe._Pbes2Parameters)
    inside = parameters["derivation"]["parameters"].parse(pbe._Pbkdf2Parameters)
    assert parameters["scheme"]["algorithm"].dotted == cipher
    assert inside["function"]["algorithm"].dotted == function
    assert (inside["iterations"].native, inside["key_length"].native) == (11, size)
    assert inside["salt"].native != salt
    assert len(inside["salt"].native) == len(salt)
    assert pbe.decrypt(written, encrypted, password, pbe.Budget()) == key
    damaged = bytearray(encrypted)
    damaged[-block - 1] ^= 0x80  # which CBC carries over to the last octet of the padding
    with pytest.raises(pbe.BadPadding):
        pbe.decrypt(written, bytes(damaged), password, pbe.Budget())


def test_nothing_is_encrypted_in_a_manner_that_is_not_known() -> None:
    password = pbe.Password.of(b"Qwerty12")
    with pytest.raises(UnsupportedKey):
        pbe.encrypt_as(_pkcs12_identifier("1.2.3"), b"", password)
    nested = asn1.element(asn1.SEQUENCE, asn1.element(asn1.SEQUENCE, algorithms.oid_der("1.2.3")) * 2)
    like = pbe.AlgorithmIdentifier.load(asn1.element(asn1.SEQUENCE, algorithms.oid_der(pbe._PBES2), nested))
    with pytest.raises(UnsupportedKey):
        pbe.encrypt_as(like, b"", password)
