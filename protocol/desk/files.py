"""The desk's page of files: what is signed, timestamped, verified and drawn without a page.

window <- Add(paths, wish)         the person dropped or chose files; folders give what lies in them
window <- Remove(paths)            takes files off the list again
window <- Pair(path, document)     what a detached signature is about
desk   -> Listed(files, ...)       all that are on the list, when that changes
window <- Start(wish, ...)         does it with those on the list that allow it
desk   -> Working(wish, done, ...) it has begun, and how far it is
desk   -> Changed(file)            what came of one of them
window <- Stop()                   nothing more is begun, what runs is ended
desk   -> Ended(wish, ...)         it is over
window <- Ask(path)                what was found in a file
desk   -> Told(path, report)       in words, in the person's language

A file is named by its path, and stands on the list once.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from protocol.desk.frame import Wish
from protocol.prompts import Fact

MAX_FILES = 1000
MAX_SIGNERS = 50  # of one file that are told of

Kind: TypeAlias = Literal[
    "pdf", "signed-pdf", "xml", "signed-xml", "wsse", "cms", "detached-cms", "jws", "asic", "signed-zip", "timestamp", "key-file",
    "other"
]  # fmt: skip
Format: TypeAlias = Literal["cms", "pdf", "xml", "asic", "wsse", "jws", "raw"]
Verdict: TypeAlias = Literal["", "valid", "invalid", "indeterminate"]
Result: TypeAlias = Literal[
    "", "signed", "cosigned", "timestamped", "verified", "drawn", "left-out", "failed", "stopped"
]


@dataclass(frozen=True, slots=True)
class File:
    """A file on the list. `wishes` are what can be done with it, `formats` those of a signature of it, the best one first.

    `document` is what a detached signature is about, if that was found. Then what came of it: `made` is the file that was made,
    `verdict` of verifying (a card tells one, too), `code` and `detail` of what went wrong (technical English).
    """

    path: str
    size: int
    kind: Kind
    wishes: tuple[Wish, ...]
    formats: tuple[Format, ...]
    document: str = ""
    result: Result = ""
    made: str = ""
    verdict: Verdict = ""
    lacks_timestamp: bool = False
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """What was found about one signature, in words. `notes` are what stands against it, and what to do about that."""

    verdict: Verdict
    sentence: str
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a file's signatures prove, in words."""

    verdict: Verdict
    word: str
    sentence: str
    facts: tuple[Fact, ...]
    signers: tuple[Signer, ...]
    more: int = 0  # signers that are not told of


# --- from the window ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Add:
    """`wish` is what the person wants done with them, if that was said; `refused` counts files that could not even be named."""

    paths: tuple[str, ...]
    wish: Wish = ""
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Remove:
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    path: str
    document: str


@dataclass(frozen=True, slots=True)
class Start:
    """`format` and what follows are for signing. Without a `folder` what is made lies beside its file."""

    wish: Wish
    format: Format = "cms"
    is_detached: bool = False
    with_timestamp: bool = False
    with_stamp: bool = False
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    pass


@dataclass(frozen=True, slots=True)
class Ask:
    path: str


# --- to the window ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """`wish` is what the person asked for last from outside; `refused` counts files of the last Add that can't be read, `over` those
    that were too many."""

    files: tuple[File, ...]
    wish: Wish = ""
    refused: int = 0
    over: int = 0


@dataclass(frozen=True, slots=True)
class Changed:
    file: File


@dataclass(frozen=True, slots=True)
class Working:
    """`is_asking` while a signing window waits for the person."""

    wish: Wish
    done: int
    total: int
    is_asking: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """`code` says why it ended early: one of agent.errors; empty where it did not. `skipped` files did not allow it."""

    wish: Wish
    skipped: int = 0
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    path: str
    report: Report


MESSAGES = (Add, Remove, Pair, Start, Stop, Ask, Listed, Changed, Working, Ended, Told)
