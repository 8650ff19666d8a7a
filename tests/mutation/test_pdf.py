"""Every change of one bit of what a PDF signature is over, and of the signature itself, is noticed. A full sweep.

What need not be noticed, and is not a part of the sweep: inside the hole of the ByteRange, the case of hexadecimal digits (bit 5 of a
letter), which changes no value; and of the CMS there, fields that CMS does not sign (versions, the list of digest
algorithms, NULL parameters). The zeros that fill the hole are not signed either, but are noticed: the last test.
"""

from collections.abc import Iterable

import pytest

from agent.errors import AgentError
from agent.formats import cms
from agent.formats.pdf import byte_range, pades
from tests.support import chains, pdfs
from tests.support.pdfs import AT


def small_signer() -> chains.Party:
    """A signer whose certificate is as short as can be, so that the file is."""
    return chains.issue("A", "p256")


SIGNED = pades.sign(small_signer(), pdfs.tiny(), at=AT, reserve=620)
START, END = pdfs.hole(SIGNED)
CONTENTS = bytes.fromhex(SIGNED[START + 1 : END - 1].decode())
MESSAGE = byte_range.message_in(CONTENTS)


def is_valid(document: bytes) -> bool:
    try:
        return any(evidence.signature == "valid" for evidence in pades.verify(document))
    except AgentError:
        return False


def unnoticed(places: Iterable[int]) -> list[tuple[int, int]]:
    """Offset and bit of each change after which the file still verifies."""
    document, found = bytearray(SIGNED), []
    for at in places:
        for bit in range(8):
            document[at] ^= 1 << bit
            if is_valid(bytes(document)):
                found.append((at, bit))
            document[at] ^= 1 << bit
    return found


def digits(part: bytes) -> range:
    """Where the hexadecimal digits of a part of the message stand in the file."""
    assert CONTENTS.count(part) == 1
    at = START + 1 + 2 * CONTENTS.index(part)
    return range(at, at + 2 * len(part))


def changes_only_case(change: tuple[int, int]) -> bool:
    at, bit = change
    return bit == 5 and SIGNED[at : at + 1].isalpha()


def test_the_file_is_valid_before_it_is_changed() -> None:
    assert is_valid(SIGNED)
    assert len(SIGNED) < 3000


@pytest.mark.slow
def test_every_bit_of_the_first_stretch() -> None:
    assert unnoticed(range(START)) == []


@pytest.mark.slow
def test_every_bit_of_the_second_stretch() -> None:
    assert unnoticed(range(END, len(SIGNED))) == []


@pytest.mark.slow
def test_every_bit_of_the_signed_attributes_and_of_the_signature() -> None:
    (signer,) = cms.read(MESSAGE).signers
    assert signer.signed_attributes is not None
    stored_attributes = signer.signed_attributes[1:]  # in the message they have another tag
    for part in (stored_attributes, signer.signature):
        assert [change for change in unnoticed(digits(part)) if not changes_only_case(change)] == []


@pytest.mark.slow
def test_every_bit_of_the_certificate() -> None:
    (certificate,) = cms.read(MESSAGE).certificates_der
    assert [change for change in unnoticed(digits(certificate)) if not changes_only_case(change)] == []


def test_the_filling_of_the_hole_and_its_brackets() -> None:
    filling = range(START + 1 + 2 * len(MESSAGE), END)
    assert SIGNED[filling.start : filling.stop].strip(b"0") == b">"
    assert len(filling) > 2
    assert unnoticed((START, *filling)) == []
