"""Trust in the store of authorities that the system itself keeps, and browsers read: the keychains of macOS, the root store of Windows.

What differs between the two systems is a handful of steps (`AnchorStore`); what is ours, what is put in, renewed and taken back is
said here, once. An authority that somebody else put in is never noted as ours, and so never taken out.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from agent.errors import AgentError
from agent.localhost.record import Record, SystemEntry
from agent.localhost.report import State, StoreReport


@dataclasses.dataclass(frozen=True, slots=True)
class Anchor:
    """An authority as such a store takes it. `path` is its certificate, PEM."""

    name: str
    sha256: str
    path: Path


class AnchorStore(Protocol):
    """The steps of one system. Each raises StoreFailed where the system refuses, MissingTool where its own tool is not there."""

    @property
    def store(self) -> str:
        """The word for it in reports: "keychain", "windows-root"."""

    @property
    def browsers(self) -> str:
        """Who reads it."""

    def place(self, *, machine_wide: bool) -> str:
        """The system's own name of the store: a keychain's path, `LocalMachine\\Root`."""

    def state(self, anchor: Anchor, *, machine_wide: bool) -> State:
        """TRUSTED for TLS servers and for nothing else; PARTLY where it is there, but trusted otherwise; ABSENT."""

    def add(self, anchor: Anchor, *, machine_wide: bool) -> None:
        """Puts it in, trusted for TLS servers only. The system may ask the person."""

    def delete(self, name: str, sha256: str, *, machine_wide: bool) -> bool:
        """Takes out exactly that certificate, and its trust; says whether it was there."""


def install(
    store: AnchorStore, anchors: Sequence[Anchor], record: Record, *, machine_wide: bool
) -> list[StoreReport]:
    """Makes exactly these authorities ours in the store; ours that are not wanted any more go."""
    report = _report(store, machine_wide=machine_wide)
    try:
        missing = [
            each for each in anchors if store.state(each, machine_wide=machine_wide) is not State.TRUSTED
        ]
        for anchor in missing:
            _add(store, anchor, record, machine_wide=machine_wide)
    except AgentError as error:
        return [dataclasses.replace(report, state=State.FAILED, detail=error.detail)]
    keep = {each.sha256 for each in anchors}
    stale = [each for each in _ours(record, machine_wide=machine_wide) if each.sha256 not in keep]
    failed = [each for each in _take_out(store, stale, record) if each.state is State.FAILED]
    return [dataclasses.replace(report, state=State.TRUSTED, changed=bool(missing)), *failed]


def status(store: AnchorStore, anchors: Sequence[Anchor], *, machine_wide: bool) -> list[StoreReport]:
    """How the store stands. Changes nothing."""
    report = _report(store, machine_wide=machine_wide)
    try:
        states = {store.state(anchor, machine_wide=machine_wide) for anchor in anchors}
    except AgentError as error:
        return [dataclasses.replace(report, state=State.FAILED, detail=error.detail)]
    if states == {State.TRUSTED}:
        return [dataclasses.replace(report, state=State.TRUSTED)]
    if states <= {State.ABSENT}:
        return [report]
    return [
        dataclasses.replace(
            report,
            state=State.PARTLY,
            detail="an authority is missing, or trusted otherwise than for TLS servers",
        )
    ]


def remove(store: AnchorStore, record: Record) -> list[StoreReport]:
    """Takes out what the record says is ours, from the person's store and the machine's."""
    return _take_out(store, record.contents.system_entries, record)


def _add(store: AnchorStore, anchor: Anchor, record: Record, *, machine_wide: bool) -> None:
    entry = SystemEntry(store.place(machine_wide=machine_wide), anchor.name, anchor.sha256, machine_wide)
    was_ours = entry in record.contents.system_entries
    record.put_system_entry(entry)
    try:
        store.add(anchor, machine_wide=machine_wide)
    except AgentError:
        # The person may have said no to the system: then nothing of ours is there, and nothing is noted.
        if not was_ours and store.state(anchor, machine_wide=machine_wide) is State.ABSENT:
            record.drop_system_entry(entry)
        raise


def _take_out(store: AnchorStore, entries: Sequence[SystemEntry], record: Record) -> list[StoreReport]:
    reports = []
    for entry in entries:
        report = dataclasses.replace(
            _report(store, machine_wide=entry.is_machine_wide), browser=entry.name, path=entry.place
        )
        try:
            changed = store.delete(entry.name, entry.sha256, machine_wide=entry.is_machine_wide)
        except AgentError as error:
            reports.append(dataclasses.replace(report, state=State.FAILED, detail=error.detail))
            continue
        record.drop_system_entry(entry)
        reports.append(dataclasses.replace(report, changed=changed))
    return reports


def _ours(record: Record, *, machine_wide: bool) -> list[SystemEntry]:
    return [each for each in record.contents.system_entries if each.is_machine_wide is machine_wide]


def _report(store: AnchorStore, *, machine_wide: bool) -> StoreReport:
    return StoreReport(store.store, store.browsers, store.place(machine_wide=machine_wide), State.ABSENT)
