"""The TypeScript declarations. (That a compiler takes them is tested with the SDK.)"""

import re

import pytest

from protocol.v1 import typescript
from protocol.v1.methods import METHODS

TEXT = typescript.declarations()
_BUILT_IN = {"string", "number", "boolean", "null", "unknown", "never", "readonly", "Record", "M", "Methods"}


def test_every_name_is_declared_once() -> None:
    declared = re.findall(r"^export (?:interface|type) (\w+)", TEXT, re.MULTILINE)
    assert len(declared) == len(set(declared))
    used = set(re.findall(r"\b[A-Z]\w+\b", re.sub(r"/\*\*.*?\*/|//.*|\"[^\"]*\"", "", TEXT, flags=re.DOTALL)))
    assert used - _BUILT_IN <= set(declared)


@pytest.mark.parametrize(
    "line",
    [
        "  documents: readonly DocumentParams[];",
        "  existing?: Content;",
        "  authorities?: readonly string[] | null;",
        "  signatures: PieceIfAny[];",
        "  certificate?: string;",
        "  subject: ReportedSubject | null;",
        "  sections: Record<string, string>;",
        "  elementXPath?: string;",
        '  event: "upload-open";',
        "  id: string | null;",
        "    event: never;",
    ],
)
def test_members_have_their_types(line: str) -> None:
    assert line in TEXT.splitlines()


def test_every_method_is_in_the_map() -> None:
    for name in METHODS:
        assert f"\n  {name}: {{\n    params: " in TEXT
