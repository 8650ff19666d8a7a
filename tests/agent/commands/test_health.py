"""`qalamsap health`."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from agent import __main__ as program
from agent.commands import health as command
from agent.doctor import examination
from agent.support import everybody, health
from agent.support.everybody import Person
from agent.support.health import Check
from tests.support import examined


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = examined.computer(tmp_path)
    monkeypatch.setattr(examination, "computer", lambda *_: one)


@pytest.mark.usefixtures("well")
def test_an_agent_that_is_well_is_a_line_and_exit_code_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(parsed()) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith(
        "QALAMSAP OK - agent: ready, port 13579 | connections=0 waiting=0 certificate_days="
    )
    assert [line.split()[1] for line in rest] == [
        "agent:", "port:", "certificate:", "settings:", "storage:", "journal:", "updates:",
    ]  # fmt: skip


@pytest.mark.usefixtures("well")
def test_json_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(parsed("--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["exit_code"]) == ("ok", 0)


def test_an_agent_that_does_not_run_is_critical(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.toml").write_text("port = 0\n")
    assert program.main(["health", "--state-dir", str(tmp_path)]) == 2
    assert capsys.readouterr().out.startswith("QALAMSAP CRITICAL - agent: ")


def test_settings_that_can_not_be_read_are_told_not_raised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.toml").write_text("prot = 1\n")
    assert program.main(["health", "--json", "--state-dir", str(tmp_path)]) == 2
    told = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert (told["settings"]["state"], told["settings"]["code"]) == ("critical", "broken")


def of_everybody(monkeypatch: pytest.MonkeyPatch, *found: Check) -> None:
    them = tuple(Person(f"p{number}", number, Path("/x")) for number in range(len(found)))
    monkeypatch.setattr(everybody, "may_look", lambda: True)
    monkeypatch.setattr(everybody, "people", lambda: them)
    checks = dict(zip(them, found, strict=True))
    monkeypatch.setattr(everybody, "checks", lambda them: tuple(checks[person] for person in them))


def test_root_asks_everybody_and_the_worst_counts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of_everybody(
        monkeypatch,
        Check("agent", "ok", "ready", "p0: ready"),
        Check("agent", "ok", "away", "p1: not logged in"),
        Check("agent", "critical", "stopped", "p2: stopped"),
    )
    assert command.run(parsed("--everybody")) == 2
    assert capsys.readouterr().out.startswith("QALAMSAP CRITICAL - agent: p2: stopped | people=3 running=1\n")
    assert command.run(parsed("--person", "p1")) == 0
    assert capsys.readouterr().out.startswith("QALAMSAP OK - agent: p1: not logged in | people=1 running=0\n")
    assert command.run(parsed("--person", "nobody")) == 3


def test_a_computer_that_nobody_uses_is_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of_everybody(monkeypatch)
    assert command.run(parsed("--everybody")) == 0
    assert "nobody has used" in capsys.readouterr().out


def test_a_system_on_which_nobody_knows_where_to_ask_is_not_taken_for_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of_everybody(monkeypatch)
    monkeypatch.setattr("agent.support.everybody.sys.platform", "darwin")
    assert command.run(parsed("--everybody")) == 3
    assert capsys.readouterr().out.startswith("QALAMSAP UNKNOWN - agent: on this system")


@pytest.mark.parametrize("words", [("--everybody",), ("--person", "aigul")])
def test_who_is_not_root_can_not_tell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(everybody, "may_look", lambda: False)
    assert command.run(parsed(*words)) == 3
    assert capsys.readouterr().out.startswith("QALAMSAP UNKNOWN - agent: only root")


def test_what_a_check_says_does_nothing_to_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found: tuple[Any, ...] = ((Check("settings", "critical", "broken", "\x1b[31m"),), {})
    monkeypatch.setattr(health, "examine", lambda _: found)
    command.run(parsed())
    assert "\x1b" not in capsys.readouterr().out
