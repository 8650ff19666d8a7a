"""The health of the agent, for monitoring: a few quick looks that ask no server and no browser.

States and exit codes are those that monitoring programs share (Nagios, Icinga, Zabbix and others by its plug-ins); docs/admin/monitoring.md
has all the codes, and they stay. Unlike the doctor's, these checks are about what an administrator acts on, and hold nothing of anybody's.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from agent import daemon
from agent.config import Config
from agent.doctor import program, running
from agent.doctor.examination import Computer
from agent.doctor.finding import Finding
from agent.errors import AgentError, StorageFailed
from agent.journal import Journal, JournalBroken
from agent.localhost import identity
from agent.localhost.identity import Identity
from agent.settings import SETTINGS
from agent.updates.record import Records
from protocol.control import State as AgentState

State: TypeAlias = Literal["ok", "warning", "critical", "unknown"]
EXIT_CODES: Final[Mapping[State, int]] = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}
_WORST: Final[tuple[State, ...]] = ("critical", "unknown", "warning", "ok")

DAYS_WARNING: Final = 30
"""An identity is renewed 60 days before it ends: with fewer left than this, renewing does not work."""
DAYS_CRITICAL: Final = 3
DAYS_WITHOUT_UPDATES: Final = 14
"""A holiday without a network is no fault; for as many days is the newest list of a repository good."""

AGENT_STATES: Final[Mapping[str, State]] = {
    "ready": "ok",
    "simulation": "warning",
    "older": "warning",
    "paused": "warning",
    "identity-renewal": "warning",
    "https-api-port": "warning",
    "trouble": "critical",
    "bad-policy": "critical",
    "bad-settings": "critical",
    "broker": "critical",
    "stopped": "critical",
    "stranger": "critical",
    "refuses": "critical",
}
_PORT: Final[Mapping[str, State]] = {"ours": "ok", "free": "ok", "another": "ok", "broker": "ok"}
_AT = re.compile(r"\(at [a-z0-9 ,]{1,60}\)$")


@dataclass(frozen=True, slots=True)
class Check:
    """One look. `code` is stable, `text` is English for people."""

    name: Literal["agent", "port", "certificate", "settings", "storage", "journal", "updates"]
    state: State
    code: str
    text: str


def examine(one: Computer) -> tuple[tuple[Check, ...], dict[str, int]]:
    """All checks, for the person that this runs as, and numbers that a curve can be drawn of. Raises nothing for what it finds."""
    found, state = running.agent(one.ask or running.asker(one.settings))
    settings = one.settings
    at = one.now()
    machines = one.machines
    checks = (
        Check("agent", AGENT_STATES.get(found.code, "critical"), found.code, found.text),
        _port(one, state),
        certificate(settings.paths.tls_dir, state, one.serves, at)
        if machines is None
        else _lasting(running.machines_certificate(machines, state, one.serves), _days(machines, at)),
        Check("settings", "critical", "broken", trouble(one.trouble))
        if one.trouble
        else Check("settings", "ok", "good", "settings and policy can be read"),
        _storage(program.storage(settings.paths.state_dir)),
        journal(Journal(settings.paths.journal)),
        updates(settings, at),
    )
    numbers = {"connections": state.connections, "waiting": state.waiting} if state is not None else {}
    days = days_left(settings.paths.tls_dir, at) if machines is None else _days(machines, at)
    shown = tuple(replace(check, text=_without_places(check.text, one)) for check in checks)
    return shown, numbers if days is None else {**numbers, "certificate_days": days}


def trouble(text: str) -> str:
    """What is wrong with the settings, without what somebody wrote there: the setting, and what was expected of it, or the place."""
    place = re.match(r"/etc/qalamsap/[\w./-]+", text, re.ASCII)
    where = f"{place[0].rstrip('.')}: " if place else ""
    name = next(
        (name for name in SETTINGS if re.search(rf": {name}(?:\.\S+)? (?:is|has|can't|names) ", text)), ""
    )
    if name:
        _, comma, expected = text.rpartition(", expected ")
        return f"{where}{name} can't be used{f'{comma}{expected}' if comma else ''}"
    if ", expected " in text:
        return f"{where}a value can't be used"
    if "unknown setting" in text or "unknown reading" in text:
        return f"{where}there is no setting of that name"
    line = _AT.search(text)
    return f"{where}the settings can't be read{f' {line[0]}' if line else ''}"


def _without_places(text: str, one: Computer) -> str:
    """The text without folders of the person's, which have their name in them."""
    places = one.settings.paths
    for folder, name in (
        (places.state_dir, "the state folder"),
        (places.config_dir, "the settings folder"),
        (one.home, "~"),
    ):
        text = re.sub(rf"{re.escape(str(folder))}(?![\w.-])", name, text)
    return text


