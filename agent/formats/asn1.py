"""The little of ASN.1 that a signed message needs: DER out, BER in, without copies and with limits.

Certificates are read with asn1crypto (agent/certificate.py). A CMS is framed here, because a signature is over octets exactly
as they stand: the reader keeps them, and never takes an encoding apart and puts it together again. It works on views, so a
document of hundreds of megabytes is not copied at each of the six levels it lies in; whatever is wrong with the input ends
in one error, BadInput; nothing recurses, so depth costs no stack.

Rules are those of X.690: §8 for BER (reading), §10 and §11 for DER (writing).
"""

import dataclasses
import re
from collections.abc import Iterable
from datetime import UTC, datetime

from agent.errors import BadInput

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL = 0x01, 0x02, 0x03, 0x04, 0x05
OBJECT_IDENTIFIER, UTF8_STRING = 0x06, 0x0C
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31
CONSTRUCTED = 0x20
MAX_DEPTH = 20  # of indefinite lengths inside each other; a timestamp token in a BER message has 17
MAX_HEADER = 14  # octets: a tag of 5, a length of 9
MAX_FIELDS = 10  # of a SEQUENCE read field by field; TSTInfo has as many
MAX_ELEMENTS = 500_000  # in one container; a 256 MiB document in segments of 1000 octets has 270 000

_UTC_TIME = re.compile(rb"\d{12}Z")
_GENERALIZED_TIME = re.compile(rb"\d{14}Z")
_PRECISE_TIME = re.compile(rb"(\d{14})\.(\d{1,12})Z")


# --- writing ------------------------------------------------------------------------------------------------------


def header(tag: int, length: int) -> bytes:
    """Identifier and length octets of a DER element with `length` octets of content."""
    if length < 0x80:
        return bytes((tag, length))
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets


def element(tag: int, *parts: bytes | memoryview) -> bytes:
    """A DER element whose content is `parts`, one after the other."""
    return b"".join((header(tag, sum(len(part) for part in parts)), *parts))


def set_of(members: Iterable[bytes], tag: int = SET) -> bytes:
    """A DER SET OF: members in ascending order of their octets, equal ones once (X.690 §11.6)."""
    return element(tag, *sorted(set(members)))


