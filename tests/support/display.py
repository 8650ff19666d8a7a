"""A screen of its own for tests: Xvfb with a window manager, hands (xdotool) and eyes (screenshots).

Everything that is started here is ended here, and nothing waits without a limit.
"""

import contextlib
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).resolve().parents[2]

START_LIMIT_S = 20
ACT_LIMIT_S = 20

# Reads paths, saves a picture of the screen to each, and says so.
_EYES = """
import sys
from PySide6.QtGui import QGuiApplication
application = QGuiApplication([])
for path in sys.stdin:
    picture = QGuiApplication.primaryScreen().grabWindow(0)
    print("saved" if picture.save(path.rstrip()) else "failed", flush=True)
"""


def need(*tools: str) -> None:
    """Skips the test where a program is not installed."""
    for tool in tools:
        if shutil.which(tool) is None and not Path(tool).exists():
            pytest.skip(f"needs tool: {tool}")


class Screen:
    """An X display. `name` is what DISPLAY is set to. What it starts ends with `programs`."""

    def __init__(self, name: str, programs: contextlib.ExitStack) -> None:
        self.name = name
        self._programs = programs
        self._eyes: subprocess.Popen[bytes] | None = None

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """For a program that shall appear here: nothing of the real session leads elsewhere."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
        return (
            kept | {"DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb", "LC_ALL": "C.UTF-8"} | dict(extra or {})
        )

    def wait_for_window(self, title: str) -> str:
        """The number of a visible window with `title` in its title, which then has the keyboard. X has no event for us: polls."""
        until = time.monotonic() + ACT_LIMIT_S
        while time.monotonic() < until:
            for window in self.windows():
                if title in self._xdotool("getwindowname", window):
                    self._xdotool("windowactivate", "--sync", window)
                    return window
            time.sleep(0.05)
        raise TimeoutError(f"no window is called {title!r}")

    def windows(self) -> list[str]:
        """Numbers of all visible windows that have a title."""
        command = ["xdotool", "search", "--onlyvisible", "--name", "."]
        done = subprocess.run(
            command, env=self.environment(), capture_output=True, text=True, timeout=ACT_LIMIT_S, check=False
        )
        return done.stdout.split()

    def press(self, *keys: str) -> None:
        """Presses keys by their X names, one after another: "Return", "ctrl+a"."""
        self._xdotool("key", *keys)

    def type(self, text: str) -> None:
        self._xdotool("type", "--delay", "12", text)

    def click(self, x: int, y: int) -> None:
        self._xdotool("mousemove", "--sync", str(x), str(y), "click", "1")

    def screenshot(self, path: Path) -> None:
        """Saves the whole screen as a PNG."""
        if self._eyes is None:
            command = [sys.executable, "-c", _EYES]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            self._eyes = self._programs.enter_context(child(command, env=self.environment(), **pipes))
        assert self._eyes.stdin is not None
        assert self._eyes.stdout is not None
        self._eyes.stdin.write(f"{path}\n".encode())
        self._eyes.stdin.flush()
        if first_line(self._eyes.stdout, "the screenshot program") != "saved":
            raise OSError(f"{path} can't be written")

    def _xdotool(self, *arguments: str) -> str:
        done = subprocess.run(
            ["xdotool", *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=ACT_LIMIT_S,
            check=True,
        )
        return done.stdout


@contextlib.contextmanager
def screen(width: int = 1366, height: int = 768) -> Iterator[Screen]:
    """A fresh screen with a window manager; skips where the programs for it are not installed."""
    need("Xvfb", "openbox", "xdotool")
    reader, writer = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(writer),
        "-screen",
        "0",
        f"{width}x{height}x24",
        "-nolisten",
        "tcp",
        "-noreset",
    ]
    with contextlib.ExitStack() as programs, os.fdopen(reader, "rb", buffering=0) as ready:
        programs.enter_context(child(command, pass_fds=(writer,), stderr=subprocess.DEVNULL))
        os.close(writer)
        made = Screen(f":{first_line(ready, 'Xvfb')}", programs)
        manager = ["openbox", "--sm-disable", "--startup", "echo managing"]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        openbox = programs.enter_context(child(manager, env=made.environment(), **options))
        assert openbox.stdout is not None
        first_line(openbox.stdout, "openbox")
        yield made


@contextlib.contextmanager
def session_bus() -> Iterator[str]:
    """The address of a private D-Bus session bus."""
    need("dbus-daemon")
    with child(["dbus-daemon", "--session", "--print-address", "--nofork"], stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout is not None
        yield first_line(daemon.stdout, "dbus-daemon")


def first_line(stream: IO[bytes], program: str) -> str:
    """The line with which a program says that it is ready."""
    ready, _, _ = select.select([stream], [], [], START_LIMIT_S)
    line = stream.readline().decode().strip() if ready else ""
    if not line:
        raise RuntimeError(f"{program} did not start")
    return line


@contextlib.contextmanager
def child(command: list[str], **options) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(command, cwd=ROOT, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
