"""The window as a process: tests/support/fake_window.py plays it."""

import io
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.errors import NoOneToAsk, TimedOut, UserCancelled, WindowFailed
from agent.secret import Secret
from agent.user import window
from agent.user.base import Opened, PageLeft, Retyped
from agent.user.window import Limits, WindowUser
from protocol import pipes, preview, prompts
from protocol.errors import PipeBroken
from tests.support import fake_window
from tests.support.fake_previews import FakePreviews
from tests.support.fake_window import crash, expect, hang, send, wait_for_end

pytestmark = pytest.mark.service

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


CHANGE = prompts.ChangePassword(
    prompts.Caller("command"), prompts.KeyFile("/a.p12", "PKCS12", ""), language="ru"
)


def test_two_passwords_arrive_in_buffers_of_their_own(start: Start) -> None:
    user = start(
        expect("change-password"),
        send(prompts.PasswordsTyped(keep_copy=True, path="/keys/другой.p12")),
        fake_window.password("Прежний"),
        fake_window.password("Новый"),
        wait_for_end(),
    )
    retyped = user.ask(CHANGE)
    assert isinstance(retyped, Retyped)
    assert (retyped.keep_copy, retyped.path) == (True, "/keys/другой.p12")
    assert (retyped.old.buffer, retyped.new.buffer) == (
        bytearray("Прежний".encode()),
        bytearray("Новый".encode()),
    )


def test_one_password_where_two_are_wanted_breaks_the_conversation(
    start: Start, secrets: list[Secret]
) -> None:
    user = start(
        expect("change-password"),
        send(prompts.PasswordsTyped()),
        fake_window.password("Прежний"),
        send(prompts.Activity()),
        wait_for_end(),
    )
    with pytest.raises(WindowFailed):
        user.ask(CHANGE)
    assert user._is_over.wait(30)
    assert [len(each.buffer) for each in secrets] == [14]
    assert are_wiped(secrets)


# --- passwords that nobody takes ----------------------------------------------------------------------------------


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> list[Secret]:
    """All that come from a window."""
    made: list[Secret] = []

    def keep(buffer: bytearray) -> Secret:
        made.append(Secret(buffer))
        return made[-1]

    monkeypatch.setattr(window, "Secret", keep)
    return made


def are_wiped(secrets: list[Secret]) -> bool:
    return all(secret.buffer and not any(secret.buffer) for secret in secrets)


TWO = (send(prompts.PasswordsTyped()), fake_window.password("old"), fake_window.password("new"))
LATE: tuple[list[list[Any]], ...] = (
    [*fake_window.key_file(Path("/a"), "late")],
    [send(prompts.KeyNamed("/a")), fake_window.password("late")],
    [*TWO],
)


@pytest.mark.parametrize("late", LATE)
def test_a_password_that_comes_while_nobody_asks_is_wiped(
    start: Start, secrets: list[Secret], late: list[list[Any]]
) -> None:
    user = start(expect("open-key"), *fake_window.key_file(Path("/a"), "asked for"), *late)
    user.ask(OPEN)
    assert user._is_over.wait(30)
    user.still_there()
    taken, *thrown = secrets
    assert taken.buffer == b"asked for"
    assert thrown
    assert are_wiped(thrown)


@pytest.mark.parametrize(
    ("before", "ending"), [(prompts.Cancelled(), UserCancelled), (prompts.Allowed(), WindowFailed)]
)
def test_passwords_left_behind_when_it_is_over_are_wiped(
    start: Start, secrets: list[Secret], before: prompts.FromWindow, ending: type[Exception]
) -> None:
    user = start(expect("open-key"), send(before), *fake_window.key_file(Path("/a"), "x"), *TWO)
    with pytest.raises(ending):
        user.ask(OPEN)
    assert user._is_over.wait(30)
    user.close()
    assert len(secrets) == 3
    assert are_wiped(secrets)


def test_a_password_that_the_page_did_not_wait_for_is_wiped(start: Start, secrets: list[Secret]) -> None:
    user = start(expect("open-key"), *fake_window.key_file(Path("/a"), "taken"), *TWO)
    user.ask(OPEN)
    assert user._is_over.wait(30)
    user.leave()
    with pytest.raises(PageLeft):
        user.still_there()
    user.close()
    assert len(secrets) == 3
    assert are_wiped(secrets[1:])


