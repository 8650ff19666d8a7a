"""The window as a process: tests/support/fake_window.py plays it."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.errors import NoOneToAsk, TimedOut, UserCancelled, WindowFailed
from agent.user import window
from agent.user.base import Opened, PageLeft
from agent.user.window import Limits, WindowUser
from protocol import pipes, prompts
from tests.support import fake_window
from tests.support.fake_window import crash, expect, hang, send, wait_for_end

OPEN = prompts.OpenKey(
    caller=prompts.Caller("site", "https://kds.example.kz"),
    action="sign",
    purpose="sign",
    documents=(),
    placement="beside",
    language="kk",
    storages=("PKCS12",),
    folder="",
)
CHOOSE = prompts.ChooseKey(())
Start = Callable[..., WindowUser]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[WindowUser] = []

    def start_window(*steps: list[Any], **options: Any) -> WindowUser:
        user = WindowUser(fake_window.command(tmp_path / "log", *steps), **options)
        started.append(user)
        user.start()
        return user

    yield start_window
    for user in started:
        user.close()


def test_a_password_arrives_in_a_buffer_that_can_be_wiped(start: Start) -> None:
    user = start(expect("open-key"), *fake_window.key_file(Path("/keys/a.p12"), "Құпия"), wait_for_end())
    opened = user.ask(OPEN)
    assert isinstance(opened, Opened)
    assert (opened.path, opened.storage) == ("/keys/a.p12", "PKCS12")
    assert opened.password.buffer == bytearray("Құпия".encode())


def test_prompts_and_the_queue_reach_the_window(start: Start, tmp_path: Path) -> None:
    user = start(
        expect("open-key"),
        expect("waiting"),
        *fake_window.key_file(Path("/keys/a.p12"), ""),
        expect("choose-key"),
        send(prompts.Approved("k", remember=True)),
        expect("finished"),
    )
    user.wait_behind(2)
    user.ask(OPEN)
    assert user.ask(CHOOSE) == prompts.Approved("k", remember=True)
    user.tell(prompts.Finished(count=1))
    user.close()
    assert fake_window.heard(tmp_path / "log") == [
        OPEN,
        prompts.Waiting(2),
        CHOOSE,
        prompts.Finished(count=1),
    ]


def test_what_the_window_shows_is_passed_on(start: Start) -> None:
    seen: list[Any] = []
    user = start(
        expect("open-key"),
        send(prompts.Shown()),
        send(prompts.Activity()),
        *fake_window.key_file(Path("/a"), ""),
        wait_for_end(),
        notice=seen.append,
    )
    user.ask(OPEN)
    assert seen == [prompts.Shown(), prompts.Activity()]


def test_no_is_no(start: Start) -> None:
    with pytest.raises(UserCancelled):
        start(expect("open-key"), send(prompts.Cancelled())).ask(OPEN)


def test_closing_the_window_while_the_agent_works_is_no_too(start: Start) -> None:
    steps = [*fake_window.key_file(Path("/a"), ""), send(prompts.Activity()), send(prompts.Cancelled())]
    user = start(expect("open-key"), *steps)
    user.ask(OPEN)
    user.wait_behind(1)
    assert user._process is not None
    user._process.wait(30)

    def look_until_it_was_read() -> None:
        for _ in range(1000):
            user.still_there()
            time.sleep(0.01)

    with pytest.raises(UserCancelled):
        look_until_it_was_read()


@pytest.mark.parametrize("status", [0, 1, 7])
def test_a_window_that_ends_without_a_word_has_failed(start: Start, status: int) -> None:
    with pytest.raises(WindowFailed):
        start(expect("open-key"), send(prompts.Shown()), crash(status)).ask(OPEN)


@pytest.mark.parametrize("status", [3, 4])
def test_a_window_that_has_nothing_to_show_itself_on_is_nobody_to_ask(start: Start, status: int) -> None:
    with pytest.raises(NoOneToAsk):
        start(expect("open-key"), crash(status)).ask(OPEN)


def test_a_program_that_is_not_there_is_nobody_to_ask() -> None:
    with pytest.raises(NoOneToAsk):
        WindowUser(["/nowhere/window"]).ask(OPEN)


@pytest.mark.parametrize(
    "step",
    [
        send(prompts.Approved("k")),
        send(prompts.BackToFiles()),
        ["password", "unasked"],
        send(prompts.KeyOpened("/a", "PKCS12")),
        ["send", {"type": "nonsense"}],
        ["send", prompts.to_message(prompts.Waiting(1))],
    ],
)
def test_an_answer_to_another_question_is_a_failure(start: Start, step: list[Any]) -> None:
    with pytest.raises(WindowFailed):
        start(expect("open-key"), step, send(prompts.Activity()), wait_for_end()).ask(OPEN)


def test_a_spare_that_died_is_replaced_when_somebody_is_to_be_asked(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    log = tmp_path / "log"
    answering = fake_window.command(log, expect("open-key"), send(prompts.Cancelled()))
    # The first process ends at once, the second one answers.
    program = f"import os, sys; os.path.exists({str(marker)!r}) or (open({str(marker)!r}, 'w').close(), os._exit(1)); "
    user = WindowUser([answering[0], "-c", program + answering[2], *answering[3:]])
    user.start()
    assert user._process is not None
    user._process.wait(30)
    with pytest.raises(UserCancelled):
        user.ask(OPEN)
    user.close()


def test_a_page_that_leaves_ends_the_question_and_the_window(start: Start) -> None:
    user = start(expect("open-key"), send(prompts.Shown()), hang(), notice=lambda _: user.leave())
    with pytest.raises(PageLeft):
        user.ask(OPEN)
    assert user._process is not None
    assert user._process.wait(10) != 0


def test_a_page_that_leaves_frees_a_worker_stuck_in_writing(start: Start) -> None:
    user = start(hang())
    document = prompts.Document("", 1, "SHA-256", "f" * 64)
    prompt = prompts.OpenKey(
        **{**{f: getattr(OPEN, f) for f in OPEN.__slots__}, "documents": (document,) * 10_000}
    )
    assert len(pipes.pack_json(prompts.to_message(prompt))) > 1024 * 1024
    timer = threading.Timer(0.3, user.leave)
    timer.start()
    with pytest.raises(PageLeft):
        user.ask(prompt)
    timer.join()


def test_a_person_who_does_nothing_runs_out_of_time(start: Start) -> None:
    user = start(expect("open-key"), send(prompts.Shown()), hang(), limits=Limits(idle_s=0.3))
    with pytest.raises(TimedOut):
        user.ask(OPEN)


def test_touching_the_window_gives_more_time_but_not_for_ever(start: Start) -> None:
    touches = [[expect("waiting"), send(prompts.Activity())] for _ in range(200)]
    user = start(
        expect("open-key"),
        *[step for touch in touches for step in touch],
        wait_for_end(),
        limits=Limits(idle_s=0.5, total_s=1.5),
        notice=lambda _: threading.Timer(0.1, user.wait_behind, [1]).start(),
    )
    user.wait_behind(1)
    started = time.monotonic()
    with pytest.raises(TimedOut):
        user.ask(OPEN)
    assert time.monotonic() - started > 1.0  # longer than without touching


def test_a_window_that_does_not_read_runs_out_of_time(start: Start) -> None:
    user = start(hang(), limits=Limits(total_s=0.3))
    document = prompts.Document("", 1, "SHA-256", "f" * 64)
    prompt = prompts.OpenKey(
        **{**{f: getattr(OPEN, f) for f in OPEN.__slots__}, "documents": (document,) * 10_000}
    )
    with pytest.raises(TimedOut):
        user.ask(prompt)


def told(start: Start, *steps: list[Any]) -> WindowUser:
    user = start(expect("open-key"), *fake_window.key_file(Path("/a"), ""), expect("finished"), *steps)
    user.ask(OPEN)
    user.tell(prompts.Finished(problem=prompts.Problem("internal")))
    return user


def test_a_window_that_says_what_went_wrong_stays_until_it_is_closed(start: Start) -> None:
    user = told(start, ["wait", 0.5])
    user.close()
    assert user._process is not None
    assert user._process.returncode == 0  # it ended by itself, and was not ended


def test_a_window_that_says_what_went_wrong_goes_when_its_place_is_wanted(start: Start) -> None:
    user = told(start, hang())
    timer = threading.Timer(0.3, user.leave)
    timer.start()
    user.close()
    timer.join()
    assert user._process is not None
    assert user._process.returncode not in (0, None)


def test_a_window_that_never_goes_is_ended(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "LINGER_S", 0.1)
    user = told(start, hang())
    user.close()
    assert user._process is not None
    assert user._process.returncode not in (0, None)


def test_a_window_that_ended_while_the_agent_worked_is_not_waited_for(start: Start) -> None:
    user = start(expect("open-key"), *fake_window.key_file(Path("/a"), ""), crash(1))
    user.ask(OPEN)
    assert user._process is not None
    user._process.wait(30)
    user.still_there()
    user.tell(prompts.Finished(count=1))
    started = time.monotonic()
    user.close()
    assert time.monotonic() - started < 10
