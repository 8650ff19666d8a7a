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
    sign.check(
        _given(document, request),
        element_xpath=options.element_xpath,
        parent_xpath=options.parent_xpath,
        id_attribute=options.id_attribute,
    )
    return document


def make(document: bytes, request: SignRequest, workshop: Workshop) -> bytes:
    """See Maker.make."""
    options = request.xml
    return sign.sign(
        workshop.signer,
        _given(document, request),
        layout=options.layout,
        element_xpath=options.element_xpath,
        parent_xpath=options.parent_xpath,
        id_attribute=options.id_attribute,
    )


def read_back(made: bytes, _document: bytes, request: SignRequest, _signer: Signer) -> Iterable[Evidence]:
    """See Maker.read_back."""
    return verify.verify_within(made, "", request.xml.id_attribute)


def _given(document: bytes, request: SignRequest) -> bytes | str:
    """The document as it came: as characters, whose declaration of an encoding is not true any more, or as octets."""
    return document.decode() if request.xml.is_text else document
