"""The command behind ./dev sbom."""

import datetime as dt
import json
from pathlib import Path

import pytest

from installer.shipped import __main__ as command
from installer.shipped import parts
from installer.shipped.parts import Part, Unclear

PARTS = (Part("qalamsap", "0.1.0", "Apache-2.0", texts=(("LICENSE", "ours"),), is_ours=True),)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path | None, Path | None]]:
    """What it asked for; the answer is one part."""
    found: list[tuple[Path | None, Path | None]] = []

    def shipped(site: Path | None, python: Path | None) -> tuple[Part, ...]:
        found.append((site, python))
        return PARTS

    monkeypatch.setattr(parts, "shipped", shipped)
    return found


def test_the_bill_is_written_where_it_is_told(asked, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1764000000")
    out = tmp_path / "new" / "bill.json"
    assert command.main(["sbom", "--out", str(out), "--site", "site", "--python", "python3"]) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["metadata"]["timestamp"] == "2025-11-24T16:00:00+00:00"
    assert asked == [(Path("site"), Path("python3"))]
    assert "1 parts" in capsys.readouterr().out


def test_the_licences_are_written_where_it_is_told(asked, tmp_path: Path) -> None:
    assert command.main(["licences", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "licences/qalamsap/LICENSE").is_file()
    assert asked == [(None, None)]


def test_what_is_unclear_ends_with_1_and_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys
) -> None:
    def unclear(_site: Path | None, _python: Path | None) -> tuple[Part, ...]:
        raise Unclear("somelib brings no text")

    monkeypatch.setattr(parts, "shipped", unclear)
    assert command.main(["sbom", "--out", str(tmp_path / "bill.json")]) == 1
    assert capsys.readouterr().err == "sbom: somelib brings no text\n"
    assert list(tmp_path.iterdir()) == []


def test_without_a_moment_given_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert abs(command.moment() - dt.datetime.now(dt.UTC)) < dt.timedelta(hours=1)
