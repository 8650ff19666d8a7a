"""The bare octets of a signature."""

from collections.abc import Iterable

from agent.errors import BadInput
from agent.formats import login, raw
from agent.formats.evidence import Evidence
from agent.operations.making.base import Workshop
from agent.signer import Signer
from protocol.messages import SignRequest


def examine(document: bytes, _request: SignRequest) -> bytes:
    """See Maker.examine. What could be made into a login is refused; of a digest nobody can tell."""
    if login.is_disguised(document):
        raise BadInput("the document is the inside of a login, and those are asked for by their own name")
    return document


def make(document: bytes, request: SignRequest, workshop: Workshop) -> bytes:
    """See Maker.make."""
    if request.are_digests:
        return raw.sign_digest(workshop.signer, document)
    return raw.sign(workshop.signer, document)


def read_back(made: bytes, document: bytes, request: SignRequest, signer: Signer) -> Iterable[Evidence]:
    """See Maker.read_back."""
    if request.are_digests:
        return (raw.verify_digest(made, document, signer.certificate),)
    return (raw.verify(made, document, signer.certificate),)
