"""Java key stores: those of keytool, those of our own small writer, and damaged ones. The same errors as of PKCS#12."""

import contextlib
import dataclasses
import struct
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import algorithms
from agent.errors import (
    AgentError,
    BrokenKeyStore,
    KeyHasOwnPassword,
    KeyUnsuitable,
    UnsupportedKey,
    WrongPassword,
)
from agent.formats import asn1
from agent.keystores import base, jks, new_keys, pkcs8
from agent.keystores.base import StoredKey
from tests.support import authority, jks_files
from tests.support.jks_files import Key, Trusted

FAMILIES = (
    "gost2015-individual",
    "gost2004-head",
    "rsa-sign-individual",
    "p256-individual",
    "p384-individual",
)
_P256 = jks_files.key_of("p256-individual")
_WHOLE = jks_files.write(
    [_P256, jks_files.key_of("gost2015-head"), Trusted(authority.roots()[0].der, "the root")]
)


def opened(data: bytes, password: str = authority.PASSWORD) -> tuple[StoredKey, ...]:
    with authority.secret(password) as secret:
        return jks.open(data, secret)


def signs(key: StoredKey) -> bool:
    signer = key.signer()
    digest = signer.algorithm.digest(b"act")
    key.certificate.verify(signer.algorithm, digest, signer.sign_digest(digest))
    return True


# --- what opens ---------------------------------------------------------------------------------------------------


def test_what_keytool_made_opens_and_signs() -> None:
    (key,) = opened(jks_files.fixture())
    assert key.friendly_name == "тест key"  # Java keeps names in small letters
    assert key.certificate.common_name == "Qalamsap test of JKS"
    assert [each.common_name for each in key.certificates] == ["Qalamsap test of JKS", "Qalamsap EC"]
    assert signs(key)


def test_keytools_password_is_asked_for() -> None:
    with pytest.raises(WrongPassword, match="digest"):
        opened(jks_files.fixture(), "Qwerty13")


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("version", [1, 2])
def test_keys_of_every_kind_open_and_sign(name: str, version: int) -> None:
    (key,) = opened(jks_files.write([jks_files.key_of(name)], version=version))
    assert key.certificates == (authority.certificate(name),)
    assert key.friendly_name == name
    assert signs(key)


def test_an_opened_key_signs_until_it_is_wiped() -> None:
    (key,) = opened(jks_files.write([_P256]))
    signer = key.signer()
    key.wipe()
    key.wipe()
    with pytest.raises(ValueError, match="wiped"):
        signer.sign_digest(signer.algorithm.digest(b"act"))


def test_each_of_several_keys_gets_its_own_certificate_and_all_others_behind_it() -> None:
    first, second = opened(_WHOLE)
    own = authority.certificate("p256-individual"), authority.certificate("gost2015-head")
    assert (first.certificate, second.certificate) == own
    assert set(first.certificates) == set(second.certificates) == {*own, authority.roots()[0]}
    assert signs(first)
    assert signs(second)


def test_the_certificates_of_a_chain_come_before_those_of_others() -> None:
    issuing, root, other = authority.issuing()[0], authority.roots()[0], authority.roots()[1]
    key = jks_files.key_of("rsa-sign-individual", chain=[issuing.der, root.der])
    (found,) = opened(jks_files.write([Trusted(other.der), Trusted(root.der, "again"), key]))
    assert found.certificates == (authority.certificate("rsa-sign-individual"), issuing, root, other)


def test_the_certificate_of_a_key_may_stand_anywhere_in_the_file() -> None:
    key = dataclasses.replace(_P256, chain=[authority.roots()[0].der])
    (found,) = opened(jks_files.write([key, Trusted(_P256.chain[0])]))
    assert found.certificate == authority.certificate("p256-individual")


def test_what_is_no_certificate_of_x509_is_passed_over() -> None:
    entries = [Trusted(b"x", kind="SDSI"), Trusted(b"no certificate"), _P256]
    (key,) = opened(jks_files.write(entries))
    assert key.certificates == (authority.certificate("p256-individual"),)