def _port(one: Computer, state: AgentState | None) -> Check:
    number = one.settings.port or (state.port if state else 0)
    found = running.port(number, state, one.holder(number) if number else None, is_brokered=one.is_brokered)
    return Check("port", _PORT.get(found.code, "critical"), found.code, found.text)


def certificate(tls_dir: Path, state: AgentState | None, serves: running.Serves, at: datetime) -> Check:
    """The certificate that pages are served with."""
    return _lasting(running.certificate(tls_dir, state, serves, at), days_left(tls_dir, at))


def _lasting(found: Finding, days: int | None) -> Check:
    """What was found of a certificate that lasts for so many days."""
    if found.state == "trouble":
        return Check("certificate", "critical", found.code, found.text)
    if days is None or days > DAYS_WARNING:
        return Check("certificate", "ok", "good", found.text)
    level: State = "critical" if days <= DAYS_CRITICAL else "warning"
    return Check("certificate", level, "not-renewed", f"{found.text}: it was not renewed in time")


def days_left(tls_dir: Path, at: datetime) -> int | None:
    """Of the certificate; None where there is none that can be read."""
    try:
        present = identity.current(tls_dir)
    except (AgentError, OSError):
        return None
    return _days(present, at) if present is not None else None


def _days(present: Identity, at: datetime) -> int:
    return (present.not_after - at).days


def _storage(found: Finding) -> Check:
    return Check("storage", "ok" if found.state == "ok" else "critical", found.code, found.text)


def journal(book: Journal) -> Check:
    """Whether the chain of records holds."""
    try:
        lines = book.verify_chain()
    except JournalBroken as broken:
        return Check(
            "journal", "warning", "broken", f"the journal was changed or damaged at line {broken.line}"
        )
    except OSError as error:
        return Check("journal", "critical", "unreadable", f"the journal can't be read: {error.strerror}")
    return Check("journal", "ok", "whole", f"{lines} lines")


def updates(settings: Config, at: datetime) -> Check:
    """Whether looking for new versions has worked lately. Where others bring them nothing was ever looked for, and that is no fault."""
    if settings.update_channel == "off":
        return Check("updates", "ok", "off", "updates are switched off")
    try:
        last = Records(settings.paths.updates_record).kept()
    except StorageFailed:
        return Check("updates", "warning", "unreadable", "what updates remember can't be read")
    if last is None or not last.failing_since:
        return Check("updates", "ok", "good", "no search for updates has failed lately")
    days = (at - datetime.fromisoformat(last.failing_since)).days
    text = f"updates have failed for {days} days ({last.code})"
    return Check("updates", "ok" if days < DAYS_WITHOUT_UPDATES else "warning", "failing", text)


def worst(found: Sequence[Check]) -> State:
    """The state of the whole."""
    states = {check.state for check in found}
    return next((state for state in _WORST if state in states), "unknown")


def to_json(found: Sequence[Check], numbers: Mapping[str, int]) -> dict[str, Any]:
    """What `qalamsap health --json` prints."""
    state = worst(found)
    return {
        "state": state,
        "exit_code": EXIT_CODES[state],
        "version": daemon.version(),
        "checks": [
            {"name": check.name, "state": check.state, "code": check.code, "text": check.text}
            for check in found
        ],
        "metrics": dict(numbers),
    }


def lines(found: Sequence[Check], numbers: Mapping[str, int]) -> list[str]:
    """For a terminal, and for monitoring programs: the state and what is worst in one line, with the numbers; then every check."""
    state = worst(found)
    first = [check for check in found if check.state == state] if state != "ok" else [found[0]]
    data = " ".join(f"{name}={value}" for name, value in numbers.items())
    summary = "; ".join(f"{check.name}: {check.text}" for check in first).replace("|", "/")
    return [
        f"QALAMSAP {state.upper()} - {summary}{f' | {data}' if data else ''}",
        *(f"{check.state:8} {check.name}: {check.code} ({check.text})" for check in found),
    ]
