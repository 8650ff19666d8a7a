"""What monitoring is told."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent import control, daemon, instance
from agent.doctor import examination
from agent.journal import Journal
from agent.localhost import authority
from agent.support import health
from agent.support.health import Check
from agent.updates.record import Records
from protocol.control import Refused, State
from tests.support import examined


def by_name(one: examined.Computer) -> dict[str, Check]:
    found, _ = health.examine(one)
    return {check.name: check for check in found}


def answers(**changes: Any) -> Any:
    values: dict[str, Any] = {"state": "ready", "language": "ru", "version": daemon.version(), "port": 13579}
    return lambda: State(**(values | changes))


def not_running() -> Any:
    raise control.NotRunning("no agent answers")


def test_a_computer_in_order_is_ok(tmp_path: Path) -> None:
    found, numbers = health.examine(examined.computer(tmp_path, ask=answers(connections=2, waiting=1)))
    assert {check.state for check in found} == {"ok"}
    assert [check.name for check in found] == [
        "agent",
        "port",
        "certificate",
        "settings",
        "storage",
        "journal",
        "updates",
    ]
    assert health.worst(found) == "ok"
    assert health.EXIT_CODES["ok"] == 0
    assert numbers["connections"] == 2
    assert numbers["waiting"] == 1
    assert 700 < numbers["certificate_days"] <= 820
    first = health.lines(found, numbers)[0]
    assert first.startswith(
        "QALAMSAP OK - agent: ready, port 13579 | connections=2 waiting=1 certificate_days="
    )


@pytest.mark.parametrize(
    ("ask", "state", "code"),
    [
        (not_running, "critical", "stopped"),
        (answers(state="paused"), "warning", "paused"),
        (answers(trouble="identity-renewal", state="trouble"), "warning", "identity-renewal"),
        (answers(trouble="https-api-port", state="trouble"), "warning", "https-api-port"),
        (answers(trouble="bad-policy", state="trouble"), "critical", "bad-policy"),
        (answers(trouble="bad-settings", state="trouble"), "critical", "bad-settings"),
        (answers(trouble="broker", state="trouble"), "critical", "broker"),
        (answers(trouble="something-new", state="trouble"), "critical", "trouble"),
        (answers(version="0.0.1"), "warning", "older"),
        (answers(is_simulation=True), "warning", "simulation"),
        (lambda: Refused("no"), "critical", "refuses"),
    ],
)
def test_each_state_of_the_agent_has_its_own_code(tmp_path: Path, ask: Any, state: str, code: str) -> None:
    found = by_name(examined.computer(tmp_path, ask=ask))["agent"]
    assert (found.state, found.code) == (state, code)


@pytest.mark.parametrize(
    ("days", "state", "code"), [(59, "ok", "good"), (30, "warning", "not-renewed"), (3, "critical", "not-renewed"), (-1, "critical", "ended")]
)  # fmt: skip
def test_a_certificate_that_was_not_renewed_in_time_is_told(
    tmp_path: Path, days: int, state: str, code: str
) -> None:
    one = examined.computer(tmp_path)
    left = health.days_left(one.settings.paths.tls_dir, examined.AT)
    assert left is not None
    at = examined.AT + timedelta(days=left - days)
    moved = examined.Computer(**{**vars(one), "now": lambda: at})
    found = by_name(moved)["certificate"]
    assert (found.state, found.code) == (state, code)


@pytest.mark.parametrize(("days", "state"), [(13, "ok"), (14, "warning")])
def test_updates_that_have_failed_for_long_are_told(tmp_path: Path, days: int, state: str) -> None:
    one = examined.computer(tmp_path)
    records = Records(one.settings.paths.updates_record)
    records.note(examined.AT - timedelta(days=days), "failed", code="expired")
    records.note(examined.AT, "failed", code="unreachable")
    expected = Check("updates", state, "failing", f"updates have failed for {days} days (unreachable)")  # type: ignore[arg-type]
    assert by_name(one)["updates"] == expected
    off = examined.Computer(**{**vars(one), "settings": replace(one.settings, update_channel="off")})
    assert (by_name(off)["updates"].state, by_name(off)["updates"].code) == ("ok", "off")
    records.note(examined.AT, "up-to-date")
    assert by_name(one)["updates"].code == "good"
    one.settings.paths.updates_record.unlink()
    one.settings.paths.updates_record.mkdir()
    assert (by_name(one)["updates"].state, by_name(one)["updates"].code) == ("warning", "unreadable")


@pytest.fixture
def brokered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> examined.Computer:
    """A computer whose broker has the port, and whose agents show the machine's certificate; the person has none."""
    monkeypatch.setattr("agent.support.health.identity.current", lambda _: None)
    issued = authority.issue(tmp_path / "machine" / "tls", examined.AT)
    monkeypatch.setattr(examination.Computer, "machines", property(lambda _: issued))
    monkeypatch.setattr(examination.Computer, "is_brokered", property(lambda _: True))
    return examined.computer(
        tmp_path,
        serves=lambda _: examined._sha256(issued.certificate_path),
        holder=lambda _: instance.Holder(0, ""),
    )


@pytest.mark.parametrize(
    ("days", "state", "code"),
    [(59, "ok", "good"), (30, "warning", "not-renewed"), (2, "critical", "not-renewed")],
)
def test_where_agents_show_the_machines_certificate_it_is_the_one_that_counts(
    brokered: examined.Computer, days: int, state: str, code: str
) -> None:
    machines = brokered.machines
    assert machines is not None
    at = machines.not_after - timedelta(days=days, hours=1)
    checks, numbers = health.examine(examined.Computer(**{**vars(brokered), "now": lambda: at}))
    found = {check.name: check for check in checks}
    assert (found["certificate"].state, found["certificate"].code) == (state, code)
    assert numbers["certificate_days"] == days
    assert (found["port"].state, found["port"].code) == ("ok", "broker")


