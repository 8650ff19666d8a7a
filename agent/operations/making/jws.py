"""JSON Web Signatures, compact, for sites that use tokens."""

from collections.abc import Iterable

from agent.formats import jws
from agent.formats.evidence import Evidence
from agent.operations.making.base import Workshop
from agent.signer import Signer
from protocol.messages import SignRequest


def examine(document: bytes, _request: SignRequest) -> bytes:
    """See Maker.examine."""
    return document


def make(document: bytes, request: SignRequest, workshop: Workshop) -> bytes:
    """See Maker.make."""
    return jws.sign(workshop.signer, document, detached=request.detached).encode()


def read_back(made: bytes, document: bytes, _request: SignRequest, _signer: Signer) -> Iterable[Evidence]:
    """See Maker.read_back."""
    return jws.verify(made, document)
