"""The agent once more, by the same command line: how it starts anew when its settings need that.

Elsewhere this process becomes the new one. Windows' exec does not: there it starts another process, forgets to quote what stands on the
command line, and ends; so the new one is started in order, and looked after until it has settled. In between nobody answers, for the
old one gives up its lock, its port and its endpoints before.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

from agent.errors import AgentError

IS_REPLACED_BY_EXEC = sys.platform != "win32"
"""Whether this process can become another one. Another than the system's only in tests."""
SETTLES_WITHIN_S = 10.0
"""Whoever has not ended by then serves."""
TRIES: Final = 5
PAUSE_S = 1.0


class NotStartedAnew(AgentError):
    """The agent ended to start anew, and does not start."""

    code = "not-started-anew"


def start(command: Sequence[str] | None = None) -> None:
    """Called last. `command` is another than that of this process only in tests.

    Does not return where this process becomes the new one. Raises NotStartedAnew.
    """
    words = [sys.executable, *sys.orig_argv[1:]] if command is None else list(command)
    if sys.stdout is not None:  # a program of Windows without a console has none
        with contextlib.suppress(OSError, ValueError):  # whoever read it has gone: no reason to go, too
            sys.stdout.flush()
    if IS_REPLACED_BY_EXEC:
        try:
            os.execv(words[0], words)  # noqa: S606  # no shell is wanted
        except OSError as error:
            raise NotStartedAnew(f"the agent can't be started anew: {error.strerror or error}") from error
    _succeed(words)


def _succeed(words: Sequence[str]) -> None:
    """A port that was just given up may be kept by the system for a moment: who does not get it then is started again."""
    for number in range(TRIES):
        if number:
            time.sleep(PAUSE_S)
        try:
            child = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                # Without a console to see; not without any, or each of its children would open one.
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise NotStartedAnew(f"the agent can't be started anew: {error.strerror or error}") from error
        try:
            status = child.wait(SETTLES_WITHIN_S)
        except subprocess.TimeoutExpired:
            child.returncode = 0  # it outlives us; Popen takes that for an oversight, and says so
            return
        if status == 0:  # it was told to end already
            return
    raise NotStartedAnew(f"the agent does not start anew: it ended with {status}; its log says why")
