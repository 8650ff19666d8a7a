"""What is remembered between looks."""

import datetime as dt
import json
from pathlib import Path

import pytest

from agent.errors import StorageFailed
from agent.updates.record import Record, Records

NOW = dt.datetime(2026, 12, 1, 9, tzinfo=dt.UTC)


def test_a_computer_has_a_number_of_its_own_and_keeps_it(tmp_path: Path) -> None:
    records = Records(tmp_path / "updates" / "state.json")
    first = records.read()
    assert first == Record(first.number)
    assert 0 <= first.number < 100
    assert records.read() == first
    assert records.note(NOW, "up-to-date").number == first.number


def test_numbers_differ_between_computers(tmp_path: Path) -> None:
    assert len({Records(tmp_path / str(each)).read().number for each in range(30)}) > 5


def test_what_came_of_a_look_is_kept_and_forgets_the_one_before(tmp_path: Path) -> None:
    records = Records(tmp_path / "state.json")
    records.note(NOW, "failed", version="0.2", code="install-failed", bad=("0.2",))
    after = records.note(NOW + dt.timedelta(days=1), "up-to-date")
    assert after == records.read()
    assert (after.checked, after.outcome, after.version, after.code) == (
        "2026-12-02T09:00:00+00:00",
        "up-to-date",
        "",
        "",
    )
    assert after.bad == ("0.2",)


def test_since_when_nothing_works_is_kept_until_something_does(tmp_path: Path) -> None:
    records = Records(tmp_path / "state.json")
    assert records.read().failing_since == ""
    for day in range(3):
        assert (
            records.note(NOW + dt.timedelta(days=day), "failed", code="expired").failing_since
            == NOW.isoformat()
        )
    assert records.read().failing_since == NOW.isoformat()
    assert records.note(NOW, "waits").failing_since == ""


def test_it_is_the_persons_alone(tmp_path: Path) -> None:
    Records(tmp_path / "updates" / "state.json").read()
    assert (tmp_path / "updates" / "state.json").stat().st_mode & 0o077 == 0
    assert (tmp_path / "updates").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "octets",
    [b"", b"{", b"[]", b"\xff", b"{}", b"[" * 5000, json.dumps({"number": 100, "bad": []}).encode(), json.dumps({"number": True, "bad": []}).encode(),
     json.dumps({"number": 1, "outcome": "odd", "bad": []}).encode(), json.dumps({"number": 1, "bad": [1]}).encode(),
     json.dumps({"number": 1, "bad": [], "version": 1}).encode(), json.dumps({"number": 1, "bad": [], "new": 1}).encode(),
     json.dumps({"number": 1, "bad": [], "failing_since": "long ago"}).encode(), json.dumps({"number": 1, "bad": [], "failing_since": "2026-12-01"}).encode(),
     json.dumps({"number": 1, "bad": [], "failing_since": 1}).encode()],
)  # fmt: skip
def test_a_damaged_record_begins_anew(tmp_path: Path, octets: bytes) -> None:
    file = tmp_path / "state.json"
    file.write_bytes(octets)
    found = Records(file).read()
    assert found == Record(found.number)
    assert Records(file).read() == found


def test_what_can_not_be_kept_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageFailed):
        Records(tmp_path / "file" / "state.json").read()
    (tmp_path / "state.json").mkdir()
    with pytest.raises(StorageFailed):
        Records(tmp_path / "state.json").read()
