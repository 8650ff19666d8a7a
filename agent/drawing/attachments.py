"""Files inside a PDF, and what a PDF says about itself, in the manner of PDF/A-3.

Each file is an embedded file stream (ISO 32000-2 §7.11.4) in the name tree EmbeddedFiles and an associated file of the document
(§14.13). The keys of the tree are numbers, so that readers list the files in the order given, and names may be the same.

# Not claimed: conformance to ISO 19005-3. What it asks for is done as far as reportlab goes, but no validator has said yes.
"""

import dataclasses
import hashlib
import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from xml.sax.saxutils import escape

from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFObject, PDFString

from agent.drawing import card_profile

Kind = Literal["original", "signature", "other"]

MAX_NAME_LENGTH = 150
"""Characters of a file name that are kept; the end stays, because it tells the type."""
_FORBIDDEN = frozenset('/\\:*?"<>|')  # by Windows in names of files; the slash everywhere
_RELATIONSHIPS: dict[Kind, str] = {"original": "Source", "signature": "Supplement", "other": "Supplement"}


@dataclasses.dataclass(frozen=True, slots=True)
class Attachment:
    """A file to be attached: `name` may hold any letters, `media_type` is as in HTTP, `description` is for people."""

    name: str
    octets: bytes = dataclasses.field(repr=False)
    kind: Kind
    media_type: str = "application/octet-stream"
    description: str = ""


