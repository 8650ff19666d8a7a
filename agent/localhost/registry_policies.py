"""Browsers' policies in the registry of Windows: texts in lists, put beside what IT has there, and taken out again exactly.

A list is a key whose values bear numbers: `...\\LoopbackNetworkAllowedForUrls`, "1", "2", ... Chrome and its relatives take every
value whose name is a number; Firefox takes a key for a list only where its first value is "1" (WindowsGPOParser). So a text of ours
gets the lowest number that is free, and of two texts that are equal ours is the one that the record names.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from agent.errors import AgentError
from agent.localhost.record import Record, RegistryValue
from agent.localhost.report import State, StoreReport

STORE = "registry-policy"

_POLICIES = "SOFTWARE\\Policies"


@dataclasses.dataclass(frozen=True, slots=True)
class Root:
    """Where a browser's policies begin, below HKEY_LOCAL_MACHINE or HKEY_CURRENT_USER."""

    browser: str
    key: str


# Edge's stands in its maker's reference, Chrome's, Chromium's and Firefox's in their templates. Yandex's root is the one of its
# maker's help for organisations; whether its lists bear Chromium's names was not tried.
ROOTS: Mapping[str, Root] = MappingProxyType(
    {
        "chrome": Root("Google Chrome", f"{_POLICIES}\\Google\\Chrome"),
        "edge": Root("Microsoft Edge", f"{_POLICIES}\\Microsoft\\Edge"),
        "yandex": Root("Yandex Browser", f"{_POLICIES}\\YandexBrowser"),
        "chromium": Root("Chromium", f"{_POLICIES}\\Chromium"),
        "brave": Root("Brave", f"{_POLICIES}\\BraveSoftware\\Brave"),
        "firefox": Root("Firefox", f"{_POLICIES}\\Mozilla\\Firefox"),
    }
)


class Registry(Protocol):
    """One hive. Keys are paths below it. Each raises StoreFailed where the system refuses."""

    def values(self, key: str) -> Mapping[str, object] | None:
        """Names and data; None where the key is not there."""

    def put(self, key: str, name: str, text: str) -> None:
        """Sets a REG_SZ, and makes the keys that are missing."""

    def delete_value(self, key: str, name: str) -> None:
        """Takes a value out; one that is not there is no trouble."""

    def delete_if_empty(self, key: str) -> None:
        """Takes the key away if it holds neither value nor key."""


@dataclasses.dataclass(frozen=True, slots=True)
class ListedText:
    """A text that must stand in the list at `key`."""

    key: str
    text: str


def listed(browser: str, additions: Iterable[tuple[Sequence[str], str]]) -> tuple[ListedText, ...]:
    """Texts under the path of their list, below the browser's root: (("LoopbackNetworkAllowedForUrls",), "https://portal.kz")."""
    root = ROOTS[browser].key
    return tuple(ListedText("\\".join((root, *path)), text) for path, text in additions)


def plan(
    present: Mapping[str, Mapping[str, object] | None], wanted: Sequence[ListedText]
) -> tuple[RegistryValue, ...]:
    """What has to be set so that every wanted text stands in its list, given the values of every key and of the keys above it.

    A text that stands there already is left out: it is not ours.
    """
    names = {key.lower(): dict(values) for key, values in present.items() if values is not None}
    changes = []
    for text in wanted:
        values = names.get(text.key.lower())
        if values is not None and text.text in values.values():
            continue
        made = tuple(key for key in _chain(text.key) if key.lower() not in names)
        names |= {key.lower(): {} for key in made}
        listing = names[text.key.lower()]
        name = next(str(number) for number in itertools.count(1) if str(number) not in listing)
        listing[name] = text.text
        changes.append(RegistryValue(text.key, name, text.text, made))
    return tuple(changes)


def keys_of(wanted: Iterable[ListedText]) -> tuple[str, ...]:
    """The keys whose values `plan` must know."""
    return tuple(dict.fromkeys(key for text in wanted for key in _chain(text.key)))


