"""What every open key must do, wherever it is kept, and how keys are named."""

import dataclasses
from collections.abc import Callable

import pytest

from agent.errors import BrokenKeyStore, KeyUnsuitable, UnsupportedKey
from agent.keystores import base, pkcs12
from agent.keystores.base import StoredKey
from tests.support import authority


def fresh(name: str) -> StoredKey:
    """An opened key of the caller's own."""
    (key,) = pkcs12.open(authority.path(name).read_bytes(), authority.secret())
    return key


@pytest.mark.parametrize("name", ["gost2015-head", "gost2004-head", "rsa-sign-head", "p256-individual"])
def test_an_open_key_signs_until_it_is_wiped(name: str) -> None:
    key = fresh(name)
    signer = key.signer()
    digest = signer.algorithm.digest(b"act")
    key.certificate.verify(signer.algorithm, digest, signer.sign_digest(digest))
    assert signer.certificate == key.certificate == key.certificates[0]

    key.wipe()
    key.wipe()
    with pytest.raises(ValueError, match="wiped"):
        signer.sign_digest(digest)
    with pytest.raises(ValueError, match="wiped"):
        key.signer().sign_digest(digest)


def test_an_open_key_does_not_show_itself() -> None:
    key = fresh("gost2015-head")
    for shown in (repr(key), repr(key.signer()), f"{key}"):
        assert "object at" in shown or "<" in shown
        assert "ҮЛГІБАЕВ" not in shown
        assert "private_key=" not in shown


def test_a_key_is_named_by_its_subject_key_identifier() -> None:
    certificate = authority.certificate("gost2015-head")
    assert certificate.subject_key_identifier is not None
    assert base.key_id_of(certificate) == certificate.subject_key_identifier.hex()


def test_a_key_without_identifier_is_named_by_its_fingerprint() -> None:
    certificate = dataclasses.replace(authority.certificate("gost2015-head"), subject_key_identifier=None)
    assert base.key_id_of(certificate) == certificate.fingerprint[:40]


@pytest.mark.parametrize("name", ["gost2015-head", "gost2004-head", "rsa-sign-head", "p256-individual"])
def test_an_identifier_is_made_as_the_authority_makes_it(name: str) -> None:
    certificate = authority.certificate(name)
    assert base.identifier_of(certificate.public_key.bits) == certificate.subject_key_identifier


def _failing(error: Exception) -> Callable[[], StoredKey]:
    def attempt() -> StoredKey:
        raise error

    return attempt


def test_of_several_keys_those_that_open_are_given() -> None:
    key = fresh("p256-individual")
    attempts = [_failing(BrokenKeyStore("one")), lambda: key, _failing(UnsupportedKey("two"))]
    assert base.those_that_open(attempts) == (key,)


def test_where_none_opens_the_error_that_says_most_is_raised() -> None:
    with pytest.raises(UnsupportedKey, match="two"):
        base.those_that_open([_failing(BrokenKeyStore("one")), _failing(UnsupportedKey("two"))])
    with pytest.raises(BrokenKeyStore, match="one"):
        base.those_that_open([_failing(BrokenKeyStore("one")), _failing(BrokenKeyStore("three"))])
    with pytest.raises(BrokenKeyStore, match="no private key"):
        base.those_that_open([])


def test_another_error_wipes_what_was_open() -> None:
    key = fresh("p256-individual")
    with pytest.raises(KeyUnsuitable):
        base.those_that_open([lambda: key, _failing(KeyUnsuitable("waits"))])
    with pytest.raises(ValueError, match="wiped"):
        key.signer().sign_digest(bytes(32))


def test_of_more_keys_than_any_file_has_none_is_opened() -> None:
    key, opened = fresh("p256-individual"), []

    def attempt() -> StoredKey:
        opened.append(key)
        return key

    assert len(base.those_that_open([attempt] * base.MAX_KEYS)) == len(opened) == base.MAX_KEYS
    opened.clear()
    with pytest.raises(BrokenKeyStore, match=f"more than {base.MAX_KEYS} private keys"):
        base.those_that_open([attempt] * (base.MAX_KEYS + 1))
    assert not opened
