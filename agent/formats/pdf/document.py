"""Opening a PDF: limits, the fence around the library, and what may be signed at all.

pyHanko reads strictly here: a file that readers have to guess about is one they may guess differently about, and what a person saw is
then not what was signed. Whatever the library stumbles over ends in BadInput; what it understands and we won't sign, in
UnsupportedOperation with a sentence.
"""

import contextlib
import dataclasses
import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign import fields

from agent.errors import BadInput, UnsupportedOperation
from agent.formats.pdf import cross_references, hybrid, mending, pades, references
from agent.formats.pdf.place import Page, Rectangle

MAX_FIELDS = 10_000
MAX_SIGNATURES = 100
MAX_REVISIONS = 500
MAX_LOOKUPS = 1_000_000  # of objects; some seconds
_MAX_DEPTH = 50  # of the page tree and of the tree of fields
_MAX_PAGE_POINTS = 200_000  # PDF's own limit is 14,400 units (ISO 32000-1 annex C); UserUnit may multiply it
# What the library raises on hostile octets beside its own errors. RuntimeError: too deep, not implemented, a stopped generator.
_STUMBLES = (
    misc.PdfError, ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError, RuntimeError,
    EOFError, struct.error, zlib.error,
)  # fmt: skip


@contextlib.contextmanager
def reading(what: str) -> Iterator[None]:
    """The fence: inside, whatever the library raises becomes BadInput that names `what` was being read."""
    try:
        yield
    except _STUMBLES as error:
        kind = type(error).__name__
        raise BadInput(f"PDF: {what} cannot be read ({kind}); print the document to PDF again") from error


