"""Makes docs/conformance.md: which statement about the protocol has its test where, and why the others have none.

python -m tests.conformance.protocol.make_table
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.conformance.protocol.open_statements import OPEN

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TABLE = ROOT / "docs" / "conformance.md"
_TEST = re.compile(r"^def test_([tmcbxlk])(\d{2})_", re.MULTILINE)
_HEAD = """# What pages may expect

Made by `python -m tests.conformance.protocol.make_table`; don't edit it here. The numbers are those of the statements about
NCALayer's protocol that this agent keeps to. {tested} of {all} have a test that bears their number, and all of these tests have to pass;
open: {open}. Persons, tokens and authorities' servers are simulated; the first dialect and the HTTPS interface are switched on where they are
tested, and off elsewhere.

By their letters they are {counts}: {all}. Where 166 are spoken of, it is the same list, miscounted by one.
"""


def statements() -> dict[str, dict[str, str]]:
    """The words of every statement by its number, in groups by their titles."""
    groups = tomllib.loads((HERE / "statements.toml").read_text("utf-8"))
    return {
        group.pop("title"): {f"{letter}{number}": words for number, words in group.items()}
        for letter, group in groups.items()
    }


def tested() -> dict[str, Path]:
    """The file of the test of each statement that has one."""
    return {number: path for path in sorted(HERE.glob("test_*.py")) for number in numbers_in(path)}


def numbers_in(path: Path) -> list[str]:
    """The numbers of the tests in a file."""
    return [f"{letter.upper()}{int(digits)}" for letter, digits in _TEST.findall(path.read_text("utf-8"))]


def table() -> str:
    """The whole page."""
    groups, files = statements(), tested()
    count = sum(map(len, groups.values()))
    counts = ", ".join(f"{next(iter(group))[0]} {len(group)}" for group in groups.values())
    lines = [_HEAD.format(tested=len(files), all=count, open=len(OPEN), counts=counts)]
    for title, group in groups.items():
        lines += [f"## {title}", "", "| | Statement | State |", "|---|---|---|"]
        lines += [f"| {number} | {words} | {state} |" for number, words, state in _rows(group, files)]
        lines.append("")
    return "\n".join(lines)


def _rows(group: dict[str, str], files: dict[str, Path]) -> Iterator[tuple[str, str, str]]:
    for number, words in group.items():
        path = files.get(number)
        state = f"open: {OPEN[number]}" if path is None else f"tested: [{path.name}]({_link(path)})"
        yield number, words, state


def _link(path: Path) -> str:
    return f"../{path.relative_to(ROOT).as_posix()}"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
