"""The shell functions that the packages' scripts share: what runs as a person while root installs."""

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from installer.linux import tree

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0 or shutil.which("setpriv") is None,
        reason="needs tool: setpriv as root",
    ),
]
SETUP = tree.FILES / "setup"
LIMIT_S = 60


def at_roots_terminal(words: Sequence[str]) -> str:
    """What is shown at a terminal at which root starts that."""
    master, terminal = pty.openpty()
    started = ["setsid", "--ctty", "--wait", *words]
    try:
        done = subprocess.run(
            started, stdin=terminal, stdout=terminal, stderr=terminal, timeout=LIMIT_S, check=False
        )
        assert done.returncode == 0
        return os.read(master, 10_000).decode()
    finally:
        os.close(terminal)
        os.close(master)


def test_what_runs_as_a_person_has_no_hold_of_roots_terminal() -> None:
    look = "if (: </dev/tty) 2>/dev/null; then echo a terminal; else echo no terminal; fi; id -un"
    script = f'. "{SETUP}"; ({look}); as_person nobody / sh -c "$1"'
    shown = at_roots_terminal(["sh", "-c", script, "sh", look]).split("\r\n")
    assert shown == ["a terminal", "root", "no terminal", "nobody", ""]


def test_it_knows_nothing_of_roots_environment_and_its_end_is_told(tmp_path: Path) -> None:
    script = f'. "{SETUP}"; as_person nobody / env; as_person nobody / false || echo failed'
    environment = {"PATH": os.environ["PATH"], "SECRET": "of root"}
    done = subprocess.run(
        ["sh", "-c", script],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    assert sorted(done.stdout.splitlines()) == [
        "HOME=/",
        "LOGNAME=nobody",
        "PATH=/usr/bin:/bin",
        "USER=nobody",
        "failed",
    ]
