"""What a renderer finds in a document, and what is asked of it.

The renderer is a process for one document: it gets the frozen bytes and gives back what can be seen, in bounded pieces. Nothing of
what it says is believed: texts are cleaned before they are shown, numbers are checked, and no signature depends on it.

    worker   -> Open(name, size)              followed by the document in D frames
    renderer <- Known(0, overview)            what it is, and what is worth saying at first sight
    worker   -> Draw / Read / Enter / Leave   from then on, one at a time, in any order
    renderer <- Drawn + D frames / RowsRead / Known / Known, or Unshown where it can't

The window asks its worker the same way and gets the same answers, with the number of the document in each; Look asks for a first
overview, and at the renderer for the next one of a document that it has not read to its end. A drawing's pixels follow Drawn as D frames: rows from the top, 3 octets for a pixel (red, green, blue), no padding.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["pages", "form", "tree", "text", "entries", "digest", "unknown"]
"""How it is shown: drawn pages; labelled rows of a form that is known; an indented tree; lines of text; what an archive holds;
nothing but its digest, for that is all there is; or nothing but size and digest, for nobody here can read it."""

Why: TypeAlias = Literal["", "broken", "encrypted", "too-large", "timed-out", "crashed", "unavailable"]

FactName: TypeAlias = Literal["title", "number", "date", "contract", "total", "vat", "period", "moment"]
"""`moment` is ISO 8601 in UTC: when a timestamp was made, as it says itself."""

FlagCode: TypeAlias = Literal[
    "javascript",  # the document would run a program
    "launch",  # it would start one of this computer, or follow an address, by itself
    "external-reference",  # parts of it come from elsewhere and were not loaded
    "attachment",  # files lie in it
    "changed-after-signature",  # something was added after a signature in it
    "fields",  # a form that can still be filled in: what is seen may change
    "hidden-text",  # letters that turn direction or have no width
    "mixed-encoding",  # octets that are no text in the encoding that was found
    "not-covered",  # a file in a signed container that no signature there names
]

MAX_PAGES = 10_000
MAX_WIDTH = 4_000  # pixels of a drawing
MAX_DRAWING_BYTES = 64 * 1024 * 1024
MAX_ROWS = 500  # in one answer
MAX_TEXT = 4_000  # characters of one value in a row
MAX_FACT = 300  # characters of a fact, a name, a place
MAX_LIST = 100  # facts, parties, signers, flags, wrappers


@dataclass(frozen=True, slots=True)
class Size:
    """Of a page, in points (1/72 inch), turned as it is read."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Lifted:
    """A fact that stands in the document itself."""

    name: FactName
    value: str


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody named in the document. `number` is an IIN or BIN of 12 digits; `name` is empty where none stands beside it."""

    role: Literal["supplier", "customer", "other"]
    number: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose signature the document has already. Read, not verified."""

    owner: str
    iin: str = ""
    organisation: str = ""
    bin: str = ""
    time: str = ""  # ISO 8601, of its timestamp or as it claims; empty where there is none
    has_timestamp: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """Something to be wary of; `place` says where: "page 3", an address."""

    code: FlagCode
    place: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line. In a form: label and value. In a tree: an element's or attribute's name, its text, and how deep it lies. In a text:
    the line is the value. In an archive: name and size of an entry, which can be entered if `is_entry`."""

    label: str
    value: str
    depth: int = 0
    kind: Literal["", "heading", "element", "attribute", "comment", "cut", "covered", "uncovered"] = ""
    """The last two are of entries in a signed container: whether a signature there names this file."""
    is_entry: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """What a document is. `format` is a display name ("PDF 1.7", "XML", "windows-1251"); `form` a text key of a known form
    ("act", "invoice", "waybill", "application"); `wrappers` what it was taken out of, from outside in ("cms", "base64")."""

    kind: Kind
    format: str = ""
    form: str = ""
    size: int = 0  # octets of what is shown
    digest: str = ""  # SHA-256 of it, hex
    pages: tuple[Size, ...] = ()
    rows: int = 0  # in all
    wrappers: tuple[str, ...] = ()
    facts: tuple[Lifted, ...] = ()
    parties: tuple[Party, ...] = ()
    signers: tuple[Signer, ...] = ()
    flags: tuple[Flag, ...] = ()
    why: Why = ""  # it is "unknown", or shown in part only
    is_growing: bool = False
    """More of it is being read: there will be more rows, and facts, parties and signers come only when all is read. Another overview follows."""
    attachments: tuple[str, ...] = ()
    """What files attached to pages are called. Each can be entered: its place here is the row to Enter."""


@dataclass(frozen=True, slots=True)
class Open:
    """A document of `size` octets follows in D frames. `name` may help to tell what it is, and is not trusted."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Look:
    """Asks for the overview of a document, counted from 0. A renderer reads on in it first, if it is not at its end."""

    document: int


@dataclass(frozen=True, slots=True)
class Draw:
    """Asks for a page, counted from 0, `width` pixels wide."""

    document: int
    page: int
    width: int


@dataclass(frozen=True, slots=True)
class Read:
    """Asks for at most MAX_ROWS rows from `start` on."""

    document: int
    start: int
    count: int


@dataclass(frozen=True, slots=True)
class Enter:
    """Asks for what lies at a row that is an entry."""

    document: int
    row: int


@dataclass(frozen=True, slots=True)
class Leave:
    """Asks for what that lay in."""

    document: int


@dataclass(frozen=True, slots=True)
class Known:
    """What a document is; `place` names the entries that were entered to come there."""

    document: int
    overview: Overview
    place: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page. width * height * 3 octets follow in D frames."""

    document: int
    page: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class RowsRead:
    document: int
    start: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Unshown:
    """What was asked for can't be shown."""

    document: int
    why: Why


Question: TypeAlias = Look | Draw | Read | Enter | Leave
Answer: TypeAlias = Known | Drawn | RowsRead | Unshown


def shows(answer: Answer) -> bool:
    """Whether this answer puts content of the document on the screen; a document of no content is shown as soon as that is known."""
    match answer:
        case Drawn():
            return True
        case RowsRead():
            return bool(answer.rows)
        case Known(_, overview):
            is_readable = overview.kind not in ("digest", "unknown") and not overview.why
            return is_readable and not (overview.pages or overview.rows or overview.is_growing)
        case _:
            return False
