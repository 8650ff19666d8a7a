"""ASiC-E containers: the document and its CAdES signature in one ZIP file."""

from collections.abc import Iterable

from agent.formats import asic
from agent.formats.evidence import Evidence
from agent.operations.making.base import Workshop
from agent.signer import Signer
from protocol.messages import SignRequest

_UNNAMED = "document"


def examine(document: bytes, _request: SignRequest) -> bytes:
    """See Maker.examine."""
    return document


def make(document: bytes, request: SignRequest, workshop: Workshop) -> bytes:
    """See Maker.make."""
    return asic.create(
        workshop.signer,
        [(workshop.name or _UNNAMED, document)],
        at=workshop.at,
        timestamp=workshop.stamp_for(request),
    )


def read_back(made: bytes, _document: bytes, _request: SignRequest, _signer: Signer) -> Iterable[Evidence]:
    """See Maker.read_back."""
    return asic.verify(made)
