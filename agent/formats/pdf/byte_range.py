"""The two stretches of a PDF that a signature is over, and the hole between them that holds the signature (ISO 32000-2 §12.8.1).

Readers differ in what they make of an odd ByteRange, and attacks live on that (Mladenov et al., "1 Trillion Dollar Refund", 2019), so
one form only is taken: from octet 0 to the hole, from the hole to an end, the hole exactly one hexadecimal string, and
that string the /Contents of the very signature. Fillers and forgotten octets are refused.
"""

import dataclasses
import re
from collections.abc import Sequence

from agent.algorithms import DigestAlgorithm
from agent.errors import BadInput
from agent.formats import asn1

_NAME_BEFORE = re.compile(rb"/Contents[\x00\t\n\x0c\r ]*\Z")
_END = re.compile(rb"startxref[\t\n\r ]+(\d{1,10})[\t\n\r ]+%%EOF[\x00\t\n\x0c\r ]*\Z")
_LOOK_BACK = 128  # octets: the longest end, or the longest white space after a name
_PIECE = 1 << 20


@dataclasses.dataclass(frozen=True, slots=True)
class ByteRange:
    """Octets [0, hole_start) and [hole_end, end)."""

    hole_start: int
    hole_end: int
    end: int

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        """As they stand in the file: offset and length of each stretch."""
        return 0, self.hole_start, self.hole_end, self.end - self.hole_end

    def digest(self, document: bytes | memoryview, algorithm: DigestAlgorithm) -> bytes:
        """The digest of both stretches, one after the other, without a copy of them."""
        running = algorithm.new()
        with memoryview(document) as view:
            for start, end in ((0, self.hole_start), (self.hole_end, self.end)):
                for at in range(start, end, _PIECE):
                    running.update(view[at : min(at + _PIECE, end)])  # type: ignore[arg-type]  # any buffer will do
        return running.digest()


def read(numbers: Sequence[object], document: bytes, contents: bytes) -> ByteRange:
    """The /ByteRange of a signature whose /Contents string has these octets.

    Raises: BadInput where it is not the form described above.
    """
    values = [
        int(number) for number in numbers[:5] if isinstance(number, int) and 0 <= number <= len(document)
    ]
    if len(numbers) != 4 or len(values) != 4:
        raise BadInput("PDF: the ByteRange is not four numbers within the file")
    start, hole_start, hole_end, length = values
    found = ByteRange(hole_start, hole_end, hole_end + length)
    if start != 0:
        raise BadInput("PDF: the ByteRange does not begin with the file")
    if found.end > len(document):
        raise BadInput("PDF: the ByteRange goes beyond the file")
    cross_references_at(document, found.end)
    # The comparison is of octets, so both cases of hexadecimal digits will do; nothing between or after them will.
    hole = document[hole_start:hole_end]
    if hole[:1] != b"<" or hole[-1:] != b">" or len(hole) != 2 * len(contents) + 2:
        raise BadInput("PDF: the hole in the ByteRange is not the signature's string")
    if hole[1:-1].lower() != contents.hex().encode():
        raise BadInput("PDF: the hole in the ByteRange holds another string")
    if _NAME_BEFORE.search(document, max(0, hole_start - _LOOK_BACK), hole_start) is None:
        raise BadInput("PDF: the hole in the ByteRange is not the value of /Contents")
    return found


def cross_references_at(document: bytes, end: int) -> int:
    """Where the cross-references are of the revision that ends at `end` (ISO 32000-2 §7.5.5).

    Raises: BadInput where no revision ends there.
    """
    found = _END.search(document, max(0, end - _LOOK_BACK), end)
    if found is None:
        raise BadInput("PDF: the ByteRange does not end where a revision does")
    return int(found[1])


def message_in(contents: bytes) -> bytes:
    """The CMS message in a /Contents string: DER, or the BER that NSS makes, then nothing but the zero octets that fill the hole.

    Raises: BadInput.
    """
    message = asn1.read_first(contents).expect(asn1.SEQUENCE).der
    if contents[len(message) :].strip(b"\x00"):
        raise BadInput("PDF: other octets follow the signature")
    return message
