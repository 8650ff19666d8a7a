"""Reasons are a promise: each belongs to one finding."""

import pytest

from agent.formats import evidence


def test_no_reason_stands_twice() -> None:
    reasons = [reason for _, known in evidence.FINDINGS for reason in known]
    assert len(set(reasons)) == len(reasons)


@pytest.mark.parametrize(
    ("reasons", "finding"),
    [
        ((), "valid"),
        (("no-content",), "unchecked"),
        (("no-content", "weak-digest"), "unsupported"),
        (("no-content", "weak-digest", "digest-mismatch"), "invalid"),
    ],
)
def test_the_worst_reason_decides(reasons: tuple[str, ...], finding: str) -> None:
    assert evidence.finding_of(reasons) == finding
