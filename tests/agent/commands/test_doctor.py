"""What `qalamsap doctor` finds."""

import argparse
import json
from pathlib import Path

import pytest

from agent.commands import doctor
from agent.gost import backend
from tests.support import agents, authority


def examine(capsys: pytest.CaptureFixture[str], state_dir: Path) -> tuple[int, dict[str, dict[str, str]]]:
    parser = argparse.ArgumentParser()
    doctor.add_arguments(parser)
    code = doctor.run(parser.parse_args(["--state-dir", str(state_dir), "--json"]))
    return code, {finding["what"]: finding for finding in json.loads(capsys.readouterr().out)}


def test_an_agent_that_does_not_run_is_trouble_with_advice(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, findings = examine(capsys, tmp_path)
    assert code == 1
    assert findings["agent"]["state"] == "trouble"
    assert findings["program"]["state"] == "ok"


def test_it_says_which_gost_runs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _, findings = examine(capsys, tmp_path)
    assert findings["GOST"]["text"].startswith(backend.describe())


def test_an_agent_that_runs_is_found_with_its_port(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    answers = [
        {"key": authority.path("gost2015-individual"), "password": authority.PASSWORD, "decision": "sign"}
    ]
    with agents.simulated(tmp_path, answers, test_authorities=authority.issuing_paths()) as agent:
        _, findings = examine(capsys, agent.state_dir)
    assert findings["agent"] == {"what": "agent", "state": "ok", "text": f"ready, port {agent.port}"}


def test_people_get_a_line_for_each_finding(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    doctor.run(argparse.Namespace(state_dir=tmp_path, json=False))
    assert len(capsys.readouterr().out.splitlines()) == 5
