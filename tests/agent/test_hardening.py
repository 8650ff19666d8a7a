"""What a process with keys does to itself, seen from outside."""

import subprocess
import sys

import pytest

PROTECTED = """
import os, resource
from agent import hardening
hardening.protect()
print(resource.getrlimit(resource.RLIMIT_CORE), oct(os.umask(0)))
"""

DUMPABLE = """
import ctypes
from agent import hardening
hardening.protect()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""

GRANDCHILD = """
import os, time
from agent import hardening
hardening.die_with_parent()
os.write(1, b"ready\\n")
time.sleep(20)
os.write(1, b"survived\\n")
"""

CHILD = f"""
import os, subprocess, sys
with subprocess.Popen([sys.executable, "-c", {GRANDCHILD!r}]):
    sys.stdin.buffer.read(1)
    os._exit(0)
"""


def run(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    ).stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither")
def test_no_core_is_dumped_and_new_files_are_private() -> None:
    assert run(PROTECTED) == "(1, 1) 0o77\n"


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_other_programs_can_not_look_in() -> None:
    assert run(DUMPABLE) == "0\n"


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_it_ends_with_its_parent() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        child.stdin.write(b"x")
        child.stdin.close()
        # The grandchild holds the other end of this pipe; the end of the pipe is the end of the grandchild.
        assert child.stdout.read() == b""
