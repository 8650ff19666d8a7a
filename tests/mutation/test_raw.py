"""Every bit of a bare signature and of its document."""

import pytest

from agent.formats import raw
from tests.support import chains
from tests.support.sweeps import flips

DOCUMENT = b"a document"


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_no_bit_of_the_document_may_change(family: str) -> None:
    person = chains.person(family)
    signature = raw.sign(person, DOCUMENT)
    for bit, changed in flips(DOCUMENT):
        evidence = raw.verify(signature, changed, person.certificate)
        assert evidence.reasons == ("signature-mismatch",), bit


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_no_bit_of_the_signature_may_change(family: str) -> None:
    person = chains.person(family)
    signature = raw.sign(person, DOCUMENT)
    for bit, changed in flips(signature):
        evidence = raw.verify(changed, DOCUMENT, person.certificate)
        assert evidence.reasons == ("signature-mismatch",), bit
