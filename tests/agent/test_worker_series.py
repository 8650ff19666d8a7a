"""A worker that is given its documents after the yes: the test plays the daemon, a script plays the window."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.formats import cms
from protocol import pipes, prompts, work
from tests.support import chains, fake_window
from tests.support.fake_window import expect, key_file, send
from tests.support.worker_process import WorkerProcess, write_key_file

pytestmark = pytest.mark.process

YES = ["send", {"type": "approved", "key_id": "first", "remember": False}]
HURRY = "daemon_pipe.SERIES_GAP_S = 1.0"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return write_key_file(tmp_path / "a.p12", chains.person())


class Series(WorkerProcess):
    """A worker that was told what will come."""

    def announce(self, count: int, *, is_base64: bool = False) -> None:
        announced = work.Announced(count, is_detached=True, is_base64=is_base64)
        begin = work.Begin(
            "site", "https://kds.example.kz", "ru", 0, turn=1, announced=announced, rules=self.rules.sent()
        )
        self.send(pipes.pack_json(work.to_message(begin)))

    def give(self, document: bytes) -> None:
        self.send(pipes.pack_json(work.to_message(work.NextDocument(len(document)))))
        self._send_data(document)

    def until(self, kind: type[Any]) -> Any:
        """The next message of this kind; questions to authorities stay without an answer."""
        while not isinstance(message := self.next_message(), kind):
            assert message is not None, "the worker ended"
            if isinstance(message, work.Fetch):
                self._read_data(message.body_bytes)
                self.answer(message.number, failure="no-connection")
        return message

    def signature(self) -> bytes:
        return self._read_data(self.until(work.NextSignature).size)

    def end(self) -> str:
        """The code of what went wrong, or nothing."""
        return self._read_data(self.until(work.Reply).reply_bytes).decode()


def worker(tmp_path: Path, key: Path, *last: list[Any], **options: Any) -> Series:
    steps = [expect("open-key"), send(prompts.Shown()), *key_file(key, "Qwerty12"), expect("choose-key"), YES]
    command = fake_window.command(tmp_path / "window.log", *steps, *(last or (expect("finished"),)))
    return Series(tmp_path, command, **options)


def events(tmp_path: Path) -> list[str]:
    lines = (tmp_path / "journal.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["event"] for line in lines]


def test_documents_come_after_the_yes_and_each_gets_its_signature(tmp_path: Path, key: Path) -> None:
    documents = (b"one", b"", b"\x00\xff" * 400_000)
    with worker(tmp_path, key) as process:
        process.announce(len(documents))
        process.until(work.Ready)
        for document in documents:
            process.give(document)
            evidence = cms.verify(cms.read(process.signature()), document)
            assert [each.signature for each in evidence] == ["valid"]
        assert process.end() == ""
        assert process.wait_ended() == 0
    assert events(tmp_path) == ["asked", "decided", "signed", "signed", "signed"]
    question, *_, told = fake_window.heard(tmp_path / "window.log")
    assert isinstance(question, prompts.OpenKey)
    assert (question.announced, question.documents) == (3, ())
    assert told == prompts.Finished(count=3)


def test_base64_is_read_by_the_worker(tmp_path: Path, key: Path) -> None:
    with worker(tmp_path, key) as process:
        process.announce(1, is_base64=True)
        process.until(work.Ready)
        process.give(b"MTEK")
        assert [e.signature for e in cms.verify(cms.read(process.signature()), b"11\n")] == ["valid"]
        assert process.end() == ""


@pytest.mark.parametrize("text", [b"MTEK!", b"MTE\n", b"\xff\xfe", b"M"])
def test_what_is_no_base64_is_the_end(text: bytes, tmp_path: Path, key: Path) -> None:
    with worker(tmp_path, key) as process:
        process.announce(2, is_base64=True)
        process.until(work.Ready)
        process.give(text)
        assert process.end() == "bad-input"
    assert events(tmp_path) == ["asked", "decided", "failed"]


def test_the_person_is_told_how_many_had_left_before_it_went_wrong(tmp_path: Path, key: Path) -> None:
    with worker(tmp_path, key) as process:
        process.announce(3, is_base64=True)
        process.until(work.Ready)
        process.give(b"MTEK")
        process.signature()
        process.give(b"M")
        assert process.end() == "bad-input"
        assert process.wait_ended() == 0
    problem = prompts.Problem("bad-input", detail="a document is not base64")
    told = fake_window.heard(tmp_path / "window.log")[-1]
    assert told == prompts.Finished(1, problem, failed=(prompts.Failure(1, "bad-input"),))


def test_a_page_that_lets_the_key_wait_is_not_waited_for(tmp_path: Path, key: Path) -> None:
    with worker(tmp_path, key, before=HURRY) as process:
        process.announce(2)
        process.until(work.Ready)
        process.give(b"one")
        process.signature()
        assert process.end() == "timed-out"
    assert events(tmp_path) == ["asked", "decided", "signed", "failed"]


def test_a_page_that_leaves_ends_it(tmp_path: Path, key: Path) -> None:
    with worker(tmp_path, key, fake_window.wait_for_end()) as process:
        process.announce(2)
        process.until(work.Ready)
        process.leave()
        while process.next_message() is not None:
            continue
        process.process.wait(20)
    assert events(tmp_path) == ["asked", "decided", "left"]


def test_a_person_who_closes_the_window_meanwhile_ends_it(tmp_path: Path, key: Path) -> None:
    with worker(tmp_path, key, send(prompts.Cancelled())) as process:
        process.announce(2)
        process.until(work.Ready)
        assert process.end() == "cancelled"
    assert events(tmp_path) == ["asked", "decided", "decided"]


def test_a_document_is_never_longer_than_a_frame_may_be(tmp_path: Path, key: Path) -> None:
    with worker(tmp_path, key, fake_window.wait_for_end()) as process:
        process.announce(1)
        process.until(work.Ready)
        too_long = work.NextDocument(400 * 1024 * 1024)
        process.send(pipes.pack_json(work.to_message(too_long)))
        while process.next_message() is not None:
            continue
    assert "the pipe from the daemon broke" in process.log
