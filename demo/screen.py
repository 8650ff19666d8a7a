"""A screen that nobody sees, and a hand that types on it: the agent's real windows without a display (Xvfb, openbox, xdotool)."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SIZE = "1280x1024x24"
START_S = 20
WINDOW_S = 40
COMMAND_S = 20
_STEP_S = 0.2
_PROGRAMS = ("Xvfb", "openbox", "xdotool", "scrot")


class MissingProgram(Exception):
    """A program that the screen needs is not installed."""


class NoWindow(Exception):
    """The window did not come, or did not go, in time."""


@dataclass(frozen=True, slots=True)
class Screen:
    """`environment` is what a program needs to show its windows here."""

    environment: dict[str, str]

    def windows(self) -> tuple[str, ...]:
        """Identifiers of the windows that can be seen."""
        done = self._xdotool("search", "--onlyvisible", "--name", ".")
        return tuple(done.stdout.split())

    def wait_for_window(self) -> str:
        """The window that appears, or stands there already. Raises NoWindow."""
        until = time.monotonic() + WINDOW_S
        while time.monotonic() < until:
            found = self.windows()
            if found:
                return found[-1]
            time.sleep(_STEP_S)
        raise NoWindow("the agent's window did not appear")

    def press(self, *keys: str) -> None:
        self._xdotool("key", "--clearmodifiers", *keys)

    def type(self, text: str) -> None:
        # Through standard input: a command line can be read by everybody on the computer.
        self._xdotool("type", "--clearmodifiers", "--delay", "12", "--file", "-", text=text)

    def open_key(self, path: Path, password: str) -> None:
        """In the window's first step: chooses a key file by the file chooser and types its password."""
        self.wait_for_window()
        time.sleep(1.0)  # the window ignores what is typed in its first 0.7 s
        self.press("ctrl+o")
        self._wait_for_count(2)
        time.sleep(0.5)  # the chooser lists its folder
        self.type(str(path))
        self.press("Return")
        self._wait_for_count(1)
        self._xdotool("windowactivate", "--sync", self.wait_for_window())
        time.sleep(0.8)  # until the keyboard is back in the password field
        self.type(password)
        self.press("Return")

    def approve(self, picture: Path | None = None) -> None:
        """In the window's second step: agrees, as soon as it may be. Raises NoWindow where the window stays."""
        time.sleep(1.2)  # opening the key, and the window's own 0.7 s after each change
        if picture is not None:
            self.picture(picture)
        until = time.monotonic() + WINDOW_S
        while self.windows():
            if time.monotonic() > until:
                raise NoWindow("the agent's window did not close")
            self.press("ctrl+Return")
            time.sleep(0.5)

    def cancel(self) -> None:
        self.wait_for_window()
        self.press("Escape")

    def picture(self, path: Path) -> None:
        """Keeps what is on the screen as a PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        subprocess.run(
            ["scrot", str(path)], env=self.environment, check=True, timeout=COMMAND_S, capture_output=True
        )

    def _wait_for_count(self, count: int) -> None:
        until = time.monotonic() + WINDOW_S
        while len(self.windows()) != count:
            if time.monotonic() > until:
                raise NoWindow(f"{len(self.windows())} windows are open, {count} expected")
            time.sleep(_STEP_S)

    def _xdotool(self, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["xdotool", *words],
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )


def missing() -> tuple[str, ...]:
    """Programs that are needed here and not installed."""
    return tuple(name for name in _PROGRAMS if shutil.which(name) is None)


@contextlib.contextmanager
def hidden_screen() -> Iterator[Screen]:
    """A screen for the length of a block. Raises MissingProgram."""
    lacking = missing()
    if lacking:
        raise MissingProgram(", ".join(lacking))
    source, sink = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(sink), "-screen", "0", SIZE, "-nolisten", "tcp", "-noreset"],
        pass_fds=[sink],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(sink)
    try:
        with os.fdopen(source, encoding="ascii") as stream:
            number = stream.readline().strip()
        if not number:
            raise MissingProgram("Xvfb did not start")
        environment = {**os.environ, "DISPLAY": f":{number}", "LC_ALL": "C.UTF-8"}
        environment.pop("WAYLAND_DISPLAY", None)
        manager = subprocess.Popen(
            ["openbox"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield Screen(environment)
        finally:
            _end(manager)
    finally:
        _end(server)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(START_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(START_S)