def in_order(attachments: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """The original first, then the signatures as they came, then the rest, under names that every system can save, none twice.

    The national specification of the document card takes the first file for the original and the others for signatures.
    """
    kinds: tuple[Kind, ...] = ("original", "signature", "other")
    taken: set[str] = set()
    placed = []
    for attachment in sorted(attachments, key=lambda attachment: kinds.index(attachment.kind)):
        name = _free(_safe(attachment.name), taken)
        taken.add(name.casefold())
        description = "".join(letter if letter.isprintable() else " " for letter in attachment.description)
        placed.append(dataclasses.replace(attachment, name=name, description=description))
    return tuple(placed)


def attach(canvas: Any, attachments: Sequence[Attachment], *, at: datetime) -> None:
    """Puts the files into the PDF that reportlab's `canvas` draws, in this order, with `at` as their moment of change."""
    document = canvas._doc  # reportlab has no public way to add objects
    references = [document.Reference(_specification(document, attachment, at)) for attachment in attachments]
    if not references:
        return
    names: list[Any] = []
    for number, reference in enumerate(references, 1):
        names += [PDFString(f"{number:04}"), reference]
    tree = PDFDictionary({"EmbeddedFiles": PDFDictionary({"Names": PDFArray(names)})})
    _set_catalog(canvas, Names=tree, AF=PDFArray(references))


def describe(canvas: Any, *, title: str, program: str, language: str, at: datetime) -> None:
    """Says what the document is, when and by which program it was made, and in which colour space its colours are.

    The same stands in the document information dictionary and in XMP (ISO 16684-1); PDF/A wants them equal.
    """
    canvas.setTitle(title)
    canvas.setAuthor(program)
    canvas.setCreator(program)
    canvas.setSubject("")
    canvas.setDateFormatter(lambda *_: _date(at))
    document = canvas._doc
    metadata = _Stream(
        _xmp(title, program, str(document.info.producer), language, at),
        pack=False,  # a tool that knows no PDF may look for it
        Type=PDFName("Metadata"),
        Subtype=PDFName("XML"),
    )
    profile = _Stream(card_profile.profile(), N=3)
    intent = PDFDictionary(
        {
            "Type": PDFName("OutputIntent"),
            "S": PDFName("GTS_PDFA1"),
            "OutputConditionIdentifier": PDFString("sRGB"),
            "Info": PDFString("sRGB IEC61966-2.1"),
            "DestOutputProfile": document.Reference(profile),
        }
    )
    _set_catalog(canvas, Metadata=metadata, OutputIntents=PDFArray([intent]), Lang=PDFString(language))
    document._pdfVersion = max(document._pdfVersion, (1, 7))


class _Stream(PDFObject):
    """A stream whose last octet stands before a line end, as PDF/A wants it; reportlab's own has none there."""

    __RefOnly__ = 1

    def __init__(self, octets: bytes, *, pack: bool = True, **entries: object) -> None:
        """`pack` where that makes it smaller. Nothing packed is read as something by pdfium."""
        packed = zlib.compress(octets) if pack else octets
        self.octets = min(octets, packed, key=len)
        self.entries = {**entries, "Length": len(self.octets)}
        if len(packed) < len(octets):
            self.entries["Filter"] = PDFName("FlateDecode")

    def format(self, document: Any) -> bytes:
        start = PDFDictionary(self.entries).format(document)
        return b"".join((start, b"\nstream\n", self.octets, b"\nendstream\n"))


def _set_catalog(canvas: Any, **entries: PDFObject) -> None:
    """reportlab writes those entries of the catalog that it knows by name; here it learns more."""
    catalog = canvas._doc.Catalog
    known = [*catalog.__NoDefault__]
    for name, value in entries.items():
        canvas.setCatalogEntry(name, value)
        if name not in known and name not in catalog.__Defaults__:
            known.append(name)
    catalog.__NoDefault__ = known


def _specification(document: Any, attachment: Attachment, at: datetime) -> PDFDictionary:
    octets = attachment.octets
    checksum = hashlib.md5(octets, usedforsecurity=False).digest()
    parameters = {
        "Size": len(octets),
        "ModDate": PDFString(_date(at)),
        "CheckSum": PDFString(checksum, enc="raw"),
    }
    stream = _Stream(
        octets,
        Type=PDFName("EmbeddedFile"),
        Subtype=_name(attachment.media_type),
        Params=PDFDictionary(parameters),
    )
    reference = document.Reference(stream)
    return PDFDictionary(
        {
            "Type": PDFName("Filespec"),
            "F": PDFString(attachment.name),
            "UF": PDFString(attachment.name),
            "EF": PDFDictionary({"F": reference, "UF": reference}),
            "Desc": PDFString(attachment.description),
            "AFRelationship": PDFName(_RELATIONSHIPS[attachment.kind]),
        }
    )


def _safe(name: str) -> str:
    """A name without what some file system would not take, or would take for a way to another folder."""
    kept = "".join("_" if letter in _FORBIDDEN or not letter.isprintable() else letter for letter in name)
    kept = kept.strip(" .") or "file"
    if len(kept) > MAX_NAME_LENGTH:
        stem, dot, end = kept.rpartition(".")
        room = MAX_NAME_LENGTH - len(dot + end)
        kept = stem[:room] + dot + end if stem and room > 0 else kept[:MAX_NAME_LENGTH]
    return kept


def _free(name: str, taken: set[str]) -> str:
    """ "act.pdf", then "act (2).pdf"."""
    stem, dot, end = name.rpartition(".") if "." in name else (name, "", "")
    number, free = 1, name
    while free.casefold() in taken:
        number += 1
        free = f"{stem} ({number}){dot}{end}"
    return free


def _name(text: str) -> str:
    """A name object (ISO 32000-2 §7.3.5). reportlab's own leaves a slash as it is, which begins another name."""
    return "/" + "".join(
        chr(octet) if chr(octet).isalnum() and octet < 0x80 else f"#{octet:02X}" for octet in text.encode()
    )


def _date(moment: datetime) -> str:
    """ISO 32000-2 §7.9.4."""
    return f"{moment.astimezone(UTC):D:%Y%m%d%H%M%S}+00'00'"


def _xmp(title: str, program: str, producer: str, language: str, at: datetime) -> bytes:
    moment = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+00:00"
    fields = f"""
   <dc:format>application/pdf</dc:format>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>
   <dc:creator><rdf:Seq><rdf:li>{escape(program)}</rdf:li></rdf:Seq></dc:creator>
   <dc:language><rdf:Bag><rdf:li>{escape(language)}</rdf:li></rdf:Bag></dc:language>
   <xmp:CreateDate>{moment}</xmp:CreateDate>
   <xmp:ModifyDate>{moment}</xmp:ModifyDate>
   <xmp:CreatorTool>{escape(program)}</xmp:CreatorTool>
   <pdf:Producer>{escape(producer)}</pdf:Producer>"""
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">{fields}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>
""".encode()
