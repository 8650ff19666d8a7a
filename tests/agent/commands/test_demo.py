"""`qalamsap demo`: what is started, and what is said where it can't be."""

import argparse
import subprocess
import sys
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from agent.commands import demo
from tests.support.command_line import CommandLine


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    demo.add_arguments(parser)
    return parser.parse_args(words)


def test_everything_lives_in_the_state_folder_and_results_come_to_where_you_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    command = demo.command(options("--state-dir", "s", "--auto", "--port", "7"))
    state = str(tmp_path / "s" / "demo")
    assert command == [
        sys.executable, "-m", "demo.scenario", "--state", state, "--out", str(tmp_path), "--port", "7", "--auto",
    ]  # fmt: skip
    assert demo.command(options("--out", "there"))[6] == str(tmp_path / "there")


def test_the_child_understands_its_words() -> None:
    command = demo.command(options("--auto", "--port", "7"))
    done = subprocess.run(
        [*command, "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=demo.paths.CODE_ROOT,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("status", "code"), [(0, 0), (1, 1), (-9, 1)])
def test_the_childs_end_is_the_commands(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    monkeypatch.setattr(util, "find_spec", lambda _: object())
    end = f"import os, signal; os.kill(os.getpid(), 9) if {status} < 0 else os._exit({status})"
    monkeypatch.setattr(demo, "command", lambda _: [sys.executable, "-c", end])
    assert run("demo") == code


def test_what_is_missing_is_named_with_its_cure(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    real = util.find_spec

    def find(name: str, *more: Any) -> object:
        return None if name in {"starlette", "PySide6"} else real(name, *more)

    monkeypatch.setattr(util, "find_spec", find)
    assert run("demo") == 7
    assert "starlette, PySide6" in run.err
    assert "pip install 'qalamsap[demo,tray]'" in run.err
    monkeypatch.setattr(util, "find_spec", lambda name, *more: None if name == "demo" else real(name, *more))
    assert run("demo") == 7
    assert "not part of this installation" in run.err


def test_an_interrupted_demo_is_waited_for() -> None:
    class Child:
        tries = 0

        def wait(self) -> int:
            self.tries += 1
            if self.tries == 1:
                raise KeyboardInterrupt
            return 0

    assert demo._wait_for(Child()) == 0  # type: ignore[arg-type]
