import os
import resource
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tray import startup

ROOT = Path(startup.__file__).resolve().parent.parent


def run(code, environment=None, **options):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | (environment or {}),
        capture_output=True,
        timeout=30,
        check=False,
        **options,
    )


def test_what_is_printed_never_gets_among_the_frames():
    done = run(
        "import os, sys\n"
        "from tray import startup\n"
        "frames = startup.take_stdout()\n"
        "print('from python'); os.write(1, b'from a library')\n"
        "os.write(frames, b'frame')"
    )
    assert done.stdout == b"frame"
    assert b"from python" in done.stderr
    assert b"from a library" in done.stderr


def test_a_crash_is_told_without_the_words_of_the_exception():
    done = run("from tray import startup\nstartup.crash_quietly()\nraise ValueError('Qwerty12')")
    assert done.returncode == startup.CRASH
    assert b"ValueError" in done.stderr
    assert b"Qwerty12" not in done.stderr.replace(b"raise ValueError('Qwerty12')", b"")


PARENT = """
import subprocess, sys
child = subprocess.Popen(
    [sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=[int(sys.argv[2])]
)
child.stdout.readline()
print(child.pid, flush=True)
"""
CHILD = """
import sys
from tray import startup
{first}
print("prepared", flush=True)
sys.stdin.read()
"""


def survives_its_parent(first):
    """Whether a child goes on after its parent ended. It holds a pipe whose end tells of its death."""
    reader, writer = os.pipe()
    stdin, hold = os.pipe()
    parent = [sys.executable, "-c", PARENT, CHILD.format(first=first), str(writer)]
    done = subprocess.run(
        parent, cwd=ROOT, stdin=stdin, stdout=subprocess.PIPE, pass_fds=[writer], timeout=30, check=True
    )
    for descriptor in (stdin, writer):
        os.close(descriptor)
    ended, _, _ = select.select([reader], [], [], 1.0)
    if not ended:
        os.kill(int(done.stdout), signal.SIGKILL)
        select.select([reader], [], [], 10.0)
    for descriptor in (reader, hold):
        os.close(descriptor)
    return not ended


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")
def test_a_program_dies_with_its_parent():
    assert not survives_its_parent("startup.die_with_parent()")
    assert survives_its_parent("")


def test_no_core_is_written():
    done = run(
        "import resource\nfrom tray import startup\nstartup.forbid_core_dumps()\nprint(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    assert done.stdout.strip() == b"(1, 1)"
    assert resource.getrlimit(resource.RLIMIT_CORE) != (1, 1)


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="there is always a display")
@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({}, "no display: neither DISPLAY nor WAYLAND_DISPLAY is set"),
        ({"DISPLAY": ":4711"}, "no display: the X server :4711 does not answer"),
        ({"QT_QPA_PLATFORM": "offscreen"}, None),
        ({"WAYLAND_DISPLAY": "wayland-0"}, None),
    ],
)
def test_a_missing_display_is_told_before_qt_would_abort(monkeypatch, environment, complaint):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if complaint is None:
        startup.require_display()
        return
    with pytest.raises(startup.CannotStart, match=complaint) as caught:
        startup.require_display()
    assert caught.value.code == startup.NO_DISPLAY


def test_missing_qt_is_told_with_the_command_that_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "PySide6", None)
    monkeypatch.delitem(sys.modules, "PySide6.QtWidgets", raising=False)
    with pytest.raises(startup.CannotStart, match=r"pip install qalamsap\[tray\]") as caught:
        startup.require_qt()
    assert caught.value.code == startup.NO_QT


def test_a_missing_library_of_the_system_is_named(monkeypatch):
    def fail(_name):
        raise ImportError("libEGL.so.1: cannot open shared object file")

    monkeypatch.setattr(startup.importlib, "import_module", fail)
    with pytest.raises(startup.CannotStart, match=r"libEGL\.so\.1"):
        startup.require_qt()
