"""The desk's page of what stands between this computer and a signature.

window <- Examine()               look once more
desk   -> Examined(...)           what was found so far; the last one says that it is all
window <- Mend(number)            does the repair of that finding, which the person said yes to
desk   -> Mended(number, ...)     what came of it; then the examination begins anew
window <- Share() / desk -> Report(text)
window <- Gather(...)             makes the bundle for support, of what was found last
desk   -> Gathered(...)           all that is in it, to be looked at
window <- Save(path)              writes what was shown
desk   -> Saved(path)

Sentences come from the desk in the language of the window: the command line says the same ones.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

State: TypeAlias = Literal["ok", "hint", "trouble"]
Repair: TypeAlias = Literal[
    "", "start-agent", "restart-agent", "resume-agent", "install-trust", "renew-trust", "make-private"
]


@dataclass(frozen=True, slots=True)
class Finding:
    """`number` names it in Mend, as long as no other examination is begun. `subject` is which one of several is meant, a path say.

    `code` and `detail` are for who helps: a stable word, and technical English."""

    number: int
    state: State
    title: str
    sentence: str
    advice: str = ""
    subject: str = ""
    repair: Repair = ""
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Examine:
    """Everything is looked at once more."""


@dataclass(frozen=True, slots=True)
class Examined:
    """`verdict` is a sentence on the whole; it counts when `is_all`. `moment` is when that was, in ISO 8601."""

    findings: tuple[Finding, ...]
    verdict: str
    state: State
    is_all: bool
    moment: str = ""


@dataclass(frozen=True, slots=True)
class Mend:
    number: int


@dataclass(frozen=True, slots=True)
class Mended:
    """`title` is that of the finding; `detail` what the command said, technical English."""

    repair: Repair
    title: str
    is_done: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """Wants a report that can be given away."""


@dataclass(frozen=True, slots=True)
class Report:
    """Plain text without names of persons or sites, and without paths of theirs."""

    text: str


@dataclass(frozen=True, slots=True)
class Gather:
    """Wants a bundle for support. `keep_sites`: with the names of sites in it."""

    keep_sites: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the bundle: its name, what it is, and all of its text."""

    file: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """The bundle, as it would be saved under `file_name`; `left_out` are sentences on what is not in it."""

    file_name: str
    parts: tuple[Part, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Save:
    """The person has seen the bundle, and chose where to save it; what stands there is replaced."""

    path: str


@dataclass(frozen=True, slots=True)
class Saved:
    path: str


MESSAGES = (Examine, Mend, Share, Gather, Save, Examined, Mended, Report, Gathered, Saved)
