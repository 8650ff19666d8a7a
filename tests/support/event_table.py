"""What the sources log, found by reading them, and the table of it in docs/admin/events.md.

`python -m tests.support.event_table` writes the table anew.
"""

import ast
import functools
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent import event_ids
from agent.broker import events as brokers_own
from agent.event_ids import EVENTS, GROUPS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "admin" / "events.md"
BEGIN, END = "<!-- events: made by tests.support.event_table -->", "<!-- end of events -->"
_ORDER = ("debug", "info", "warning", "error", "critical")


@dataclass(frozen=True)
class Noted:
    """One call of `logs.note`: where, what, at which level ("" where it is decided as it runs), with which facts.

    `event` is empty where it is no literal."""

    place: str
    event: str
    level: str
    facts: tuple[str, ...]


def noted(source: str, place: str) -> Iterator[Noted]:
    """The calls in one module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _is_note(node, place) and len(node.args) > 2:
            level, event = node.args[1], node.args[2]
            yield Noted(
                f"{place}:{node.lineno}",
                event.value if isinstance(event, ast.Constant) and isinstance(event.value, str) else "",
                level.attr.lower() if isinstance(level, ast.Attribute) else "",
                tuple(sorted(each.arg or "**" for each in node.keywords)),
            )
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "self._said.say":
            # The broker loads no logging; its events are constants of agent.broker.events.
            event = str(getattr(brokers_own, ast.unparse(node.args[0]).partition(".")[2]))
            level = "warning" if event in brokers_own.GRAVE else "info"
            yield Noted(
                f"{place}:{node.lineno}",
                event,
                level,
                tuple(sorted(each.arg or "**" for each in node.keywords)),
            )


def _is_note(call: ast.Call, place: str) -> bool:
    name = ast.unparse(call.func)
    return name == "logs.note" or (name == "note" and place.endswith("logs.py"))


@functools.cache
def all_noted() -> Sequence[Noted]:
    """Every call in the agent, in the order of the files."""
    return [
        each
        for path in sorted((ROOT / "agent").rglob("*.py"))
        for each in noted(path.read_text("utf-8"), path.relative_to(ROOT).as_posix())
    ]


def table(found: Iterable[Noted]) -> str:
    """The page's table: a heading for each group that has events, a row for each event."""
    by_event: dict[str, list[Noted]] = {}
    for each in found:
        by_event.setdefault(each.event, []).append(each)
    lines: list[str] = []
    for start, title in GROUPS.items():
        rows = sorted(
            (row.id, event, row.meaning) for event, row in EVENTS.items() if start <= row.id < start + 100
        )
        lines += [f"### {start}: {title}", ""]
        if not rows:
            lines += ["None yet.", ""]
            continue
        lines += ["| id | event | level | facts | means |", "|---|---|---|---|---|"]
        lines += [
            f"| {number} | {event} | {_levels(by_event.get(event, ()))} | {_facts(by_event.get(event, ()))} | {meaning} |"
            for number, event, meaning in rows
        ]
        lines.append("")
    lines += [
        f"{event_ids.UNLISTED} is what a library logs: that there was a warning, and its kind, never its text."
    ]
    return "\n".join(lines)


def _levels(found: Iterable[Noted]) -> str:
    levels = {each.level for each in found}
    return ", ".join(level for level in _ORDER if level in levels) or "by what happened"


def _facts(found: Iterable[Noted]) -> str:
    return ", ".join(sorted({fact for each in found for fact in each.facts}))


def page(text: str, rows: str) -> str:
    """The page with this table in it. ValueError where it has no place for one."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("no place for the table")
    return f"{before}{begin}\n\n{rows}\n\n{end}{after}"


def main() -> int:
    PAGE.write_text(page(PAGE.read_text("utf-8"), table(all_noted())), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
