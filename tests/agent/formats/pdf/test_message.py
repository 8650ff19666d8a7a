"""The CMS that goes into a PDF."""

import pytest

from agent.formats import asn1, cms, cms_build, cms_verify
from agent.formats.pdf import message
from tests.support import authority, chains

DOCUMENT = b"two stretches"
TOKEN = bytes.fromhex("30060a01023001ff")


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_it_verifies_and_holds_no_time(family: str) -> None:
    person = chains.person(family)
    made = message.make(person, person.algorithm.digest(DOCUMENT), timestamp=None)
    read = cms.read(made)
    (evidence,) = cms_verify.verify(read, DOCUMENT, (), {})
    assert (evidence.signature, evidence.signing_time, read.content) == ("valid", None, None)
    attributes = read.signers[0].signed_attributes
    assert attributes is not None
    oids = {each.children()[0].object_identifier() for each in asn1.read(attributes).children()}
    assert oids == {cms_build.CONTENT_TYPE, cms_build.MESSAGE_DIGEST, cms_build.SIGNING_CERTIFICATE_V2}


def test_a_timestamp_is_over_the_signature_and_lies_beside_it() -> None:
    person = chains.person("p256")
    asked: list[bytes] = []

    def timestamp(signature: bytes) -> bytes:
        asked.append(signature)
        return TOKEN

    made = message.make(person, bytes(32), timestamp=timestamp)
    (signer,) = cms.read(made).signers
    assert asked == [signer.signature]
    assert signer.timestamp_tokens == (TOKEN,)


@pytest.mark.parametrize("name", authority.NAMES)
def test_what_is_expected_is_enough_and_not_much_too_much(name: str) -> None:
    signer = authority.signer(name)
    made = message.make(signer, bytes(signer.algorithm.digest.digest_size), timestamp=None)
    assert len(made) <= message.expected_octets(signer, with_timestamp=False) <= len(made) + 1536
