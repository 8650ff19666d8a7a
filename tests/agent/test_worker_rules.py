"""The worker under rules of a policy: a real renderer, and a script in the window's place."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from agent.origin_rules import OriginRule
from agent.rules import Rules
from agent.settings import MAX_ORIGINS
from protocol import pipes, preview, prompts, work
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


def test_rules_that_make_no_sense_let_no_worker_do_anything(tmp_path: Path, key: Path) -> None:
    class Broken(Rules):
        def sent(self) -> work.Rules:
            return dataclasses.replace(Rules().sent(), known=("https://*",))

    command = fake_window.command(tmp_path / "window.log", *agrees(key))
    with WorkerProcess(tmp_path, command, rules=Broken()) as process:
        process.begin(sign_frame("deed"))
        assert process.reply() is None
        assert process.wait_ended() != 0


@pytest.mark.parametrize("missing", ["rules", "formats", "key_folders", "known"])
def test_an_approval_without_its_rules_does_not_begin(tmp_path: Path, key: Path, missing: str) -> None:
    begin = work.to_message(work.Begin("site", "https://a.kz", "ru", 0, turn=1, rules=Rules().sent()))
    del (begin if missing == "rules" else begin["rules"])[missing]
    command = fake_window.command(tmp_path / "window.log", *agrees(key))
    with WorkerProcess(tmp_path, command) as process:
        process.send(pipes.pack_json(begin))
        assert process.reply() is None
        assert process.wait_ended() != 0


def test_as_many_origins_as_a_policy_may_name_go_to_a_worker(tmp_path: Path, key: Path) -> None:
    named = tuple(OriginRule.parse(f"https://{'a' * 60}.site{number}.kz") for number in range(MAX_ORIGINS))
    rules = Rules(known=named, formats=("xml",))
    reply = reply_of(tmp_path, rules, agrees(key), sign_frame("deed"))
    assert reply["details"].startswith("policy-forbids")
