"""The facts in the table of docs/admin/policies.md, as the code has them: what stands in its first columns, row by row."""

import json
from pathlib import Path

from agent.settings import SETTINGS, Setting

PAGE = Path(__file__).resolve().parents[2] / "docs" / "admin" / "policies.md"
_KINDS = {
    "boolean": "boolean",
    "number": "number",
    "choice": "choice",
    "text": "text",
    "list": "list",
    "table": "table",
}


def rows() -> dict[str, tuple[str, str, str, str]]:
    """Kind, default, what is allowed and who may set it, by the setting's name."""
    return {
        name: (_KINDS[setting.kind], _default(setting), _allowed(setting), _who(setting))
        for name, setting in SETTINGS.items()
    }


def told() -> dict[str, tuple[list[str], str]]:
    """The same columns as the page has them, and what the page says of the setting."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 6 and cells[0].startswith("`") and cells[1] in _KINDS.values():
            found[cells[0].strip("`")] = (cells[1:5], cells[5])
    return found


def _default(setting: Setting) -> str:
    if setting.name == "language":
        return "the system's"
    value = list(setting.default) if setting.kind == "list" else setting.default
    return "none" if setting.kind == "table" else f"`{json.dumps(value)}`"


def _allowed(setting: Setting) -> str:
    if setting.choices:
        return ", ".join(f"`{choice}`" for choice in setting.choices)
    if setting.kind == "number":
        return f"{setting.minimum} to {setting.maximum}"
    return f"at most {setting.maximum}" if setting.kind == "list" else ""


def _who(setting: Setting) -> str:
    return "policy only" if setting.is_policy_only else "anybody"


if __name__ == "__main__":
    for name, facts in rows().items():
        print(f"| `{name}` | {' | '.join(facts)} |  |")  # for whoever writes the page
