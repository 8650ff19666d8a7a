"""Other programs, asked a short question: what they say, within a time, without a terminal on which they could wait."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

LIMIT_S = 6.0
_MOST_CHARS = 2000

Output: TypeAlias = Callable[[Sequence[str]], str]
"""What a program prints; empty where it can't be started, fails, or takes too long."""

Which: TypeAlias = Callable[[str], str | None]
"""The path of a program, None where there is none of that name."""


def output(command: Sequence[str]) -> str:
    """See Output."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=LIMIT_S,
            check=True,
            start_new_session=os.name == "posix",
        )
        return done.stdout.decode("utf-8", "replace")[:_MOST_CHARS].strip()
    return ""


def which(name: str) -> str | None:
    """See Which."""
    return shutil.which(name)


def is_confined(home: Path, kind: str, name: str) -> bool:
    """Whether the person has a confined program of that name; `kind` is snap or flatpak."""
    return (home / ("snap" if kind == "snap" else ".var/app") / name).is_dir()


def has_display(environment: Mapping[str, str]) -> bool:
    """Whether there is a screen, by what X11 and Wayland say."""
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
