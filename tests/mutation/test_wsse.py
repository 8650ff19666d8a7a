"""Every bit of the Body of a message, of what is signed in its header, and of the signature.

The rest of a message (other headers, white space between them) is not signed, as WS-Security has it.
"""

import pytest

from agent.errors import BadInput
from agent.formats import wsse
from tests.support import chains
from tests.support.sweeps import flips

ENVELOPE = (
    '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
    '<m:a xmlns:m="urn:m" b="1">q</m:a> </S:Body></S:Envelope>'
)


def holds(envelope: bytes) -> bool:
    try:
        return all(one.signature == "valid" and one.covers == "Body" for one in wsse.verify(envelope))
    except BadInput:
        return False


@pytest.mark.slow
def test_no_bit_of_a_signed_message_may_change() -> None:
    envelope = wsse.sign(chains.person("p256"), ENVELOPE, body_id="id-1")
    assert holds(envelope)
    spans = ((b"<ds:SignedInfo>", b"</ds:SignatureValue>"), (b"<S:Body ", b"</S:Body>"))
    for first, last in spans:
        start, end = envelope.index(first), envelope.index(last) + len(last)
        for bit, changed in flips(envelope[start:end]):
            assert not holds(envelope[:start] + changed + envelope[end:]), (first, bit)
