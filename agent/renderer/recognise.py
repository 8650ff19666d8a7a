"""What a document is, by its octets: picks the reader. Its name decides nothing.

What it lies in is taken off: a CMS or a JWS, of which the content is shown with those who signed it, and base64. XML that is no tree, and all
else that reads as text, is text. What nobody here can read is said to be that.
"""

import base64
import binascii
import codecs
import dataclasses
import hashlib
import re

from agent.errors import AgentError
from agent.formats import cms, zip_files
from agent.renderer import forms, pdf, picture, signed, text, tree
from agent.renderer.archive import ArchiveView
from agent.renderer.base import CannotShow, Drawing, Entry, GrowingView, View
from agent.renderer.json_tree import JsonView
from agent.renderer.timestamp import TimestampView
from agent.renderer.tree import NotATree, Plain
from agent.renderer.xml_root import root_of
from agent.renderer.xml_tree import XmlView
from protocol import preview
from protocol.preview import Flag, Overview, Row, Signer, Why

MAX_LAYERS = 8  # things in things

_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"GIF87a", "GIF"), (b"GIF89a", "GIF"), (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"), (b"BM", "BMP"),
)  # fmt: skip
_BMP_HEADER = re.compile(rb"BM.{4}\x00{4}.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00", re.DOTALL)
# Named, but not read here.
_OTHERS = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "DOC/XLS"), (b"Rar!\x1a\x07", "RAR"), (b"7z\xbc\xaf\x27\x1c", "7-Zip"), (b"\x1f\x8b\x08", "gzip"),
    (b"MZ", "EXE"), (b"\x7fELF", "ELF"),
)  # fmt: skip
_WHITE_SPACE = b" \t\r\n"
_BASE64 = re.compile(rb"[A-Za-z0-9+/ \t\r\n]+={0,2}[ \t\r\n]*")
_COMPACT_JWS = re.compile(rb"eyJ[A-Za-z0-9_-]{2,65536}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+")
_JSON_JWS = re.compile(rb'"(?:signatures|protected)"\s{0,10}:')
_DOCTYPE = re.compile(r"<!(?:DOCTYPE[^>\[]{0,500}(?:SYSTEM|PUBLIC)|ENTITY[^>]{0,500}(?:SYSTEM|PUBLIC))")
_SHORTEST_BASE64 = 24
_HEAD = 4096


class UnknownView:
    """Octets that are not read here (agent.renderer.base.View): size and digest are all that is told."""

    def __init__(self, octets: bytes, format_name: str = "", why: Why = "") -> None:
        self.overview = Overview(
            "unknown",
            format=format_name,
            size=len(octets),
            digest=hashlib.sha256(octets).hexdigest(),
            why=why,
        )

    def draw(self, page: int, width: int) -> Drawing:  # noqa: ARG002  # nobody knows how
        raise CannotShow("broken")

    def read(self, start: int, count: int) -> tuple[Row, ...]:  # noqa: ARG002  # likewise
        raise CannotShow("broken")

    def enter(self, row: int) -> Entry:  # noqa: ARG002  # likewise
        raise CannotShow("broken")


def open_view(name: str, octets: bytes) -> View:
    """The view of a document. What is damaged or locked becomes one of kind "unknown" that says so. Raises nothing but MemoryError."""
    return _opened(name, octets, 0)


def _opened(name: str, octets: bytes, layer: int) -> View:
    if layer > MAX_LAYERS:
        return UnknownView(octets, why="too-large")
    format_name = ""
    try:
        format_name = _format_of(octets)
        if format_name == "PDF":
            return pdf.PdfView(octets)
        if format_name in picture.FORMATS:
            return picture.PictureView(octets)
        if format_name == "ZIP":
            return ArchiveView(octets, lambda inside, content: _opened(inside, content, layer + 1))
    except CannotShow as error:
        return UnknownView(octets, format_name, error.why)
    if format_name:
        return UnknownView(octets, format_name)
    return _unwrapped(name, octets, layer) or _read(octets)


def _format_of(octets: bytes) -> str:
    """By what it begins with; empty for text, XML and what has no beginning of its own."""
    if zip_files.begins_archive(octets) or octets.startswith(b"PK\x05\x06"):
        return "ZIP"
    if octets.startswith(b"RIFF") and octets[8:12] == b"WEBP":
        return "WEBP"
    for beginning, name in _PICTURES:
        if octets.startswith(beginning) and (name != "BMP" or _BMP_HEADER.match(octets)):
            return name
    if _begins_pdf(octets):
        return "PDF"
    for beginning, name in _OTHERS:
        if octets.startswith(beginning) and text.decode(octets[:_HEAD]) is None:
            return name
    return ""