def test_a_password_that_comes_when_the_window_was_closed_is_wiped(secrets: list[Secret]) -> None:
    user = WindowUser(())
    user.close()
    said = [
        pipes.pack_json(prompts.to_message(prompts.PasswordsTyped())),
        *(pipes.pack_header(pipes.SECRET, 3) + text for text in (b"old", b"new")),
    ]
    process = types.SimpleNamespace(stdout=io.BytesIO(b"".join(said)))
    user._read(process, threading.Event())  # type: ignore[arg-type]  # all that the reader wants of a process
    assert len(secrets) == 2
    assert are_wiped(secrets)


@pytest.mark.parametrize("wrong", [TWO, LATE[1]])
def test_a_password_in_answer_to_another_question_is_wiped(
    start: Start, secrets: list[Secret], wrong: list[list[Any]]
) -> None:
    with pytest.raises(WindowFailed):
        start(expect("open-key"), *wrong).ask(OPEN)
    assert secrets
    assert are_wiped(secrets)


@pytest.mark.parametrize("kind", [pipes.JSON, pipes.DATA, pipes.SECRET])
def test_a_password_in_a_frame_where_none_is_expected_is_overwritten(kind: bytes) -> None:
    payload = bytearray(
        b'{"type":"key-opened","path":"/a","storage":"PKCS12"}' if kind == pipes.JSON else b"xyz"
    )
    stdout = io.BytesIO(pipes.pack_header(pipes.DATA, 3) + b"xyz")
    with pytest.raises(PipeBroken):
        window._message_of((kind, payload), stdout)  # type: ignore[arg-type]  # it reads like a pipe
    assert kind == pipes.JSON or not any(payload)


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


def test_the_first_last_word_counts(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    user = start(expect("open-key"), *fake_window.key_file(Path("/keys/a.p12"), ""))
    user.ask(OPEN)
    written: list[bytes] = []
    monkeypatch.setattr(user, "_write", written.append)
    told = prompts.Finished(1, prompts.Problem("bad-input"), failed=(prompts.Failure(1, "bad-input"),))
    user.tell(told)
    user.tell(prompts.Finished(problem=prompts.Problem("bad-input")))
    assert written == [pipes.pack_json(prompts.to_message(told))]


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


def test_a_module_planted_where_the_command_was_given_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "planted_window.py").write_text("import pathlib\npathlib.Path('was-run').touch()\n")
    monkeypatch.chdir(tmp_path)
    user = WindowUser([sys.executable, "-m", "planted_window"])
    with pytest.raises(WindowFailed):
        user.ask(OPEN)
    user.close()
    assert not (tmp_path / "was-run").exists()


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
        limits=Limits(idle_s=3.0, total_s=5.0),
        notice=lambda _: threading.Timer(0.1, user.wait_behind, [1]).start(),
    )
    user.wait_behind(1)
    started = time.monotonic()
    with pytest.raises(TimedOut):
        user.ask(OPEN)
    assert time.monotonic() - started > 4.0  # longer than without touching


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


# --- looking into documents ---------------------------------------------------------------------------------------


class Rendering:
    """Makes renderers for a window, and keeps them."""

    def __init__(self, pixels: bytes = b"rgb") -> None:
        self.made: list[FakePreviews] = []
        self._pixels = pixels

    def __call__(self, *arguments: Any) -> FakePreviews:
        self.made.append(FakePreviews(*arguments, pixels=self._pixels))
        return self.made[-1]


def test_what_is_asked_of_documents_is_answered_while_a_question_stands(start: Start, tmp_path: Path) -> None:
    pixels = bytes(range(256)) * 3 * 1000  # several frames
    user = start(
        expect("open-key"),
        send(prompts.Shown()),
        expect("known"),
        expect("known"),
        send(preview.Draw(1, 0, 256)),
        expect("drawn"),
        send(preview.Read(1, 0, 5)),
        expect("rows-read"),
        *fake_window.key_file(Path("/a"), ""),
        wait_for_end(),
        render=Rendering(pixels),
    )
    user.lay_open([preview.Overview("digest"), b"act"], ["", "act.txt"])
    assert isinstance(user.ask(OPEN), Opened)
    user.close()
    heard = fake_window.heard(tmp_path / "log", everything=True)
    assert heard[0] == OPEN
    assert sorted(each.document for each in heard[1:3]) == [0, 1]
    assert heard[3:] == [
        preview.Drawn(1, 0, 256, 1000),
        preview.RowsRead(1, 0, (preview.Row("", "act"),)),
    ]
    assert fake_window.pixels(tmp_path / "log") == pixels