def test_nothing_that_is_said_has_the_persons_name_in_it(tmp_path: Path) -> None:
    home = tmp_path / "aigul"
    home.mkdir()
    one = examined.computer(
        home, trouble=f"{home}/state/config.toml: language is 'Айгүл', expected one of kk, ru, en"
    )
    one.settings.paths.journal.mkdir()
    (one.settings.paths.tls_dir / "current.json").unlink(missing_ok=True)
    found, numbers = health.examine(one)
    assert {check.name for check in found if check.state == "critical"} == {
        "settings",
        "journal",
        "certificate",
    }
    told = json.dumps(health.to_json(found, numbers), ensure_ascii=False) + "\n".join(
        health.lines(found, numbers)
    )
    assert "the state folder can be written" in told
    assert "aigul" not in told
    assert "Айгүл" not in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/home/a/config.toml: port is '870101300123', expected 0 to 65535", "port can't be used, expected 0 to 65535"),
        ("/home/a/config.toml: key_folders has 'Договор', expected a path from the root or from ~", "key_folders can't be used, expected a path from the root or from ~"),
        ("/home/a/config.toml: sites.'https://x.kz': dialect is 'СЕРИКОВА', expected one of a, b", "a value can't be used"),
        ("/home/a/config.toml: sites has two tables for https://kds.kz", "sites can't be used"),
        ("/home/a/config.toml: unknown setting 'СЕРИКОВА', the nearest known one is 'sites'", "there is no setting of that name"),
        ("/etc/qalamsap/policy.d/5.toml: lock_origins is 'x', expected true or false (and 2 more)", "/etc/qalamsap/policy.d/5.toml: lock_origins can't be used, expected true or false (and 2 more)"),
        ("/home/a/config.toml is not TOML: Cannot declare ('СЕРИКОВА',) twice (at line 3, column 9)", "the settings can't be read (at line 3, column 9)"),
        ("/home/a/СЕРИКОВА can't be read: Permission denied", "the settings can't be read"),
    ],
)  # fmt: skip
def test_of_settings_that_can_not_be_used_nothing_is_told_that_somebody_wrote_there(
    text: str, told: str
) -> None:
    assert health.trouble(text) == told


def test_settings_that_can_not_be_read_are_critical(tmp_path: Path) -> None:
    found = by_name(examined.computer(tmp_path, trouble="/etc/qalamsap/policy.toml is not TOML"))["settings"]
    assert (found.state, found.code) == ("critical", "broken")


def test_a_journal_that_was_changed_is_a_warning(tmp_path: Path) -> None:
    one = examined.computer(tmp_path)
    book = Journal(one.settings.paths.journal)
    for number in range(3):
        book.write("asked", str(number), examined.AT, {})
    assert by_name(one)["journal"] == Check("journal", "ok", "whole", "3 lines")
    text = book.path.read_text().replace('"id":"1"', '"id":"7"')
    book.path.write_text(text)
    found = by_name(one)["journal"]
    assert (found.state, found.code) == ("warning", "broken")
    book.path.unlink()
    book.path.mkdir()
    assert by_name(one)["journal"].code == "unreadable"


def test_a_folder_that_can_not_be_written_is_critical(tmp_path: Path) -> None:
    one = examined.computer(tmp_path)
    state_dir = one.settings.paths.state_dir
    state_dir.rename(tmp_path / "elsewhere")
    state_dir.symlink_to("/proc/self")
    assert by_name(one)["storage"].code == "not-writable"


def test_a_port_that_somebody_else_holds_is_critical(tmp_path: Path) -> None:
    from agent.instance import Holder

    one = examined.computer(tmp_path, ask=not_running, holder=lambda _: Holder(1000, 42, "java"))
    found = by_name(one)["port"]
    assert (found.state, found.code) == ("critical", "held")


def test_the_worst_counts_and_comes_first() -> None:
    found = (
        Check("agent", "ok", "ready", "ready"),
        Check("storage", "critical", "full", "9 octets | free"),
        Check("journal", "warning", "broken", "line 3"),
    )
    assert health.worst(found) == "critical"
    assert health.worst(found[:1] + found[2:]) == "warning"
    assert health.worst(()) == "unknown"
    first, *rest = health.lines(found, {})
    assert first == "QALAMSAP CRITICAL - storage: 9 octets / free"  # a bar begins the numbers
    assert len(rest) == 3


def test_the_json_is_what_the_page_for_administrators_says(tmp_path: Path) -> None:
    told = health.to_json(*health.examine(examined.computer(tmp_path)))
    assert set(told) == {"state", "exit_code", "version", "checks", "metrics"}
    assert set(told["checks"][0]) == {"name", "state", "code", "text"}
    assert json.loads(json.dumps(told)) == told


def test_nothing_of_the_last_signatures_is_told(tmp_path: Path) -> None:
    from protocol.control import Receipt

    receipt = Receipt("2026-11-27T08:00:00+00:00", "kds.example.kz", "СЕРИКОВА АЙГУЛЬ", 2)
    one = examined.computer(tmp_path, ask=answers(recent=(receipt,), unlocked_owner="СЕРИКОВА АЙГУЛЬ"))
    told = json.dumps(health.to_json(*health.examine(one)), ensure_ascii=False)
    assert "СЕРИКОВА" not in told
    assert "kds" not in told
