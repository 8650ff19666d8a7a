"""Puts a signature into a PDF: an incremental update with a hole, the digest of all but the hole, and the CMS in the hole."""

import dataclasses
import io
import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import cms_embedder
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from agent.errors import BadInput, UnsupportedOperation
from agent.formats.pdf import document, message, place
from agent.formats.pdf.byte_range import ByteRange
from agent.formats.pdf.changes import Changes
from agent.formats.pdf.place import Stamp
from agent.signer import Signer

MAX_DRAWING_BYTES = 4 * 1024 * 1024
_SPARE_OCTETS = 256  # of a hole that is made to measure: a signature made anew may be some octets longer
_MAX_ATTEMPTS = 5
_SOME_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def check(octets: bytes, stamp: Stamp | None) -> None:
    """See pades.check. A rehearsal: all is done but the signature."""
    _prepare(octets, at=_SOME_MOMENT, stamp=stamp, room=1)


def sign(
    signer: Signer,
    octets: bytes,
    *,
    at: datetime,
    stamp: Stamp | None,
    timestamp: Callable[[bytes], bytes] | None,
    reserve: int | None,
) -> bytes:
    """See pades.sign."""
    room = reserve or message.expected_octets(signer, with_timestamp=timestamp is not None)
    for _ in range(_MAX_ATTEMPTS):
        prepared = _prepare(octets, at=at, stamp=stamp, room=room)
        with prepared.stream.getbuffer() as view:
            digest = prepared.byte_range.digest(view, signer.algorithm.digest)
        made = message.make(signer, digest, timestamp=timestamp)
        if len(made) <= room:
            signed = prepared.filled(made)
            assert signed.startswith(octets), "an update only adds"
            return signed
        room = len(made) + _SPARE_OCTETS
    raise UnsupportedOperation("PDF: the signature or its timestamp gets larger each time it is made")


@dataclasses.dataclass(frozen=True, slots=True)
class _Prepared:
    """A file that lacks nothing but the signature in its hole."""

    stream: io.BytesIO
    byte_range: ByteRange

    def filled(self, made: bytes) -> bytes:
        self.stream.seek(self.byte_range.hole_start + 1)
        self.stream.write(made.hex().encode())
        return self.stream.getvalue()


class _Update(IncrementalPdfFileWriter):
    """An update that leaves alone what the file says of itself (producer, date of change): a signature is no edit."""

    def _update_meta(self) -> None:
        """Where pyHanko would write itself into Info and XMP."""


def _prepare(octets: bytes, *, at: datetime, stamp: Stamp | None, room: int) -> _Prepared:
    """The file with one more field, a signature dictionary in it, and a hole for `room` octets, filled with zeros.

    Raises: UnsupportedOperation where an earlier signature would not bear it.
    """
    reader = document.open_to_sign(octets)
    signed = [field for field in document.signature_fields(reader) if field.value is not None]
    stream = reader.stream
    stream.seek(-1, io.SEEK_END)
    if stream.read() not in (b"\n", b"\r"):
        stream.write(b"\n")  # an object begins on a line of its own
    with document.reading("what the update builds on"):
        hole = _write_update(_Update.from_reader(reader), at=at, stamp=stamp, room=room)
    start, end = hole.contents.offsets
    size = stream.seek(0, io.SEEK_END)
    hole.byte_range.fill_offsets(stream, start, end, size)
    if signed:
        _check_earlier(stream, {field.name for field in signed})
    stream.seek(0)
    stream.write(octets)  # as it was: what is mended for the library only is not to be signed
    return _Prepared(stream, ByteRange(start, end, size))


def _write_update(writer: Any, *, at: datetime, stamp: Stamp | None, room: int) -> SignatureObject:
    name = _free_name(writer)
    drawing = None if stamp is None else _Drawn(writer, stamp)
    steps = cms_embedder.PdfCMSEmbedder(drawing.spec(name) if drawing else SigFieldSpec(name)).write_cms(
        name, writer
    )
    field = next(steps).get_object()
    if drawing is not None:
        field["/AP"] = generic.DictionaryObject({generic.pdf_name("/N"): drawing.appearance})
    hole = SignatureObject(timestamp=at, subfilter=SigSeedSubFilter.PADES, bytes_reserved=2 * room)
    steps.send(cms_embedder.SigObjSetup(sig_placeholder=hole))
    # Here pyHanko would go on to hash, with the algorithms that it knows. Hashing is ours.
    writer.write_in_place()
    return hole


class _Drawn:
    """A stamp, brought into the file and given its place on a page."""

    def __init__(self, writer: Any, stamp: Stamp) -> None:
        if len(stamp.drawing) > MAX_DRAWING_BYTES:
            raise BadInput(f"PDF: a stamp of {len(stamp.drawing)} octets, {MAX_DRAWING_BYTES} at most")
        source = PdfFileReader(io.BytesIO(stamp.drawing))
        left, bottom, right, top = document.page_of(source, 1)[1].box
        _, page, taken = document.page_of(writer, stamp.page)
        placement = place.place(page, (right - left, top - bottom), taken)
        self._page_index = stamp.page - 1 if stamp.page > 0 else stamp.page
        self._rectangle = placement.rectangle
        self.appearance = writer.import_page_as_xobject(source)
        self.appearance.get_object()["/Matrix"] = generic.ArrayObject(
            map(generic.NumberObject, placement.matrix)
        )

    def spec(self, name: str) -> SigFieldSpec:
        """A field of that name where the stamp is."""
        return SigFieldSpec(name, on_page=self._page_index, box=self._rectangle)  # type: ignore[arg-type]  # fractions will do


def _free_name(handler: Any) -> str:
    """Signature1, or the first number that no field has: a field that waits for a signature is somebody else's."""
    form = document.entry(handler.root, "/AcroForm") or {}
    known = {document.entry(each.get_object(), "/T") for each in document.entry(form, "/Fields") or ()}
    return next(name for number in itertools.count(1) if (name := f"Signature{number}") not in known)


def _check_earlier(stream: io.BytesIO, names: set[str]) -> None:
    """Looks at the update with the eyes of those who signed before."""
    reader = document.open_stream(stream)
    changes = Changes(reader)
    for field in document.signature_fields(reader):
        if field.name in names and not changes.are_allowed(field, reader.total_revisions - 2):
            raise UnsupportedOperation("PDF: an earlier signature would no longer hold after another one")
