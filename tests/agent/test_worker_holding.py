"""A worker that keeps a key open between approvals: the test plays the daemon, a script plays the windows."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.formats import cms
from protocol import prompts, work
from tests.support import chains, fake_window
from tests.support.fake_window import expect, key_file, send
from tests.support.worker_process import WorkerProcess, sign_frame, write_key_file

pytestmark = pytest.mark.process


def yes(*, keep_open: bool = False) -> list[Any]:
    return ["send", {"type": "approved", "key_id": "first", "remember": False, "keep_open": keep_open}]


def first_window(key: Path, *, keep_open: bool = True) -> list[list[Any]]:
    return [
        expect("open-key"),
        send(prompts.Shown()),
        *key_file(key, "Qwerty12"),
        expect("choose-key"),
        yes(keep_open=keep_open),
        expect("finished"),
    ]


AGREES = [expect("approve"), send(prompts.Shown()), yes(), expect("finished")]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return write_key_file(tmp_path / "a.p12", chains.person())


def worker(tmp_path: Path, first: list[list[Any]], later: list[list[Any]]) -> WorkerProcess:
    return WorkerProcess(tmp_path, fake_window.command(tmp_path / "window.log", *first, later=later))


def content(reply: dict[str, Any] | None) -> bytes | None:
    assert reply is not None
    assert reply["status"] is True, reply
    message = cms.read(reply["body"]["result"][0].encode())
    assert [evidence.signature for evidence in cms.verify(message)] == ["valid"]
    return message.content


def held_s(process: WorkerProcess) -> int:
    """What the last reply said."""
    return next(each for each in reversed(process.heard) if isinstance(each, work.Reply)).holds_s


def test_the_next_document_is_asked_for_without_a_password(tmp_path: Path, key: Path) -> None:
    with worker(tmp_path, first_window(key), AGREES) as process:
        process.begin(sign_frame("one"), unlock_minutes=10)
        assert content(process.reply()) == b"one"
        assert 590 <= held_s(process) <= 600
        assert process.heard[-1].holds_owner
        for text in ("two", "three"):
            assert process.next_message() == work.Idle()
            process.begin(sign_frame(text), unlock_minutes=10)
            assert content(process.reply()) == text.encode()
            assert 0 < held_s(process) <= 600
        assert process.next_message() == work.Idle()
        process.leave()
        assert process.wait_ended() == 0
    asked = [
        each for each in fake_window.heard(tmp_path / "window.log") if not isinstance(each, prompts.Finished)
    ]
    assert [type(each) for each in asked] == [
        prompts.OpenKey,
        prompts.ChooseKey,
        prompts.Approve,
        prompts.Approve,
    ]
    assert asked[1].unlock_minutes == 10
    assert all(each.can_go_back for each in asked[2:])
    lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text("utf-8").splitlines()]
    assert [line["event"] for line in lines] == ["asked", "decided", "signed"] * 3
    assert "Qwerty12" not in process.log


def test_without_the_persons_wish_it_exits(tmp_path: Path, key: Path) -> None:
    with worker(tmp_path, first_window(key, keep_open=False), AGREES) as process:
        process.begin(sign_frame("one"), unlock_minutes=10)
        assert content(process.reply()) == b"one"
        assert held_s(process) == 0
        assert process.wait_ended() == 0


def test_a_wish_that_was_not_offered_is_no_wish(tmp_path: Path, key: Path) -> None:
    with worker(tmp_path, first_window(key), AGREES) as process:
        process.begin(sign_frame("one"))
        assert content(process.reply()) == b"one"
        assert held_s(process) == 0
        assert process.wait_ended() == 0


def test_a_key_whose_file_goes_away_takes_the_worker_with_it(tmp_path: Path, key: Path) -> None:
    with worker(tmp_path, first_window(key), AGREES) as process:
        process.begin(sign_frame("one"), unlock_minutes=10)
        process.reply()
        assert process.next_message() == work.Idle()
        key.unlink()
        assert process.wait_ended() == 0


def test_another_key_can_be_chosen_instead(tmp_path: Path, key: Path) -> None:
    other = write_key_file(tmp_path / "b.p12", chains.person())
    later = [
        expect("approve"),
        send(prompts.Shown()),
        send(prompts.BackToFiles()),
        *first_window(other, keep_open=False),
    ]
    with worker(tmp_path, first_window(key), later) as process:
        process.begin(sign_frame("one"), unlock_minutes=10)
        process.reply()
        process.next_message()
        process.begin(sign_frame("two"), unlock_minutes=10)
        assert content(process.reply()) == b"two"
        assert held_s(process) > 0  # the first key is still open
    asked = fake_window.heard(tmp_path / "window.log")
    assert isinstance(asked[-3], prompts.OpenKey)


def test_a_no_keeps_the_key_open_and_signs_nothing(tmp_path: Path, key: Path) -> None:
    later = [expect("approve"), send(prompts.Shown()), send(prompts.Cancelled())]
    with worker(tmp_path, first_window(key), later) as process:
        process.begin(sign_frame("one"), unlock_minutes=10)
        process.reply()
        process.next_message()
        process.begin(sign_frame("two"), unlock_minutes=10)
        assert process.reply() == {"body": {}, "status": True}
        assert held_s(process) > 0
        assert process.next_message() == work.Idle()


def test_a_key_that_does_not_suit_is_not_offered(tmp_path: Path, key: Path) -> None:
    other = write_key_file(tmp_path / "b.p12", chains.person())
    wanted = {"extKeyUsageOids": [], "chain": [], "serialNumber": "1234567"}
    later = [expect("open-key"), send(prompts.Shown()), send(prompts.Cancelled())]
    with worker(tmp_path, first_window(key), later) as process:
        process.begin(sign_frame("one"), unlock_minutes=10)
        process.reply()
        process.next_message()
        process.begin(sign_frame("two", signerParams=wanted), unlock_minutes=10)
        assert process.reply() == {"body": {}, "status": True}
    assert other.exists()
    asked = [
        each for each in fake_window.heard(tmp_path / "window.log") if not isinstance(each, prompts.Finished)
    ]
    assert isinstance(asked[-1], prompts.OpenKey)
