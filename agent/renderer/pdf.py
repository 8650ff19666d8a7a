"""PDF, drawn by pdfium. Nothing in a document acts: this pdfium has no JavaScript, and no event is told to its forms.

pdfium is written in C++ and has had its holes; what it could reach through one is the sandbox's affair (agent.renderer.sandbox).
"""

import contextlib
import ctypes
import dataclasses
import hashlib
import sys
import time
from collections.abc import Callable, Iterator

import pypdfium2 as pypdfium
import pypdfium2.raw as pdfium

from agent.renderer import facts, pdf_fonts, pdf_scan, pdf_signatures, picture
from agent.renderer.base import CannotShow, Drawing, Entry
from protocol import preview

MEASURING_S = 3.0  # for the sizes of pages
MAX_TEXT_PAGES = 5  # that facts are looked for in
MAX_TEXT_CHARS = 100_000
NAMING_S = 1.0  # for the names of attached files
MAX_ATTACHMENTS = 20  # that are named, and can be entered
MAX_ATTACHMENT_BYTES = 64 * 1024 * 1024
MAX_SIGNATURES = 100
MAX_CONTENTS_BYTES = 4 * 1024 * 1024  # of a signature
MAX_NORMALISED_BYTES = 64 * 1024 * 1024  # of a file that pdfium writes anew to look into it
_DOCUMENT_TIMESTAMP = b"ETSI.RFC3161\x00"
_LOCKED = (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
_XFA = (pdfium.FORMTYPE_XFA_FULL, pdfium.FORMTYPE_XFA_FOREGROUND)
_A4 = (595.0, 842.0)
_fonts: list[pdf_fonts.SystemFonts] = []  # pdfium keeps pointers into it


def prepare() -> None:
    """Reads fonts, for there is no reading them later. Once, before the first document."""
    if not _fonts:
        _fonts.append(pdf_fonts.SystemFonts(pdf_fonts.find()))
        _fonts[0].install()


class PdfView:
    """A PDF (agent.renderer.base.View). Raises CannotShow when opened."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        try:
            self._document = pypdfium.PdfDocument(octets)
        except pypdfium.PdfiumError as error:
            # The code may be that of a file before this one.
            is_locked = error.err_code in _LOCKED and pdf_scan.ENCRYPTED.search(octets) is not None
            raise CannotShow("encrypted" if is_locked else "broken") from None
        count = pdfium.FPDF_GetPageCount(self._document)
        if count < 1:
            raise CannotShow("broken")
        self._document.init_forms()  # which has no JavaScript, and is never told that anything happened
        self._attachments = tuple(self._attached())
        pages = self._sizes(min(count, preview.MAX_PAGES))
        lifted = facts.lift(self._text(len(pages)))
        self.overview = preview.Overview(
            "pages",
            format=self._format(),
            size=len(octets),
            digest=hashlib.sha256(octets).hexdigest(),
            pages=pages,
            facts=lifted.facts,
            parties=lifted.parties,
            signers=pdf_signatures.signers(self._signatures()),
            flags=self._flags(),
            why="too-large" if len(pages) < count else "",
            attachments=self._attachments,
        )

    def draw(self, page: int, width: int) -> Drawing:
        """A page on white, with what lies on it: remarks, filled fields, stamps of signatures."""
        if not 0 <= page < len(self.overview.pages) or width < 1:
            raise CannotShow("broken")
        try:
            with contextlib.closing(self._document.get_page(page)) as loaded:
                across, down = pdfium.FPDF_GetPageWidthF(loaded), pdfium.FPDF_GetPageHeightF(loaded)
                size = picture.fit(*(_sensible(across, down)), width)
                return Drawing(*size, _pixels(loaded, self._document.formenv, *size))
        except pypdfium.PdfiumError:
            raise CannotShow("broken") from None

    def read(self, start: int, count: int) -> tuple[preview.Row, ...]:  # noqa: ARG002  # pages have none
        raise CannotShow("broken")

    def enter(self, row: int) -> Entry:
        """A file that is attached, by its place among the attachments."""
        if not 0 <= row < len(self._attachments):
            raise CannotShow("broken")
        attachment = pdfium.FPDFDoc_GetAttachment(self._document, row)
        if not attachment:
            raise CannotShow("broken")
        return Entry(self._attachments[row].replace("\\", "/").rpartition("/")[2], _content(attachment))

    def _format(self) -> str:
        version = ctypes.c_int()
        if not pdfium.FPDF_GetFileVersion(self._document, version) or not 10 <= version.value < 100:
            return "PDF"
        return f"PDF {version.value // 10}.{version.value % 10}"

    def _sizes(self, count: int) -> tuple[preview.Size, ...]:
        """Of the first pages, as many as time allows."""
        until = time.monotonic() + MEASURING_S
        found = []
        for number in range(count):
            size = pdfium.FS_SIZEF()
            is_read = pdfium.FPDF_GetPageSizeByIndexF(self._document, number, ctypes.byref(size))
            found.append(picture.points(*(_sensible(size.width, size.height) if is_read else _A4)))
            if time.monotonic() > until:
                break
        return tuple(found)

    def _text(self, pages: int) -> str:
        """What is written on the first pages, as far as facts are looked for."""
        pieces: list[str] = []
        left = MAX_TEXT_CHARS
        until = time.monotonic() + MEASURING_S
        for number in range(min(pages, MAX_TEXT_PAGES)):
            if left <= 0 or time.monotonic() > until:
                break
            piece = self._text_of(number, left)
            left -= len(piece)
            pieces.append(piece)
        return "\n".join(pieces)

    def _text_of(self, number: int, limit: int) -> str:
        page = pdfium.FPDF_LoadPage(self._document, number)
        if not page:
            return ""
        try:
            text = pdfium.FPDFText_LoadPage(page)
            if not text:
                return ""
            try:
                count = min(pdfium.FPDFText_CountChars(text), limit)
                if count < 1:
                    return ""
                # Two units for each character, and one for the end.
                buffer = (ctypes.c_ushort * (2 * count + 1))()
                units = pdfium.FPDFText_GetText(text, 0, count, buffer)
                octets = bytes(memoryview(buffer).cast("B"))[: 2 * max(0, units - 1)]
            finally:
                pdfium.FPDFText_ClosePage(text)
        finally:
            pdfium.FPDF_ClosePage(page)
        return octets.decode(f"utf-16-{sys.byteorder[0]}e", "replace").replace("\r\n", "\n")

    def _signatures(self) -> list[pdf_signatures.Found]:
        """Those of persons: not the timestamps of authorities over the whole document."""
        found = []
        for number in range(min(pdfium.FPDF_GetSignatureCount(self._document), MAX_SIGNATURES)):
            signature = pdfium.FPDF_GetSignatureObject(self._document, number)
            if signature and _octets(pdfium.FPDFSignatureObj_GetSubFilter, signature) != _DOCUMENT_TIMESTAMP:
                contents = _octets(pdfium.FPDFSignatureObj_GetContents, signature)
                claimed = _octets(pdfium.FPDFSignatureObj_GetTime, signature)
                found.append(pdf_signatures.Found(contents, claimed.decode("latin-1")))
        return found

    def _flags(self) -> tuple[preview.Flag, ...]:
        scan = self._scan()
        flags: list[preview.Flag] = []
        if scan.has_javascript or pdfium.FPDFDoc_GetJavaScriptActionCount(self._document) > 0:
            flags.append(preview.Flag("javascript"))
        if scan.is_launching:
            flags += [preview.Flag("launch", place) for place in scan.launches or ("",)]
        if scan.is_elsewhere:
            flags += [preview.Flag("external-reference", place) for place in scan.elsewhere or ("",)]
        names = self._attachments
        if names or scan.has_attachments:
            flags += [preview.Flag("attachment", name) for name in names or ("",)]
        if scan.has_signatures and pdf_signatures.is_changed(self._octets, compare=_can_compare()):
            flags.append(preview.Flag("changed-after-signature"))
        if scan.has_fields or pdfium.FPDF_GetFormType(self._document) in _XFA:
            flags.append(preview.Flag("fields"))
        return tuple(flags[: preview.MAX_LIST])

    def _scan(self) -> pdf_scan.Scan:
        """Of the file, and where a part of it can't be looked into, also of what pdfium makes of it."""
        scan = pdf_scan.scan(self._octets)
        if scan.is_whole:
            return scan
        other = pdf_scan.scan(_normalised(self._document))
        return dataclasses.replace(
            scan,
            has_javascript=scan.has_javascript or other.has_javascript,
            launches=scan.launches or other.launches,
            is_launching=scan.is_launching or other.is_launching,
            elsewhere=scan.elsewhere or other.elsewhere,
            is_elsewhere=scan.is_elsewhere or other.is_elsewhere,
            has_attachments=scan.has_attachments or other.has_attachments,
            has_fields=scan.has_fields or other.has_fields,
            has_signatures=scan.has_signatures or other.has_signatures,
        )

    def _attached(self) -> Iterator[str]:
        """What the files in it are called, as many as time allows: to find the next, pdfium goes through all before it."""
        until = time.monotonic() + NAMING_S
        for number in range(min(pdfium.FPDFDoc_GetAttachmentCount(self._document), MAX_ATTACHMENTS)):
            attachment = pdfium.FPDFDoc_GetAttachment(self._document, number)
            size = pdfium.FPDFAttachment_GetName(attachment, None, 0) if attachment else 0
            name = ""
            if 2 < size <= 2 * preview.MAX_FACT + 2:
                buffer = (ctypes.c_ushort * (size // 2))()
                pdfium.FPDFAttachment_GetName(attachment, buffer, size)
                name = bytes(memoryview(buffer).cast("B"))[:-2].decode("utf-16-le", "replace")
            yield name
            if time.monotonic() > until:
                return


def _content(attachment: object) -> bytes:
    """The octets of an attached file. Raises CannotShow."""
    size = ctypes.c_ulong()
    if not pdfium.FPDFAttachment_GetFile(attachment, None, 0, ctypes.byref(size)):
        raise CannotShow("broken")
    if size.value > MAX_ATTACHMENT_BYTES:
        raise CannotShow("too-large")
    if size.value == 0:
        return b""
    buffer = ctypes.create_string_buffer(size.value)
    written = ctypes.c_ulong()
    is_read = pdfium.FPDFAttachment_GetFile(attachment, buffer, size.value, ctypes.byref(written))
    if not is_read or written.value != size.value:
        raise CannotShow("broken")
    return buffer.raw


def _octets(get: Callable[..., int], signature: object) -> bytes:
    """A property of a signature; nothing where it has none, or one that is too long."""
    size = get(signature, None, 0)
    if not 0 < size <= MAX_CONTENTS_BYTES:
        return b""
    buffer = ctypes.create_string_buffer(size)
    get(signature, buffer, size)
    return buffer.raw


def _pixels(page: object, form: object, width: int, height: int) -> bytes:
    """The page's drawing: red, green, blue, without gaps between rows. Raises CannotShow."""
    pixels = ctypes.create_string_buffer(width * height * 3)
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_BGR, pixels, width * 3)
    if not bitmap:
        raise CannotShow("too-large")
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
        how = pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, how)
        if form is not None:  # fields, with what they are filled with, and the stamps of signatures
            pdfium.FPDF_FFLDraw(form, bitmap, page, 0, 0, width, height, 0, how)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    return pixels.raw


def _sensible(across: float, down: float) -> tuple[float, float]:
    """The size of a page; that of A4 for one that has none."""
    is_sensible = 0 < across < 1e9 and 0 < down < 1e9  # also for what is no number
    return (across, down) if is_sensible else _A4


def _can_compare() -> bool:
    """Whether the libraries for it were loaded beforehand, or can be loaded now."""
    return "agent.formats.pdf.verifying" in sys.modules


# --- a file written anew --------------------------------------------------------------------------------------------

_written = bytearray()


def _collect(_: object, data: object, size: int) -> int:
    """Takes a piece from pdfium; refuses more than there is room for."""
    if len(_written) + size > MAX_NORMALISED_BYTES:
        return 0
    _written.extend(ctypes.string_at(data, size))  # type: ignore[arg-type]  # a pointer of ctypes
    return 1


# Made while this is loaded: making it needs memory that can be executed, of which a renderer gets no more.
_WRITER = pdfium.FPDF_FILEWRITE(
    version=1, WriteBlock=dict(pdfium.FPDF_FILEWRITE._fields_)["WriteBlock"](_collect)
)


def _normalised(document: object) -> bytes:
    """The file as pdfium writes it: not encrypted, objects not compressed; as much of it as there is room for."""
    _written.clear()
    how = pdfium.FPDF_NO_INCREMENTAL | pdfium.FPDF_REMOVE_SECURITY
    pdfium.FPDF_SaveAsCopy(document, ctypes.byref(_WRITER), how)
    octets = bytes(_written)
    _written.clear()
    return octets
