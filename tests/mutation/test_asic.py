"""Every bit of an ASiC-E container: of its files, their names, the manifest, what is signed in the CMS; and of the archive around them.

The names of manifest and signature are not signed, and need not be: under another name they are found or missed, and what they
say holds or doesn't. Nor are the archive's own fields that describe no content: versions, times, attributes, comments, lengths
of extra fields. Two programs get the same files out of it whatever these say, and that is what the last sweep shows.
"""

from datetime import UTC, datetime

import pytest

from agent.errors import BadInput, UnsupportedOperation
from agent.formats import asic
from tests.support import chains
from tests.support.container_sweeps import (
    changed_contents,
    changed_names,
    changed_signed_octets,
    contents,
    holds,
)
from tests.support.sweeps import flips

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
NAME, MANIFEST, SIGNATURE = "құжат", "META-INF/ASiCManifest.xml", "META-INF/signature001.p7s"


@pytest.fixture(scope="module")
def container() -> bytes:
    made = asic.create(chains.person(), [(NAME, b"a document")], at=AT)
    assert holds(asic.verify, made)
    return made


@pytest.mark.parametrize("name", ["mimetype", NAME, MANIFEST])
def test_no_bit_of_a_file_may_change(container: bytes, name: str) -> None:
    for bit, changed in changed_contents(container, name):
        assert not holds(asic.verify, changed), bit


def test_no_bit_of_a_name_may_change(container: bytes) -> None:
    for bit, changed in changed_names(container, NAME):
        assert not holds(asic.verify, changed), bit


@pytest.mark.slow
def test_no_bit_of_what_is_signed_in_the_message_may_change(container: bytes) -> None:
    for bit, changed in changed_signed_octets(container, SIGNATURE):
        assert not holds(asic.verify, changed), bit


@pytest.mark.slow
def test_a_bit_of_the_archive_changes_nothing_or_is_noticed(container: bytes) -> None:
    """As it lies: checksums notice most, and what they don't cover describes no content."""
    for bit, changed in flips(container):
        try:
            valid = holds(asic.verify, changed)
            assert not valid or contents(changed) == contents(container), bit
        except (BadInput, UnsupportedOperation):
            continue
