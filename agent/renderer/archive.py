"""ZIP archives, signed ones (ASiC, the national library's) and office documents among them: what they hold, by name and size.

An archive that can be read in one way only is read by agent.formats.zip_files; others, which are many and honest, by the standard library, and the overview
says that it is not all in order. Nothing is unpacked before it is asked for, and then no more than MAX_ENTRY_BYTES.
"""

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from agent.errors import AgentError
from agent.formats import zip_files
from agent.renderer import containers, facts
from agent.renderer.base import CannotShow, Drawing, Entry, GrowingView, View
from agent.renderer.facts import Found
from agent.renderer.text import HIDDEN
from agent.renderer.tree import Clock
from protocol import preview
from protocol.preview import Flag, Overview, Row, Why

MAX_ENTRY_BYTES = 64 * 1024 * 1024
MAX_LISTED = 10_000
_MAX_LOOKED_INTO = 8 * 1024 * 1024  # of a file in it that is looked into before anybody asks
_LOOK_S = 5.0  # for reading it
_MAX_PLACES = 20  # of one kind that are told of
_CHUNK = 256 * 1024

_FORMATS = (
    ({"word/document.xml"}, "DOCX"),
    ({"xl/workbook.xml"}, "XLSX"),
    ({"ppt/presentation.xml"}, "PPTX"),
    ({"mimetype", "content.xml", "META-INF/manifest.xml"}, "ODF"),
)

OpenView = Callable[[str, bytes], View]


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    size: int
    octets: Callable[[], bytes]

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/")

    @property
    def is_about_the_others(self) -> bool:
        """A signature, a manifest, a type: not what somebody put in."""
        return self.name.startswith("META-INF/") or self.name == "mimetype" or self.is_folder


class ArchiveView:
    """A ZIP archive (agent.renderer.base.View). `open_view` looks into a file that is alone in it. Raises CannotShow when opened."""

    def __init__(self, octets: bytes, open_view: OpenView) -> None:
        self._files, why = _files_of(octets)
        self._signatures = containers.look(self._files)
        self._uncovered = frozenset(self._signatures.uncovered)
        lone = self._lone_document(open_view)
        office = _office_text(self._files)
        found = facts.lift(office) if office else Found(lone.facts, lone.parties) if lone else Found()
        self.overview = Overview(
            "entries",
            format=self._format(),
            size=len(octets),
            digest=hashlib.sha256(octets).hexdigest(),
            rows=len(self._files),
            facts=found.facts,
            parties=found.parties,
            signers=(*self._signatures.signers, *(lone.signers if lone else ()))[: preview.MAX_LIST],
            flags=(*self._flags(), *(lone.flags if lone else ()))[: preview.MAX_LIST],
            why=why or ("timed-out" if lone and lone.is_growing else ""),
        )

    def read(self, start: int, count: int) -> tuple[Row, ...]:
        """At most MAX_ROWS rows from `start` on."""
        if start < 0 or count < 1:
            raise CannotShow("broken")
        return tuple(
            Row(
                file.name[: preview.MAX_FACT],
                "" if file.is_folder else str(file.size),
                kind=self._kind(file.name),
                is_entry=not file.is_folder,
            )
            for file in self._files[start : start + min(count, preview.MAX_ROWS)]
        )

    def enter(self, row: int) -> Entry:
        """A file of it, unpacked."""
        if not 0 <= row < len(self._files) or self._files[row].is_folder:
            raise CannotShow("broken")
        file = self._files[row]
        return Entry(file.name.rpartition("/")[2], file.octets())

    def draw(self, page: int, width: int) -> Drawing:  # noqa: ARG002  # it has no pages
        raise CannotShow("broken")

    def _format(self) -> str:
        names = {file.name for file in self._files}
        if "META-INF/NCAManifest.xml" in names:
            return "ZIP (signed)"
        for parts, format_name in _FORMATS:
            if parts <= names:
                return format_name
        return "ASiC" if any(map(containers.is_signature, names)) else "ZIP"

    def _kind(self, name: str) -> Literal["", "covered", "uncovered"]:
        """Whether a signature in a container is over this file."""
        if name in self._signatures.covered:
            return "covered"
        return "uncovered" if name in self._uncovered else ""

    def _flags(self) -> Iterator[Flag]:
        for name in self._signatures.uncovered[:_MAX_PLACES]:
            yield Flag("not-covered", name[: preview.MAX_FACT])
        for file in self._files:
            if HIDDEN.search(file.name):
                yield Flag("hidden-text", file.name[: preview.MAX_FACT])
            if file.name.endswith("vbaProject.bin"):
                yield Flag("javascript", file.name[: preview.MAX_FACT])
            elif (
                file.name.endswith(".rels")
                and file.size <= _MAX_LOOKED_INTO
                and _EXTERNAL.search(_quietly(file))
            ):
                yield Flag("external-reference", file.name[: preview.MAX_FACT])

    def _lone_document(self, open_view: OpenView) -> Overview | None:
        """What the only document in it is."""
        inside = [file for file in self._files if not file.is_about_the_others]
        if len(inside) != 1 or inside[0].size > _MAX_LOOKED_INTO:
            return None
        try:
            return _known(open_view(inside[0].name, inside[0].octets()))
        except CannotShow:
            return None