class _Allowance:
    """How often objects may be asked for. The library follows references without remembering where it has been, and objects that
    lead to each other in more ways than there is time for take no more than a line each."""

    def __init__(self) -> None:
        self._left = MAX_LOOKUPS

    def use(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise BadInput("PDF: objects refer to each other in too many ways")


class Reader(PdfFileReader):
    """pyHanko's reader with an allowance, and with null for what is nowhere defined, which is no error (ISO 32000-2 §7.3.10)."""

    def __init__(self, stream: io.BytesIO) -> None:
        self._allowance = _Allowance()
        super().__init__(stream, strict=True)

    def get_object(self, *arguments: Any, **options: Any) -> Any:
        self._allowance.use()
        return super().get_object(*arguments, **options)  # type: ignore[no-untyped-call]  # pyHanko has no types there

    def _read_object(self, ref: Any, marker: Any, *arguments: Any, **options: Any) -> Any:
        if marker is None:
            nothing = generic.NullObject()
            nothing.container_ref = ref
            return nothing
        return super()._read_object(ref, marker, *arguments, **options)

    def get_historical_resolver(self, revision: int) -> HistoricalResolver:
        known = self._historical_resolver_cache
        if revision not in known:
            known[revision] = _Past(self, revision)
        return known[revision]


class _Past(HistoricalResolver):
    """The file as it was at a revision, with an allowance of its own."""

    def __init__(self, reader: Reader, revision: int) -> None:
        self._allowance = _Allowance()
        super().__init__(reader, revision)

    def get_object(self, *arguments: Any, **options: Any) -> Any:
        self._allowance.use()
        return super().get_object(*arguments, **options)


@dataclasses.dataclass(frozen=True, slots=True)
class SignatureField:
    """A signature field of the newest revision. `value` is its signature dictionary, None where it is not signed."""

    name: str
    value: Any
    value_reference: Any
    dictionary: Any


def entry(dictionary: Any, key: str) -> Any:
    """The value of a key, references followed; None where there is none. (pyHanko's own `get` doesn't follow them.)"""
    try:
        return dictionary[key]
    except KeyError:
        return None


def open_file(document: bytes) -> Reader:
    """A reader of the whole file, all revisions.

    Raises: BadInput; UnsupportedOperation where it is encrypted, or readers of different age would see different documents in it.
    """
    if not pades.is_pdf(document):
        # Some readers look for it further on, and then count positions from there, or not. A ByteRange counts from the first octet.
        raise BadInput("PDF: the file does not begin with %PDF-; print the document to PDF again")
    if len(document) > pades.MAX_SIZE_BYTES:
        raise BadInput(f"PDF: {len(document)} octets, {pades.MAX_SIZE_BYTES} at most")
    return open_stream(io.BytesIO(document))


def open_stream(stream: io.BytesIO) -> Reader:
    """The same for a file that is being written, which is read where it is."""
    with reading("the file"):
        cross_references.check(stream)
        reader = Reader(stream)
        is_encrypted = "/Encrypt" in reader.trailer
        hybrid.check(reader.xrefs)
        revisions = reader.total_revisions
    if is_encrypted:
        raise UnsupportedOperation("PDF: the file is encrypted; save a copy without a password")
    if revisions > MAX_REVISIONS:
        raise BadInput(f"PDF: more than {MAX_REVISIONS} revisions")
    with reading("the catalog"):
        if not isinstance(reader.root["/Pages"], generic.DictionaryObject):
            raise BadInput("PDF: the file has no pages")
    return reader


def open_to_sign(document: bytes) -> Reader:
    """The same for a file that is to be signed, read leniently in one thing (see mending.py) and completely: what can't be read
    now could not be compared when the next one signs.

    Raises: also UnsupportedOperation where check_signable says so.
    """
    if pades.is_pdf(document):
        with reading("the end of the file"):
            document = mending.mended(document)
    reader = open_file(document)
    check_signable(reader)
    with reading("the document"):
        missing = references.to_nothing(reader.get_historical_resolver(reader.total_revisions - 1))
        size = int(reader.trailer["/Size"])
    if any(number >= size for number in missing):
        raise BadInput(
            "PDF: the file refers to objects that the signature would become; print the document to PDF again"
        )
    return reader


def signature_fields(handler: Any) -> list[SignatureField]:
    """All signature fields, signed or not, in the order of the form. `handler`: a reader, a past revision, or a writer.

    Raises: BadInput.
    """
    found: list[SignatureField] = []
    with reading("the form"):
        for name, pointer, reference in fields.enumerate_sig_fields(handler):
            if len(found) == MAX_FIELDS:
                raise BadInput(f"PDF: more than {MAX_FIELDS} signature fields")
            dictionary = reference.get_object()
            value_reference = pointer.reference if isinstance(pointer, generic.IndirectObject) else None
            found.append(SignatureField(str(name), entry(dictionary, "/V"), value_reference, dictionary))
    if sum(field.value is not None for field in found) > MAX_SIGNATURES:
        raise BadInput(f"PDF: more than {MAX_SIGNATURES} signatures")
    return found


def check_signable(reader: Reader) -> None:
    """Says why this file can't be signed, where it can't.

    Raises: UnsupportedOperation for a form that a viewer builds while showing it (XFA), and for a file whose author or an earlier signer
    allowed no further changes (DocMDP, ISO 32000-2 §12.8.2.2); BadInput.
    """
    with reading("the catalog"):
        form = entry(reader.root, "/AcroForm")
        if form is not None and not isinstance(form, generic.DictionaryObject):
            raise BadInput("PDF: the form is not a dictionary")
        is_dynamic = "/NeedsRendering" in reader.root or (form is not None and "/XFA" in form)
        certifying = entry(entry(reader.root, "/Perms") or {}, "/DocMDP")
    if is_dynamic:
        raise UnsupportedOperation(
            "PDF: the file is a dynamic form (XFA), which each viewer draws in its own way; print it to PDF"
        )
    signed = [field for field in signature_fields(reader) if field.value is not None]
    permissions = [permission(certifying, {}), *(permission(each.value, each.dictionary) for each in signed)]
    if 1 in permissions:
        raise UnsupportedOperation(
            "PDF: an earlier signature allows no further changes, so no further signatures either"
        )


def permission(signature: Any, field: Any) -> int | None:
    """What a signature allows to change afterwards: 1 nothing, 2 forms and signatures, 3 also remarks; None: it does not say.

    Raises: BadInput.
    """
    if not isinstance(signature, generic.DictionaryObject):
        return None
    with reading("what a signature allows"):
        parameters = transform(signature, "/DocMDP")
        value = (
            entry(entry(field, "/Lock") or {}, "/P") if parameters is None else entry(parameters, "/P") or 2
        )
        if value not in (None, 1, 2, 3):
            raise BadInput("PDF: a signature allows nothing that is known")
        return None if value is None else int(value)


def transform(signature: Any, method: str) -> Any:
    """The parameters of a transform (ISO 32000-2 §12.8.2) in a signature's references, None where it is not there. Behind the fence."""
    for reference in entry(signature, "/Reference") or ():
        if reference.get_object()["/TransformMethod"] == method:
            return reference.get_object()["/TransformParams"]
    return None


def page_of(handler: Any, number: int) -> tuple[Any, Page, tuple[Rectangle, ...]]:
    """A page (from 1, or from -1 backwards): its reference, its geometry, and the places of the fields on it.

    Raises: BadInput, also where there is no such page.
    """
    with reading("the page tree"):
        count = int(handler.root["/Pages"]["/Count"])
        if number == 0 or not -count <= number <= count:
            raise BadInput(f"PDF: there is no page {number} among {count}")
        reference = handler.find_page_for_modification(number - 1 if number > 0 else number)[0]
        page = reference.get_object()
        box = _rectangle(_inherited(page, "/MediaBox"))
        crop = _inherited(page, "/CropBox")
        if crop is not None:
            box = _common(box, _rectangle(crop))
        rotation = int(_inherited(page, "/Rotate") or 0)
        annotations = [each.get_object() for each in entry(page, "/Annots") or ()]
        taken = tuple(
            _rectangle(each["/Rect"])
            for each in annotations
            if isinstance(each, generic.DictionaryObject) and entry(each, "/Subtype") == "/Widget"
        )
    if rotation % 90 or not all(0 < box[i + 2] - box[i] <= _MAX_PAGE_POINTS for i in (0, 1)):
        raise BadInput("PDF: the page has no sensible size")
    return reference, Page(box, rotation % 360), taken


def _inherited(page: Any, key: str) -> Any:
    """An attribute of the page or of a node above it (ISO 32000-2 §7.7.3.4)."""
    node = page
    for _ in range(_MAX_DEPTH):
        if (value := entry(node, key)) is not None or (node := entry(node, "/Parent")) is None:
            return value
    raise BadInput("PDF: the page tree is too deep")


def _rectangle(array: Any) -> Rectangle:
    x0, y0, x1, y1 = (float(number) for number in array)
    return (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def _common(one: Rectangle, other: Rectangle) -> Rectangle:
    return (max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))
