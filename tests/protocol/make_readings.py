"""Makes docs/readings.md of the docstrings of protocol.readings.

python -m tests.protocol.make_readings
"""

import dataclasses
import inspect
import re
from pathlib import Path
from typing import get_args, get_type_hints

from protocol import readings
from protocol.readings import Readings

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "readings.md"
_HEAD = """# Where a site may need another reading

Made by `python -m tests.protocol.make_readings`; don't edit it here. Nothing published settles these. A site that was written for
another reading than ours gets a table of its own in `config.toml`, with as many switches as it needs:

```toml
[sites."https://stat.example.kz"]
basics_cms = "base64"
```

An origin is scheme, host, and port where it is not the usual one. An unknown name or value is an error at the start.

| What | Ours | The other way | Switch |
|---|---|---|---|
"""
_FIXED_HEAD = """
## Not switchable

The other reading would help no page.

| What | Ours, and why |
|---|---|
"""
_FIXED = "Not switchable"


@dataclasses.dataclass(frozen=True)
class Switch:
    """A line about one member: what it is about, our reading, and the others with the values that choose them."""

    topic: str
    ours: str
    others: dict[str, str]


def switches() -> dict[str, Switch]:
    """The lines about all members, by name."""
    hints = get_type_hints(Readings)
    found = {}
    for item in _items(inspect.getdoc(Readings) or ""):
        name, text = item.split(maxsplit=1)
        topic, meanings = text.split(": ", maxsplit=1)
        values = get_args(hints[name])
        pairs = dict(zip(values, meanings.split("; "), strict=True))
        for value, meaning in pairs.items():
            assert meaning.startswith(value), f"{name}: {meaning!r} does not begin with {value!r}"
        found[name] = Switch(topic, pairs.pop(values[0]), pairs)
    return found


def fixed() -> dict[str, str]:
    """What can't be switched, and why."""
    text = inspect.getdoc(readings) or ""
    found = {}
    for item in _items(text[text.index(_FIXED) :]):
        topic, reason = item.split(": ", maxsplit=1)
        found[topic] = reason
    return found


def table() -> str:
    """The whole page."""
    lines = [
        f'| {line.topic} | {line.ours} | {meaning} | `{name} = "{value}"` |'
        for name, line in switches().items()
        for value, meaning in line.others.items()
    ]
    reasons = [f"| {topic} | {reason} |" for topic, reason in fixed().items()]
    return "\n".join([_HEAD.rstrip("\n"), *lines, _FIXED_HEAD.rstrip("\n"), *reasons, ""])


def _items(text: str) -> list[str]:
    """The indented items of a docstring, each with the lines that go on further right."""
    lines = [line for line in text.split("\n\n", maxsplit=1)[1].split("\n") if line]
    indent = re.match(" *", lines[0])
    assert indent is not None
    items: list[str] = []
    for line in lines:
        if line[len(indent.group()) :].startswith(" "):
            items[-1] += f" {line.strip()}"
        else:
            items.append(line.strip())
    return items


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
