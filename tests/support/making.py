"""What signatures of tests are made with, by the very code that makes those of pages."""

import dataclasses
from typing import Any

from agent.formats.evidence import Evidence
from agent.operations.making import base
from agent.operations.making.base import Made, Workshop
from agent.signer import Signer
from protocol.messages import SignatureFormat, SignRequest
from tests.support import authority, pdfs, verdicts
from tests.support.authority import NOW

XML = (
    '<?xml version="1.0" encoding="UTF-8"?><акт><жол Id="one">бір</жол><жол Id="two">екі</жол></акт>'.encode()
)
SOAP = (
    b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
    b"<soap:Body><act>17</act></soap:Body></soap:Envelope>"
)
DOCUMENTS: dict[SignatureFormat, bytes] = {
    "cms": b"an act of work done",
    "xml": XML,
    "raw": b"an act of work done",
    "pdf": pdfs.page(),
    "jws": b'{"act":17}',
    "wsse": SOAP,
    "asic": b"an act of work done",
}
# One of each kind of octets that a signature comes in.
SIGNERS = ("gost2015-individual", "gost2004-head", "rsa-sign-head", "p256-individual", "p384-individual")


def request(signature_format: SignatureFormat, **changes: Any) -> SignRequest:
    usual = SignRequest(documents=(), detached=False, format=signature_format)
    return dataclasses.replace(usual, **changes)


def workshop(signer: Signer | None = None, fetch: Any = None, **changes: Any) -> Workshop:
    """`fetch` asks a timestamp authority; without it there is none."""
    usual = Workshop(
        signer=signer or authority.signer("p256-individual"),
        at=NOW,
        language="kk",
        timestamps=verdicts.timestamp_authority(fetch),
    )
    return dataclasses.replace(usual, **changes)


def make(wanted: SignRequest, tools: Workshop | None = None, document: bytes | None = None) -> Made:
    """A signature of the format's usual document, or of another."""
    octets = DOCUMENTS[wanted.format] if document is None else document
    return base.make_checked(octets, wanted, tools or workshop())


def findings(found: Any) -> list[str]:
    evidence: list[Evidence] = list(found)
    return [each.signature for each in evidence]
