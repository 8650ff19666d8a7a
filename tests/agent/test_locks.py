"""Locks between processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent import locks
from agent.errors import StorageFailed

HOLD = """
import sys
from pathlib import Path
from agent import locks
with locks.held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_is_taken_again_after_it_was_let_go(tmp_path: Path) -> None:
    for _ in range(2):
        with locks.held(tmp_path / "record", wait_s=0):
            assert (tmp_path / "record.lock").stat().st_mode & 0o777 == 0o600


def test_what_another_process_holds_is_waited_for_and_given_up(tmp_path: Path) -> None:
    path = tmp_path / "record"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StorageFailed), locks.held(path, wait_s=0.05):
            pass
        holder.stdin.close()
        with locks.held(path, wait_s=10):
            assert holder.wait(10) == 0
