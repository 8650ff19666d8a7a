"""Tests wait for lines of programs with a limit: what they rely on for that."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.program_lines import next_line

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes are not waited for there")


@contextlib.contextmanager
def saying(code: str, *, text: bool) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=text) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("text", [True, False])
def test_lines_come_one_by_one_and_the_rest_stays_for_others(text: bool) -> None:
    with saying("print('one\\nтуында\\nthree\\nfour', end='')", text=text) as program:
        assert program.stdout is not None
        assert [next_line(program.stdout) for _ in range(2)] == ["one\n", "туында\n"]
        assert program.stdout.read() == ("three\nfour" if text else b"three\nfour")
        assert next_line(program.stdout) == ""


def test_a_program_that_says_nothing_is_given_up() -> None:
    with saying("import time; print('half', end='', flush=True); time.sleep(600)", text=True) as program:
        assert program.stdout is not None
        with pytest.raises(AssertionError, match="for a line, got"):
            next_line(program.stdout, 0.05)
