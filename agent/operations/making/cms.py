"""CMS (CAdES-BES, CAdES-T): around a document, beside it, over its digest, or added to those that are there."""

from collections.abc import Iterable

from agent.errors import BadInput
from agent.formats import cades, cms
from agent.formats.evidence import Evidence
from agent.operations.making.base import Workshop
from agent.signer import Signer
from protocol.messages import SignRequest


def examine(document: bytes, request: SignRequest) -> bytes:
    """The document, or what a signature that gets one more signer is about."""
    if not _is_joined(document, request):
        return document
    content = cms.read(document).content
    assert content is not None  # _is_joined saw it
    return content


def make(document: bytes, request: SignRequest, workshop: Workshop) -> bytes:
    """See Maker.make."""
    signer, at = workshop.signer, workshop.at
    before = workshop.existing or (document if _is_joined(document, request) else b"")
    if workshop.existing:
        made = cms.cosign(signer, before, at=at, digests={signer.algorithm.digest.oid: document})
    elif before:
        made = cms.cosign(signer, before, at=at)
    elif request.are_digests:
        made = cms.sign_digest(signer, document, at=at, is_any_length=request.is_any_digest)
    else:
        made = cms.sign(signer, document, at=at, detached=request.detached)
    if not request.timestamps:
        return made
    known = {signer.encoded for signer in cms.read(before).signers} if before else set()
    signers = cms.read(made).signers
    own = [one for one in cades.unstamped(made) if signers[one.index].encoded not in known]
    tokens = {one.index: workshop.timestamps.stamp(one.signature, one.profile) for one in own}
    return cades.with_timestamps(made, tokens)


def read_back(made: bytes, document: bytes, request: SignRequest, signer: Signer) -> Iterable[Evidence]:
    """See Maker.read_back."""
    message = cms.read(made)
    if request.are_digests:
        return cms.verify(message, digests={signer.algorithm.digest.oid: document})
    return cms.verify(message, examine(document, request))


def _is_joined(document: bytes, request: SignRequest) -> bool:
    """Whether the document is a signature with its content inside, to which one more is added.

    A detached one is signed as the octets it is: what it is about was not sent.
    """
    if not request.cosigns or document[:1] != b"\x30" or not cms.is_signed_data(document):
        return False
    try:
        return cms.read(document).content is not None
    except BadInput:
        return False