def test_what_is_asked_of_documents_is_answered_while_the_agent_works(start: Start, tmp_path: Path) -> None:
    user = start(
        expect("open-key"),
        send(prompts.Shown()),
        *fake_window.key_file(Path("/a"), ""),
        expect("known"),
        send(preview.Draw(0, 0, 1)),
        expect("drawn"),
        send(prompts.Cancelled()),
        render=Rendering(),
    )
    user.lay_open([b"act"], [""])
    user.ask(OPEN)
    assert user._process is not None
    user._process.wait(30)  # nobody looks at the person meanwhile

    def look_until_it_was_read() -> None:
        for _ in range(1000):
            user.still_there()
            time.sleep(0.01)

    with pytest.raises(UserCancelled):
        look_until_it_was_read()


def test_no_renderer_starts_before_the_window_is_on_the_screen(start: Start) -> None:
    rendering = Rendering()
    user = start(expect("open-key"), *fake_window.key_file(Path("/a"), ""), wait_for_end(), render=rendering)
    user.lay_open([b"act"], [""])
    user.ask(OPEN)
    assert rendering.made == []


def test_a_window_that_was_shown_for_another_question_hears_of_documents_too(start: Start) -> None:
    rendering = Rendering()
    user = start(
        expect("allow-file"),
        send(prompts.Shown()),
        send(prompts.Allowed()),
        expect("open-key"),
        expect("known"),
        *fake_window.key_file(Path("/a"), ""),
        wait_for_end(),
        render=rendering,
    )
    user.ask(prompts.AllowFile(OPEN.caller, "/act", "kk"))
    assert rendering.made == []
    user.lay_open([b"act"], ["act"])
    user.ask(OPEN)
    assert rendering.made[0].documents == [b"act"]


def test_a_window_without_documents_is_told_that_there_is_nothing_to_see(
    start: Start, tmp_path: Path
) -> None:
    user = start(
        expect("open-key"),
        send(preview.Look(0)),
        expect("unshown"),
        *fake_window.key_file(Path("/a"), ""),
        wait_for_end(),
    )
    user.ask(OPEN)
    user.close()
    assert fake_window.heard(tmp_path / "log", everything=True)[1] == preview.Unshown(0, "unavailable")


def test_the_renderer_ends_with_the_approval(start: Start) -> None:
    rendering = Rendering()
    user = start(
        expect("open-key"),
        send(prompts.Shown()),
        expect("known"),
        *fake_window.key_file(Path("/a"), ""),
        expect("finished"),
        render=rendering,
    )
    user.lay_open([b"act"], [""])
    user.ask(OPEN)
    assert not rendering.made[0].is_closed
    user.tell(prompts.Finished(count=1))
    rendering.made[0].join()


def test_the_renderer_ends_with_a_window_that_nobody_answered(start: Start) -> None:
    rendering = Rendering()
    user = start(expect("open-key"), send(prompts.Shown()), expect("known"), crash(1), render=rendering)
    user.lay_open([b"act"], [""])
    with pytest.raises(WindowFailed):
        user.ask(OPEN)
    user.close()
    rendering.made[0].join()