def test_a_key_of_an_unknown_kind_is_left_out_if_there_is_another_one() -> None:
    unknown = dataclasses.replace(_P256, protected=jks_files.shrouded("1.2.3.4", bytes(60)))
    (key,) = opened(jks_files.write([unknown, _P256]))
    assert signs(key)
    with pytest.raises(UnsupportedKey, match=r"1\.2\.3\.4"):
        opened(jks_files.write([unknown]))


@pytest.mark.parametrize("password", ["Құпиясөз-12", "\U0001f511 key", "", "a" * 500])
def test_any_text_is_a_password(password: str) -> None:
    data = jks_files.write([_P256], password)
    assert len(opened(data, password)) == 1
    with pytest.raises(WrongPassword):
        opened(data, password + "x")


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from(FAMILIES), st.text(st.characters(exclude_categories=["Cs"]), max_size=40)),
        min_size=1,
        max_size=2,
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from([1, 2]),
)
def test_what_is_written_is_read(keys: list[tuple[str, str]], password: str, version: int) -> None:
    entries = [dataclasses.replace(jks_files.key_of(name), name=alias) for name, alias in keys]
    found = opened(jks_files.write(entries, password, version=version), password)
    assert [(key.certificate, key.friendly_name) for key in found] == [
        (authority.certificate(name), alias) for name, alias in keys
    ]
    for key in found:
        key.wipe()


def test_a_name_with_half_a_character_can_still_be_shown() -> None:
    (key,) = opened(jks_files.write([dataclasses.replace(_P256, name="a\ud800b")]))
    assert key.friendly_name == "a\N{REPLACEMENT CHARACTER}b"


# --- what does not, and why ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("password", ["Qwerty13", "", "qwerty12", "Qwerty12 "])
def test_a_wrong_password_is_told_as_such(password: str) -> None:
    with pytest.raises(WrongPassword, match="digest"):
        opened(_WHOLE, password)


def test_a_password_that_is_no_text_is_wrong() -> None:
    with pytest.raises(WrongPassword, match="not text"):
        jks.open(_WHOLE, jks.Secret(bytearray(b"\xff\xff")))


def test_a_key_with_a_password_of_its_own_is_told_as_such() -> None:
    other = jks_files.key_of("p256-individual", password="Other123")
    data = jks_files.write([other])
    with pytest.raises(KeyHasOwnPassword, match="password of its own"):
        opened(data)
    with pytest.raises(WrongPassword):  # and that one does not open the file
        opened(data, "Other123")
    (key,) = opened(jks_files.write([other, jks_files.key_of("gost2015-head")]))
    assert key.certificate == authority.certificate("gost2015-head")


def test_an_identifier_that_is_longer_than_any_is_not_quoted() -> None:
    """Such a one would take minutes to become a number, and then stand in the journal."""
    oid = asn1.element(asn1.OBJECT_IDENTIFIER, b"\x2b" + b"\x01" * 100)
    protected = asn1.element(
        asn1.SEQUENCE, asn1.element(asn1.SEQUENCE, oid), asn1.element(asn1.OCTET_STRING, bytes(60))
    )
    with pytest.raises(BrokenKeyStore, match="malformed private key"):
        opened(jks_files.write([dataclasses.replace(_P256, protected=protected)]))


def test_a_long_password_is_not_hashed_for_every_block_of_a_key() -> None:
    data, real = jks_files.write([_P256]), jks.hashlib.sha1
    passwords = []

    def sha1(octets: bytes | bytearray = b"", *, usedforsecurity: bool = True) -> object:
        if octets == authority.PASSWORD.encode("utf-16-be"):
            passwords.append(octets)
        return real(octets, usedforsecurity=usedforsecurity)

    with mock.patch.object(jks.hashlib, "sha1", sha1):
        assert len(opened(data)) == 1
    assert len(_P256.pkcs8_der) > 100
    assert len(passwords) == 2  # for the file and for the key


