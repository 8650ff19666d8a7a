"""XML signatures (XML-DSig), of a whole document or of one element."""

from collections.abc import Iterable

from agent.formats.evidence import Evidence
from agent.formats.xml import sign, verify
from agent.operations.making.base import Workshop
from agent.signer import Signer
from protocol.messages import SignRequest


def examine(document: bytes, request: SignRequest) -> bytes:
    """See Maker.examine."""
    options = request.xml
    sign.check(document, element_xpath=options.element_xpath, parent_xpath=options.parent_xpath)
    return document


def make(document: bytes, request: SignRequest, workshop: Workshop) -> bytes:
    """See Maker.make."""
    options = request.xml
    return sign.sign(
        workshop.signer,
        document,
        layout=options.layout,
        element_xpath=options.element_xpath,
        parent_xpath=options.parent_xpath,
    )


def read_back(made: bytes, _document: bytes, _request: SignRequest, _signer: Signer) -> Iterable[Evidence]:
    """See Maker.read_back."""
    return verify.verify(made)
