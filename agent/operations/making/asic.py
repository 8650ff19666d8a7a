"""ASiC-E containers: the document and its CAdES signature in one ZIP file."""

from collections.abc import Iterable

from agent.errors import InvalidSignature
from agent.formats import asic, zip_files
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


def read_back(made: bytes, document: bytes, _request: SignRequest, _signer: Signer) -> Iterable[Evidence]:
    """See Maker.read_back."""
    files = zip_files.read(made).files
    if not any(
        entry.octets() == document for name, entry in files.items() if not name.startswith("META-INF/")
    ):
        raise InvalidSignature("ASiC: the document is not in its container")
    return asic.verify(made)
