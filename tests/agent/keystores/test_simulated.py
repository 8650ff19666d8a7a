"""Key files that play tokens."""

import pytest

from agent.errors import UnsupportedOperation, WrongPassword
from agent.keystores import catalog
from agent.keystores.simulated import KeyStores
from tests.support import authority

PATH = authority.path("gost2015-head")


def test_a_token_that_is_plugged_in_opens_with_the_key_files_password() -> None:
    stores = KeyStores(("AKKaztokenStore",))
    (key,) = stores.open("AKKaztokenStore", PATH, authority.secret())
    assert key.certificate == authority.certificate("gost2015-head")
    with pytest.raises(WrongPassword):
        stores.open("AKKaztokenStore", PATH, authority.secret("wrong"))


def test_no_other_token_does() -> None:
    for stores in (KeyStores(()), KeyStores(("AKJaCartaStore",))):
        with pytest.raises(UnsupportedOperation):
            stores.open("AKKaztokenStore", PATH, authority.secret())


def test_key_files_are_what_they_were() -> None:
    stores = KeyStores(("AKKaztokenStore",))
    (key,) = stores.open("PKCS12", PATH, authority.secret())
    assert key.certificate == authority.certificate("gost2015-head")
    assert stores.find([authority.FOLDER], 5) == catalog.find([authority.FOLDER], 5)
