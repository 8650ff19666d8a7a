"""Whether each browser profile of this person trusts the agent: every store is looked into, and the policies of the machine beside them."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from agent.doctor.browsers import Browser, Family
from agent.doctor.finding import Finding
from agent.errors import AgentError, UnsupportedOperation
from agent.localhost import (
    browser_profiles,
    chromium_policies,
    firefox_policies,
    macos,
    renewal_task,
    trust,
    windows,
)
from agent.localhost.errors import MissingTool
from agent.localhost.report import State, StoreReport
from agent.localhost.trust import Places

Walk: TypeAlias = Callable[[bool], tuple[StoreReport, ...]]
"""How the stores stand: True for those of the machine, False for this person's. AgentError."""

_USUAL_PROFILE = re.compile(r"[a-z0-9]{8}\.(default[a-z0-9-]*)")
_USUAL_PARTS = frozenset({
    ".pki", "nssdb", ".local", "share", "pki", ".mozilla", "mozilla", "firefox", ".config", "config", "data", "snap", "common",
    "current", ".var", "app", "org.mozilla.firefox", *browser_profiles.SNAP_CHROMIUM, *browser_profiles.FLATPAK_CHROMIUM,
})  # fmt: skip
_CODES = {State.FAILED: "failed", State.PARTLY: "partly", State.ABSENT: "absent"}
_OF_SYSTEM = frozenset({macos.Keychains.store, windows.STORE})
_POLICY_OF = {
    "Chromium": ("Chromium", "Chromium (Ubuntu, snap)"),
    "Google Chrome": ("Google Chrome",),
    "Microsoft Edge": ("Microsoft Edge",),
    "Brave": ("Brave",),
    "Yandex Browser": ("Yandex Browser",),
}


def walker(places: Places, at: datetime) -> Walk:
    return lambda is_wide: trust.status(places, machine_wide=is_wide, at=at).stores


def stores(walk: Walk, installed: Sequence[Browser], home: Path) -> tuple[Finding, ...]:
    """The whole first, then each store that counts. Where no browser is installed, none does."""
    try:
        of_machine = walk(True)
    except UnsupportedOperation as error:
        return (Finding("browsers", "not-built", "hint", error.detail),)
    except AgentError as error:
        return (Finding("browsers", "unreadable", "trouble", error.detail or error.code),)
    if any(report.store in _OF_SYSTEM for report in of_machine):
        return _of_system(of_machine, walk)
    if not installed:
        return (Finding("browsers", "none", "hint", "no browser was found"),)
    by_policy = _covered(of_machine, installed)
    try:
        own = walk(False)
    except MissingTool as error:
        if all(is_covered(browser, by_policy) for browser in installed):
            return (_all_trust(len(installed)),)
        return (Finding("browsers", "no-tool", "trouble", error.detail),)
    except AgentError as error:
        return (Finding("browsers", "unreadable", "trouble", error.detail or error.code),)
    each = [_store(report, by_policy, installed, home) for report in own]
    found = [finding for finding in each if finding is not None]
    bad = [finding for finding in found if finding.state != "ok"]
    if not bad:
        return (_all_trust(len(found) or len(installed)), *found)
    text = "not all trust the agent; see qalamsap trust status, or run trust install"
    summary = Finding("browsers", "not-all", "trouble", text, {"count": len(bad)}, repair="install-trust")
    return (summary, *found)


def _of_system(of_machine: Sequence[StoreReport], walk: Walk) -> tuple[Finding, ...]:
    """Where browsers read the system's store: the machine's or the person's own is enough."""
    try:
        found = [report for report in (*of_machine, *walk(False)) if report.store in _OF_SYSTEM]
    except AgentError as error:
        return (Finding("browsers", "unreadable", "trouble", error.detail or error.code),)
    readers = len(found[0].browser.split(", "))
    if any(report.state is State.TRUSTED for report in found):
        return (_all_trust(readers), *_renewal(of_machine))
    text = "; ".join(f"{report.store}: {report.state}" for report in found)  # no path: it may name the person
    return (Finding("browsers", "not-all", "trouble", text, {"count": readers}, repair="install-trust"),)


def _renewal(of_machine: Sequence[StoreReport]) -> tuple[Finding, ...]:
    """Whether something renews what the machine trusts; where the machine trusts nothing there need be nothing."""
    is_trusted = any(report.store in _OF_SYSTEM and report.state is State.TRUSTED for report in of_machine)
    bad = [
        report
        for report in of_machine
        if report.store == renewal_task.STORE and report.state is not State.TRUSTED
    ]
    if not is_trusted or not bad:
        return ()
    text = f"nothing renews the certificate in time; {bad[0].browser}: {bad[0].detail or bad[0].state}"
    return (Finding("browsers", "no-renewal", "hint", text),)


def _all_trust(count: int) -> Finding:
    return Finding("browsers", "trusted", "ok", "trust the agent", {"count": count})


def is_covered(browser: Browser, by_policy: frozenset[str]) -> bool:
    """Whether a policy of the machine makes it trust the agent."""
    return browser.confined != "flatpak" and browser.kind.name in by_policy


def _covered(of_machine: Sequence[StoreReport], installed: Sequence[Browser]) -> frozenset[str]:
    """The browsers that trust the agent by policy, by name."""
    trusted = {(report.store, report.browser) for report in of_machine if report.state is State.TRUSTED}
    firefoxes = [report for report in of_machine if report.store == firefox_policies.STORE]
    names = set()
    for browser in installed:
        name = browser.kind.name
        if browser.kind.family == "firefox":
            if firefoxes and all(report.state is State.TRUSTED for report in firefoxes):
                names.add(name)
        elif any((chromium_policies.STORE, policy) in trusted for policy in _POLICY_OF.get(name, ())):
            names.add(name)
    return frozenset(names)


def _store(
    report: StoreReport, by_policy: frozenset[str], installed: Sequence[Browser], home: Path
) -> Finding | None:
    """What is found of one database; None for one that no installed browser reads."""
    family: Family = "firefox" if report.browser.startswith("Firefox") else "chromium"
    confined = next((kind for kind in ("snap", "flatpak") if f"({kind})" in report.browser), "")
    readers = [each for each in installed if each.kind.family == family and each.confined == confined]
    if not readers and report.state is State.ABSENT:
        return None
    shown, masked = f"{report.browser}: {report.path}", f"{report.browser}: {mask(report.path, home)}"
    text = f"{shown}: {report.state}{f', {report.detail}' if report.detail else ''}"
    if report.state is State.TRUSTED:
        return Finding("store", "trusted", "ok", text, subject=shown, masked=masked)
    if readers and all(is_covered(reader, by_policy) for reader in readers):
        return Finding("store", "by-policy", "ok", text, subject=shown, masked=masked)
    return Finding("store", _CODES[report.state], "trouble", text, subject=shown, masked=masked)


def mask(path: str, home: Path) -> str:
    """A path without anything that the person named: their home is ~, and what is no usual part of such a path is *."""
    try:
        inner = Path(path).relative_to(home)
    except ValueError:
        return "*"
    parts = [part if part in _USUAL_PARTS or _USUAL_PROFILE.fullmatch(part) else "*" for part in inner.parts]
    return "/".join(("~", *parts))