def _begins_pdf(octets: bytes) -> bool:
    """Readers take a header anywhere in the first 1024 octets; but there it may also be that of a PDF in something else."""
    at = octets.find(b"%PDF-", 0, 1024 + 5)
    if at <= 0:
        return at == 0
    return not octets.lstrip(_WHITE_SPACE).startswith((b"<", b"{")) and not cms.is_signed_data(octets)


def _unwrapped(name: str, octets: bytes, layer: int) -> View | None:
    """What lies in a CMS, a JWS or base64; None where this is none of them."""
    try:
        if cms.is_signed_data(octets):
            contents = signed.read_cms(octets)
        elif _COMPACT_JWS.fullmatch(octets.strip(_WHITE_SPACE)) or _is_json_jws(octets):
            contents = signed.read_jws(octets)
        else:
            decoded = _from_base64(octets)
            return None if decoded is None else signed.Unwrapped(_opened(name, decoded, layer + 1), "base64")
    except AgentError:
        return None
    if contents.octets is None:
        return signed.Digest(contents)
    if contents.is_timestamp:
        return _timestamp(contents.octets, contents.signers)
    return signed.Unwrapped(_opened(name, contents.octets, layer + 1), contents.kind, contents.signers)


def _timestamp(octets: bytes, signers: tuple[Signer, ...]) -> View:
    """A token is not something in a CMS: the CMS is the token."""
    try:
        return TimestampView(octets, signers)
    except AgentError:
        return signed.Unwrapped(UnknownView(octets, "TSTInfo", "broken"), "cms", signers)


def _is_json_jws(octets: bytes) -> bool:
    return (
        octets[:_HEAD].lstrip(_WHITE_SPACE).startswith(b"{")
        and _JSON_JWS.search(octets) is not None
        and b'"payload"' in octets
    )


def _from_base64(octets: bytes) -> bytes | None:
    """What a text in base64 holds, if it is something that people read; a digest, or words that look like base64, stay text."""
    if (
        len(octets) < _SHORTEST_BASE64
        or _BASE64.fullmatch(octets[:_HEAD].rstrip(b"=" + _WHITE_SPACE)) is None
    ):
        return None
    if _BASE64.fullmatch(octets) is None:
        return None
    try:
        decoded = base64.b64decode(octets.translate(None, _WHITE_SPACE), validate=True)
    except binascii.Error:
        return None
    if _format_of(decoded) or cms.is_signed_data(decoded):
        return decoded
    # A text that happens to be base64 too decodes to octets without any sense, which are not UTF-8 for long.
    try:
        words = decoded.decode("utf-8-sig")
    except UnicodeDecodeError:
        return decoded if decoded.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"<?xml")) else None
    return decoded if all(letter.isprintable() or letter in "\t\r\n" for letter in words[:_HEAD]) else None


class TreeOrText:
    """A tree, or the text that it is, should the rest of it turn out to be no tree (agent.renderer.base.GrowingView)."""

    def __init__(self, found: GrowingView, octets: bytes) -> None:
        self._view: View = found
        self._octets = octets

    @property
    def overview(self) -> Overview:
        return self._view.overview

    def grow(self, seconds: float) -> None:
        """Reads on in a tree, for about so long."""
        if not isinstance(self._view, XmlView | JsonView):
            return
        try:
            self._view.grow(seconds)
        except NotATree:
            self._view = _as_text(self._octets)

    def draw(self, page: int, width: int) -> Drawing:
        return self._view.draw(page, width)

    def read(self, start: int, count: int) -> tuple[Row, ...]:
        return self._view.read(start, count)

    def enter(self, row: int) -> Entry:
        return self._view.enter(row)


def _read(octets: bytes) -> View:
    """XML, JSON, other text, or nothing that is known."""
    try:
        return TreeOrText(_as_xml(octets), octets)
    except NotATree:
        pass  # then it may be text
    decoded = text.decode(octets)
    if decoded is not None and decoded.text[:_HEAD].lstrip().startswith(("{", "[")):
        try:
            return TreeOrText(JsonView(octets, decoded.text, forms.Fields(), tree.FIRST_S), octets)
        except NotATree:
            pass  # likewise
    return _as_text(octets, decoded)


def _as_xml(octets: bytes) -> XmlView:
    """Raises NotATree."""
    root = root_of(octets)
    naming = forms.naming_of(root)
    fields = forms.Fields(is_known=naming is not None and naming.has_schema)
    return XmlView(octets, root, naming or Plain(), fields, tree.FIRST_S)


def _as_text(octets: bytes, decoded: text.Decoded | None = None) -> View:
    """Lines of a text, or nothing that is known."""
    decoded = decoded or text.decode(octets)
    if decoded is None or not octets:
        return UnknownView(octets)
    view = text.TextView(octets, decoded)
    if _DOCTYPE.search(decoded.text[: 64 * 1024]):
        flags = (*view.overview.flags, Flag("external-reference", "DOCTYPE"))
        view.overview = dataclasses.replace(view.overview, flags=flags[: preview.MAX_LIST])
    return view
