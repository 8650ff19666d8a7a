"""Writes what describes the interface for new pages to others, from what the agent checks messages with.

python -m tests.protocol.v1.describe
"""

import json
from pathlib import Path

from protocol.v1 import async_api, json_schema, typescript

ROOT = Path(__file__).resolve().parents[3]


def files() -> dict[Path, str]:
    """The text of each file by its place."""
    return {
        ROOT / "docs" / "api" / "v1.schema.json": _json(json_schema.document()),
        ROOT / "docs" / "api" / "v1.asyncapi.json": _json(async_api.document()),
        ROOT / "sdk" / "src" / "v1-types.d.ts": typescript.declarations(),
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