def integer(value: int) -> bytes:
    """A DER INTEGER: two's complement, shortest form."""
    return element(
        INTEGER, value.to_bytes((value if value >= 0 else ~value).bit_length() // 8 + 1, "big", signed=True)
    )


def time(moment: datetime) -> bytes:
    """A moment to the second in Z: UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5652 §11.3)."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    moment = moment.astimezone(UTC)
    if 1950 <= moment.year < 2050:
        return element(UTC_TIME, moment.strftime("%y%m%d%H%M%SZ").encode())
    return generalized_time(moment)


def generalized_time(moment: datetime) -> bytes:
    """A moment to the second in Z as GeneralizedTime, whatever its year (RFC 5280 §4.1.2.5.2)."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    moment = moment.astimezone(UTC)
    return element(GENERALIZED_TIME, f"{moment.year:04}{moment:%m%d%H%M%SZ}".encode())


# --- reading ------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Element:
    """One element as it stands. `tag` is its identifier octets as a number, `encoded` all its octets, `content` what is inside."""

    tag: int
    encoded: memoryview
    content: memoryview

    @property
    def der(self) -> bytes:
        """A copy of all octets of the element (DER if it came as DER)."""
        return bytes(self.encoded)

    def expect(self, tag: int) -> "Element":
        """Itself, if it has this tag.

        Raises: BadInput."""
        if self.tag != tag:
            raise BadInput(f"ASN.1: tag {self.tag:02x} where {tag:02x} is expected")
        return self

    def children(self, most: int = MAX_ELEMENTS) -> list["Element"]:
        """The elements inside.

        Raises: BadInput where they are cut short, or more than `most`."""
        found: list[Element] = []
        position = 0
        while position < len(self.content):
            if len(found) == most:
                raise BadInput(f"ASN.1: more than {most} elements in one")
            child = _element_at(self.content, position)
            found.append(child)
            position += len(child.encoded)
        return found

    def octets(self) -> bytes:
        """The value of an OCTET STRING, also of one sent in segments (X.690 §8.7.3).

        Raises: BadInput."""
        if self.tag == OCTET_STRING:
            return bytes(self.content)
        segments: list[memoryview] = []
        waiting = [self.expect(OCTET_STRING | CONSTRUCTED)]
        while waiting:
            part = waiting.pop()
            if part.tag == OCTET_STRING:
                segments.append(part.content)
            else:
                waiting.extend(reversed(part.expect(OCTET_STRING | CONSTRUCTED).children()))
            if len(segments) + len(waiting) > MAX_ELEMENTS:
                raise BadInput(f"ASN.1: more than {MAX_ELEMENTS} segments in one string")
        return b"".join(segments)

    def integer(self) -> int:
        """The value of an INTEGER.

        Raises: BadInput."""
        if not self.expect(INTEGER).content:
            raise BadInput("ASN.1: an INTEGER without content")
        return int.from_bytes(self.content, "big", signed=True)

    def object_identifier(self) -> str:
        """The dotted form of an OBJECT IDENTIFIER.

        Raises: BadInput."""
        octets = bytes(self.expect(OBJECT_IDENTIFIER).content)
        if not octets or octets[-1] & 0x80 or len(octets) > 64:
            raise BadInput("ASN.1: a damaged OBJECT IDENTIFIER")
        arcs, arc = [], 0
        for octet in octets:
            arc = arc << 7 | octet & 0x7F
            if not octet & 0x80:
                arcs.append(arc)
                arc = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))

    def time(self) -> datetime:
        """The value of a UTCTime or GeneralizedTime in the forms of RFC 5652 §11.3: seconds, Z.

        Raises: BadInput."""
        octets = bytes(self.content)
        try:
            if self.tag == UTC_TIME and _UTC_TIME.fullmatch(octets):
                century = b"19" if octets[:2] >= b"50" else b"20"
                return datetime.strptime((century + octets).decode(), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
            if self.tag == GENERALIZED_TIME and _GENERALIZED_TIME.fullmatch(octets):
                return datetime.strptime(octets.decode(), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
        except ValueError as error:
            raise BadInput("ASN.1: a moment that is not in the calendar") from error
        raise BadInput("ASN.1: a time in an unknown form")

    def precise_time(self) -> datetime:
        """The value of a GeneralizedTime with or without a fraction of a second (RFC 3161 §2.4.2), to the microsecond below.

        Raises: BadInput."""
        found = _PRECISE_TIME.fullmatch(bytes(self.expect(GENERALIZED_TIME).content))
        if found is None:
            return self.time()
        whole = Element(GENERALIZED_TIME, self.encoded, memoryview(found[1] + b"Z")).time()
        return whole.replace(microsecond=int(found[2].ljust(6, b"0")[:6]))


class Fields:
    """The fields of a SEQUENCE, taken in order; whatever is missing or too many is BadInput. `name` is for messages."""

    def __init__(self, sequence: Element, name: str) -> None:
        self._waiting = sequence.expect(SEQUENCE).children(MAX_FIELDS)
        self._waiting.reverse()
        self._name = name

    def next(self, *tags: int) -> Element:
        """The next field, which must have one of these tags, if any are given.

        Raises: BadInput."""
        if not self._waiting or (tags and self._waiting[-1].tag not in tags):
            raise BadInput(f"ASN.1: a field of {self._name} is missing")
        return self._waiting.pop()

    def optional(self, tag: int) -> Element | None:
        """The next field if it has this tag."""
        return self._waiting.pop() if self._waiting and self._waiting[-1].tag == tag else None

    def any(self) -> Element | None:
        """The next field, if there is one."""
        return self._waiting.pop() if self._waiting else None

    def end(self) -> None:
        """Raises: BadInput where a field is left."""
        if self._waiting:
            raise BadInput(f"ASN.1: {self._name} has a field too many")


def read(data: bytes | memoryview) -> Element:
    """The one element that `data` holds.

    Raises: BadInput, also where octets follow it."""
    view = memoryview(data)
    found = _element_at(view, 0)
    if len(found.encoded) != len(view):
        raise BadInput(f"ASN.1: {len(view) - len(found.encoded)} octets after the end")
    return found


def read_first(data: bytes | memoryview) -> Element:
    """The first element in `data`, whatever follows it.

    Raises: BadInput."""
    return _element_at(memoryview(data), 0)


def _element_at(data: memoryview, start: int) -> Element:
    tag, inside, length = _header_at(data, start)
    if length is not None:
        return Element(tag, data[start : inside + length], data[inside : inside + length])
    after = _end_of_contents(data, inside)
    return Element(tag, data[start:after], data[inside : after - 2])


def _header_at(data: memoryview, start: int) -> tuple[int, int, int | None]:
    """As `header_at`, for an element that lies in `data` completely."""
    tag, position, length = header_at(data, start)
    if position + (length or 0) > len(data):
        raise BadInput("ASN.1: cut short")
    return tag, position, length


def header_at(data: memoryview, start: int) -> tuple[int, int, int | None]:
    """Tag of the element at `start`, where its content begins, and how long it is; None is an indefinite length (X.690 §8.1).

    For who has no more than the beginning of an element, which may have MAX_HEADER octets.

    Raises: BadInput."""
    try:
        tag = data[start]
        position = start + 1
        if tag & 0x1F == 0x1F:
            tag, position = _long_tag(data, tag, position)
        length: int | None = data[position]
        position += 1
        if length == 0x80:
            length = None
        elif length is not None and length > 0x80:
            size = length & 0x7F
            if size > 8:
                raise BadInput("ASN.1: a length of more than 8 octets")
            if position + size > len(data):
                raise BadInput("ASN.1: cut short")
            length = int.from_bytes(data[position : position + size], "big")
            position += size
    except IndexError as error:
        raise BadInput("ASN.1: cut short") from error
    if length is None and not data[start] & CONSTRUCTED:
        raise BadInput("ASN.1: an indefinite length without elements inside")
    return tag, position, length


def _long_tag(data: memoryview, tag: int, position: int) -> tuple[int, int]:
    for _ in range(4):
        tag = tag << 8 | data[position]
        position += 1
        if not data[position - 1] & 0x80:
            return tag, position
    raise BadInput("ASN.1: a tag of more than 4 octets")


def _end_of_contents(data: memoryview, position: int) -> int:
    """Where an element of indefinite length ends, its two zero octets included."""
    depth = 1
    for _ in range(MAX_ELEMENTS):
        tag, inside, length = _header_at(data, position)
        if tag == 0:
            if length != 0:
                raise BadInput("ASN.1: end of contents with content")
            depth -= 1
            position = inside
            if depth == 0:
                return position
        elif length is None:
            depth += 1
            if depth > MAX_DEPTH:
                raise BadInput(f"ASN.1: nested deeper than {MAX_DEPTH}")
            position = inside
        else:
            position = inside + length
    raise BadInput(f"ASN.1: more than {MAX_ELEMENTS} elements in one")
