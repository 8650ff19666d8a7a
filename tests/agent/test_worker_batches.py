"""A batch in a worker as a process: looked into, signed in part, cancelled; a script plays the window and a fake the renderer."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.formats import cms
from agent.journal import Journal
from protocol import preview, prompts, work
from tests.support import agents, chains, fake_window, own_messages
from tests.support.fake_window import expect, key_file, send, wait_for_end
from tests.support.worker_process import WorkerProcess, sign_frame, write_key_file

pytestmark = pytest.mark.process

DOCUMENTS = ("бір", "екі", "үш")
RENDERER = """
import agent.previews
from tests.support.fake_previews import FakePreviews
agent.previews.Previews = FakePreviews
"""
NO_RENDERER = """
import agent.previews
agent.previews.Previews = None  # whoever calls it fails
"""


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return write_key_file(tmp_path / "a.p12", chains.person())


def batch(**params: Any) -> bytes:
    documents = [{"content": {"text": text}, "title": f"{text}.txt"} for text in DOCUMENTS]
    return own_messages.frame("sign", format="cms", documents=documents, key={"authorities": []}, **params)


def says_yes(key: Path, *between: list[Any], left_out: tuple[int, ...] = ()) -> list[list[Any]]:
    approved = {"type": "approved", "key_id": "first", "remember": False, "left_out": left_out}
    return [
        expect("open-key"),
        send(prompts.Shown()),
        *between,
        *key_file(key, "Qwerty12"),
        expect("choose-key"),
        ["send", approved],
    ]


def worker(tmp_path: Path, *steps: list[Any], before: str = RENDERER) -> WorkerProcess:
    return WorkerProcess(tmp_path, fake_window.command(tmp_path / "window.log", *steps), before=before)


def heard(tmp_path: Path) -> list[Any]:
    return fake_window.heard(tmp_path / "window.log", everything=True)


def events(tmp_path: Path) -> list[str]:
    return [str(each["event"]) for each in Journal(tmp_path / "journal.jsonl").entries()]


def test_a_batch_is_looked_into_and_signed_but_for_what_the_person_took_out(
    tmp_path: Path, key: Path
) -> None:
    looks = [*[expect("known")] * 3, send(preview.Draw(2, 0, 1)), expect("drawn")]
    steps = [*says_yes(key, *looks, left_out=(1,)), expect("finished")]
    with worker(tmp_path, *steps) as process:
        process.begin(batch(mayLeaveOut=True))
        reply = process.reply()
        assert process.wait_ended() == 0
    assert reply is not None
    first, left_out, third = reply["result"]["signatures"]
    assert left_out == {"leftOut": True}
    for piece, text in ((first, "бір"), (third, "үш")):
        message = cms.read(cms.unwrap(piece["base64"].encode()))
        assert [each.signature for each in cms.verify(message, text.encode())] == ["valid"]
    question, *known = heard(tmp_path)[:4]
    assert question.may_leave_out
    assert known == [
        preview.Known(number, preview.Overview("text", size=len(text.encode())))
        for number, text in enumerate(DOCUMENTS)
    ]
    assert heard(tmp_path)[4] == preview.Drawn(2, 0, 1, 1)
    assert fake_window.pixels(tmp_path / "window.log") == b"rgb"
    assert heard(tmp_path)[-1] == prompts.Finished(count=2)
    assert prompts.Progress(0, 2) in heard(tmp_path)
    receipt = [*Journal(tmp_path / "journal.jsonl").entries()][-1]
    assert (receipt["event"], receipt["count"]) == ("signed", 2)


@pytest.mark.parametrize(
    "frame", [batch(), sign_frame(*DOCUMENTS)], ids=["who does not say so", "a page of NCALayer"]
)
def test_no_part_of_it_is_signed_for_who_did_not_say_that_it_may(
    frame: bytes, tmp_path: Path, key: Path
) -> None:
    with worker(tmp_path, *says_yes(key, left_out=(1,)), wait_for_end()) as process:
        process.begin(frame)
        reply = process.reply()
    assert reply is not None
    assert "window-failed" in json.dumps(reply)
    question = heard(tmp_path)[0]
    assert not question.may_leave_out
    assert events(tmp_path) == ["asked", "failed"]


@pytest.mark.parametrize("timestamp", ["wanted", "required"])
def test_the_person_is_told_which_documents_lack_what_was_wished_for_and_which_one_failed(
    timestamp: str, tmp_path: Path, key: Path
) -> None:
    """No server can be reached."""
    with worker(tmp_path, *says_yes(key, left_out=(0,)), expect("finished")) as process:
        process.begin(batch(mayLeaveOut=True, timestamp=timestamp))
        reply = process.reply()
        assert process.wait_ended() == 0
    assert reply is not None
    told = heard(tmp_path)[-1]
    if timestamp == "wanted":
        assert told == prompts.Finished(2, lacking=(1, 2))
        assert len(reply["result"]["signatures"]) == 3
        assert events(tmp_path) == ["asked", "decided", "signed"]
    else:
        assert (told.count, told.lacking, told.problem.code) == (0, (), "timestamp-failed")
        assert told.failed == (prompts.Failure(1, "timestamp-failed"),)
        assert "timestamp-failed" in json.dumps(reply)
        assert events(tmp_path) == ["asked", "decided", "failed"]


def test_a_renderer_that_draws_is_no_reason_to_keep_a_page_that_left(tmp_path: Path, key: Path) -> None:
    hangs = [send(preview.Draw(0, 0, 1)), fake_window.hang()]
    big = RENDERER.replace(
        "agent.previews.Previews = FakePreviews",
        "agent.previews.Previews = lambda *given: FakePreviews(*given, pixels=bytes(3_000_000))",
    )
    with worker(tmp_path, *says_yes(key, *hangs), before=big) as process:
        process.begin(batch())
        process.wait_for(prompts.Shown)
        assert process.process.stdin is not None
        process.process.stdin.close()
        assert process.wait_ended() == 0
    assert events(tmp_path) == ["asked", "left"]


def test_a_scripted_person_needs_no_renderer(tmp_path: Path, key: Path) -> None:
    script = agents.write_answers(tmp_path / "answers.toml", [{"key": key.name, "password": "Qwerty12"}])
    trusted = tmp_path / "authority.cer"
    trusted.write_bytes(chains.root("p256").certificate.der)
    with WorkerProcess(tmp_path, answers=script, test_authorities=[trusted], before=NO_RENDERER) as process:
        process.begin(batch())
        reply = process.reply()
    assert reply is not None
    assert len(reply["result"]["signatures"]) == 3
    assert not any(isinstance(each, work.Fetch) for each in process.heard)
