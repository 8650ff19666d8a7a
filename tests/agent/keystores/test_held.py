"""Keys that stay open for a while."""

import pytest

from agent import locked_memory
from agent.errors import KeyUnsuitable
from agent.keystores import catalog
from agent.keystores.held import HeldKey
from agent.keystores.software import SoftwareKey
from agent.locked_memory import CannotLock
from agent.secret import Secret
from tests.support import authority

NAMES = ("gost2015-individual", "gost2004-individual", "rsa-sign-individual", "p256-individual")


def opened(name: str) -> SoftwareKey:
    (key,) = catalog.open("PKCS12", authority.path(name), Secret(bytearray(authority.PASSWORD.encode())))
    assert isinstance(key, SoftwareKey)
    return key


@pytest.mark.parametrize("name", NAMES)
def test_it_signs_again_and_again_though_the_opened_one_was_wiped(name: str) -> None:
    key = opened(name)
    held = HeldKey.of(key)
    key.wipe()
    signer = held.signer()
    held.wipe()  # what an operation does with a key that it used
    for document in (b"one", b"two"):
        digest = signer.algorithm.digest(document)
        held.certificate.verify(signer.algorithm, digest, held.signer().sign_digest(digest))
    held.let_go()


@pytest.mark.parametrize("name", NAMES)
def test_once_it_was_let_go_it_signs_nothing(name: str) -> None:
    held = HeldKey.of(opened(name))
    signer = held.signer()
    held.let_go()
    held.let_go()
    with pytest.raises(KeyUnsuitable, match="closed"):
        signer.sign_digest(signer.algorithm.digest(b"act"))


def test_a_held_key_is_not_held_twice() -> None:
    held = HeldKey.of(opened("gost2015-individual"))
    with pytest.raises(TypeError):
        HeldKey.of(held)  # type: ignore[arg-type]
    held.let_go()


def test_it_is_the_same_key() -> None:
    key = opened("gost2015-head")
    held = HeldKey.of(key)
    assert (held.key_id, held.certificates, held.friendly_name) == (
        key.key_id,
        key.certificates,
        key.friendly_name,
    )
    held.let_go()


def test_a_key_that_was_wiped_can_not_be_held() -> None:
    for name in NAMES:
        key = opened(name)
        key.wipe()
        with pytest.raises(ValueError, match="wiped"):
            HeldKey.of(key)


def test_where_memory_can_not_be_locked_no_key_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locked_memory, "_lock", lambda _: False)
    with pytest.raises(CannotLock):
        HeldKey.of(opened("gost2015-individual"))


def test_it_is_never_shown() -> None:
    held = HeldKey.of(opened("rsa-sign-individual"))
    assert "material" not in repr(held)
    assert "material" not in repr(held.signer())
    held.let_go()
