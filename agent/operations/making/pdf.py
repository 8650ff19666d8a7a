"""Signatures inside PDF files (PAdES), drawn on a page where that is asked for."""

from collections.abc import Iterable

from agent import algorithms
from agent.drawing import stamp as drawing
from agent.errors import InvalidSignature
from agent.formats.evidence import Evidence
from agent.formats.pdf import pades
from agent.formats.pdf.place import Stamp
from agent.operations.making.base import Workshop
from agent.signer import Signer
from protocol.messages import SignRequest


def examine(document: bytes, request: SignRequest) -> bytes:
    """See Maker.examine. Whether there is room for the stamp is found out with an empty one."""
    pades.check(document, None if request.stamp is None else Stamp(drawing.outline(), request.stamp.page))
    return document


def make(document: bytes, request: SignRequest, workshop: Workshop) -> bytes:
    """See Maker.make."""
    return pades.sign(
        workshop.signer,
        document,
        at=workshop.at,
        stamp=_stamp(document, request, workshop),
        timestamp=workshop.stamp_for(request),
    )


def _stamp(document: bytes, request: SignRequest, workshop: Workshop) -> Stamp | None:
    if request.stamp is None:
        return None
    # SHA-256, whatever the key: a phone that reads the code can compute it.
    drawn = drawing.draw(
        workshop.signer.certificate,
        drawing.words(workshop.language),
        at=workshop.at.astimezone(),
        algorithm=algorithms.SHA256,
        digest=algorithms.SHA256(document),
    )
    return Stamp(drawn, request.stamp.page)


def read_back(made: bytes, document: bytes, _request: SignRequest, _signer: Signer) -> Iterable[Evidence]:
    """See Maker.read_back."""
    if not made.startswith(document):
        raise InvalidSignature("PDF: the signed file is not the document and something after it")
    return pades.verify(made)
