"""The desk's page of what was asked and signed. The journal is read by the desk; the window gets what it shows, in pieces.

window <- Find(question, ...)          what to look for, and from which row on
desk   -> Reading(question, ...)       how far it is with the file that is looked for, where that takes long
desk   -> Found(question, ...)         the rows; of an older question they are passed over
window <- Check()                      whether the journal's chain is whole
desk   -> Checked(...)
window <- Export(...)                  everything that a search finds, as a file
desk   -> Exported(path)
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Outcome: TypeAlias = Literal[
    "signed", "timestamped", "checked", "shown", "approved", "cancelled", "left", "failed", "unfinished"
]

MAX_ROWS = 200  # in one answer
MAX_DIGESTS = 50  # of one operation that are shown

About: TypeAlias = Literal["", "signed", "inside", "asked", "left-out", "unknown"]
"""What the journal knows of a file: it was signed; a document inside it was; it was asked for and not signed; the person left it out;
nothing."""


@dataclass(frozen=True, slots=True)
class Search:
    """`since` and `until` are days, "2026-11-27", or empty; `outcome` empty for all; `file` the path of a document, or empty."""

    text: str = ""
    since: str = ""
    until: str = ""
    outcome: Literal["", Outcome] = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Find:
    """Asks for at most MAX_ROWS rows from `start` on. `question` counts them up, so that answers can be told apart. Another question ends
    the reading of an older one's file."""

    question: int
    search: Search
    start: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """Asks whether the chain of records is whole."""


@dataclass(frozen=True, slots=True)
class Export:
    path: str
    form: Literal["csv", "pdf"]
    search: Search


@dataclass(frozen=True, slots=True)
class Row:
    """An operation: when it was asked (ISO 8601), by whom, and what came of it. Digests are hex, the first MAX_DIGESTS of them.

    `left_out` counts documents that the person left out of their yes, `left_out_digests` are likewise. `about` says what the operation
    has to do with the file that was looked for."""

    time: str
    kind: str
    site: str
    action: str
    count: int
    outcome: Outcome
    code: str = ""
    owner: str = ""
    certificate: str = ""
    digests: tuple[str, ...] = ()
    left_out: int = 0
    left_out_digests: tuple[str, ...] = ()
    about: About = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """So many octets of `total` were read of the file that `question` is about."""

    question: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Found:
    """`about` says what the whole journal knows of the file that was looked for, whatever else the search asks for, and `times` in how
    many operations that is so."""

    question: int
    total: int
    start: int
    rows: tuple[Row, ...]
    about: About = ""
    times: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """`count` records follow from one another; from line `broken_at` on they do not, where that is not 0."""

    count: int
    broken_at: int = 0


@dataclass(frozen=True, slots=True)
class Exported:
    path: str


MESSAGES = (Find, Check, Export, Reading, Found, Checked, Exported)
