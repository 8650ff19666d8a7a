"""The worker under rules of a policy: a real renderer, and a script in the window's place."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.rules import Rules
from protocol import preview, prompts
from tests.support import chains, fake_window
from tests.support.fake_window import expect, key_file, send
from tests.support.worker_process import WorkerProcess, sign_frame, write_key_file

pytestmark = pytest.mark.process

FIRST = ["send", {"type": "approved", "key_id": "first", "remember": False}]
LOOKS = Rules(require_preview=True)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    return write_key_file(tmp_path / "keys" / "a.p12", chains.person())


def agrees(key: Path, *looks: list[Any]) -> list[list[Any]]:
    """Says yes, after having looked at something."""
    opening = [expect("open-key"), send(prompts.Shown()), *looks, *key_file(key, "Qwerty12")]
    return [*opening, expect("choose-key"), FIRST, expect("finished")]


def reads(number: int) -> list[list[Any]]:
    return [send(preview.Read(number, 0, 10)), expect("rows-read")]


def reply_of(tmp_path: Path, rules: Rules, steps: list[list[Any]], frame: bytes) -> dict[str, Any]:
    command = fake_window.command(tmp_path / "window.log", *steps)
    with WorkerProcess(tmp_path, command, rules=rules) as process:
        process.begin(frame)
        reply = process.reply()
        assert reply is not None
        return reply


def test_a_yes_without_a_look_signs_nothing(tmp_path: Path, key: Path) -> None:
    reply = reply_of(tmp_path, LOOKS, agrees(key), sign_frame("first line", "second"))
    assert reply["status"] is False
    assert reply["details"].startswith("policy-forbids")
    journal = [
        json.loads(line)["event"] for line in (tmp_path / "journal.jsonl").read_text("utf-8").splitlines()
    ]
    assert "signed" not in journal
    finished = fake_window.heard(tmp_path / "window.log")[-1]
    assert finished.problem.code == "policy-forbids"


def test_a_look_at_one_of_two_is_not_enough(tmp_path: Path, key: Path) -> None:
    reply = reply_of(tmp_path, LOOKS, agrees(key, *reads(0)), sign_frame("first line", "second"))
    assert reply["details"].startswith("policy-forbids")


def test_what_was_looked_at_is_signed(tmp_path: Path, key: Path) -> None:
    reply = reply_of(tmp_path, LOOKS, agrees(key, *reads(0), *reads(1)), sign_frame("first line", "second"))
    assert (reply["status"], len(reply["body"]["result"])) == (True, 2)
    assert fake_window.heard(tmp_path / "window.log")[0].must_be_seen


def test_a_key_outside_of_the_folders_is_refused_in_the_window(tmp_path: Path, key: Path) -> None:
    outside = write_key_file(tmp_path / "b.p12", chains.person())
    rules = Rules(key_folders=(key.parent,))
    opening = [expect("open-key"), send(prompts.Shown()), *key_file(outside, "Qwerty12"), expect("open-key")]
    steps = [*opening, *key_file(key, "Qwerty12"), expect("choose-key"), FIRST, expect("finished")]
    reply = reply_of(tmp_path, rules, steps, sign_frame("deed"))
    assert reply["status"] is True
    second = fake_window.heard(tmp_path / "window.log")[1]
    assert second.problem.code == "key-folder"
    assert str(tmp_path) not in second.problem.detail


def test_rules_that_make_no_sense_let_no_worker_start(tmp_path: Path) -> None:
    class Broken(Rules):
        def dumped(self) -> str:
            return '{"formats": 1}'

    with WorkerProcess(tmp_path, rules=Broken()) as process:
        assert process.process.wait(30) != 0
