"""WS-Security for the government's gateway (SmartBridge, SHEP): the Body of a SOAP message."""

import uuid
from collections.abc import Iterable

from agent.formats import wsse
from agent.formats.evidence import Evidence
from agent.operations.making.base import Workshop
from agent.signer import Signer
from protocol.messages import SignRequest


def examine(document: bytes, _request: SignRequest) -> bytes:
    """See Maker.examine."""
    wsse.check(document)
    return document


def make(document: bytes, _request: SignRequest, workshop: Workshop) -> bytes:
    """See Maker.make."""
    return wsse.sign(workshop.signer, document, body_id=f"id-{uuid.uuid4()}")


def read_back(made: bytes, _document: bytes, _request: SignRequest, _signer: Signer) -> Iterable[Evidence]:
    """See Maker.read_back."""
    return wsse.verify(made)
