"""The journal as people read it: operations instead of lines, the newest first, and a search in them."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from agent.journal import Journal

Outcome: TypeAlias = Literal[
    "signed", "timestamped", "checked", "shown", "approved", "cancelled", "left", "failed", "unfinished"
]
"""How an operation ended: `signed` as soon as one signature left, however it went on; with a receipt of another of the first kinds; `approved` without one, for what gives no signature away;
`cancelled` by the person; `left` by the page; `failed` with a code; `unfinished` where nothing more was written."""

_ENDINGS: Mapping[str, Outcome] = {
    "signed": "signed",
    "timestamped": "timestamped",
    "checked": "checked",
    "shown": "shown",
    "left": "left",
    "failed": "failed",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What was asked, by whom, and what came of it. Digests are hex; of a request that was not signed only some are noted."""

    operation_id: str
    asked_at: datetime
    kind: str
    origin: str
    site: str
    action: str
    count: int
    digests: tuple[str, ...]
    outcome: Outcome
    ended_at: datetime | None = None
    code: str = ""
    certificate: str = ""  # SHA-256 of it, hex
    owner: str = ""
    left_out: tuple[str, ...] = ()  # digests of documents that the person left out of their yes

    @property
    def documents(self) -> str:
        """How many there were; of some that were left out: "3/5"."""
        whole = self.count + len(self.left_out)
        return f"{self.count}/{whole}" if self.left_out and self.is_signature else str(self.count)

    def is_about(self, digests: Collection[str]) -> bool:
        """Whether it was signed there, or asked to be, what one of these digests is of."""
        return not frozenset(digests).isdisjoint((*self.digests, *self.left_out))

    @property
    def is_signature(self) -> bool:
        """Whether something left this computer that bears the person's name."""
        return self.outcome == "signed"


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for. Every word of `text` is part of the site, the owner, the action, or begins a digest or a certificate's hash."""

    text: str = ""
    since: date | None = None
    until: date | None = None  # that day included
    outcomes: frozenset[Outcome] = frozenset()  # none: all
    digests: frozenset[str] | None = None  # of one file; None: of any

    def finds(self, operation: Operation) -> bool:
        day = operation.asked_at.astimezone().date()
        if (self.since and day < self.since) or (self.until and day > self.until):
            return False
        if self.outcomes and operation.outcome not in self.outcomes:
            return False
        if self.digests is not None and not operation.is_about(self.digests):
            return False
        return all(_has(operation, word) for word in self.text.casefold().split())


def operations(journal: Journal) -> tuple[Operation, ...]:
    """All of them, newest first. Lines that make no sense are passed over: the chain's check names them. Raises StorageFailed."""
    found: dict[str, Operation] = {}
    for entry in journal.entries():
        _take(found, entry)
    return tuple(sorted(found.values(), key=lambda each: each.asked_at, reverse=True))


def search(found: Iterable[Operation], query: Query) -> Iterator[Operation]:
    """Those that the query finds, in the same order."""
    return (operation for operation in found if query.finds(operation))


def digest_sizes(found: Iterable[Operation]) -> frozenset[int]:
    """In octets, of the digests that occur: which algorithm one is of is not noted."""
    lengths = {len(digest) for each in found for digest in (*each.digests, *each.left_out)}
    return frozenset(length // 2 for length in lengths)


def last_seen(found: Iterable[Operation]) -> dict[str, Operation]:
    """The newest operation of each origin, of operations that are newest first."""
    newest: dict[str, Operation] = {}
    for operation in found:
        if operation.origin:
            newest.setdefault(operation.origin, operation)
    return newest


def _take(found: dict[str, Operation], entry: Mapping[str, Any]) -> None:
    """Puts an entry where it belongs."""
    try:
        operation_id, event = str(entry["id"]), str(entry["event"])
        at = datetime.fromisoformat(entry["time"]).astimezone()
        known = found.get(operation_id) or _begun(operation_id, at, entry)
        if event == "decided":
            outcome: Outcome | None = "cancelled" if entry["decision"] == "cancelled" else "approved"
        else:
            outcome = _ENDINGS.get(event)
        if event == "signed":
            # Of a series each document has a receipt of its own.
            before = known if known.is_signature else replace(known, count=0, digests=())
            known = replace(
                before,
                count=before.count + int(entry["count"]),
                digests=(*before.digests, *_digests(entry)),
                outcome="signed",
                ended_at=at,
            )
        elif outcome is not None and known.is_signature:
            known = replace(known, ended_at=at)  # what came after it takes nothing back
        elif outcome is not None:
            known = replace(known, outcome=outcome, ended_at=at, code=str(entry.get("code", "")))
        if event == "decided" and entry.get("left_out"):
            known = replace(known, left_out=_digests(entry, "left_out"))
        if entry.get("certificate"):
            known = replace(known, certificate=str(entry["certificate"]), owner=str(entry.get("owner", "")))
    except (KeyError, TypeError, ValueError, OverflowError):
        return
    found[operation_id] = known


def _begun(operation_id: str, at: datetime, entry: Mapping[str, Any]) -> Operation:
    return Operation(
        operation_id=operation_id,
        asked_at=at,
        kind=str(entry.get("kind", "")),
        origin=str(entry.get("origin", "")),
        site=str(entry.get("site", "")),
        action=str(entry.get("action", "")),
        count=int(entry.get("count", 0)),
        digests=_digests(entry),
        outcome="unfinished",
    )


def _digests(entry: Mapping[str, Any], name: str = "digests") -> tuple[str, ...]:
    return tuple(str(digest) for digest in entry.get(name, ()))


def _has(operation: Operation, word: str) -> bool:
    words = (operation.site, operation.origin, operation.owner, operation.action, operation.outcome)
    if any(word in text.casefold() for text in words):
        return True
    return any(
        digest.startswith(word)
        for digest in (*operation.digests, *operation.left_out, operation.certificate, operation.operation_id)
    )


def to_json(found: Iterable[Operation]) -> str:
    """A JSON array, for programs; moments in ISO 8601 with offset."""
    return json.dumps([_plain(operation) for operation in found], ensure_ascii=False, indent=2)


def _plain(operation: Operation) -> dict[str, Any]:
    return {
        "id": operation.operation_id,
        "asked_at": operation.asked_at.isoformat(),
        "ended_at": operation.ended_at.isoformat() if operation.ended_at else None,
        "kind": operation.kind,
        "origin": operation.origin,
        "action": operation.action,
        "outcome": operation.outcome,
        "code": operation.code,
        "count": operation.count,
        "digests": list(operation.digests),
        "left_out": list(operation.left_out),
        "certificate": operation.certificate,
        "owner": operation.owner,
    }