def test_of_more_keys_than_any_file_has_none_is_opened() -> None:
    assert len(opened(jks_files.write([_P256] * base.MAX_KEYS))) == base.MAX_KEYS
    with pytest.raises(BrokenKeyStore, match="private keys"):
        opened(jks_files.write([_P256] * (base.MAX_KEYS + 1)))


def test_jceks_is_refused_by_its_name() -> None:
    for data in (jks_files.write([_P256], magic=jks.MAGIC_JCEKS), jks.MAGIC_JCEKS):
        with pytest.raises(UnsupportedKey, match="JCEKS"):
            opened(data)
        with pytest.raises(UnsupportedKey, match="JCEKS"):
            jks.check(data)


def test_a_file_without_a_key_is_told_as_such() -> None:
    for entries in ([], [Trusted(authority.roots()[0].der)]):
        with pytest.raises(BrokenKeyStore, match="no private key"):
            opened(jks_files.write(entries))


def test_a_key_without_any_certificate_waits_for_it() -> None:
    with pytest.raises(KeyUnsuitable, match="waits"):
        opened(jks_files.write([dataclasses.replace(_P256, chain=[])]))


def test_a_key_whose_certificate_is_of_another_key_is_not_used() -> None:
    strange = dataclasses.replace(_P256, chain=[authority.certificate("gost2015-head").der])
    with pytest.raises(BrokenKeyStore, match="belongs"):
        opened(jks_files.write([strange]))


@pytest.mark.parametrize(
    "protected",
    [
        b"",
        b"\x30\x00",
        b"\x30\x80" * 5000,
        jks_files.shrouded("1.3.6.1.4.1.42.2.17.1.1", b""),
        jks_files.shrouded("1.3.6.1.4.1.42.2.17.1.1", bytes(39)),
        jks_files.protected(b"", authority.PASSWORD),
        jks_files.protected(b"no key at all", authority.PASSWORD),
        jks_files.protected(_P256.pkcs8_der[:-1], authority.PASSWORD),
    ],
    ids=lambda octets: f"{len(octets)} octets",
)
def test_a_malformed_key_is_broken(protected: bytes) -> None:
    with pytest.raises(BrokenKeyStore):
        opened(jks_files.write([dataclasses.replace(_P256, protected=protected)]))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"hello",
        b"\x30\x82\x01\x00",
        jks.MAGIC,
        jks.MAGIC + bytes(28),
        jks_files.write([_P256], version=0),
        jks_files.write([_P256], version=3),
        jks_files.write([_P256], count=0),
        jks_files.write([_P256], count=2),
        jks_files.write([_P256], count=2**32 - 1),
        jks_files.write([_P256])[:-1],
        jks_files.write([_P256]) + b"\0",
        jks_files.sealed(jks.MAGIC + struct.pack(">III", 2, 1, 7) + jks_files.text("x") + bytes(60)),
        jks_files.sealed(jks.MAGIC + struct.pack(">III", 2, 1, 1) + b"\0\x02\xff\xfe" + bytes(60)),
        jks_files.sealed(
            jks.MAGIC
            + struct.pack(">III", 2, 1, 1)
            + jks_files.text("x")
            + bytes(8)
            + struct.pack(">I", 2**31)
        ),
        jks_files.sealed(
            jks.MAGIC
            + struct.pack(">III", 2, 1, 1)
            + jks_files.text("x")
            + bytes(12)
            + struct.pack(">I", 2**32 - 1)
        ),
    ],
    ids=lambda data: data[:32].hex() or "empty",
)
def test_what_is_no_whole_file_is_broken_whatever_the_password(data: bytes) -> None:
    for password in (authority.PASSWORD, "wrong"):
        with pytest.raises(BrokenKeyStore):
            opened(data, password)
    with pytest.raises(BrokenKeyStore):
        jks.check(data)


