"""What the doctor says of new versions."""

import datetime as dt
from pathlib import Path

import pytest

from agent.doctor import report, updating
from agent.updates.record import Records
from agent.words import texts

NOW = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("outcome", "facts", "code"),
    [
        ("available", {"version": "0.3"}, "available"),
        ("failed", {"code": "signatures"}, "not-believed"),
        ("failed", {"code": "expired"}, "not-believed"),
        ("failed", {"code": "install-failed", "version": "0.3", "bad": ("0.3",)}, "taken-back"),
    ],
)
def test_what_is_worth_knowing_is_said_in_every_language(
    tmp_path: Path, outcome: str, facts: dict[str, object], code: str
) -> None:
    Records(tmp_path / "state.json").note(NOW, outcome, **facts)  # type: ignore[arg-type]
    found = updating.found(tmp_path / "state.json")
    assert found is not None
    assert (found.what, found.code, found.state) == ("updates", code, "hint")
    for language in ("kk", "ru", "en"):
        told = report.worded(texts.load(language), found)  # type: ignore[arg-type]
        assert told.title
        assert told.sentence
        assert told.advice
        assert ("0.3" in told.sentence) == ("version" in facts)


@pytest.mark.parametrize("outcome", ["", "up-to-date", "waits", "installed", "handed-over"])
def test_what_is_as_it_should_be_is_not_worth_a_line(tmp_path: Path, outcome: str) -> None:
    Records(tmp_path / "state.json").note(NOW, outcome, version="0.3")  # type: ignore[arg-type]
    assert updating.found(tmp_path / "state.json") is None


def test_no_network_on_one_day_is_no_finding(tmp_path: Path) -> None:
    Records(tmp_path / "state.json").note(NOW, "failed", code="unreachable")
    assert updating.found(tmp_path / "state.json") is None


def test_looking_leaves_nothing_behind(tmp_path: Path) -> None:
    assert updating.found(tmp_path / "updates" / "state.json") is None
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "state.json").mkdir()
    assert updating.found(tmp_path / "state.json") is None