def _known(view: View) -> Overview:
    """What is known of a document once all of it was read, or _LOOK_S later."""
    clock = Clock(_LOOK_S)
    while view.overview.is_growing and not clock.is_up:
        cast("GrowingView", view).grow(_LOOK_S / 10)
    return view.overview


def _files_of(octets: bytes) -> tuple[Sequence[_File], Why]:
    """Raises CannotShow."""
    try:
        archive = zip_files.read(octets)
    except AgentError:
        return _otherwise(octets)
    return [_File(entry.name, entry.size, _strictly(entry)) for entry in archive.entries], ""


def _strictly(entry: zip_files.Entry) -> Callable[[], bytes]:
    def unpack() -> bytes:
        if entry.size > MAX_ENTRY_BYTES:
            raise CannotShow("too-large")
        try:
            return entry.octets()
        except AgentError:
            raise CannotShow("broken") from None

    return unpack


# What zipfile raises over archives that are damaged, or made to harm.
_DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    ValueError,
    OSError,
    EOFError,
    NotImplementedError,
    IndexError,
    OverflowError,
)


def _otherwise(octets: bytes) -> tuple[Sequence[_File], Why]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(octets))
    except _DAMAGE:
        raise CannotShow("broken") from None
    infos = archive.infolist()
    is_encrypted = any(info.flag_bits & 1 for info in infos)
    why: Why = "too-large" if len(infos) > MAX_LISTED else "encrypted" if is_encrypted else "broken"
    return [_File(info.filename, info.file_size, _loosely(archive, info)) for info in infos[:MAX_LISTED]], why


def _loosely(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def unpack() -> bytes:
        if info.flag_bits & 1:
            raise CannotShow("encrypted")
        if info.file_size > MAX_ENTRY_BYTES:
            raise CannotShow("too-large")
        pieces, got = [], 0
        try:
            with archive.open(info) as file:
                while piece := file.read(_CHUNK):
                    got += len(piece)
                    if got > MAX_ENTRY_BYTES:  # more than it says
                        raise CannotShow("too-large")
                    pieces.append(piece)
        except (*_DAMAGE, RuntimeError):
            raise CannotShow("broken") from None
        return b"".join(pieces)

    return unpack


def _quietly(file: _File) -> bytes:
    """A file's octets; none where it can't be unpacked."""
    try:
        return file.octets()
    except CannotShow:
        return b""


# --- office documents -------------------------------------------------------------------------------------------------

_EXTERNAL = re.compile(
    rb"TargetMode\s{0,5}=\s{0,5}[\"']External[\"'][^>]{0,2000}(?:oleObject|attachedTemplate|frame|image)|(?:oleObject|attachedTemplate|frame|image)[^>]{0,2000}TargetMode\s{0,5}=\s{0,5}[\"']External",
    re.IGNORECASE,
)
_PARAGRAPH_END = re.compile(r"</w:p>|<w:br[ /]|</w:tr>")
_CELL_END = re.compile(r"</w:tc>|<w:tab/>")
_TAG = re.compile(r"<[^>]{0,5000}>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))


def _office_text(files: Sequence[_File]) -> str:
    """The words of a Word document, for facts; empty where it is none."""
    part = next(
        (file for file in files if file.name == "word/document.xml" and file.size <= _MAX_LOOKED_INTO), None
    )
    if part is None:
        return ""
    text = _quietly(part).decode("utf-8", "replace")
    text = _CELL_END.sub(" ", _PARAGRAPH_END.sub("\n", text))
    text = _TAG.sub("", text)
    for entity, letter in _ENTITIES:
        text = text.replace(entity, letter)
    return text