def test_a_file_is_not_larger_and_holds_no_more_than_any_key_file() -> None:
    with pytest.raises(BrokenKeyStore, match="larger"):
        opened(jks.MAGIC + bytes(jks.MAX_SIZE))
    small = Trusted(b"x")
    jks.check(jks_files.write([small] * jks.MAX_THINGS))
    with pytest.raises(BrokenKeyStore, match="more than"):
        jks.check(jks_files.write([small] * (jks.MAX_THINGS + 1)))
    chain = [b"x"] * (jks.MAX_THINGS - 1)
    jks.check(jks_files.write([dataclasses.replace(_P256, chain=chain)]))
    with pytest.raises(BrokenKeyStore, match="more than"):
        jks.check(jks_files.write([dataclasses.replace(_P256, chain=[*chain, b"x"])]))


def test_the_structure_is_checked_without_a_password() -> None:
    jks.check(_WHOLE)
    assert jks.is_java_store(_WHOLE)
    assert jks.is_java_store(jks.MAGIC_JCEKS)
    assert not jks.is_java_store(authority.path("gost2015-head").read_bytes())


# --- hostile files and secrets ------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.data())
def test_any_damage_is_an_error_of_ours_and_never_a_key(data: st.DataObject) -> None:
    """The digest covers every octet, so no damaged file opens."""
    damaged = bytearray(_WHOLE)
    for place in data.draw(st.lists(st.integers(0, len(_WHOLE) - 1), min_size=1, max_size=4, unique=True)):
        damaged[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises((WrongPassword, BrokenKeyStore, UnsupportedKey)):
        opened(bytes(damaged))


@settings(deadline=None)
@given(st.data())
def test_nor_does_damage_under_a_good_digest_make_anything_else_fail(data: st.DataObject) -> None:
    """Somebody who knows the password can seal what they like: that reaches the deeper layers."""
    content = bytearray(_WHOLE[:-20])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(4, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    with contextlib.suppress(AgentError):
        for key in opened(jks_files.sealed(bytes(content))):
            key.wipe()


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_nothing_makes_it_fail_otherwise(octets: bytes) -> None:
    with contextlib.suppress(AgentError):
        opened(jks_files.sealed(jks.MAGIC + b"\0\0\0\2" + octets))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_a_protected_key_of_any_octets_is_an_error_of_ours(octets: bytes) -> None:
    for protected in (octets, jks_files.shrouded("1.3.6.1.4.1.42.2.17.1.1", octets)):
        with pytest.raises((BrokenKeyStore, UnsupportedKey)):
            opened(jks_files.write([dataclasses.replace(_P256, protected=protected)]))


@pytest.mark.parametrize("key_password", [None, "Other123"])
def test_the_plain_key_and_the_password_are_overwritten(key_password: str | None) -> None:
    made = new_keys.generate(algorithms.GOST_2015_512_KEY)
    entry = Key(bytes(made.pkcs8_der), _P256.chain, password=key_password)
    passwords, keys = [], []

    def of(password: bytearray) -> object:
        passwords.append(real_of(password))
        return passwords[-1]

    def read(buffer: bytearray) -> object:
        assert bytes(buffer) == entry.pkcs8_der
        keys.append(buffer)
        return real_read(buffer)

    real_of, real_read = jks.pbe.Password.of, pkcs8.read
    with (
        mock.patch.object(jks.pbe.Password, "of", of),
        mock.patch.object(jks.pkcs8, "read", read),
        pytest.raises((BrokenKeyStore, KeyHasOwnPassword)),
    ):
        opened(jks_files.write([entry]))
    assert [(bool(each.utf16), any(each.utf16), any(each.utf8)) for each in passwords] == [
        (True, False, False)
    ]
    assert len(keys) == (key_password is None)
    assert not any(any(buffer) for buffer in keys)


def test_no_error_tells_the_password() -> None:
    for password in ("Hunter2-secret", authority.PASSWORD):
        data = jks_files.write([jks_files.key_of("p256-individual", password="Other123")])
        with pytest.raises(AgentError) as caught:
            opened(data, password)
        assert password not in f"{caught.value!r} {caught.value.__cause__!r}"
