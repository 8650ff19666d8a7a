"""What `qalamsap doctor` finds, says, and mends."""

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent import config
from agent.commands import doctor
from agent.doctor import examination
from agent.doctor.examination import Computer
from agent.errors import BadInput
from agent.gost import backend
from agent.localhost import authority as tls_authority
from agent.localhost.report import State, StoreReport
from agent.paths import Paths
from tests.support import agents, authority, examined

Examine = Callable[..., tuple[int, str]]


def options(state_dir: Path, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    doctor.add_arguments(parser)
    return parser.parse_args(["--state-dir", str(state_dir), "--language", "ru", *words])


@pytest.fixture
def examine(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Examine:
    """Runs the command on a computer in memory, with changes."""

    def run(*words: str, **changes: Any) -> tuple[int, str]:
        one = examined.computer(tmp_path, **changes)
        monkeypatch.setattr(examination, "computer", lambda places, load: one)
        code = doctor.run(options(one.settings.paths.state_dir, *words))
        return code, capsys.readouterr().out

    return run


def on_this_computer(
    capsys: pytest.CaptureFixture[str], state_dir: Path, *words: str
) -> tuple[int, dict[str, dict[str, Any]]]:
    code = doctor.run(options(state_dir, "--json", "--offline", *words))
    return code, {finding["what"]: finding for finding in json.loads(capsys.readouterr().out)}


def test_an_agent_that_does_not_run_is_trouble_with_advice(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, findings = on_this_computer(capsys, tmp_path)
    assert code == 1
    assert findings["agent"]["state"] == "trouble"
    assert findings["agent"]["repair"] in ([], ["qalamsap", "run", "--state-dir", str(tmp_path)])
    assert findings["program"]["state"] == "ok"
    assert findings["GOST"]["text"].startswith(backend.describe())
    assert {"what", "state", "text"} <= findings["agent"].keys()


def test_an_agent_that_runs_is_found_with_its_port(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    answers = [
        {"key": authority.path("gost2015-individual"), "password": authority.PASSWORD, "decision": "sign"}
    ]
    with agents.simulated(tmp_path, answers, test_authorities=authority.issuing_paths()) as agent:
        _, findings = on_this_computer(capsys, agent.state_dir)
    found = findings["agent"]
    assert (found["what"], found["state"], found["text"]) == ("agent", "hint", f"ready, port {agent.port}")
    assert found["code"] == "simulation"
    assert findings["certificate"]["code"] == "good"


def test_settings_with_a_mistake_do_not_keep_it_from_looking(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text("prot = 1\n")
    code, findings = on_this_computer(capsys, tmp_path)
    assert code == 1
    assert findings["settings"]["state"] == "trouble"
    assert "'prot'" in findings["settings"]["text"]


def test_people_get_the_verdict_first_and_then_each_finding_with_what_to_do(examine: Examine) -> None:
    absent = StoreReport("nss", "Firefox", f"{Path.home()}/.mozilla/firefox/a", State.ABSENT)
    code, out = examine(walk=lambda is_wide: () if is_wide else (absent,))
    lines = out.splitlines()
    assert code == 1
    assert lines[0] == "Нашлась 1 помеха. Ниже сказано, что сделать."
    assert (
        "TROUBLE Профиль браузера [Firefox: ~/.mozilla/firefox/a]: Этот профиль не доверяет программе."
        in lines
    )
    assert any("исправить: qalamsap trust install" in line for line in lines)
    assert not any("исправить" in line for line in lines if line.startswith("ok"))


def test_nothing_in_the_way_is_no_failure(examine: Examine) -> None:
    code, out = examine()
    assert code == 0
    assert "TROUBLE" not in out


def test_without_a_network_there_are_notes_and_no_failure(examine: Examine) -> None:
    code, out = examine(settings={"offline": True})
    assert code == 0
    assert "note    Часы:" in out


def test_a_report_can_be_given_away(examine: Examine, tmp_path: Path) -> None:
    code, out = examine("--report", trouble=f"{tmp_path}/config.toml is bad")
    assert code == 1
    assert out.startswith("Qalamsap, проверка компьютера, ")
    assert str(tmp_path) not in out
    assert "(settings-broken)" in out


def test_a_strangers_name_does_nothing_to_the_terminal(examine: Examine) -> None:
    odd = StoreReport("nss", "Firefox", "/tmp/\x1b[2J", State.ABSENT)
    _, out = examine(walk=lambda is_wide: () if is_wide else (odd,))
    assert "\x1b" not in out


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_a_key_file_is_made_private_and_nothing_else_is(tmp_path: Path) -> None:
    key = tmp_path / "a.p12"
    key.write_bytes(b"x")
    key.chmod(0o644)
    assert doctor.run(options(tmp_path, "--make-private", str(key))) == 0
    assert key.stat().st_mode & 0o777 == 0o600
    other = tmp_path / "notes.txt"
    other.write_bytes(b"x")
    other.chmod(0o644)
    with pytest.raises(BadInput):
        doctor.run(options(tmp_path, "--make-private", str(other)))
    assert other.stat().st_mode & 0o777 == 0o644
    with pytest.raises(BadInput):
        doctor.run(options(tmp_path, "--make-private", str(tmp_path / "none.p12")))


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_the_key_of_tls_is_made_private_too(tmp_path: Path) -> None:
    issued = tls_authority.issue(Paths(tmp_path, tmp_path).tls_dir, examined.AT)
    issued.key_path.chmod(0o644)
    assert doctor.run(options(tmp_path, "--make-private", str(issued.key_path))) == 0
    assert issued.key_path.stat().st_mode & 0o777 == 0o600


def test_the_language_that_was_asked_for_counts_where_the_settings_can_not_be_read(tmp_path: Path) -> None:
    one = Computer(config.Config(paths=Paths(tmp_path, tmp_path)), trouble="x")
    asked = options(tmp_path)
    asked.language = "kk"
    assert doctor._language(asked, one.settings) == "kk"
    asked.language = None
    assert doctor._language(asked, one.settings) == "ru"
