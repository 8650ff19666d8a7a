"""What an examination finds: values, which agent.doctor.report puts into words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, TypeAlias

State: TypeAlias = Literal["ok", "hint", "trouble"]
"""In trouble, pages can't get signatures, or a secret lies open; a hint is worth knowing, and things work all the same."""

What: TypeAlias = Literal[
    "agent", "port", "certificate", "browsers", "store", "browser", "access", "windows", "keys", "key", "clock", "timestamps",
    "revocation", "proxy", "settings", "storage", "GOST", "program", "updates",
]  # fmt: skip
Repair: TypeAlias = Literal[
    "", "start-agent", "restart-agent", "resume-agent", "install-trust", "renew-trust", "make-private"
]

STATES: Final[tuple[State, ...]] = ("trouble", "hint", "ok")  # the worst first


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `code` says what was found, and with `what` picks the sentence; `text` is the same in technical English, with details. `values`
    go into the sentence, so nothing personal may be among them. `subject` is which one of several was meant (a path, say): the
    person sees it, and a report that is given away has `masked` in its place. `path` is what `repair` works on.
    """

    what: What
    code: str
    state: State
    text: str
    values: Mapping[str, str | int | datetime] = field(default_factory=dict)
    subject: str = ""
    masked: str = ""
    repair: Repair = ""
    path: str = ""


def worst(findings: Sequence[Finding]) -> State:
    """The state of the whole."""
    found = {finding.state for finding in findings}
    return next((state for state in STATES if state in found), "ok")
