"""CMS over documents larger than memory: files are read in pieces, and never held.

A document beside its signature is hashed here, and cms.py signs and verifies digests. A document is put inside by `attach`: octet
for octet what cms.py makes of the same one. Files come in open, for reading in binary; they are read from where they stand. Those
that are read twice must be able to go back.
"""

import dataclasses
import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from agent import algorithms
from agent.algorithms import DigestAlgorithm
from agent.certificate import Certificate
from agent.errors import BadInput, UnsupportedKey
from agent.formats import asn1, cms, cms_build, cms_read
from agent.formats.cms_read import SignedMessage
from agent.formats.cms_verify import SignerEvidence

PIECE_BYTES = 1024 * 1024
MAX_AROUND_BYTES = (
    16 * 1024 * 1024
)  # of a message without its content: certificates, revocation lists, signers

_EXPLICIT = 0xA0
_END = b"\x00\x00"  # of an indefinite length


def digests(document: BinaryIO, wanted: Iterable[DigestAlgorithm]) -> dict[str, bytes]:
    """Digests of the rest of `document` by several algorithms in one pass, by the dotted OID of each."""
    return _digests(_pieces(document), wanted)


def digests_named(message: SignedMessage, document: BinaryIO) -> dict[str, bytes]:
    """Digests of the rest of `document` by each algorithm that a signer of the message names and that is known here: what
    `cms.verify` wants to know of a document that it does not get."""
    return digests(document, _digests_named(message))


# --- making -------------------------------------------------------------------------------------------------------


def attach(detached: bytes, document: BinaryIO, output: BinaryIO) -> None:
    """Writes a detached message (DER, BER, PEM or base64) in DER to `output`, with the rest of `document` inside.

    Signers and certificates stay as they are, timestamps and all.

    Raises: BadInput where a document is inside already, or it is not the one that every signer signed; what is in `output` then
    is worthless.
    """
    message = cms.read(detached)
    if not message.is_detached:
        raise BadInput("CMS: the signature has a document inside")
    start = document.tell()
    size = document.seek(0, io.SEEK_END) - start
    document.seek(start)
    before, after = cms_build.around_content(
        size,
        digest_algorithms=[identifier.der for identifier in message.digest_algorithms],
        certificates=message.certificates_der,
        signers=[signer.encoded for signer in message.signers],
        crls=message.crls,
        version=message.version,
        content_type=message.content_type,
    )
    output.write(before)
    running = {algorithm.oid: algorithm.new() for algorithm in _digests_named(message)}
    left = size
    for piece in _pieces(document):
        left -= len(piece)
        if left < 0:
            break
        for one in running.values():
            one.update(piece)
        output.write(piece)
    found = {oid: one.digest() for oid, one in running.items()}
    if left or any(found.get(s.digest_algorithm.oid) != s.message_digest for s in message.signers):
        raise BadInput("CMS: the document is not the one that was signed; it may have changed meanwhile")
    output.write(after)


# --- verifying ----------------------------------------------------------------------------------------------------


def verify_attached(
    file: BinaryIO, extra_certificates: Iterable[Certificate] = ()
) -> tuple[SignerEvidence, ...]:
    """Evidence for each signer of a message in DER or BER, without armour, that holds its document. See cms.verify.

    The file is read from its beginning, in pieces; it must be able to go back.

    Raises: BadInput where it is not such a message, or larger than MAX_AROUND_BYTES without its content."""
    found = read_attached(file)
    named = _digests_named(found.message)
    return cms.verify(found.message, None, extra_certificates, digests=_digests(found.pieces(file), named))


@dataclasses.dataclass(frozen=True, slots=True)
class LargeMessage:
    """A message in a file. `message` is what it would be if it were detached; the content lies in the file at `content_start`."""

    message: SignedMessage
    content_start: int

    def pieces(self, file: BinaryIO) -> Iterator[bytes]:
        """The content, from the file that it was found in.

        Raises: BadInput where that has been cut short meanwhile."""
        for start, size in _segments(file, self.content_start):
            file.seek(start)
            for offset in range(0, size, PIECE_BYTES):
                yield _read_exactly(file, min(PIECE_BYTES, size - offset))


def read_attached(file: BinaryIO) -> LargeMessage:
    """Takes a message apart that is in a file, in DER or BER, without armour, with its document inside. The document is not read.

    Raises: BadInput."""
    size = file.seek(0, 2)
    layers = [outer := _Layer.at(file, 0, asn1.SEQUENCE)]
    oid = _element(file, outer.inside)
    layers.append(explicit := _Layer.at(file, outer.inside + len(oid), _EXPLICIT))
    layers.append(signed_data := _Layer.at(file, explicit.inside, asn1.SEQUENCE))
    version = _element(file, signed_data.inside)
    digest_algorithms = _element(file, signed_data.inside + len(version))
    encapsulated = _Layer.at(file, signed_data.inside + len(version) + len(digest_algorithms), asn1.SEQUENCE)
    content_type = _element(file, encapsulated.inside)
    wrapped = _Layer.at(file, encapsulated.inside + len(content_type), _EXPLICIT)
    position = encapsulated.closed(file, wrapped.closed(file, _after_segments(file, wrapped.inside)))
    rest = _rest(file, position, size, layers)
    around = asn1.element(
        asn1.SEQUENCE, version, digest_algorithms, asn1.element(asn1.SEQUENCE, content_type), rest
    )
    skeleton = asn1.element(asn1.SEQUENCE, oid, asn1.element(_EXPLICIT, around))
    return LargeMessage(cms_read.read(skeleton), wrapped.inside)


