"""The desk's page of what was asked and signed. The journal is read by the desk; the window gets what it shows, in pieces.

window <- Find(question, ...)          what to look for, and from which row on
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


@dataclass(frozen=True, slots=True)
class Search:
    """`since` and `until` are days, "2026-11-27", or empty; `outcome` empty for all."""

    text: str = ""
    since: str = ""
    until: str = ""
    outcome: Literal["", Outcome] = ""


@dataclass(frozen=True, slots=True)
class Find:
    """Asks for at most MAX_ROWS rows from `start` on. `question` counts them up, so that answers can be told apart."""

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
    """An operation: when it was asked (ISO 8601), by whom, and what came of it. Digests are hex, the first MAX_DIGESTS of them."""

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


@dataclass(frozen=True, slots=True)
class Found:
    question: int
    total: int
    start: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """`count` records follow from one another; from line `broken_at` on they do not, where that is not 0."""

    count: int
    broken_at: int = 0


@dataclass(frozen=True, slots=True)
class Exported:
    path: str


MESSAGES = (Find, Check, Export, Found, Checked, Exported)
