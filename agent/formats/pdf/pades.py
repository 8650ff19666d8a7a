"""PAdES: signatures inside PDF files (ETSI EN 319 142-1, ISO 32000-2 §12.8). The way in; nothing here loads pyHanko.

A signed file begins with the original octet for octet: a signature is an incremental update, so several stand one after the other, and
each is over all that was there before. What is made is PAdES baseline B, with a timestamp T: SubFilter ETSI.CAdES.detached, a CMS of
our own over the digest of the ByteRange, the time in /M and not in the CMS. See docs/decisions/0014-pdf-signatures.md.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from agent.certificate import Certificate
from agent.formats.pdf.evidence import PdfEvidence
from agent.formats.pdf.place import Stamp
from agent.signer import Signer

MAX_SIZE_BYTES = 256 * 1024 * 1024
_BEGINNING = b"%PDF-"


def is_pdf(document: bytes) -> bool:
    """Whether this looks like a PDF, judged by its first octets. Says nothing of the rest."""
    return document[: len(_BEGINNING)] == _BEGINNING


def check(document: bytes, stamp: Stamp | None = None) -> None:
    """Finds out before anybody is asked whether `document` can be signed, with that stamp if there is one.

    Raises: BadInput where it is not a PDF, is damaged anywhere, larger than MAX_SIZE_BYTES, or lacks the page; UnsupportedOperation where
    it is encrypted, a dynamic form, closed to changes by an earlier signature, has no room for the stamp, or shows different
    documents to readers of different age.
    """
    from agent.formats.pdf import signing  # noqa: PLC0415  # loads pyHanko

    signing.check(document, stamp)


def sign(
    signer: Signer,
    document: bytes,
    *,
    at: datetime,
    stamp: Stamp | None = None,
    timestamp: Callable[[bytes], bytes] | None = None,
    reserve: int | None = None,
) -> bytes:
    """`document` with one more signature in a new field Signature1, Signature2, ...; fields that wait empty are left to their owners.

    `timestamp` gives an RFC 3161 token in DER over the octets of a signature. `reserve` is how many octets of CMS to leave room for at
    first; where the message needs more, the file is laid out anew, signed and stamped again.

    Raises: what `check` does; UnsupportedOperation also where an earlier signature would no longer hold; what `timestamp` raises.
    """
    from agent.formats.pdf import signing  # noqa: PLC0415  # loads pyHanko

    return signing.sign(signer, document, at=at, stamp=stamp, timestamp=timestamp, reserve=reserve)


def verify(document: bytes, extra_certificates: Iterable[Certificate] = ()) -> tuple[PdfEvidence, ...]:
    """Evidence for each signature, oldest revision first; empty where the file has none. Document timestamps are not signatures.

    A signature that is damaged, or whose ByteRange is not what it should be, is invalid evidence; a damaged file is BadInput.

    Raises: BadInput; UnsupportedOperation where the file is encrypted, or shows different documents to readers of different age.
    """
    from agent.formats.pdf import verifying  # noqa: PLC0415  # loads pyHanko

    return verifying.verify(document, extra_certificates)
