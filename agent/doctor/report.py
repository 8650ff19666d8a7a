"""Findings in words: sentences for a person, a verdict on the whole, and a report that can be given away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.doctor.finding import Finding, State, worst
from agent.words.texts import Texts

_MARKS: Mapping[State, str] = {"ok": "+", "hint": "i", "trouble": "!"}


@dataclass(frozen=True, slots=True)
class Worded:
    """One finding in the person's language. `advice` is empty where there is nothing to be done."""

    title: str
    sentence: str
    advice: str


def worded(texts: Texts, finding: Finding) -> Worded:
    """The words of a finding."""
    name = f"{finding.what.lower()}-{finding.code}"
    values = _values(texts, finding.values)
    advice = ""
    if f"doctor.advice.{name}" in texts.entries:
        advice = texts(f"doctor.advice.{name}", **values)
    title = texts(f"doctor.what.{finding.what.lower()}")
    return Worded(title, texts(f"doctor.finding.{name}", **values), advice)


def verdict(texts: Texts, findings: Sequence[Finding]) -> str:
    """A sentence on the whole: what is in the way, or that nothing is."""
    state = worst(findings)
    if state == "ok":
        return texts("doctor.verdict.ok")
    return texts(f"doctor.verdict.{state}", count=len(_causes(findings, state)))


def _causes(findings: Sequence[Finding], state: State) -> set[tuple[str, ...]]:
    """What is in the way, each once: what one repair mends is one thing, and profiles are counted by the finding on all of them."""
    return {
        (finding.repair, finding.path) if finding.repair else (finding.what, finding.code, finding.subject)
        for finding in findings
        if finding.state == state and finding.what != "store"
    }


def shareable(texts: Texts, findings: Sequence[Finding], at: datetime) -> str:
    """All of it as plain text without a secret: no name of a person or site, no path of theirs. The codes are for who helps."""
    lines = [f"{texts('doctor.report.title')}, {texts.moment(at)}", verdict(texts, findings), ""]
    for finding in findings:
        words = worded(texts, finding)
        place = f" [{finding.masked}]" if finding.masked else ""
        code = f"{finding.what.lower()}-{finding.code}"
        lines.append(f"{_MARKS[finding.state]} {words.title}{place}: {words.sentence} ({code})")
    return "\n".join(lines) + "\n"


def to_json(texts: Texts, finding: Finding, command: Sequence[str]) -> dict[str, Any]:
    """`what`, `state` and `text` stay as they are for programs that read them; `text` is English."""
    words = worded(texts, finding)
    return {
        "what": finding.what,
        "state": finding.state,
        "text": finding.text,
        "code": finding.code,
        "subject": finding.subject,
        "message": words.sentence,
        "advice": words.advice,
        "repair": list(command),
    }


def _values(texts: Texts, values: Mapping[str, str | int | datetime]) -> dict[str, str | int]:
    shown: dict[str, str | int] = {}
    for name, value in values.items():
        shown[name] = texts.date(value) if isinstance(value, datetime) else value
    if "failure" in shown:
        shown["reason"] = texts.chosen("doctor.failure", str(shown["failure"]))
    return shown
