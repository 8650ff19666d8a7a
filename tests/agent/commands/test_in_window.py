"""`qalamsap sign --window`: with a window that follows a script."""

import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from agent import paths, programs
from agent.formats import cms
from agent.journal import Journal
from agent.user import window
from protocol import prompts
from tests.support import authority, fake_window
from tests.support.command_line import CommandLine
from tests.support.fake_window import crash, expect, hang, key_file, send, wait_for_end

pytestmark = pytest.mark.process
KEY = authority.path("gost2015-individual")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def scripted(monkeypatch: pytest.MonkeyPatch, log: Path, *steps: list[Any]) -> None:
    monkeypatch.setattr(programs, "window", lambda *_: tuple(fake_window.command(log, *steps)))


def approving(password: str = authority.PASSWORD) -> list[list[Any]]:
    return [
        expect("open-key"),
        *key_file(KEY, password),
        expect("choose-key"),
        send(prompts.Approved("first")),
        expect("finished"),
        wait_for_end(),
    ]


def events(run: CommandLine) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.out.splitlines()]


def sign(run: CommandLine, *words: object) -> int:
    return run("sign", *words, "--window", "--json", "--state-dir", run.state_dir, *run.network)


@pytest.fixture(autouse=True)
def _windows_close_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "LINGER_S", 0.1)


def test_files_are_signed_with_a_key_that_is_chosen_in_a_window(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    scripted(monkeypatch, log, *approving())
    one, two = run.file("a.txt", b"first"), run.file("b.txt", b"second")
    assert sign(run, one, two) == 0
    found = [event for event in events(run) if event["event"] != "progress"]
    assert found == [
        {"event": "signed", "file": str(path), "signature": f"{path}.cms", "lacks_timestamp": False}
        for path in (one, two)
    ]
    assert cms.read((run.folder / "b.txt.cms").read_bytes()).content == b"second"
    heard = fake_window.heard(log)
    question = heard[0]
    assert isinstance(question, prompts.OpenKey)
    assert (question.caller.kind, [document.name for document in question.documents]) == (
        "command",
        ["a.txt", "b.txt"],
    )
    assert heard[-1] == prompts.Finished(count=2)
    (receipt,) = Journal(run.state_dir / "journal.jsonl").recent(5)
    assert receipt.count == 2
    assert authority.PASSWORD not in (run.state_dir / "journal.jsonl").read_text()


def test_the_person_may_leave_a_file_out(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    steps = approving()
    steps[4] = send(prompts.Approved("first", left_out=(0,)))
    scripted(monkeypatch, log, *steps)
    one, two = run.file("a.txt"), run.file("b.txt")
    assert sign(run, one, two) == 0
    kinds = {event["file"]: event["event"] for event in events(run) if "file" in event}
    assert kinds == {str(one): "left-out", str(two): "signed"}
    assert not (run.folder / "a.txt.cms").exists()


def test_a_person_who_cancels_signs_nothing(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    scripted(monkeypatch, log, expect("open-key"), send(prompts.Cancelled()))
    assert sign(run, run.file("a.txt")) == 4
    assert events(run)[-1]["code"] == "cancelled"
    assert not (run.folder / "a.txt.cms").exists()


def test_a_window_that_crashes_is_no_cancellation(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    scripted(monkeypatch, log, expect("open-key"), crash(1))
    assert sign(run, run.file("a.txt")) == 1
    assert events(run)[-1]["code"] == "window-failed"


def test_what_fails_after_the_yes_is_told_in_the_window(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    scripted(monkeypatch, log, *approving())
    document = run.file("a.txt")
    folder = run.folder / "no"
    folder.mkdir()

    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("agent.paths.replacing", refuse)
    assert sign(run, document, "--out", folder) == 7
    told = fake_window.heard(log)[-1]
    assert isinstance(told, prompts.Finished)
    assert told.problem is not None
    assert (told.problem.code, events(run)[-1]["code"]) == ("file-not-written", "storage-failed")
    assert (told.count, told.failed) == (0, (prompts.Failure(0, "file-not-written"),))


def test_the_window_tells_of_each_file_what_came_of_it(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    """The authority is away, so none has a timestamp; there is no room for the second; the last one was taken out."""
    steps = approving()
    steps[4] = send(prompts.Approved("first", left_out=(3,)))
    scripted(monkeypatch, log, *steps)
    real = paths.replacing

    def refuse(path: Path, **more: Any) -> Any:
        if path.name == "b.txt.cms":
            raise OSError(28, "No space left on device")
        return real(path, **more)

    monkeypatch.setattr("agent.paths.replacing", refuse)
    files = [run.file(f"{name}.txt") for name in "abcd"]
    assert sign(run, *files, "--timestamp=if-possible") == 7
    told = fake_window.heard(log)
    detail = f"{files[1]}.cms can't be written: No space left on device"
    assert [each for each in told if isinstance(each, prompts.Finished)] == [
        prompts.Finished(
            2,
            prompts.Problem("file-not-written", detail=detail),
            lacking=(0, 2),
            failed=(prompts.Failure(1, "file-not-written"),),
        )
    ]
    assert sorted(path.name for path in run.folder.glob("*.cms")) == ["a.txt.cms", "c.txt.cms"]


def test_a_timestamp_that_can_not_be_had_is_told_with_its_document(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    scripted(monkeypatch, log, *approving())
    assert sign(run, run.file("a.txt"), run.file("b.txt"), "--timestamp") == 7
    told = fake_window.heard(log)[-1]
    assert isinstance(told, prompts.Finished)
    assert (told.count, told.failed) == (0, (prompts.Failure(0, "timestamp-failed"),))
    assert events(run)[-1]["file"] == str(run.folder / "a.txt")
    assert not list(run.folder.glob("*.cms"))


def test_what_can_be_seen_before_anybody_is_asked_opens_no_window(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    scripted(monkeypatch, log, expect("open-key"))
    assert sign(run, run.folder / "missing") == 5
    assert events(run) == [
        {"event": "error", "code": "bad-input", "detail": f"{run.folder / 'missing'} can't be read: No such file or directory"}
    ]  # fmt: skip
    assert not log.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_ends_the_command_closes_the_window(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, log: Path, number: signal.Signals
) -> None:
    scripted(monkeypatch, log, expect("open-key"), hang())

    def end() -> None:
        until = time.monotonic() + 20
        while not fake_window.heard(log) and time.monotonic() < until:
            time.sleep(0.02)
        os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    ender = threading.Thread(target=end)
    ender.start()
    assert sign(run, run.file("a.txt")) == 4
    ender.join()
    assert signal.getsignal(number) is before
    assert not (run.folder / "a.txt.cms").exists()
    last = [json.loads(line) for line in (run.state_dir / "journal.jsonl").read_text().splitlines()][-1]
    assert last["event"] == "left"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--window", "--key", "k.p12"), 64),
        ((), 64),
        (("--window", "--password-stdin"), 5),
        (("--window", "--key-id", "ab"), 5),
    ],
)
def test_a_window_and_a_terminal_are_not_asked_both(
    run: CommandLine, words: tuple[str, ...], code: int
) -> None:
    assert run("sign", run.file("a.txt"), *words, "--state-dir", run.state_dir) == code