class Gate:
    """A lock that tells when somebody wants it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.is_wanted = threading.Event()

    def acquire(self, *arguments: Any, **options: Any) -> bool:
        self.is_wanted.set()
        return self._lock.acquire(*arguments, **options)

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


def test_what_is_late_of_an_older_document_is_not_shown_beside_a_newer_one(
    start: Start, tmp_path: Path
) -> None:
    user = start(expect("open-key"), *fake_window.key_file(Path("/a"), ""), expect("known"), wait_for_end())
    user.ask(OPEN)
    older, newer = (preview.Overview("digest", digest=text * 32) for text in ("aa", "bb"))
    user.lay_open([older], ["older"])
    gate = Gate()
    user._writing = gate  # type: ignore[assignment]  # a lock all the same
    gate.acquire()  # somebody else writes
    gate.is_wanted.clear()
    late = threading.Thread(target=user._showing.ask, args=(preview.Look(0),))
    late.start()
    assert gate.is_wanted.wait(30)  # it has its answer, and waits
    user.lay_open([newer], ["newer"])
    gate.release()
    late.join(30)
    user._showing.ask(preview.Look(0))
    user.close()
    assert fake_window.heard(tmp_path / "log", everything=True)[1:] == [preview.Known(0, newer)]


def test_an_answer_that_no_frame_holds_is_none(start: Start, tmp_path: Path) -> None:
    steps = [expect("open-key"), *fake_window.key_file(Path("/a"), ""), expect("unshown"), wait_for_end()]
    user = start(*steps)
    user.ask(OPEN)
    row = preview.Row("", "x" * pipes.MAX_JSON_BYTES)
    user._show(user._showing, preview.RowsRead(7, 0, (row,)), b"")
    user.close()
    assert fake_window.heard(tmp_path / "log", everything=True)[1:] == [preview.Unshown(7, "too-large")]


def test_what_several_threads_say_at_once_arrives_whole(start: Start, tmp_path: Path) -> None:
    draws = [step for _ in range(30) for step in (send(preview.Draw(0, 0, 100)), send(prompts.Activity()))]
    user = start(
        expect("open-key"),
        send(prompts.Shown()),
        *draws,
        *[expect("drawn")] * 30,
        *fake_window.key_file(Path("/a"), ""),
        expect("finished"),
        render=Rendering(b"rgb" * 100_000),
        notice=lambda _: user.wait_behind(
            1
        ),  # which the asking thread passes on, while drawings are under way
    )
    user.lay_open([b"act"], [""])
    user.ask(OPEN)
    user.tell(prompts.Finished(count=1))
    user.close()
    heard = fake_window.heard(tmp_path / "log", everything=True)
    assert heard.count(prompts.Waiting(1)) > 10
    assert heard.count(preview.Drawn(0, 0, 100, 1000)) == 30
    assert heard[-1] == prompts.Finished(count=1)
    assert fake_window.pixels(tmp_path / "log") == b"rgb" * 3_000_000


DRAWING = b"rgb" * 1_000_000  # more than a pipe holds


def stuck(start: Start) -> tuple[WindowUser, Rendering]:
    """A window that asked for a drawing, named a key and hangs, while its drawing is on the way to it."""
    rendering = Rendering(DRAWING)
    user = start(
        expect("open-key"),
        send(prompts.Shown()),
        expect("known"),
        send(preview.Draw(0, 0, 1000)),
        *fake_window.key_file(Path("/a"), ""),
        hang(),
        render=rendering,
    )
    user.lay_open([b"act"], [""])
    user.ask(OPEN)
    while not user._writing.locked() or rendering.made[0].asked == []:
        time.sleep(0.01)
    return user, rendering


def test_a_window_that_does_not_read_its_drawing_holds_up_neither_progress_nor_the_end(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "_TELL_GRACE_S", 0.2)
    user, rendering = stuck(start)
    started = time.monotonic()
    user.still_there()
    user.tell(prompts.Progress(1, 1))
    user.tell(prompts.Finished(count=1))
    user.close()
    assert time.monotonic() - started < 10
    rendering.made[0].join()
    assert user._process is not None
    assert user._process.returncode not in (0, None)  # it was killed


def test_a_window_that_does_not_read_its_drawing_is_closed(start: Start) -> None:
    user, rendering = stuck(start)
    user.close()
    rendering.made[0].join()
    assert user._process is not None
    assert user._process.returncode not in (0, None)


def test_a_page_that_leaves_frees_who_waits_for_a_drawing_to_be_taken(start: Start) -> None:
    user, rendering = stuck(start)
    timer = threading.Timer(0.3, user.leave)
    timer.start()
    with pytest.raises(PageLeft):
        user.ask(CHOOSE)
    timer.join()
    user.close()
    rendering.made[0].join()


# --- progress -----------------------------------------------------------------------------------------------------


def test_the_window_hears_how_far_it_is_but_not_of_every_step(start: Start, tmp_path: Path) -> None:
    user = start(expect("open-key"), *fake_window.key_file(Path("/a"), ""), expect("finished"))
    user.ask(OPEN)
    for done in range(1001):
        user.tell(prompts.Progress(done, 1000))
    user.tell(prompts.Finished(count=1000))
    user.close()
    _, *progress, finished = fake_window.heard(tmp_path / "log", everything=True)
    assert finished == prompts.Finished(count=1000)
    assert (progress[0], progress[-1]) == (prompts.Progress(0, 1000), prompts.Progress(1000, 1000))
    assert len(progress) < 100


def test_progress_is_no_reason_to_stop_where_the_window_is_gone(start: Start) -> None:
    user = start(expect("open-key"), *fake_window.key_file(Path("/a"), ""), crash(1))
    user.tell(prompts.Progress(0, 2))  # nobody was asked yet
    user.ask(OPEN)
    assert user._process is not None
    user._process.wait(30)
    started = time.monotonic()
    for done in range(100):
        user.tell(prompts.Progress(done, 100))
        user._progress_told = float("-inf")
    assert time.monotonic() - started < 5
    user.still_there()
