"""The same command once more: by exec, and where there is none as on Windows."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent import anew
from agent.anew import NotStartedAnew

WORDS = ["run", "a b", 'with "quotes"', "", "back\\slash\\", "қалам"]
# Notes what it was given, and ends as it is told: 0 in time, or never.
SAYS = """
import json, os, pathlib, sys, time
here = pathlib.Path(sys.argv[1])
number = len(list(here.glob("start-*")))
told = json.loads((here / "ends").read_text())
given = {"words": sys.argv[2:], "folder": os.getcwd(), "input": os.read(0, 1).decode(), "open": os.listdir("/proc/self/fd")}
(here / "half").write_text(json.dumps(given))
(here / "half").rename(here / f"start-{number}")
status = told[min(number, len(told) - 1)]
if status is None:
    time.sleep(60)
sys.exit(status)
"""


@pytest.fixture(autouse=True)
def as_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anew, "IS_REPLACED_BY_EXEC", False)
    monkeypatch.setattr(anew, "PAUSE_S", 0.01)
    monkeypatch.setattr(anew, "SETTLES_WITHIN_S", 60.0)  # a busy computer is slow


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> "list[subprocess.Popen[bytes]]":
    """What was started, to be looked after by the test."""
    found: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def start(*arguments: Any, **how: Any) -> "subprocess.Popen[bytes]":
        found.append(popen(*arguments, **how))
        return found[-1]

    monkeypatch.setattr(anew.subprocess, "Popen", start)
    return found


def command(folder: Path, *ends: int | None) -> list[str]:
    (folder / "ends").write_text(json.dumps(ends))
    return [sys.executable, "-c", SAYS, str(folder), *WORDS]


def starts(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted(folder.glob("start-*"))]


def test_the_next_one_gets_the_same_words_in_the_same_folder_and_nothing_that_was_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "mine").open("w") as mine:
        os.set_inheritable(mine.fileno(), True)
        anew.start(command(tmp_path, 0))
    (one,) = starts(tmp_path)
    assert one["words"] == WORDS
    assert one["folder"] == str(tmp_path)
    assert one["input"] == ""
    assert len(one["open"]) == 4  # in, out, trouble, and the list itself


def test_who_still_runs_after_a_while_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: "list[subprocess.Popen[bytes]]"
) -> None:
    words = command(tmp_path, None)
    monkeypatch.setattr(anew, "SETTLES_WITHIN_S", 0.1)
    anew.start(words)
    (child,) = started
    assert child.returncode == 0  # as if it had ended: Popen does not complain that nobody waits for it
    child.returncode = None
    assert child.poll() is None
    child.kill()
    child.wait()


def test_who_finds_the_port_still_taken_is_started_again(tmp_path: Path) -> None:
    anew.start(command(tmp_path, 7, 7, 0))
    assert len(starts(tmp_path)) == 3


def test_who_ends_again_and_again_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(NotStartedAnew, match="it ended with 7; its log says why"):
        anew.start(command(tmp_path, 7))
    assert len(starts(tmp_path)) == anew.TRIES


def test_a_program_that_is_not_there_any_more_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotStartedAnew, match="can't be started anew: No such file"):
        anew.start([str(tmp_path / "gone"), "run"])


def test_the_usual_command_is_that_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Any] = []
    monkeypatch.setattr(sys, "orig_argv", ["python", "-I", "-m", "agent", "run", "a b"])
    monkeypatch.setattr(sys, "stdout", None)  # a program of Windows without a console
    monkeypatch.setattr(anew, "_succeed", got.append)
    anew.start()
    assert got == [[sys.executable, "-I", "-m", "agent", "run", "a b"]]


def test_where_a_process_can_become_another_it_does(tmp_path: Path) -> None:
    code = f"from agent import anew; print('before', flush=False); anew.start({command(tmp_path, 0)!r})"
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=anew_root()
    )
    said, _ = child.communicate(timeout=60)
    assert said == b"before\n"  # though nobody had flushed it
    assert child.returncode == 0
    assert [one["words"] for one in starts(tmp_path)] == [WORDS]


def test_that_nobody_reads_what_was_printed_is_no_reason_to_stay_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, into = os.pipe()
    os.close(out)
    unread = os.fdopen(into, "w")
    unread.write("simulation")
    monkeypatch.setattr(sys, "stdout", unread)
    anew.start(command(tmp_path, 0))
    assert len(starts(tmp_path)) == 1
    monkeypatch.undo()
    with pytest.raises(BrokenPipeError):
        unread.close()


def test_a_process_that_can_not_become_another_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anew, "IS_REPLACED_BY_EXEC", True)
    with pytest.raises(NotStartedAnew, match="can't be started anew: No such file"):
        anew.start([str(tmp_path / "gone"), "run"])


def anew_root() -> Path:
    return Path(anew.__file__).parent.parent


def test_it_waits_between_tries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []
    monkeypatch.setattr(anew, "time", type("Clock", (), {"sleep": staticmethod(paused.append)}))
    anew.start(command(tmp_path, 7, 0))
    assert paused == [anew.PAUSE_S]