@dataclasses.dataclass(frozen=True, slots=True)
class _Layer:
    """A constructed element in a file: where its content begins, and where it ends if that is written before it."""

    tag: int
    inside: int
    end: int | None

    @property
    def size(self) -> int:
        assert self.end is not None, "only what is constructed has an indefinite length"
        return self.end - self.inside

    @classmethod
    def at(cls, file: BinaryIO, position: int, *tags: int) -> "_Layer":
        file.seek(position)
        tag, header, length = asn1.header_at(memoryview(file.read(asn1.MAX_HEADER)), 0)
        if tag not in tags:
            raise BadInput(f"CMS: tag {tag:02x} where a message with its document inside has another")
        return cls(tag, position + header, None if length is None else position + header + length)

    def closed(self, file: BinaryIO, position: int) -> int:
        """The position after this layer, whose content was read up to `position`."""
        if self.end is None:
            file.seek(max(position, 0))
            if _read_exactly(file, 2) != _END:
                raise BadInput("CMS: something stands beside the content")
            return position + 2
        if self.end != position:
            raise BadInput("CMS: lengths around the content contradict each other")
        return position


def _segments(file: BinaryIO, position: int) -> Iterator[tuple[int, int]]:
    """Start and size of each part of an OCTET STRING, be it in one piece or in segments (X.690 §8.7); not of segments in segments."""
    string = _string(file, position)
    position = string.inside
    if string.tag == asn1.OCTET_STRING:
        yield position, string.size
        return
    while string.end is None or position < string.end:
        segment = _Layer.at(file, position, asn1.OCTET_STRING, 0)
        if segment.tag == 0:
            return
        yield segment.inside, segment.size
        position = segment.inside + segment.size


def _after_segments(file: BinaryIO, position: int) -> int:
    """Where the OCTET STRING at `position` ends."""
    string = _string(file, position)
    end = string.inside
    for start, size in _segments(file, position):
        end = start + size
    return string.closed(file, end)


def _string(file: BinaryIO, position: int) -> _Layer:
    return _Layer.at(file, position, asn1.OCTET_STRING, asn1.OCTET_STRING | asn1.CONSTRUCTED)


def _element(file: BinaryIO, position: int) -> bytes:
    """A small element as it stands."""
    file.seek(position)
    beginning = file.read(asn1.MAX_HEADER)
    _, header, length = asn1.header_at(memoryview(beginning), 0)
    if length is None or length > PIECE_BYTES:
        raise BadInput("CMS: in a large file only the content may be large or of indefinite length")
    file.seek(position)
    return _read_exactly(file, header + length)


def _rest(file: BinaryIO, position: int, size: int, layers: Iterable[_Layer]) -> bytes:
    """What stands between the content and the ends of the layers around it, given from the outside to the inside."""
    end = size
    for layer in layers:
        if layer.end is None:
            end = layer.closed(file, end - 2) - 2
        else:
            layer.closed(file, end)
    if not 0 <= end - position <= MAX_AROUND_BYTES:
        raise BadInput(f"CMS: {end - position} octets after the content, {MAX_AROUND_BYTES} at most")
    file.seek(position)
    return _read_exactly(file, end - position)


# --- reading in pieces --------------------------------------------------------------------------------------------


def _pieces(document: BinaryIO) -> Iterator[bytes]:
    while piece := document.read(PIECE_BYTES):
        yield piece


def _read_exactly(file: BinaryIO, size: int) -> bytes:
    octets = file.read(size)
    if len(octets) != size:
        raise BadInput("CMS: the file is cut short")
    return octets


def _digests(pieces: Iterable[bytes], wanted: Iterable[DigestAlgorithm]) -> dict[str, bytes]:
    running = {algorithm.oid: algorithm.new() for algorithm in wanted}
    for piece in pieces:
        for one in running.values():
            one.update(piece)
    return {oid: one.digest() for oid, one in running.items()}


def _digests_named(message: SignedMessage) -> Iterator[DigestAlgorithm]:
    """The digest algorithms that the signers name, as far as they are known; for others there will be no evidence."""
    for signer in message.signers:
        try:
            yield algorithms.digest_by_oid(signer.digest_algorithm.oid)
        except UnsupportedKey:
            continue