def install(registry: Registry, wanted: Sequence[ListedText], record: Record) -> list[StoreReport]:
    """Makes exactly these texts ours; those that we put in before and are not wanted now go. One report for each browser."""
    reports = []
    for root in ROOTS.values():
        texts = [text for text in wanted if _below(text.key, root)]
        if not texts and not _ours(record, root):
            continue
        try:
            keep = {(text.key, text.text) for text in texts}
            changed = []
            # Each time from the record: one that goes may leave the keys that it made to another.
            while stale := [value for value in _ours(record, root) if (value.key, value.text) not in keep]:
                changed.append(_take_out(registry, stale[-1], record))
            present = {key: registry.values(key) for key in keys_of(texts)}
            changes = plan(present, texts)
            for value in changes:
                record.put_registry_value(
                    value
                )  # first: after a crash the record names too much, not too little
                registry.put(value.key, value.name, value.text)
        except AgentError as error:
            reports.append(StoreReport(STORE, root.browser, root.key, State.FAILED, detail=error.detail))
        else:
            report = _status(registry, root, texts)
            reports.append(dataclasses.replace(report, changed=bool(changes) or any(changed)))
    return reports


def status(registry: Registry, wanted: Sequence[ListedText]) -> list[StoreReport]:
    """How every browser stands. Writes nothing."""
    found = []
    for root in ROOTS.values():
        texts = [text for text in wanted if _below(text.key, root)]
        if not texts:
            continue
        try:
            found.append(_status(registry, root, texts))
        except AgentError as error:
            found.append(StoreReport(STORE, root.browser, root.key, State.FAILED, detail=error.detail))
    return found


def remove(registry: Registry, record: Record) -> list[StoreReport]:
    """Takes out what the record says is ours."""
    return install(registry, (), record)


def _ours(record: Record, root: Root) -> list[RegistryValue]:
    return [value for value in record.contents.registry_values if _below(value.key, root)]


def _take_out(registry: Registry, value: RegistryValue, record: Record) -> bool:
    """Only while the value is as we wrote it: somebody may have given its number to another text since."""
    present = registry.values(value.key)
    is_ours = present is not None and present.get(value.name) == value.text
    if is_ours:
        registry.delete_value(value.key, value.name)
    heir = next(
        (each for each in record.contents.registry_values if each != value and _shares(each, value)), None
    )
    for key in reversed(value.made):
        if registry.values(key) is not None:
            registry.delete_if_empty(key)
    if heir is not None and value.made:
        # Others of ours stand in keys that this one made: they are to take them away at their end.
        record.drop_registry_value(heir)
        record.put_registry_value(
            dataclasses.replace(heir, made=tuple(sorted({*value.made, *heir.made}, key=len)))
        )
    record.drop_registry_value(value)
    return is_ours


def _shares(other: RegistryValue, value: RegistryValue) -> bool:
    return any(other.key == key or other.key.startswith(f"{key}\\") for key in value.made)


def _status(registry: Registry, root: Root, texts: Sequence[ListedText]) -> StoreReport:
    report = StoreReport(STORE, root.browser, root.key, State.ABSENT)
    missing = [text for text in texts if text.text not in (registry.values(text.key) or {}).values()]
    if not texts or len(missing) == len(texts):
        return report
    if missing:
        detail = "lacks " + ", ".join(sorted({text.key.rpartition("\\")[2] for text in missing}))
        return dataclasses.replace(report, state=State.PARTLY, detail=detail)
    return dataclasses.replace(report, state=State.TRUSTED)


def _chain(key: str) -> tuple[str, ...]:
    """The key and those above it that may be missing, outermost first; the policies' own root is always there."""
    words = key.split("\\")
    first = len(_POLICIES.split("\\")) + 1
    return tuple("\\".join(words[:length]) for length in range(first, len(words) + 1))


def _below(key: str, root: Root) -> bool:
    return key.lower().startswith(f"{root.key.lower()}\\")
