"""Every bit of a signed ZIP: of its files, their names, the manifest, and what is signed in the CMS. tests/mutation/test_asic.py
says what of an archive is not signed."""

import pytest

from agent.formats import signed_zip
from tests.support import chains, signed_zips
from tests.support.container_sweeps import changed_contents, changed_names, changed_signed_octets, holds

NAME = "құжат"


@pytest.fixture(scope="module")
def archive() -> bytes:
    made = signed_zips.signed([(NAME, b"a document")], chains.person("gost2004"))
    assert holds(signed_zip.verify, made)
    return made


@pytest.mark.parametrize("name", [NAME, signed_zips.MANIFEST])
def test_no_bit_of_a_file_may_change(archive: bytes, name: str) -> None:
    for bit, changed in changed_contents(archive, name):
        assert not holds(signed_zip.verify, changed), bit


@pytest.mark.parametrize("name", [NAME, signed_zips.MANIFEST, signed_zips.MESSAGE])
def test_no_bit_of_a_name_may_change(archive: bytes, name: str) -> None:
    for bit, changed in changed_names(archive, name):
        assert not holds(signed_zip.verify, changed), bit


@pytest.mark.slow
def test_no_bit_of_what_is_signed_in_the_message_may_change(archive: bytes) -> None:
    for bit, changed in changed_signed_octets(archive, signed_zips.MESSAGE):
        assert not holds(signed_zip.verify, changed), bit
