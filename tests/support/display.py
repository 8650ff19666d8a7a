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
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).resolve().parents[2]

START_LIMIT_S = 20
ACT_LIMIT_S = 20

_GRAB = """
import sys
from PySide6.QtGui import QGuiApplication
application = QGuiApplication([])
picture = QGuiApplication.primaryScreen().grabWindow(0)
sys.exit(0 if picture.save(sys.argv[1]) else 1)
"""


def need(*tools: str) -> None:
    """Skips the test where a program is not installed."""
    for tool in tools:
        if shutil.which(tool) is None and not Path(tool).exists():
            pytest.skip(f"needs tool: {tool}")


@dataclass(frozen=True)
class Screen:
    """An X display. `name` is what DISPLAY is set to."""

    name: str

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
        command = [sys.executable, "-c", _GRAB, str(path)]
        subprocess.run(
            command, env=self.environment(), timeout=ACT_LIMIT_S, check=True, stderr=subprocess.DEVNULL
        )

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
    with _child(command, pass_fds=(writer,), stderr=subprocess.DEVNULL):
        os.close(writer)
        with os.fdopen(reader, "rb", buffering=0) as ready:
            made = Screen(f":{first_line(ready, 'Xvfb')}")
        manager = ["openbox", "--sm-disable", "--startup", "echo managing"]
        with _child(
            manager, env=made.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as openbox:
            assert openbox.stdout is not None
            first_line(openbox.stdout, "openbox")
            yield made


@contextlib.contextmanager
def session_bus() -> Iterator[str]:
    """The address of a private D-Bus session bus."""
    need("dbus-daemon")
    with _child(
        ["dbus-daemon", "--session", "--print-address", "--nofork"], stdout=subprocess.PIPE
    ) as daemon:
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
def _child(command: list[str], **options) -> Iterator["subprocess.Popen[bytes]"]:
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
        if process.stdout is not None:
            process.stdout.close()
