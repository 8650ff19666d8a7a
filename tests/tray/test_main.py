import os
import subprocess
import sys
from pathlib import Path

import pytest

import tray
from tray import startup

ROOT = Path(tray.__file__).resolve().parent.parent


def run(*arguments, environment=None, code=None):
    command = [sys.executable, "-c", code] if code else [sys.executable, "-m", "tray"]
    return subprocess.run(
        [*command, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | (environment or {}),
        input=b"",
        capture_output=True,
        timeout=30,
        check=False,
    )


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="there is always a display")
@pytest.mark.parametrize("arguments", [["window"], ["desk"], ["icon", "--backend", "qt"]])
def test_without_a_display_the_program_says_so_in_one_line(arguments):
    pytest.importorskip("PySide6", reason="needs tool: PySide6")
    done = run(*arguments)
    assert done.returncode == startup.NO_DISPLAY
    assert done.stderr == b"tray: no display: neither DISPLAY nor WAYLAND_DISPLAY is set\n"
    assert done.stdout == b""


def test_without_qt_the_program_names_the_command_that_brings_it():
    code = (
        "import sys\n"
        "sys.modules['PySide6'] = None\n"
        "from tray.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    done = run("window", code=code, environment={"QT_QPA_PLATFORM": "offscreen"})
    assert done.returncode == startup.NO_QT
    assert b"pip install qalamsap[tray]" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], ["balloon"], ["window", "--theme", "pink"]])
def test_a_wrong_command_line_is_exit_code_two(arguments):
    assert run(*arguments).returncode == 2


def test_a_window_that_nobody_asks_anything_ends_quietly():
    pytest.importorskip("PySide6", reason="needs tool: PySide6")
    done = run("window", environment={"QT_QPA_PLATFORM": "offscreen"})
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"tray" not in done.stderr
